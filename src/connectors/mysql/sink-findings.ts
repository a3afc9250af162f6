import type { Finding, Incoming } from '../connector.js';
import { changeFindings } from './change-findings.js';
import { showTable } from './identifier.js';
import type { MysqlSinkOptions } from './options.js';
import type { ForeignKey, Relations } from './relations.js';
import type { Table } from './schema.js';
import type { Server } from './server.js';
import type { ColumnMap } from './sink-columns.js';
import { FATE_COLUMN, ROW_COLUMN, SEQUENCE_COLUMN } from './sink-stage.js';

export type SinkMode = NonNullable<MysqlSinkOptions['mode']>;

/** What the plan has found out about a sink. */
export interface SinkFacts {
  readonly mode: SinkMode;
  readonly options: MysqlSinkOptions;
  readonly server: Server;
  /** Rows go through objects of S3. */
  readonly fromS3: boolean;
  readonly table: Table;
  readonly relations: Relations;
  /** Triggers that an unfinished copy has taken away. */
  readonly savedTriggers: readonly string[];
  readonly incoming: Incoming;
  readonly map: ColumnMap;
}

const ownColumns = new Set([ROW_COLUMN, FATE_COLUMN, SEQUENCE_COLUMN]);

/** Engines that undo a transaction. */
const transactional = new Set(['innodb', 'rocksdb', 'ndbcluster']);

/** Everything the plan has to say of the sink; any `refuse` stops the run. */
export function findingsOf(facts: SinkFacts): readonly Finding[] {
  return [
    ...tableFindings(facts),
    ...keyFindings(facts),
    ...columnFindings(facts),
    ...neededFindings(facts),
    ...triggerFindings(facts),
    ...foreignKeyFindings(facts),
    ...serverFindings(facts),
    ...serverNotes(facts),
    ...changeFindings(facts),
  ];
}

function refuse(code: Finding['code'], message: string, hint?: string, path?: string): Finding {
  return { level: 'refuse', code, message, ...(hint ? { hint } : {}), ...(path ? { path } : {}) };
}

function note(message: string): Finding {
  return { level: 'note', code: 'note', message };
}

function tableFindings({ table }: SinkFacts): readonly Finding[] {
  const name = showTable(table);
  const taken = table.columns.find((column) => ownColumns.has(column.name));
  if (taken) {
    return [
      refuse('unsupported', `${name}: the column name ${taken.name} is taken by Sluice`, 'rename the column'),
    ];
  }
  if (table.view) return [refuse('unsupported', `${name} is a view`, 'name the table behind it', 'to.table')];
  if (transactional.has((table.engine ?? '').toLowerCase())) return [];
  return [
    refuse(
      'unsupported',
      `${name}: the engine ${table.engine} has no transactions, so a broken load could not be undone`,
      `ALTER TABLE ${table.table} ENGINE=InnoDB`,
      'to.table',
    ),
  ];
}

/** Upsert and mirror meet rows by the primary key, which must be whole and come whole. */
function keyFindings({ mode, table, incoming, map }: SinkFacts): readonly Finding[] {
  if (mode === 'append') return [];
  const name = showTable(table);
  const primary = table.indexes.find((index) => index.name === 'PRIMARY');
  if (primary?.parts.some((part) => part.prefix !== undefined)) {
    return [refuse('unsupported', `${name}: the primary key indexes only the beginning of a column`)];
  }
  if (mode === 'replace') return [];
  if (primary === undefined) {
    return [
      refuse(
        'key_missing',
        `${name} has no primary key, which ${mode} needs`,
        'use append or replace',
        'to.mode',
      ),
    ];
  }
  const missing = table.primaryKey.filter((key) => !map.columns.some(({ column }) => column.name === key));
  if (missing.length === 0) return [];
  const message = `${name}: the primary key's columns ${missing.join(', ')} do not come`;
  if (incoming.open) return [note(`${message} for certain: items without them are rejects`)];
  return [
    refuse('key_missing', message, 'add them by map, or use append where the server numbers rows', 'to.mode'),
  ];
}

function columnFindings({ table, map, options, incoming }: SinkFacts): readonly Finding[] {
  const name = showTable(table);
  const findings = map.mismatches.map(({ incoming: comes, refusal }) =>
    refuse(
      refusal.code,
      `${name}: column ${comes.name}: ${refusal.message}`,
      mismatchHint(comes.type),
      comes.name,
    ),
  );
  for (const { name: column } of map.unknown) {
    const hint =
      similarHint(column, table) ?? 'drop it by map, or write extra: ignore or extra: { into: column }';
    findings.push(refuse('column_missing', `${name} has no column ${column}`, hint, column));
  }
  findings.push(...intoFindings(name, table, options));
  for (const column of map.generated)
    findings.push(note(`${name}: column ${column} is skipped: the server computes it`));
  if (
    incoming.columns.some(({ type }) => type === 'json') &&
    map.columns.some(({ column }) => column.dataType === 'json')
  ) {
    findings.push(
      note(`${name}: MySQL stores JSON in its own spelling: spaces, order and repeated names are not kept`),
    );
  }
  return findings;
}

function mismatchHint(type: string): string {
  if (type === 'timestamp' || type === 'datetime')
    return 'a TIMESTAMP is a moment, a DATETIME is not: change the type of one column';
  return 'change the column’s type, convert by map: { as: … } (of files say what it is: columns: { id: int }), or drop it by map';
}

function similarHint(column: string, table: Table): string | undefined {
  const similar = table.columns.find(({ name }) => name.toLowerCase() === column.toLowerCase());
  return similar && `the table has ${similar.name}: map: { rename: { ${similar.name}: ${column} } }`;
}

function intoFindings(name: string, table: Table, { extra }: MysqlSinkOptions): readonly Finding[] {
  if (typeof extra !== 'object') return [];
  const column = table.columns.find((candidate) => candidate.name === extra.into);
  if (column === undefined)
    return [refuse('column_missing', `${name} has no column ${extra.into}`, undefined, 'to.extra')];
  if (column.json || /^(?:medium|long)?text$|^varchar$/.test(column.dataType)) return [];
  return [
    refuse(
      'type_refused',
      `${name}: column ${extra.into} cannot hold JSON text`,
      'use a JSON column',
      'to.extra',
    ),
  ];
}

/** Columns that have neither a default nor come. Upsert and mirror speak of the key themselves. */
function neededFindings({ mode, table, map, incoming }: SinkFacts): readonly Finding[] {
  const given = new Set(map.columns.map(({ column }) => column.name));
  const meetsByKey = mode === 'upsert' || mode === 'mirror';
  const needed = table.columns.filter(
    ({ name, generated, hasDefault, autoIncrement }) =>
      !given.has(name) &&
      !generated &&
      !hasDefault &&
      !autoIncrement &&
      !(meetsByKey && table.primaryKey.includes(name)),
  );
  return needed.map(({ name }) => {
    const message = `${showTable(table)}: column ${name} has no default and does not take NULL`;
    if (incoming.open) return note(`${message}: items without it are rejects`);
    const code = table.primaryKey.includes(name) ? 'key_missing' : 'column_missing';
    return refuse(code, `${message}, and nothing comes for it`, `map: { add: { ${name}: … } }`, name);
  });
}

function triggerFindings({ mode, options, table, relations, savedTriggers }: SinkFacts): readonly Finding[] {
  const names = [...new Set([...relations.triggers.map(({ name }) => name), ...savedTriggers])];
  if (names.length === 0) return [];
  const wish = options.triggers ?? 'refuse';
  const list = `${showTable(table)} has triggers: ${names.join(', ')}`;
  if (wish === 'suspend') return [note(`${list}; they are dropped for the copy and put back`)];
  if (wish === 'fire' && mode !== 'replace') return [note(`${list}; they fire for what the copy writes`)];
  const away = savedTriggers.length > 0 ? ' (an unfinished copy has taken them away)' : '';
  const hint =
    mode === 'replace'
      ? 'triggers: suspend puts them onto the new table'
      : 'triggers: fire lets them run, triggers: suspend drops them for the copy and puts them back';
  return [refuse('sink_triggers', list + away, hint, 'to.triggers')];
}

function foreignKeyFindings({ mode, options, table, relations }: SinkFacts): readonly Finding[] {
  const { foreignKeys, referencedBy } = relations;
  const name = showTable(table);
  if (mode === 'replace') {
    const keys = [...foreignKeys, ...referencedBy];
    if (keys.length === 0) return [];
    return [
      refuse(
        'sink_foreign_keys',
        `${name} cannot be replaced: foreign keys hold it (${keys.map(describeKey).join('; ')})`,
        'use mirror, which changes the table in place',
        'to.mode',
      ),
    ];
  }
  const findings: Finding[] = [];
  if (foreignKeys.length > 0) {
    const how =
      options.foreignKeys === 'after' ? 'verified when all is in' : 'rows without their parent are rejects';
    findings.push(
      note(`${name} refers to other tables (${foreignKeys.map(describeKey).join('; ')}): ${how}`),
    );
  }
  if (mode === 'mirror') findings.push(...deleteFindings(name, referencedBy));
  return findings;
}

/** What other tables do when mirror deletes a row they refer to. */
function deleteFindings(name: string, referencedBy: readonly ForeignKey[]): readonly Finding[] {
  return referencedBy.map((key) => {
    const does = afterDelete(key);
    return {
      level: does === fails ? 'note' : 'warn',
      code: 'note',
      message: `where mirror deletes a row of ${name} that ${showTable(key.from)} refers to (${key.name}), ${does}`,
    };
  });
}

const fails = 'the delete fails';

function afterDelete({ onDelete }: ForeignKey): string {
  if (onDelete === undefined) return 'nobody knows what becomes of its rows: this user may not see the rule';
  if (onDelete === 'CASCADE') return 'its rows are deleted too';
  return onDelete === 'SET NULL' ? 'its column becomes NULL' : fails;
}

function describeKey({ name, from, to }: ForeignKey): string {
  return `${name}: ${from.table} → ${to.table}`;
}

/** What the server's settings do not allow. */
function serverFindings({ server: { variables } }: SinkFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const isOn = (name: string) => variables.get(name) === 'ON';
  if (isOn('log_bin') && variables.get('binlog_format') === 'STATEMENT') {
    const message =
      'the server writes its binary log by statement, so that its replicas would not get what is loaded';
    findings.push(refuse('unsupported', message, 'set binlog_format to ROW or MIXED', 'to.connection'));
  }
  if (isOn('super_read_only')) {
    findings.push(
      refuse('unsupported', 'the server is read-only (super_read_only)', undefined, 'to.connection'),
    );
  } else if (isOn('read_only')) {
    const message = 'the server is read-only for users without SUPER: a replica?';
    findings.push({ level: 'warn', code: 'note', message, path: 'to.connection' });
  }
  return findings;
}

function serverNotes({ server, fromS3, table, mode, map }: SinkFacts): readonly Finding[] {
  const findings: Finding[] = [];
  if (!server.localInfile && !fromS3) {
    const why = server.proxied
      ? 'nothing is known of LOAD DATA LOCAL through an RDS Proxy'
      : 'the server forbids LOAD DATA LOCAL (local_infile=0)';
    findings.push(note(`${why}: rows go by INSERT, which is slower`));
  }
  const unique = table.indexes.filter((index) => index.unique && index.name !== 'PRIMARY');
  if (unique.length > 0) {
    findings.push(
      note(
        `${showTable(table)}: rows that clash in a UNIQUE index (${unique.map(({ name }) => name).join(', ')}) are rejects`,
      ),
    );
  }
  const folding = map.columns.filter(
    ({ column }) => table.primaryKey.includes(column.name) && folds(column.collation),
  );
  if (mode !== 'append' && folding.length > 0) {
    const names = folding.map(({ column }) => `${column.name} (${column.collation})`).join(', ');
    findings.push(
      note(`${showTable(table)}: keys that differ only by what the collation ignores are rejects: ${names}`),
    );
  }
  return findings;
}

function folds(collation: string | undefined): boolean {
  return collation !== undefined && collation !== 'utf8mb4_0900_bin' && !collation.includes('nopad_bin');
}
