import type { Column, LogicalType } from '../../values/column.js';
import type { Exports } from '../exports.js';

/** What becomes of dates and times of day: Snowflake's own types, in which `0000-00-00` ends a load, or their texts. */
export type Times = 'typed' | 'text';

/** As many digits as the largest value has: https://dev.mysql.com/doc/refman/8.4/en/integer-types.html */
const digits: Readonly<Record<string, number>> = {
  tinyint: 3,
  smallint: 5,
  mediumint: 8,
  int: 10,
  bigint: 20,
  year: 4,
};

/** https://docs.snowflake.com/en/sql-reference/data-types-numeric */
const MAX_DIGITS = 38;

type Plain = Exclude<LogicalType, 'int' | 'decimal' | 'date' | 'datetime' | 'timestamp'>;

/** docs/warehouse.md is this table. */
const plain: Readonly<Record<Plain, string>> = {
  float: 'FLOAT',
  text: 'VARCHAR',
  bytes: 'BINARY',
  bool: 'BOOLEAN',
  // Up to 838 hours, and below zero: no time of a day.
  time: 'VARCHAR',
  json: 'VARCHAR',
  attribute: 'VARCHAR',
};

/** A document of JSON Lines is a value of its own; elsewhere it is its text. */
export function snowflakeType(column: Column, format: Exports['format'], times: Times): string {
  const { type, native = '' } = column;
  if (format === 'jsonl' && (type === 'json' || type === 'attribute')) return 'VARIANT';
  if (type === 'int') return `NUMBER(${digits[/^[a-z]+/.exec(native)?.[0] ?? ''] ?? MAX_DIGITS}, 0)`;
  if (type === 'decimal') return decimalType(column);
  if (type === 'date') return times === 'text' ? 'VARCHAR' : 'DATE';
  if (type === 'datetime' || type === 'timestamp') return times === 'text' ? 'VARCHAR' : 'TIMESTAMP_NTZ(6)';
  return plain[type];
}

/** What has more digits than Snowflake's numbers is a text in the files too. */
function decimalType({ precision, scale = 0 }: Column): string {
  return precision === undefined || precision > MAX_DIGITS ? 'VARCHAR' : `NUMBER(${precision}, ${scale})`;
}
