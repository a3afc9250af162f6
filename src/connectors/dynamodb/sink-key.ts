import type { Column } from '../../values/column.js';
import type { Finding, Incoming } from '../connector.js';
import { type AttributeType, attributeType } from './encode.js';
import type { KeyAttribute, KeySource, KeyType } from './key.js';
import type { DynamodbSinkOptions } from './options.js';
import type { Table } from './table.js';

/** The sink's key and the incoming columns that make it; empty where a finding refuses it. */
export interface SinkKey {
  readonly sources: readonly KeySource[];
  readonly findings: readonly Finding[];
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_KEY_NAME_BYTES = 255;

interface Wanted {
  readonly partition: readonly string[];
  readonly sort: readonly string[];
}

/**
 * `key` as declared; else the existing table's key where all its attributes arrive; else the source's primary
 * key, one column or two. Every reason against it is a finding.
 */
export function sinkKey(options: DynamodbSinkOptions, incoming: Incoming, table: Table | undefined): SinkKey {
  const wanted = declaredKey(options) ?? tableKey(table, incoming) ?? primaryKey(incoming);
  if (!('partition' in wanted)) return { sources: [], findings: [wanted] };
  const findings: Finding[] = [...missingColumns(wanted, incoming)];
  if (table) findings.push(...schemaMismatch(wanted, table));
  if (findings.length > 0) return { sources: [], findings };

  const sources: KeySource[] = [];
  for (const role of ['partition', 'sort'] as const) {
    const columns = wanted[role];
    if (columns.length === 0) continue;
    const given = table?.key.find((part) => part.role === role);
    const source = given ? { ...given, columns } : newKeyAttribute(role, columns, incoming);
    if ('level' in source) findings.push(source);
    else sources.push(source);
  }
  findings.push(
    ...sources.flatMap((source) => sourceFindings(source, incoming)),
    ...clash(sources, incoming),
  );
  return { sources: findings.some(({ level }) => level === 'refuse') ? [] : sources, findings };
}

function list(names: string | readonly string[] | undefined): readonly string[] {
  if (names === undefined) return [];
  return typeof names === 'string' ? [names] : names;
}

function declaredKey(options: DynamodbSinkOptions): Wanted | undefined {
  if (!options.key) return undefined;
  return { partition: list(options.key.partition), sort: list(options.key.sort) };
}

function arrives(name: string, incoming: Incoming): boolean {
  return incoming.open || incoming.columns.some((column) => column.name === name);
}

function tableKey(table: Table | undefined, incoming: Incoming): Wanted | undefined {
  if (!table?.key.every((part) => arrives(part.name, incoming))) return undefined;
  const names = (role: KeyAttribute['role']) =>
    table.key.filter((part) => part.role === role).map((part) => part.name);
  return { partition: names('partition'), sort: names('sort') };
}

function primaryKey(incoming: Incoming): Wanted | Finding {
  const [partition, sort, ...more] = incoming.key;
  if (partition === undefined) {
    return refusal('key_missing', 'the source has no primary key to be the key of the items', {
      hint: 'name the key: to: { key: { partition: a, sort: b } }',
      path: 'to.key',
    });
  }
  if (more.length > 0) {
    const [last] = more.slice(-1);
    const joined = incoming.key.slice(0, -1).join(', ');
    return refusal(
      'key_missing',
      `the primary key has ${incoming.key.length} columns; an item's key has at most two`,
      {
        hint: `join columns: to: { key: { partition: [${joined}], sort: ${last} } }`,
        path: 'to.key',
      },
    );
  }
  return { partition: [partition], sort: sort === undefined ? [] : [sort] };
}

function refusal(
  code: Finding['code'],
  message: string,
  more: { readonly hint?: string; readonly path?: string } = {},
): Finding {
  return { level: 'refuse', code, message, ...more };
}

function missingColumns(wanted: Wanted, incoming: Incoming): Finding[] {
  return [...wanted.partition, ...wanted.sort]
    .filter((name) => !arrives(name, incoming))
    .map((name) =>
      refusal('column_missing', `the key column ${name} does not arrive at the sink`, {
        hint: 'name incoming columns, as they are called after map',
        path: 'to.key',
      }),
    );
}

function schemaMismatch(wanted: Wanted, table: Table): Finding[] {
  const findings: Finding[] = [];
  for (const role of ['partition', 'sort'] as const) {
    const given = table.key.find((part) => part.role === role);
    const columns = wanted[role];
    const [first] = columns;
    if (given && first === undefined) {
      findings.push(
        refusal(
          'key_missing',
          `the table ${table.name} has the sort key ${given.name}, and no column is named for it`,
          {
            hint: `to: { key: { partition: …, ${role}: … } }`,
            path: `to.key.${role}`,
          },
        ),
      );
    } else if (!given && first !== undefined) {
      findings.push(
        refusal('key_missing', `the table ${table.name} has no sort key for ${columns.join(', ')}`, {
          hint: `join the columns to one: to: { key: { partition: [${[...wanted.partition, ...columns].join(', ')}] } }`,
          path: `to.key.${role}`,
        }),
      );
    } else if (given && columns.length === 1 && first !== undefined && first !== given.name) {
      findings.push(
        refusal('key_missing', `the ${role} key of ${table.name} is ${given.name}, not ${first}`, {
          hint: `rename the column: map: { rename: { ${given.name}: ${first} } }`,
          path: `to.key.${role}`,
        }),
      );
    }
  }
  return findings;
}

function columnOf(name: string, incoming: Incoming): Column | undefined {
  return incoming.columns.find((column) => column.name === name);
}

/** The key attribute of a table that is still to be made. */
function newKeyAttribute(
  role: KeyAttribute['role'],
  columns: readonly string[],
  incoming: Incoming,
): KeySource | Finding {
  const name = columns.join('#');
  if (columns.length > 1) return { name, type: 'S', role, columns };
  const column = columnOf(name, incoming);
  const type = column && newKeyType(column);
  if (type) return { name, type, role, columns };
  return refusal(
    'key_type',
    `${name} cannot be the ${role} key of a new table: its type is not known or not S, N or B`,
    {
      hint: 'make the table first, or name another column',
      path: `to.key.${role}`,
    },
  );
}

function newKeyType(column: Column): KeyType | undefined {
  if (column.type === 'json') return undefined;
  const type: AttributeType = attributeType(column);
  if (type === 'S' || type === 'N' || type === 'B') return type;
  if (type === 'BOOL') return undefined;
  return column.native === 'S' || column.native === 'N' || column.native === 'B' ? column.native : undefined;
}

function sourceFindings(source: KeySource, incoming: Incoming): Finding[] {
  const findings: Finding[] = [];
  if (Buffer.byteLength(source.name) > MAX_KEY_NAME_BYTES) {
    findings.push(
      refusal('key_missing', `the name of the ${source.role} key is longer than ${MAX_KEY_NAME_BYTES} bytes`),
    );
  }
  const joined = source.columns.length > 1;
  if (joined && source.type !== 'S') {
    findings.push(
      refusal(
        'key_type',
        `joined columns are text, and the ${source.role} key ${source.name} is of type ${source.type}`,
      ),
    );
  }
  for (const name of source.columns) {
    const column = columnOf(name, incoming);
    const why = column && (joined ? joinRefusal(column) : keyRefusal(column, source.type));
    if (!why) continue;
    findings.push(
      refusal('key_type', `the column ${name} (${column.native ?? column.type}) ${why}`, {
        path: `to.key.${source.role}`,
      }),
    );
  }
  return findings;
}

function joinRefusal(column: Column): string | undefined {
  if (column.type === 'bytes') return 'holds bytes, which cannot be joined to a text';
  if (column.type === 'bool' || column.type === 'json')
    return `is of type ${column.type} and cannot be part of a key`;
  return undefined;
}

/** Why equal keys could come of different values, or the other way round. */
function keyRefusal(column: Column, type: KeyType): string | undefined {
  if (column.type === 'bool' || column.type === 'json')
    return `is of type ${column.type} and cannot be a key`;
  const own = attributeType(column);
  if (own === 'any') {
    const known = ['S', 'N', 'B'].includes(column.native ?? '');
    return known && column.native !== type ? `cannot be a key of type ${type}` : undefined;
  }
  if (own === type) return undefined;
  if (type === 'N' && own === 'S') {
    return column.type === 'decimal'
      ? 'has more digits than the 38 of a number key'
      : "cannot be a number key: '1' and '1.0' would meet";
  }
  // Whole numbers and decimals of a fixed scale have one spelling each.
  if (type === 'S' && (column.type === 'int' || (column.type === 'decimal' && column.scale !== undefined))) {
    return undefined;
  }
  return `cannot be a key of type ${type} without changing its value`;
}

/** A joined key must not take the name of a column that arrives, nor two key attributes one name. */
function clash(sources: readonly KeySource[], incoming: Incoming): Finding[] {
  const findings: Finding[] = [];
  for (const source of sources) {
    if (source.columns.length > 1 && columnOf(source.name, incoming)) {
      findings.push(
        refusal(
          'key_type',
          `the column ${source.name} and the key joined from ${source.columns.join(', ')} want the same attribute`,
          {
            hint: `drop or rename the column: map: { drop: [${source.name}] }`,
          },
        ),
      );
    }
  }
  const [first, second] = sources;
  if (first && second && first.name === second.name) {
    findings.push(refusal('key_missing', `${first.name} cannot be partition key and sort key at once`));
  }
  return findings;
}
