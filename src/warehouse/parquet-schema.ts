import {
  BINARY,
  type Field,
  fieldsAt,
  integerAt,
  itemsAt,
  textAt,
} from '../connectors/files/parquet/compact-protocol.js';
import type { Column } from '../values/column.js';

/** FileMetaData's list of the schema: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const SCHEMA = 2;

/** Fields of SchemaElement. */
const TYPE = 1;
const REPETITION = 3;
const NAME = 4;
const CHILDREN = 5;
const CONVERTED = 6;
const SCALE = 7;
const PRECISION = 8;
const LOGICAL = 10;

/** FieldRepetitionType. */
const REQUIRED = 0;
const OPTIONAL = 1;

/** ConvertedType. */
const UTF8 = 0;
const ENUM = 4;
const DECIMAL = 5;
const TIMESTAMP_MILLIS = 9;
const TIMESTAMP_MICROS = 10;
const INT_32 = 17;
const INT_64 = 18;
const JSON_TEXT = 19;

/** Type. */
const [BOOLEAN, INT32, INT64, DOUBLE, BYTE_ARRAY, FIXED] = [0, 1, 2, 5, 6, 7];

/** A column as its file tells it. */
interface Leaf {
  readonly type: number;
  /** -1 where none is told. */
  readonly converted: number;
  /** It has a logical type, which older readers know by its converted one, or do not know. */
  readonly logical: boolean;
  readonly precision: number;
  readonly scale: number;
}

/**
 * The columns of a Parquet file by its footer, with as much of MySQL's words as tells how wide an integer is. Undefined where one of
 * them is of a type that RDS's map of MySQL does not have (parquetColumn), or where the bytes are no footer.
 */
export function parquetColumns(footer: Buffer): readonly Column[] | undefined {
  try {
    const schema = fieldsAt(footer, 0).fields.find(({ id }) => id === SCHEMA);
    const [, ...leaves] = schema ? itemsAt(footer, schema.value).starts : [];
    const columns = leaves.map((start) => columnAt(footer, start));
    return columns.length > 0 && columns.every((column) => column !== undefined) ? columns : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function columnAt(footer: Buffer, start: number): Column | undefined {
  const fields = new Map(fieldsAt(footer, start).fields.map((field) => [field.id, field]));
  const number = (id: number, absent: number) => numberOf(footer, fields.get(id), absent);
  const name = fields.get(NAME);
  const repetition = number(REPETITION, REQUIRED);
  if (name?.type !== BINARY || number(CHILDREN, 0) > 0 || repetition > OPTIONAL) return undefined;
  const typed = typeOf({
    type: number(TYPE, -1),
    converted: number(CONVERTED, -1),
    logical: fields.has(LOGICAL),
    precision: number(PRECISION, 0),
    scale: number(SCALE, 0),
  });
  return typed && { name: textAt(footer, name.value), nullable: repetition === OPTIONAL, ...typed };
}

function numberOf(footer: Buffer, field: Field | undefined, absent: number): number {
  return field ? Number(integerAt(footer, field.value)) : absent;
}

function typeOf(leaf: Leaf): Omit<Column, 'name' | 'nullable'> | undefined {
  const { type, converted, precision, scale } = leaf;
  if (converted === DECIMAL && type !== DOUBLE && precision > 0) return { type: 'decimal', precision, scale };
  const isPlain = converted === -1 && !leaf.logical;
  if (type === INT32) return isPlain || converted === INT_32 ? { type: 'int', native: 'int' } : undefined;
  if (type === INT64 && (isPlain || converted === INT_64)) return { type: 'int', native: 'bigint' };
  if (type === INT64) return isMoment(converted) ? { type: 'datetime' } : undefined;
  if (type === BYTE_ARRAY && [UTF8, ENUM, JSON_TEXT].includes(converted)) return { type: 'text' };
  if (!isPlain) return undefined;
  if (type === BYTE_ARRAY || type === FIXED) return { type: 'bytes' };
  if (type === DOUBLE) return { type: 'float' };
  return type === BOOLEAN ? { type: 'bool' } : undefined;
}

function isMoment(converted: number): boolean {
  return converted === TIMESTAMP_MICROS || converted === TIMESTAMP_MILLIS;
}
