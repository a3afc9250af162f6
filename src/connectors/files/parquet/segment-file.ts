import { varintOf } from './compact-protocol.js';
import {
  type CompactValue,
  int32Value,
  int64Value,
  listValue,
  structValue,
  textValue,
} from './compact-writer.js';
import type { ParquetColumn } from './parquet-column.js';
import { decimalWidth } from './put-value.js';
import type { SegmentColumn } from './segment-column.js';

/** Numbers of: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift */
const physical = { boolean: 0, int32: 1, int64: 2, double: 5, bytes: 6, fixed: 7 } as const;
const converted = { utf8: 0, decimal: 5, timestampMicros: 10 } as const;
const OPTIONAL = 1;
const UNCOMPRESSED = 0;
const DATA_PAGE = 0;
const PLAIN = 0;
const RLE = 3;

const MAGIC = Buffer.from('PAR1');
const LENGTH_BYTES = 4;

/** How the values of a column stand in a segment. */
interface Form {
  readonly type: number;
  /** Of a type whose values all have as many bytes. */
  readonly bytes?: number;
  readonly converted?: number;
  readonly precision?: number;
  readonly scale?: number;
}

/**
 * The simplest Parquet there is of these columns, all of as many rows: a row group, a page for each column, plain values, nothing
 * compressed. The n-th column is called `cn`. The buffers are good until a column is changed.
 */
export function segmentFile(columns: readonly SegmentColumn[], rows: number): Buffer[] {
  const buffers: Buffer[] = [MAGIC];
  let at = MAGIC.length;
  const chunks = columns.map((column, index) => {
    const page = pageOf(column);
    const bytes = page.reduce((sum, { length }) => sum + length, 0);
    const chunk = chunkOf(formOf(column.column), index, { rows, at, bytes });
    buffers.push(...page);
    at += bytes;
    return { chunk, bytes };
  });
  const group = structValue({
    1: listValue(chunks.map(({ chunk }) => chunk)),
    2: int64Value(chunks.reduce((sum, { bytes }) => sum + bytes, 0)),
    3: int64Value(rows),
  });
  const schema = columns.map(({ column }, index) => schemaElement(formOf(column), index));
  const root = structValue({ 4: textValue('rows'), 5: int32Value(columns.length) });
  const { bytes: footer } = structValue({
    1: int32Value(1),
    2: listValue([root, ...schema]),
    3: int64Value(rows),
    4: listValue([group]),
  });
  return [...buffers, footer, lengthOf(footer.length), MAGIC];
}

function chunkOf(
  { type }: Form,
  index: number,
  { rows, at, bytes }: { readonly rows: number; readonly at: number; readonly bytes: number },
): CompactValue {
  const meta = structValue({
    1: int32Value(type),
    2: listValue([int32Value(PLAIN), int32Value(RLE)]),
    3: listValue([textValue(`c${index}`)]),
    4: int32Value(UNCOMPRESSED),
    5: int64Value(rows),
    6: int64Value(bytes),
    7: int64Value(bytes),
    9: int64Value(at),
  });
  return structValue({ 2: int64Value(at), 3: meta });
}

/** Its header, which rows have values, and the values. */
function pageOf(column: SegmentColumn): Buffer[] {
  const levels = levelsOf(column);
  const values = column.buffer.subarray(0, column.position);
  const bytes = levels.reduce((sum, { length }) => sum + length, 0) + values.length;
  const header = structValue({
    1: int32Value(DATA_PAGE),
    2: int32Value(bytes),
    3: int32Value(bytes),
    5: structValue({
      1: int32Value(column.rows),
      2: int32Value(PLAIN),
      3: int32Value(RLE),
      4: int32Value(RLE),
    }),
  });
  return [header.bytes, ...levels, values];
}

/** A bit for each row, or where none is NULL all of them at once: https://parquet.apache.org/docs/file-format/data-pages/encodings/ */
function levelsOf({ rows, values, present }: SegmentColumn): Buffer[] {
  if (values === rows) {
    const run = Buffer.concat([varintOf(BigInt(rows) << 1n), Buffer.of(1)]);
    return [lengthOf(run.length), run];
  }
  const bits = Buffer.from(present.buffer, present.byteOffset, Math.ceil(rows / 8));
  const head = varintOf((BigInt(bits.length) << 1n) | 1n);
  return [lengthOf(head.length + bits.length), head, bits];
}

function lengthOf(bytes: number): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(bytes);
  return length;
}

function schemaElement(form: Form, index: number): CompactValue {
  const maybe = (value: number | undefined) => (value === undefined ? undefined : int32Value(value));
  return structValue({
    1: int32Value(form.type),
    2: maybe(form.bytes),
    3: int32Value(OPTIONAL),
    4: textValue(`c${index}`),
    6: maybe(form.converted),
    7: maybe(form.scale),
    8: maybe(form.precision),
  });
}

function formOf({ carrier, precision, scale }: ParquetColumn): Form {
  switch (carrier) {
    case 'string':
      return { type: physical.bytes, converted: converted.utf8 };
    case 'bytes':
      return { type: physical.bytes };
    case 'decimal':
      return { ...decimalForm(precision), converted: converted.decimal, precision, scale };
    case 'timestamp':
    case 'instant':
      return { type: physical.int64, converted: converted.timestampMicros };
    default:
      return { type: physical[carrier] };
  }
}

function decimalForm(precision: number): Form {
  const bytes = decimalWidth(precision);
  if (bytes === 16) return { type: physical.fixed, bytes };
  return { type: bytes === 4 ? physical.int32 : physical.int64 };
}
