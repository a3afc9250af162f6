import type { FieldPacket } from 'mysql2';
import { SluiceError } from '../../errors.js';
import type { Context } from '../connector.js';
import type { Window } from '../window.js';
import { logicalType, type ReadColumn, readColumn } from './columns.js';
import type { Connections } from './connection.js';
import { showTable, type TableName, tableNamed } from './identifier.js';
import type { MysqlSourceOptions } from './options.js';
import { isReadAs, needsForm, queryColumns } from './query-columns.js';
import { type CellKind, type RowReader, rowReader } from './rows.js';
import { describeTable, type Table } from './schema.js';
import type { Session } from './session.js';
import { checkAllReadable, checkQuery, checkWhere, withoutSemicolon } from './source-checks.js';
import { type KeyColumn, orderKey } from './source-key.js';
import type { Sessions } from './source-sessions.js';
import type { Selection } from './source-sql.js';
import { sinceColumn, windowCondition } from './source-window.js';

/** What a source reads and how, found out once. */
export interface SourceShape extends Selection {
  /** For people: `shop.orders`, `query`. */
  readonly name: string;
  /** Absent for a query. */
  readonly table?: Table;
  /** Where each key column's cell lies in a row as read. */
  readonly keyAt: readonly number[];
  readonly read: RowReader;
  /** Columns of a type that we do not know. */
  readonly unknown: readonly string[];
  /** The column of `since`, where no index of the table leads with it: each window is looked for in all rows. */
  readonly unindexed?: string;
}

export async function sourceShape(
  options: MysqlSourceOptions,
  { connections, sessions }: { readonly connections: Connections; readonly sessions: Sessions },
  context: Context,
): Promise<SourceShape> {
  const server = await connections.server(context);
  const database = await connections.database();
  return await context.retry(() =>
    sessions.withConnection(context, async (session) => {
      if (options.query !== undefined) return await queryShape(session, options.query, options.columns);
      if (options.table === undefined)
        throw new SluiceError('declaration_invalid', 'a source needs a table or a query');
      const table = await describeTable(session, server, tableNamed(options.table, database));
      if (options.columns === undefined) await checkAllReadable(session, table);
      if (options.where !== undefined) await checkWhere(session, table, options.where);
      return tableShape(table, options, context.window);
    }),
  );
}

function tableShape(table: Table, options: MysqlSourceOptions, window: Window | undefined): SourceShape {
  const chosen = chooseColumns(table.columns, options.columns, (column) => column.name, showTable(table));
  const typed = chosen.map((column) => ({ column, type: logicalType(column) }));
  const name: TableName = { database: table.database, table: table.table };
  const { index, columns: key } = orderKey(table);
  const columns = typed.map(({ column, type }) => readColumn(column, type ?? 'text'));
  return {
    name: showTable(table),
    table,
    origin: { kind: 'table', name, where: rowsOf(table, options, window) },
    index,
    unknown: typed.filter(({ type }) => type === undefined).map(({ column }) => column.name),
    ...unindexedIn(table, options),
    ...arranged(columns, key),
  };
}

function unindexedIn(table: Table, { since }: MysqlSourceOptions): Pick<SourceShape, 'unindexed'> {
  if (since === undefined || table.view) return {};
  const { name } = sinceColumn(table, since.column);
  return table.indexes.some(({ parts }) => parts[0]?.column === name) ? {} : { unindexed: name };
}

/** The declared condition and that of the window, each in parentheses of its own. */
function rowsOf(
  table: Table,
  { where, since }: MysqlSourceOptions,
  window: Window | undefined,
): string | undefined {
  if (since === undefined) return where;
  const column = sinceColumn(table, since.column);
  if (window === undefined) return where;
  const condition = windowCondition(column, window);
  return where === undefined ? condition : `(\n${where}\n) AND (${condition})`;
}

async function queryShape(
  session: Session,
  query: string,
  wanted: readonly string[] | undefined,
): Promise<SourceShape> {
  const sql = withoutSemicolon(query);
  const fields = await checkQuery(session, sql);
  const chosen = chooseColumns(fields, wanted, (field) => field.name, 'the query');
  return {
    name: 'query',
    origin: { kind: 'query', sql, wrapped: wanted !== undefined || chosen.some(needsForm) },
    index: '',
    unknown: [],
    ...arranged(queryColumns(chosen), []),
  };
}

/** Throws when the table was altered since it was described, so that its rows would be read as what they are not. */
export function verifyFields(shape: SourceShape, fields: readonly FieldPacket[]): void {
  const wanted = [
    ...shape.columns.map(({ column, kind }) => ({ name: column.name, kind, type: column.type })),
    ...shape.hidden.map(({ name, kind }) => ({ name, kind, type: undefined })),
  ];
  const altered = wanted.find(({ kind, type }, index) => {
    const field = fields[index];
    return field === undefined || !isReadAs(field, kind, type);
  });
  if (altered === undefined && fields.length === wanted.length) return;
  throw new SluiceError('type_refused', `${shape.name}: the table was altered while it was copied`, {
    hint: 'run again with --fresh',
    ...(altered === undefined ? {} : { path: altered.name }),
  });
}

/** Key cells that no column of the rows gives in the form of a position are selected after the columns. */
function arranged(
  columns: readonly ReadColumn[],
  key: readonly KeyColumn[],
): Pick<SourceShape, 'columns' | 'key' | 'hidden' | 'keyAt' | 'read'> {
  const hidden: KeyColumn[] = [];
  const keyAt = key.map((part) => {
    const at = columns.findIndex(({ column, select }) => column.name === part.name && select === part.select);
    return at === -1 ? columns.length + hidden.push(part) - 1 : at;
  });
  const kinds: readonly CellKind[] = [...columns, ...hidden].map((column) => column.kind);
  return { columns, key, hidden, keyAt, read: rowReader(kinds) };
}

/** The declared columns in the declared order, or all. SQL does not tell upper from lower case in names. */
function chooseColumns<T>(
  all: readonly T[],
  wanted: readonly string[] | undefined,
  nameOf: (column: T) => string,
  place: string,
): readonly T[] {
  if (wanted === undefined) return all;
  const chosen = wanted.map((name) => {
    const found =
      all.find((column) => nameOf(column) === name) ??
      all.find((column) => nameOf(column).toLowerCase() === name.toLowerCase());
    if (found !== undefined) return found;
    throw new SluiceError('column_missing', `${place} has no column ${name}`, {
      path: name,
      hint: `its columns are ${all.map(nameOf).join(', ')}`,
    });
  });
  const twice = chosen.find((column, index) => chosen.indexOf(column) !== index);
  if (twice === undefined) return chosen;
  throw new SluiceError('declaration_invalid', `columns names ${nameOf(twice)} twice`, {
    path: nameOf(twice),
  });
}
