import type { Column } from '../../values/column.js';
import type { Finding, Incoming, Journey, Permission, SinkPlan } from '../connector.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import { changeFindings } from './change-findings.js';
import { attributeType } from './encode.js';
import type { KeySource } from './key.js';
import { attributeColumn } from './open-columns.js';
import type { DynamodbSinkOptions } from './options.js';
import { type Action, assumedArn, lookPermissions, permissions } from './permissions.js';
import { sinkKey } from './sink-key.js';
import { createTableCall, type Table, tableIdentity } from './table.js';

export type SinkMode = NonNullable<DynamodbSinkOptions['mode']>;

export interface SinkPlanInput {
  readonly client: DynamodbClient;
  readonly options: DynamodbSinkOptions;
  readonly name: string;
  readonly mode: SinkMode;
  readonly role: string | undefined;
  readonly incoming: Incoming;
  readonly table: Table | undefined;
  readonly maxWriters: number;
  /** Single rows are sent again. */
  readonly replay: boolean;
}

/** Enough for all calls that may be under way at once, and little enough to be written again after a failure. */
const BATCH = { rows: 1000, bytes: 1024 * 1024 } as const;
const UNIT_BYTES = 1024;

/** What the sink will do, from the declaration and the table's description alone. */
export function planSink(input: SinkPlanInput): {
  readonly plan: SinkPlan;
  readonly key: readonly KeySource[];
} {
  const { client, options, name, incoming, table, mode } = input;
  const { sources, findings: keyFindings } = sinkKey(options, incoming, table);
  const creates = !table && options.create === true && sources.length > 0;
  const refusals = [
    ...(table || options.create ? [] : [missing(name)]),
    ...keyFindings,
    ...byFindings(input, sources),
    ...changeFindings(input, sources),
  ];
  const notes = [...(table ? capacityNotes(table, incoming) : []), ...modeNotes(mode, incoming)];
  const findings = [
    ...refusals,
    ...(table ? indexKeyFindings(table, incoming, sources) : []),
    ...(refusals.length > 0 ? [] : notes),
  ];
  const units = unitsOf(incoming);
  const plan: SinkPlan = {
    name: `table ${name}`,
    identity: tableIdentity(client, name, table),
    exists: table !== undefined,
    ...(creates
      ? { creates: `CreateTable ${createTableCall(name, sources)}`, becomes: tableToBe(sources) }
      : {}),
    key: mode === 'append' ? [] : sources.flatMap((source) => source.columns),
    journeys: journeys(incoming, sources),
    findings,
    batch: BATCH,
    maxWriters: incoming.changes ? 1 : input.maxWriters,
    ...(units === undefined ? {} : { units }),
    capacity: table?.provisioned?.write ?? 'on demand',
    permissions: sinkPermissions(input),
  };
  return { plan, key: sources };
}

/** What a source will find in a table that is still to be made. */
function tableToBe(key: readonly KeySource[]): NonNullable<SinkPlan['becomes']> {
  const columns = key.map((part) => attributeColumn(part.name, false, part.type));
  return { columns, open: true, key: key.map((part) => part.name) };
}

function missing(name: string): Finding {
  return {
    level: 'refuse',
    code: 'table_missing',
    message: `the DynamoDB table ${name} does not exist`,
    hint: 'create: true makes it, on demand, with the key of the copy',
    path: 'to.table',
  };
}

function sinkPermissions({
  client,
  options,
  name,
  incoming,
  table,
  mode,
  role,
}: SinkPlanInput): Permission[] {
  const arn = table?.arn ?? assumedArn(client.place.region, name, role);
  const own = actions(mode, options.create === true, incoming.changes === true);
  const why = mode === 'mirror' ? { Scan: 'finds the items that are gone from the source' } : {};
  return [
    ...permissions(own, arn, role, why),
    ...lookPermissions(['Scan', 'BatchGetItem'], arn, 'reads what is there, to compare it'),
  ];
}

function actions(mode: SinkMode, create: boolean, ofChanges: boolean): Action[] {
  const writes: Record<SinkMode, Action[]> = {
    put: ['BatchWriteItem'],
    insert: ['PutItem'],
    newest: ['PutItem'],
    update: ['UpdateItem'],
    mirror: ofChanges ? ['BatchWriteItem'] : ['BatchWriteItem', 'Scan'],
    append: ['PutItem'],
  };
  return ['DescribeTable', ...(create ? (['CreateTable'] as const) : []), ...writes[mode]];
}

function byFindings({ mode, options, incoming }: SinkPlanInput, key: readonly KeySource[]): Finding[] {
  if (mode !== 'newest') return [];
  const refuse = (code: Finding['code'], message: string, hint: string): Finding[] => [
    { level: 'refuse', code, message, hint, path: 'to.by' },
  ];
  const { by } = options;
  if (by === undefined) {
    return refuse(
      'declaration_invalid',
      'newest needs the attribute that says what is newer',
      'as in by: updated_at',
    );
  }
  if (key.some((source) => source.name === by)) {
    return refuse(
      'declaration_invalid',
      `${by} is part of the key and says nothing about age`,
      'name another attribute',
    );
  }
  const column = incoming.columns.find(({ name }) => name === by);
  if (!column) {
    if (incoming.open) return [];
    return refuse(
      'column_missing',
      `the column ${by} does not arrive at the sink`,
      'by names an incoming column',
    );
  }
  const type = attributeType(column);
  if (type !== 'BOOL') return [];
  return refuse('type_refused', `${by} is a bool: nothing is newer by it`, 'name a number, a text or a time');
}

/** DynamoDB refuses an item whose index key is of another type, or NULL. */
function indexKeyFindings(table: Table, incoming: Incoming, key: readonly KeySource[]): Finding[] {
  const findings: Finding[] = [];
  const own = new Set(key.map((source) => source.name));
  for (const index of table.indexes) {
    for (const part of index.key) {
      const column = incoming.columns.find(({ name }) => name === part.name);
      if (!column || own.has(part.name) || column.type === 'attribute') continue;
      const type = attributeType(column);
      const path = part.name;
      if (type !== part.type) {
        const message = `the index ${index.name} needs ${part.name} as ${part.type}, and it would be ${type}`;
        findings.push({ level: 'refuse', code: 'key_type', message, path });
      } else if (column.nullable) {
        const message = `${part.name} is a key of the index ${index.name}: a row where it is NULL or empty is a reject`;
        findings.push({
          level: 'warn',
          code: 'note',
          message,
          hint: 'nulls: omit leaves such items out of the index',
          path,
        });
      }
    }
  }
  return findings;
}

function capacityNotes(table: Table, incoming: Incoming): Finding[] {
  const note = (message: string): Finding => ({ level: 'note', code: 'note', message });
  const notes: Finding[] = [];
  const units = unitsOf(incoming);
  if (table.provisioned) {
    const { write } = table.provisioned;
    const seconds =
      units === undefined ? '' : `: about ${Math.ceil(units / Math.max(1, write))} seconds at the least`;
    notes.push(note(`the table has ${write} provisioned write units a second${seconds}`));
  } else {
    notes.push(note('the table is on demand: writes are paid by request'));
  }
  const count = table.indexes.length;
  if (count > 0) {
    notes.push(
      note(
        `up to ${count} more write units for each item go to its ${count} ${count === 1 ? 'index' : 'indexes'}`,
      ),
    );
  }
  return notes;
}

function modeNotes(mode: SinkMode, incoming: Incoming): Finding[] {
  if (mode === 'mirror' && !incoming.changes) {
    return [
      {
        level: 'note',
        code: 'note',
        message: 'at the end all keys of the table are read, to find what is gone',
      },
    ];
  }
  if (mode !== 'put' && mode !== 'mirror' && (incoming.rows ?? 0) > 0) {
    return [{ level: 'note', code: 'note', message: `${mode} takes a call for each item: slower than put` }];
  }
  return [];
}

function unitsOf(incoming: Incoming): number | undefined {
  const { rows, bytes } = incoming;
  if (rows === undefined) return undefined;
  const itemBytes = bytes === undefined || rows === 0 ? UNIT_BYTES : bytes / rows;
  return rows * Math.max(1, Math.ceil(itemBytes / UNIT_BYTES));
}

function journeys(incoming: Incoming, key: readonly KeySource[]): Journey[] {
  const result = incoming.columns.map((column) => journey(column, key));
  for (const source of key) {
    if (source.columns.length === 1) continue;
    const from = source.columns.join(', ');
    const note = `${source.role} key, joined by #; \\ and # inside are escaped`;
    result.push({ from, fromType: 'joined', to: source.name, toType: source.type, note });
  }
  if (incoming.open) {
    result.push({
      from: '*',
      fromType: 'attribute',
      to: '*',
      toType: 'as it is',
      note: 'all other attributes',
    });
  }
  return result;
}

function journey(column: Column, key: readonly KeySource[]): Journey {
  const source = key.find(({ name, columns }) => columns.length === 1 && name === column.name);
  const type = source?.type ?? attributeType(column);
  const note = source ? `${source.role} key` : noteOf(column);
  return {
    from: column.name,
    fromType: column.native ?? column.type,
    to: column.name,
    toType: type === 'any' ? 'as it is' : type,
    ...(note === undefined ? {} : { note }),
  };
}

function noteOf(column: Column): string | undefined {
  if (column.type === 'decimal' && attributeType(column) === 'S') return 'as text: more than 38 digits';
  if (column.type === 'float') return 'outside 1E-130 to 9.9…E+125, or -0: reject';
  if (column.type === 'datetime') return 'ISO 8601, no zone';
  if (column.type === 'timestamp') return 'ISO 8601, UTC';
  if (column.type === 'json') return 'the exact text';
  return undefined;
}
