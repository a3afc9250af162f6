/**
 * Thrift's compact protocol, just as far as the plain Parquet of a segment must be described:
 * https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { BINARY, I32, I64, integerOf, LIST, STRUCT, varintOf } from './compact-protocol.js';

/** A value of a field. */
export interface CompactValue {
  readonly type: number;
  readonly bytes: Buffer;
}

export function int32Value(value: number): CompactValue {
  return { type: I32, bytes: integerOf(BigInt(value)) };
}

export function int64Value(value: number): CompactValue {
  return { type: I64, bytes: integerOf(BigInt(value)) };
}

export function textValue(text: string): CompactValue {
  const bytes = Buffer.from(text);
  return { type: BINARY, bytes: Buffer.concat([varintOf(BigInt(bytes.length)), bytes]) };
}

/** Of values of one type; at least one. */
export function listValue(items: readonly CompactValue[]): CompactValue {
  const type = items[0]?.type ?? STRUCT;
  const head =
    items.length < 15
      ? Buffer.of((items.length << 4) | type)
      : Buffer.concat([Buffer.of(0xf0 | type), varintOf(BigInt(items.length))]);
  return { type: LIST, bytes: Buffer.concat([head, ...items.map(({ bytes }) => bytes)]) };
}

/** Fields by their numbers, in ascending order; those without a value are left out. */
export function structValue(fields: Readonly<Record<number, CompactValue | undefined>>): CompactValue {
  let last = 0;
  const pieces = Object.entries(fields).flatMap(([number, value]) => {
    if (value === undefined) return [];
    const id = Number(number);
    const head = Buffer.of(((id - last) << 4) | value.type);
    last = id;
    return [head, value.bytes];
  });
  return { type: STRUCT, bytes: Buffer.concat([...pieces, Buffer.of(0)]) };
}
