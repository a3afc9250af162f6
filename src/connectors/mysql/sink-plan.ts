import { SluiceError } from '../../errors.js';
import type { Column } from '../../values/column.js';
import type { Finding, Incoming, Journey, Permission, SinkPlan } from '../connector.js';
import { modeFindings } from './change-findings.js';
import { createTableSql } from './create.js';
import { showTable, type TableName } from './identifier.js';
import type { MysqlSinkOptions } from './options.js';
import { definerPermissions, parentPermissions } from './permissions.js';
import type { TableColumn } from './schema.js';
import type { Server } from './server.js';
import { findingsOf, type SinkFacts, type SinkMode } from './sink-findings.js';
import { tableIdentity } from './source-describe.js';

/**
 * Measured: with half as many rows the client spends an eighth more on statements, with twice as many memory grows
 * further. With four writers about a dozen batches are under way (invariant 7).
 */
const BATCH = { rows: 2500, bytes: 1024 * 1024 };
/** One writer, whose transactions take a dozen statements when they mirror. */
const CHANGES_BATCH = { rows: 5000, bytes: 2 * 1024 * 1024 };
/** Loads side by side; more wait for each other in the server. */
const MAX_WRITERS = 8;

export function planSink(facts: SinkFacts, permissions: readonly Permission[]): SinkPlan {
  const { table, server, mode, options, incoming } = facts;
  return {
    ...common(table, server, mode, options, incoming),
    exists: true,
    key: mode === 'append' ? [] : keyOf(facts),
    journeys: journeysOf(facts),
    findings: findingsOf(facts),
    permissions: [
      ...permissions,
      ...parentPermissions(facts.relations.foreignKeys.map(({ to }) => to)),
      ...(options.triggers === 'suspend' ? definerPermissions(server, facts.relations.triggers) : []),
    ],
  };
}

/** The plan of a table that `create: true` will make; throws `unsupported` where its types are not known. */
export function planNewTable(
  name: TableName,
  server: Server,
  mode: SinkMode,
  options: MysqlSinkOptions,
  incoming: Incoming,
  permissions: readonly Permission[],
): SinkPlan {
  const creates = createTableSql(name, incoming);
  const needsKey = (mode === 'upsert' || mode === 'mirror') && incoming.key.length === 0;
  return {
    ...common(name, server, mode, options, incoming),
    exists: false,
    creates,
    key: mode === 'append' ? [] : incoming.key,
    journeys: incoming.columns.map((column) => ({
      from: column.name,
      fromType: typeOf(column),
      to: column.name,
      toType: typeOf(column),
    })),
    findings: [...(needsKey ? [keyNeeded(name, mode)] : []), ...modeFindings(incoming, options)],
    permissions,
  };
}

function keyNeeded(name: TableName, mode: SinkMode): Finding {
  return {
    level: 'refuse',
    code: 'key_missing',
    message: `${showTable(name)}: no primary key comes for the new table, which ${mode} needs`,
    hint: 'use append, or make the table yourself',
    path: 'to.mode',
  };
}

function common(
  name: TableName,
  server: Server,
  mode: SinkMode,
  options: MysqlSinkOptions,
  incoming: Incoming,
) {
  const changes = incoming.changes === true;
  return {
    name: showTable(name),
    identity: tableIdentity(server, name),
    batch: changes ? CHANGES_BATCH : BATCH,
    maxWriters: changes || options.duplicates === 'last' ? 1 : MAX_WRITERS,
    ...(mode === 'append' || mode === 'replace' ? { appends: true as const } : {}),
    ...(mode === 'replace' ? { restarts: true as const } : {}),
    ...processesOf(mode, options, changes),
  };
}

/**
 * The whole table is one session's lock (`SinkLock`). Triggers are put back, and foreign keys verified when all their tables
 * are complete, by the process that knows of it.
 */
function processesOf(
  mode: SinkMode,
  { triggers, foreignKeys }: MysqlSinkOptions,
  changes: boolean,
): Pick<SinkPlan, 'processes'> {
  if (triggers === 'suspend' || foreignKeys === 'after') return { processes: 'one' };
  const isWhole = (mode === 'replace' || mode === 'mirror') && !changes;
  return isWhole ? { processes: 'one by one' } : {};
}

/** The primary key; empty where it does not come, so that the server numbers the rows. */
function keyOf({ table, map, incoming }: SinkFacts): readonly string[] {
  const isGiven = table.primaryKey.every((key) => map.columns.some(({ column }) => column.name === key));
  return isGiven || incoming.open ? table.primaryKey : [];
}

function journeysOf({ incoming, table, map, options }: SinkFacts): readonly Journey[] {
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const extras = new Set(map.extras);
  const journeys = incoming.columns.map((column): Journey => {
    const from = { from: column.name, fromType: typeOf(column) };
    if (extras.has(column))
      return { ...from, to: intoOf(options), toType: 'JSON', note: 'into the column for extras' };
    const sink = byName.get(column.name);
    if (sink === undefined) return { ...from, to: '-', toType: '-', note: 'no such column' };
    if (sink.generated)
      return { ...from, to: sink.name, toType: sink.columnType, note: 'skipped: generated' };
    const note = noteOf(column, sink);
    return { ...from, to: sink.name, toType: sink.columnType, ...(note ? { note } : {}) };
  });
  if (!incoming.open) return journeys;
  const known = new Set(incoming.columns.map(({ name }) => name));
  const rest = table.columns.filter((column) => !known.has(column.name) && !column.generated);
  const open = rest.map((column): Journey => {
    const note = noteOf(undefined, column);
    return {
      from: column.name,
      fromType: 'attribute',
      to: column.name,
      toType: column.columnType,
      ...(note ? { note } : {}),
    };
  });
  return [...journeys, ...open];
}

function intoOf({ extra }: MysqlSinkOptions): string {
  return typeof extra === 'object' ? extra.into : '-';
}

function typeOf(column: Column): string {
  return column.native ?? column.type;
}

/** What a person should know of the pair. */
function noteOf(column: Column | undefined, sink: TableColumn): string | undefined {
  if (sink.dataType === 'json') return 'JSON in the server’s own spelling';
  if (column?.type === 'timestamp' && sink.charset !== undefined) return 'as text in UTC';
  if (column?.native === sink.columnType && (column.collation ?? sink.collation) === sink.collation)
    return undefined;
  return 'each value is checked: what does not fit exactly is a reject';
}

/** The table is missing and may not be made. */
export function missingTable(error: SluiceError): SluiceError {
  return new SluiceError('table_missing', error.message, {
    hint: 'make the table, or write create: true to have it made from a MySQL source',
    path: 'to.table',
    cause: error,
  });
}
