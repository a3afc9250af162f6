import type { Column } from '../../../values/column.js';

/** How a column's values stand in Parquet. */
export type Carrier =
  | 'int32'
  | 'int64'
  | 'decimal'
  | 'double'
  | 'boolean'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'instant';

/** A column of a Parquet file, and what comes to it. */
export interface ParquetColumn {
  readonly column: Column;
  readonly carrier: Carrier;
  /** Of a decimal: digits in all, and after the point. */
  readonly precision: number;
  readonly scale: number;
}

/** Parquet's DECIMAL has no more digits in this program's writer, and in most readers. */
const MAX_DECIMAL_DIGITS = 38;

/** BIGINT UNSIGNED, which no signed integer of 64 bits holds. */
const UNSIGNED_BIGINT_DIGITS = 20;

/**
 * The map that RDS documents for its exports, as far as it goes; the rest is in TYPES.md.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.data-types.html
 */
export function parquetColumn(column: Column): ParquetColumn {
  const { type, native = '', precision, scale } = column;
  const plain = (carrier: Carrier): ParquetColumn => ({ column, carrier, precision: 0, scale: 0 });
  switch (type) {
    case 'int':
      return integerColumn(column, native);
    case 'decimal':
      if (precision === undefined || scale === undefined || precision > MAX_DECIMAL_DIGITS) {
        return plain('string');
      }
      return { column, carrier: 'decimal', precision, scale };
    case 'float':
      return plain('double');
    case 'bool':
      return plain('boolean');
    case 'bytes':
      return plain('bytes');
    case 'datetime':
      return plain('timestamp');
    case 'timestamp':
      return plain('instant');
    default:
      return plain('string');
  }
}

function integerColumn(column: Column, native: string): ParquetColumn {
  const [name = ''] = native.toLowerCase().split(/[^a-z]/);
  const unsigned = /unsigned/i.test(native);
  if (unsigned && name === 'bigint') {
    return { column, carrier: 'decimal', precision: UNSIGNED_BIGINT_DIGITS, scale: 0 };
  }
  const carrier = fitsInt32(name, unsigned) ? 'int32' : 'int64';
  return { column, carrier, precision: 0, scale: 0 };
}

function fitsInt32(name: string, unsigned: boolean): boolean {
  if (name === 'tinyint' || name === 'smallint' || name === 'year') return true;
  return (name === 'mediumint' || name === 'int' || name === 'integer') && !unsigned;
}

/** The physical and the logical type, for people: `INT64 TIMESTAMP(MICROS)`. */
export function parquetType({ carrier, precision, scale }: ParquetColumn): string {
  if (carrier !== 'decimal') return typeNames[carrier];
  const physical = precision <= 9 ? 'INT32' : precision <= 18 ? 'INT64' : 'FIXED_LEN_BYTE_ARRAY(16)';
  return `${physical} DECIMAL(${precision},${scale})`;
}

const typeNames: Readonly<Record<Exclude<Carrier, 'decimal'>, string>> = {
  int32: 'INT32',
  int64: 'INT64',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  string: 'BYTE_ARRAY STRING',
  bytes: 'BYTE_ARRAY',
  timestamp: 'INT64 TIMESTAMP(MICROS)',
  instant: 'INT64 TIMESTAMP(MICROS, UTC)',
};

/** What a person should know of the column's way. */
export function journeyNote({ column, carrier }: ParquetColumn): string | undefined {
  if (carrier === 'timestamp' || carrier === 'instant') {
    return 'a date that does not exist (0000-00-00) is a reject';
  }
  if (column.type === 'decimal' && carrier === 'string') {
    return column.precision === undefined ? 'its digits are not known' : 'more than 38 digits';
  }
  if (column.type === 'attribute') return "DynamoDB's JSON; give it a type by map.as";
  return undefined;
}
