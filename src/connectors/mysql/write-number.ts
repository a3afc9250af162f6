import { type CellWriter, DECLINED } from './cell-writer.js';
import { integerBounds } from './fit-numbers.js';
import type { TableColumn } from './schema.js';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** As many digits are exact in a double. */
const MAX_EXACT_DIGITS = 15;

/** The writer of a DynamoDB number for the column; undefined where it has none. */
export function numberWriter(column: TableColumn): CellWriter | undefined {
  const bounds = integerBounds(column);
  if (bounds) return integerWriter(Number(bounds.least), Number(bounds.most));
  const { dataType, unsigned, precision = 10, scale = 0 } = column;
  if (dataType === 'decimal') return decimalWriter(precision - scale, scale, !unsigned);
  return column.columnType === 'double' ? doubleWriter : undefined;
}

/** Integers without leading zeros, so short that their value is exact. */
function integerWriter(least: number, most: number): CellWriter {
  return (source, start, end, _flags, target, at) => {
    let from = start;
    let to = at;
    const isNegative = source[from] === MINUS;
    if (isNegative) target[to++] = source[from++] as number;
    const digits = end - from;
    if (digits < 1 || digits > MAX_EXACT_DIGITS) return DECLINED;
    if (source[from] === ZERO && (digits > 1 || isNegative)) return DECLINED;
    let value = 0;
    for (; from < end; from++) {
      const code = source[from] as number;
      const digit = code - ZERO;
      if (digit < 0 || digit > 9) return DECLINED;
      value = value * 10 + digit;
      target[to++] = code;
    }
    if (isNegative) value = -value;
    return value >= least && value <= most ? to : DECLINED;
  };
}

/** Plain spellings without leading zeros, which fit as they are. */
function decimalWriter(maxWhole: number, maxFraction: number, isSigned: boolean): CellWriter {
  return (source, start, end, _flags, target, at) => {
    let from = start;
    let to = at;
    if (isSigned && source[from] === MINUS) target[to++] = source[from++] as number;
    const whole = digitsFrom(source, from, end);
    if (whole === 0 || (source[from] === ZERO ? whole > 1 : whole > maxWhole)) return DECLINED;
    const point = from + whole;
    if (point < end) {
      const fraction = digitsFrom(source, point + 1, end);
      if (source[point] !== POINT || fraction === 0 || fraction > maxFraction) return DECLINED;
      if (point + 1 + fraction < end) return DECLINED;
    }
    for (; from < end; from++) target[to++] = source[from] as number;
    return to;
  };
}

/** Spellings with so few digits that each is a double of its own; but none of zero with a sign. */
const doubleWriter: CellWriter = (source, start, end, flags, target, at) => {
  if (end - start > MAX_EXACT_DIGITS || source[start] === MINUS) return DECLINED;
  return plainDouble(source, start, end, flags, target, at);
};
const plainDouble = decimalWriter(MAX_EXACT_DIGITS, MAX_EXACT_DIGITS, false);

/** How many digits stand there one after the other. */
export function digitsFrom(source: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at < end; at++) {
    const digit = (source[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
  }
  return at - start;
}
