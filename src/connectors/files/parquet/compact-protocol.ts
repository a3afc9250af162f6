/**
 * Thrift's compact protocol, just as far as a Parquet file's footer must be taken apart:
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */

/** A field of a structure, as places in the bytes: its head is from `start` to `value`, its value from there to `end`. */
export interface Field {
  readonly id: number;
  readonly type: number;
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

/** Types of fields. */
export const LIST = 9;
export const STRUCT = 12;
const TRUE = 1;
const FALSE = 2;
const BYTE = 3;
const I16 = 4;
export const I32 = 5;
export const I64 = 6;
const DOUBLE = 7;
export const BINARY = 8;
const SET = 10;

/** The head of a list of so many items or more holds the number apart. */
const MANY_ITEMS = 15;
/** Ends a structure. */
const STOP = 0;

/** The fields of the structure that begins at `start`. Throws a RangeError where the bytes end in it, or hold what is not known. */
export function fieldsAt(bytes: Buffer, start: number): { readonly fields: readonly Field[]; end: number } {
  const fields: Field[] = [];
  let at = start;
  let id = 0;
  for (;;) {
    const head = byteAt(bytes, at);
    if (head === STOP) return { fields, end: at + 1 };
    const type = head & 0x0f;
    const given = head >> 4 === 0 ? varintAt(bytes, at + 1) : undefined;
    id = given ? Number(signed(given.value)) : id + (head >> 4);
    const value = given?.end ?? at + 1;
    const end = type === TRUE || type === FALSE ? value : endOf(bytes, value, type);
    fields.push({ id, type, start: at, value, end });
    at = end;
  }
}

/** Where the items of the list at `start` begin, and where the last one ends. */
export function itemsAt(bytes: Buffer, start: number): { readonly starts: readonly number[]; end: number } {
  const head = byteAt(bytes, start);
  const many = head >> 4 === MANY_ITEMS ? varintAt(bytes, start + 1) : undefined;
  const count = many ? Number(many.value) : head >> 4;
  const starts: number[] = [];
  let at = many?.end ?? start + 1;
  for (let item = 0; item < count; item++) {
    starts.push(at);
    at = endOf(bytes, at, head & 0x0f);
  }
  return { starts, end: at };
}

/** What begins a list of structures. */
export function structuresHead(count: number): Buffer {
  if (count < MANY_ITEMS) return Buffer.of((count << 4) | STRUCT);
  return Buffer.concat([Buffer.of((MANY_ITEMS << 4) | STRUCT), varintOf(BigInt(count))]);
}

/** The integer at `start`, of whatever width. */
export function integerAt(bytes: Buffer, start: number): bigint {
  return signed(varintAt(bytes, start).value);
}

/** The text at `start`, a BINARY. */
export function textAt(bytes: Buffer, start: number): string {
  const { value, end } = varintAt(bytes, start);
  return bytes.toString('utf8', end, end + Number(value));
}

export function integerOf(value: bigint): Buffer {
  return varintOf(value >= 0n ? 2n * value : -2n * value - 1n);
}

/** Where the value ends. */
function endOf(bytes: Buffer, start: number, type: number): number {
  switch (type) {
    case TRUE:
    case FALSE:
    case BYTE:
      return start + 1;
    case I16:
    case I32:
    case I64:
      return varintAt(bytes, start).end;
    case DOUBLE:
      return start + 8;
    case BINARY: {
      const { value, end } = varintAt(bytes, start);
      return end + Number(value);
    }
    case LIST:
    case SET:
      return itemsAt(bytes, start).end;
    case STRUCT:
      return fieldsAt(bytes, start).end;
    default:
      throw new RangeError('a footer holds a type that is not known');
  }
}

function signed(value: bigint): bigint {
  return value & 1n ? -(value >> 1n) - 1n : value >> 1n;
}

function varintAt(bytes: Buffer, start: number): { readonly value: bigint; readonly end: number } {
  let value = 0n;
  for (let at = start, shift = 0n; ; at++, shift += 7n) {
    const byte = byteAt(bytes, at);
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return { value, end: at + 1 };
  }
}

export function varintOf(value: bigint): Buffer {
  const made: number[] = [];
  let left = value;
  while (left >= 0x80n) {
    made.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  return Buffer.from([...made, Number(left)]);
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError('a footer is cut short');
  return byte;
}
