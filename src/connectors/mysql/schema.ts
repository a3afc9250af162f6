import { SluiceError } from '../../errors.js';
import { quoteTable, showTable, type TableName } from './identifier.js';
import type { Server } from './server.js';
import type { Session, SqlRow } from './session.js';

/** A table or view as information_schema tells it. */
export interface Table extends TableName {
  readonly view: boolean;
  /** `InnoDB`, `MyISAM`, …; undefined for a view. */
  readonly engine: string | undefined;
  readonly charset: string | undefined;
  readonly collation: string | undefined;
  /** In the table's own order, invisible and generated ones included. */
  readonly columns: readonly TableColumn[];
  /** The primary key's columns in order; empty when there is none. */
  readonly primaryKey: readonly string[];
  /** All indexes by name; first the primary key, if there is one (named PRIMARY). */
  readonly indexes: readonly Index[];
  /** Estimates; undefined for a view. */
  readonly rows: number | undefined;
  readonly bytes: number | undefined;
}

export interface TableColumn {
  readonly name: string;
  /** `decimal`, `varchar`, `enum`, …, in lower case. */
  readonly dataType: string;
  /** As the table was made: `decimal(10,2) unsigned`. */
  readonly columnType: string;
  readonly nullable: boolean;
  /** Whether a row that does not name the column gets a value (NULL also counts). */
  readonly hasDefault: boolean;
  /** The default in the server's own spelling; MariaDB quotes text, MySQL does not. */
  readonly defaultText: string | null;
  readonly charset: string | undefined;
  readonly collation: string | undefined;
  readonly maxChars: number | undefined;
  /** In the column's own charset. */
  readonly maxBytes: number | undefined;
  readonly precision: number | undefined;
  readonly scale: number | undefined;
  /** Digits of a second, for the types that have them. */
  readonly fraction: number | undefined;
  readonly unsigned: boolean;
  readonly zerofill: boolean;
  /** Of ENUM and SET. */
  readonly members: readonly string[] | undefined;
  /** Computed by the server; cannot be written. */
  readonly generated: boolean;
  readonly invisible: boolean;
  readonly autoIncrement: boolean;
  /** JSON of MySQL, or text that MariaDB checks with json_valid. */
  readonly json: boolean;
}

export interface Index {
  readonly name: string;
  readonly unique: boolean;
  readonly parts: readonly IndexPart[];
}

export interface IndexPart {
  /** Undefined for an expression. */
  readonly column: string | undefined;
  /** Only so many characters (or bytes) of the column are indexed; undefined when all are. */
  readonly prefix: number | undefined;
  readonly nullable: boolean;
}

/** Reads what the table or view is. Throws `table_missing` or `access_denied`. */
export async function describeTable(session: Session, server: Server, name: TableName): Promise<Table> {
  const found = await readTable(session, server, name);
  const exact: TableName = { database: found.database, table: found.table };
  const columns = await readColumns(session, server, exact);
  const indexes = found.view ? [] : await readIndexes(session, server, exact);
  const primary = indexes.find((index) => index.name === 'PRIMARY');
  return {
    ...found,
    columns,
    indexes,
    primaryKey: primary?.parts.map((part) => part.column ?? '') ?? [],
  };
}

async function readTable(
  session: Session,
  server: Server,
  name: TableName,
): Promise<Omit<Table, 'columns' | 'indexes' | 'primaryKey'>> {
  const rows = await session.rows(
    `SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_ROWS, DATA_LENGTH
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?`,
    [name.database, name.table],
  );
  const row = rows.find((candidate) => sameName(server, candidate[1], name.table));
  if (row === undefined) throw await missing(session, name);
  const [database, table, type, engine, collation, count, bytes] = row.map(textOf);
  const view = type === 'VIEW' || type === 'SYSTEM VIEW';
  return {
    database: database ?? name.database,
    table: table ?? name.table,
    view,
    engine: engine ?? undefined,
    collation: collation ?? undefined,
    charset: collation?.split('_')[0],
    rows: view ? undefined : numberOf(count),
    bytes: view ? undefined : numberOf(bytes),
  };
}

/** Why the table is not to be seen: the server says it best itself. */
async function missing(session: Session, name: TableName): Promise<SluiceError> {
  const shown = showTable(name);
  try {
    await session.rows(`SELECT 1 FROM ${quoteTable(name)} LIMIT 0`);
  } catch (error) {
    if (error instanceof SluiceError) return error;
    throw error;
  }
  return new SluiceError('table_missing', `the table ${shown} does not exist`);
}

async function readColumns(
  session: Session,
  server: Server,
  name: TableName,
): Promise<readonly TableColumn[]> {
  const json = server.flavour === 'mariadb' ? await readJsonChecks(session, server, name) : new Set<string>();
  const rows = await session.rows(
    `SELECT TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, CHARACTER_SET_NAME,
       COLLATION_NAME, CHARACTER_MAXIMUM_LENGTH, CHARACTER_OCTET_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE,
       DATETIME_PRECISION, EXTRA, GENERATION_EXPRESSION
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? ORDER BY ORDINAL_POSITION`,
    [name.database, name.table],
  );
  return rows.filter((row) => sameName(server, row[0], name.table)).map((row) => tableColumn(row, json));
}

function tableColumn(row: SqlRow, jsonChecked: ReadonlySet<string>): TableColumn {
  const cells = row.map(textOf);
  const [, name = '', dataType, type, nullable, defaultText, charset, collation] = cells;
  const [maxChars, maxBytes, precision, scale, fraction, extra, expression] = cells.slice(8);
  const data = (dataType ?? '').toLowerCase();
  const columnType = type ?? data;
  const extras = (extra ?? '').toLowerCase();
  const isNullable = nullable === 'YES';
  const columnName = name ?? '';
  return {
    name: columnName,
    dataType: data,
    columnType,
    nullable: isNullable,
    hasDefault: isNullable || defaultText !== null,
    defaultText: defaultText ?? null,
    charset: charset ?? undefined,
    collation: collation ?? undefined,
    maxChars: numberOf(maxChars),
    maxBytes: numberOf(maxBytes),
    precision: numberOf(precision),
    scale: numberOf(scale),
    fraction: numberOf(fraction),
    unsigned: /\bunsigned\b/.test(afterMembers(columnType)),
    zerofill: /\bzerofill\b/.test(afterMembers(columnType)),
    members: data === 'enum' || data === 'set' ? membersOf(columnType) : undefined,
    generated: / ?generated\b/.test(extras.replace('default_generated', '')) || Boolean(expression),
    invisible: /\binvisible\b/.test(extras),
    autoIncrement: /\bauto_increment\b/.test(extras),
    json: data === 'json' || jsonChecked.has(columnName.toLowerCase()),
  };
}

/** MariaDB's JSON is LONGTEXT with a CHECK of this form. */
async function readJsonChecks(
  session: Session,
  server: Server,
  name: TableName,
): Promise<ReadonlySet<string>> {
  const rows = await session.rows(
    `SELECT TABLE_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS
     WHERE CONSTRAINT_SCHEMA = ? AND TABLE_NAME = ?`,
    [name.database, name.table],
  );
  const columns = rows
    .filter((row) => sameName(server, row[0], name.table))
    .map((row) => /^\(?json_valid\(`((?:[^`]|``)+)`\)\)?$/.exec(String(row[1] ?? ''))?.[1]);
  return new Set(columns.flatMap((column) => (column ? [column.replaceAll('``', '`').toLowerCase()] : [])));
}

async function readIndexes(session: Session, server: Server, name: TableName): Promise<readonly Index[]> {
  const rows = await session.rows(
    `SELECT TABLE_NAME, INDEX_NAME, NON_UNIQUE, COLUMN_NAME, SUB_PART, NULLABLE
     FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?
     ORDER BY INDEX_NAME, SEQ_IN_INDEX`,
    [name.database, name.table],
  );
  const indexes = new Map<string, { name: string; unique: boolean; parts: IndexPart[] }>();
  for (const row of rows.filter((candidate) => sameName(server, candidate[0], name.table))) {
    const [, index = '', nonUnique, column, prefix, nullable] = row.map(textOf);
    const known = indexes.get(index ?? '') ?? { name: index ?? '', unique: nonUnique === '0', parts: [] };
    known.parts.push({
      column: column ?? undefined,
      prefix: numberOf(prefix),
      nullable: nullable === 'YES',
    });
    indexes.set(known.name, known);
  }
  const all = [...indexes.values()];
  const isPrimary = (index: Index): boolean => index.name === 'PRIMARY';
  return [...all.filter(isPrimary), ...all.filter((index) => !isPrimary(index))];
}

/** The base tables of a database, sorted; views, sequences and the server's own are left out. */
export async function listTables(session: Session, database: string): Promise<readonly string[]> {
  const rows = await session.rows(
    `SELECT TABLE_NAME FROM information_schema.TABLES
     WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')`,
    [database],
  );
  return rows.map((row) => String(row[0])).sort((one, other) => (one < other ? -1 : one > other ? 1 : 0));
}

/** What follows the list of members, which may hold any words. */
function afterMembers(columnType: string): string {
  return columnType.slice(columnType.lastIndexOf("'") + 1);
}

const escapes: Readonly<Record<string, string>> = { '0': '\0', n: '\n', r: '\r', Z: '\x1a' };

/** The members in `enum('a','it''s')`, with the escapes that information_schema writes. */
export function membersOf(columnType: string): readonly string[] {
  const members: string[] = [];
  for (const match of columnType.matchAll(/'((?:[^'\\]|''|\\.)*)'/gs)) {
    members.push((match[1] ?? '').replace(/''|\\(.)/gs, (_, escaped?: string) => unescaped(escaped)));
  }
  return members;
}

function unescaped(escaped: string | undefined): string {
  return escaped === undefined ? "'" : (escapes[escaped] ?? escaped);
}

function sameName(server: Server, found: unknown, wanted: string): boolean {
  const text = String(found);
  return server.foldsTableNames ? text.toLowerCase() === wanted.toLowerCase() : text === wanted;
}

function textOf(cell: SqlRow[number]): string | null {
  return cell === null ? null : cell.toString();
}

function numberOf(text: string | null | undefined): number | undefined {
  return text === null || text === undefined ? undefined : Number(text);
}
