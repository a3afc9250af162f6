import { SluiceError } from '../../errors.js';
import type { Column, LogicalType } from '../../values/column.js';
import type { Exports } from '../exports.js';
import { duckdbName, duckdbText } from './quote.js';

/** The query that gives the rows of the files that a variable lists, each column as the files tell it. */
export function readerOf(
  format: Exports['format'],
  columns: readonly Column[] | undefined,
  variable: string,
): string {
  const files = `getvariable(${duckdbText(variable)})`;
  if (format === 'parquet') return `SELECT * FROM read_parquet(${files}, hive_partitioning = false)`;
  if (format === 'csv') return csvReader(columns, files);
  return jsonReader(columns, files);
}

/** Nothing between two commas is NULL, `""` is the empty text; without columns everything is text. */
function csvReader(columns: readonly Column[] | undefined, files: string): string {
  const types =
    columns === undefined ? 'all_varchar = true' : `columns = ${struct(columns)}, auto_detect = false`;
  return `SELECT ${list(columns)} FROM read_csv(${files}, ${types}, header = true,
    delim = ',', quote = '"', escape = '"', nullstr = '', allow_quoted_nulls = false, new_line = '\\n', hive_partitioning = false)`;
}

/** Without columns each line is one JSON value. */
function jsonReader(columns: readonly Column[] | undefined, files: string): string {
  const settings = `format = 'newline_delimited', hive_partitioning = false`;
  refuseRounded(columns ?? []);
  if (columns === undefined) return `SELECT json FROM read_json_objects(${files}, ${settings})`;
  return `SELECT ${list(columns)} FROM read_json(${files}, columns = ${struct(columns)}, ${settings})`;
}

/** DuckDB 1.5 takes every number of JSON with a point or an exponent for a double, also where it becomes a DECIMAL. */
const MAX_DOUBLE_DIGITS = 15;

function refuseRounded(columns: readonly Column[]): void {
  const wide = columns.find(
    ({ type, precision = MAX_DIGITS }) => type === 'decimal' && precision > MAX_DOUBLE_DIGITS,
  );
  if (!wide) return;
  throw new SluiceError(
    'unsupported',
    `DuckDB would round ${wide.name}: it reads numbers of JSON as doubles`,
    {
      hint: 'write Parquet or CSV for DuckDB: `format: parquet`',
    },
  );
}

function struct(columns: readonly Column[]): string {
  return `{${columns.map((column) => `${duckdbText(column.name)}: '${lineType(column)}'`).join(', ')}}`;
}

/** Bytes stand in lines as base64. */
function list(columns: readonly Column[] | undefined): string {
  const bytes = (columns ?? []).filter(({ type }) => type === 'bytes').map(({ name }) => duckdbName(name));
  if (bytes.length === 0) return '*';
  return `* REPLACE (${bytes.map((name) => `from_base64(${name}) AS ${name}`).join(', ')})`;
}

const MAX_DIGITS = 38;

/** What a column of lines is read as. Dates and times stay text: MySQL has such as are none elsewhere. */
function lineType({ type, native = '', precision, scale = 0 }: Column): string {
  if (type === 'int')
    return /^(tiny|small|medium|big)?int|^year/.test(native) ? wholeType(native) : 'HUGEINT';
  if (type === 'decimal') {
    return precision === undefined || precision > MAX_DIGITS ? 'VARCHAR' : `DECIMAL(${precision}, ${scale})`;
  }
  return lineTypes[type];
}

function wholeType(native: string): string {
  return native.startsWith('bigint') && native.includes('unsigned') ? 'UBIGINT' : 'BIGINT';
}

const lineTypes: Readonly<Record<Exclude<LogicalType, 'int' | 'decimal'>, string>> = {
  float: 'DOUBLE',
  text: 'VARCHAR',
  bytes: 'VARCHAR',
  bool: 'BOOLEAN',
  date: 'VARCHAR',
  datetime: 'VARCHAR',
  time: 'VARCHAR',
  timestamp: 'VARCHAR',
  json: 'JSON',
  attribute: 'JSON',
};
