/** Text of numbers and times, and bytes, as the plain values of Parquet: https://parquet.apache.org/docs/file-format/data-pages/encodings/ */
import { isMoment } from './moment.js';
import type { ParquetColumn } from './parquet-column.js';
import type { SegmentColumn } from './segment-column.js';

const PLUS = 0x2b;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const LETTER_T = 0x74;
const SPACE = 0x20;
const COLON = 0x3a;

/** Longer cells are copied by the runtime, whose calls cost as much as a loop over so many bytes. */
const MAX_LOOPED_BYTES = 320;
const WORD_BYTES = 4;
/** Numbers of so many digits are exact as JavaScript's own. */
const SAFE_DIGITS = 15;
const TWO_TO_32 = 0x1_0000_0000;

/** What is written. Constants of a switch, which is the fastest that there is. */
const TEXT = 0;
const INT32 = 1;
const INT64 = 2;
const DECIMAL = 3;
const DOUBLE = 4;
const MOMENT = 5;
const BOOLEAN = 6;

/** How text becomes a value of a column, and which text does for sure. */
interface Putter {
  readonly kind: number;
  /** At most; of a decimal those before the point; of a double bytes. */
  readonly digits: number;
  readonly scale: number;
  /** Bytes of a decimal. */
  readonly width: number;
}

const INT32_DIGITS = 9;
const INT64_DIGITS = 18;
/** Any number of so many digits, a point among them, is a DOUBLE that prints it again. */
const DOUBLE_BYTES = 15;
const MAX_DIGITS = 40;

const of = (kind: number, digits = 0, scale = 0, width = 0): Putter =>
  Object.freeze({ kind, digits, scale, width });

/** Takes what fits for sure, spelled as the column's own logical type is, and declines what only the slow way can tell. */
export function carefulPutter(to: ParquetColumn): Putter {
  const { carrier, column, precision, scale } = to;
  if (carrier === 'int32') return of(INT32, INT32_DIGITS);
  if (carrier === 'int64') return of(INT64, INT64_DIGITS);
  if (carrier === 'double') return of(DOUBLE, DOUBLE_BYTES);
  const putter = certainPutter(to);
  if (carrier !== 'decimal' || column.type !== 'int') return putter;
  return { ...putter, digits: precision - scale - 1 };
}

/** Takes whatever `cellValue` gives for the column. */
export function certainPutter({ carrier, precision, scale }: ParquetColumn): Putter {
  switch (carrier) {
    case 'int32':
      return of(INT32, MAX_DIGITS);
    case 'int64':
      return of(INT64, MAX_DIGITS);
    case 'decimal':
      return of(DECIMAL, precision - scale, scale, decimalWidth(precision));
    case 'double':
      return of(DOUBLE, Number.MAX_SAFE_INTEGER);
    case 'timestamp':
    case 'instant':
      return of(MOMENT);
    case 'boolean':
      return of(BOOLEAN);
    default:
      return of(TEXT);
  }
}

/** Bytes of a decimal of so many digits. */
export function decimalWidth(precision: number): 4 | 8 | 16 {
  if (precision <= 9) return 4;
  return precision <= 18 ? 8 : 16;
}

/** Bytes that cells stand in. */
interface Source {
  readonly bytes: Buffer;
  /** Of the same bytes. */
  readonly view: DataView;
}

export function sourceOf(bytes: Buffer): Source {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** Writes the source's bytes from `start` to before `end` as a value, for which there is room; false, having written nothing that counts, where it declines. */
export function putValue(
  { kind, digits, scale, width }: Putter,
  source: Source,
  start: number,
  end: number,
  into: SegmentColumn,
): boolean {
  const { bytes } = source;
  switch (kind) {
    case TEXT:
      return putBytes(source, start, end, into);
    case INT32:
      return putInteger(bytes, start, end, digits, 4, into);
    case INT64:
      return putInteger(bytes, start, end, digits, 8, into);
    case DECIMAL:
      return putDecimal(bytes, start, end, digits, scale, width, into);
    case DOUBLE:
      return putDouble(bytes, start, end, digits, into);
    case MOMENT:
      return putMoment(bytes, start, end, into);
    default:
      return putBoolean(bytes[start] === LETTER_T, into);
  }
}

/** Its length, and the bytes. */
function putBytes({ bytes, view }: Source, start: number, end: number, into: SegmentColumn): boolean {
  const { buffer, view: room } = into;
  let to = into.position;
  room.setUint32(to, end - start, true);
  to += WORD_BYTES;
  if (end - start > MAX_LOOPED_BYTES) {
    to += bytes.copy(buffer, to, start, end);
  } else {
    let from = start;
    for (; from + WORD_BYTES <= end; from += WORD_BYTES, to += WORD_BYTES) {
      room.setUint32(to, view.getUint32(from, true), true);
    }
    for (; from < end; from++) buffer[to++] = bytes[from] as number;
  }
  into.position = to;
  return true;
}

function putInteger(
  bytes: Buffer,
  start: number,
  end: number,
  digits: number,
  width: 4 | 8,
  into: SegmentColumn,
): boolean {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  const count = end - first;
  if (count < 1 || count > digits) return false;
  const value = wholeNumber(bytes, first, end);
  if (value < 0) return false;
  if (count <= SAFE_DIGITS) putNumber(isNegative ? -value : value, width, into);
  else putBig(BigInt(bytes.toString('latin1', start, end)), width, into);
  return true;
}

/** The digits as a number, which is not exact if they are many; -1 where there is something else. */
function wholeNumber(bytes: Buffer, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = 10 * value + digit;
  }
  return value;
}

/** Exactly the column's digits after the point, and no more than its digits before. */
function putDecimal(
  bytes: Buffer,
  start: number,
  end: number,
  whole: number,
  scale: number,
  width: number,
  into: SegmentColumn,
): boolean {
  const point = scale === 0 ? end : end - scale - 1;
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  const before = point - first;
  if (before < 1 || before > Math.max(whole, 1)) return false;
  if (scale > 0 && bytes[point] !== POINT) return false;
  const left = wholeNumber(bytes, first, point);
  const right = scale === 0 ? 0 : wholeNumber(bytes, point + 1, end);
  if (left < 0 || right < 0 || (whole === 0 && left > 0)) return false;
  if (before + scale <= SAFE_DIGITS) {
    const value = left * (POWERS[scale] as number) + right;
    putNumber(isNegative ? -value : value, width, into);
  } else {
    const value = BigInt(bytes.toString('latin1', first, point) + bytes.toString('latin1', point + 1, end));
    putBig(isNegative ? -value : value, width, into);
  }
  return true;
}

/** Of ten. */
const POWERS = Array.from({ length: SAFE_DIGITS + 1 }, (_, exponent) => 10 ** exponent);

function putDouble(bytes: Buffer, start: number, end: number, most: number, into: SegmentColumn): boolean {
  if (start === end || end - start > most) return false;
  if (most === DOUBLE_BYTES) {
    for (let at = start; at < end; at++) {
      const code = bytes[at] as number;
      if (code > NINE || code === PLUS) return false;
    }
  }
  into.view.setFloat64(into.position, Number(bytes.toString('latin1', start, end)), true);
  into.position += 8;
  return true;
}

/** `YYYY-MM-DD hh:mm:ss`, and with six digits of a fraction. */
const SECONDS_BYTES = 19;
const MICROS_BYTES = 26;
const SECONDS_A_DAY = 86_400;
const MICROS = 1_000_000;

/** `YYYY-MM-DD hh:mm:ss`, and a fraction: microseconds since 1970. */
function putMoment(bytes: Buffer, start: number, end: number, into: SegmentColumn): boolean {
  const length = end - start;
  if (length < SECONDS_BYTES || length > MICROS_BYTES || !isSpelledMoment(bytes, start, end)) return false;
  const year = wholeNumber(bytes, start, start + 4);
  const month = two(bytes, start + 5);
  const day = two(bytes, start + 8);
  const hour = two(bytes, start + 11);
  const minute = two(bytes, start + 14);
  const second = two(bytes, start + 17);
  const fraction = end - start - SECONDS_BYTES - 1;
  const micros = fraction > 0 ? wholeNumber(bytes, start + SECONDS_BYTES + 1, end) : 0;
  if (year < 0 || month < 0 || day < 0 || micros < 0 || !isMoment(bytes, start)) return false;
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  const seconds = daysSince1970(year, month, day) * SECONDS_A_DAY + hour * 3600 + minute * 60 + second;
  const rest = micros * (POWERS[6 - Math.max(fraction, 0)] as number);
  const value = seconds * MICROS + rest;
  if (Number.isSafeInteger(value)) putNumber(value, 8, into);
  else putBig(BigInt(seconds) * BigInt(MICROS) + BigInt(rest), 8, into);
  return true;
}

function isSpelledMoment(bytes: Buffer, start: number, end: number): boolean {
  return (
    bytes[start + 4] === MINUS &&
    bytes[start + 7] === MINUS &&
    bytes[start + 10] === SPACE &&
    bytes[start + 13] === COLON &&
    bytes[start + 16] === COLON &&
    (end === start + SECONDS_BYTES ||
      (bytes[start + SECONDS_BYTES] === POINT && end > start + SECONDS_BYTES + 1))
  );
}

function two(bytes: Buffer, at: number): number {
  const tens = (bytes[at] as number) - ZERO;
  const ones = (bytes[at + 1] as number) - ZERO;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : 10 * tens + ones;
}

/** From 0000-03-01, with which the years of this count begin. */
const DAYS_TO_1970 = 719_468;
const DAYS_A_YEAR = 365;

/** Of the Gregorian calendar, from year 1 on. Leap days are the last of years that begin in March. */
function daysSince1970(year: number, month: number, day: number): number {
  const years = month > 2 ? year : year - 1;
  const months = month > 2 ? month - 3 : month + 9;
  const leapDays = Math.floor(years / 4) - Math.floor(years / 100) + Math.floor(years / 400);
  // From March on 31, 30, 31, 30, 31 days, again and again: 153 in five months.
  const daysBefore = Math.floor((153 * months + 2) / 5);
  return DAYS_A_YEAR * years + leapDays + daysBefore + day - 1 - DAYS_TO_1970;
}

/** Packed, the first in the lowest bit. */
function putBoolean(isTrue: boolean, into: SegmentColumn): boolean {
  const bit = into.values & 7;
  if (bit === 0) into.buffer[into.position++] = 0;
  const at = into.position - 1;
  into.buffer[at] = (into.buffer[at] as number) | (Number(isTrue) << bit);
  return true;
}

/** A whole number that is exact. Those of 16 bytes are decimals: two's complement, the highest byte first. */
function putNumber(value: number, width: number, into: SegmentColumn): void {
  const { view, position } = into;
  if (width === 4) {
    view.setInt32(position, value, true);
  } else {
    const high = Math.floor(value / TWO_TO_32);
    const low = value - high * TWO_TO_32;
    if (width === 8) {
      view.setUint32(position, low, true);
      view.setInt32(position + 4, high, true);
    } else {
      view.setInt32(position, value < 0 ? -1 : 0);
      view.setInt32(position + 4, value < 0 ? -1 : 0);
      view.setInt32(position + 8, high);
      view.setUint32(position + 12, low);
    }
  }
  into.position = position + width;
}

function putBig(value: bigint, width: number, into: SegmentColumn): void {
  const { view, position } = into;
  if (width === 4) {
    view.setInt32(position, Number(value), true);
  } else if (width === 8) {
    view.setBigInt64(position, value, true);
  } else {
    view.setBigInt64(position, value >> 64n);
    view.setBigUint64(position + 8, BigInt.asUintN(64, value));
  }
  into.position = position + width;
}
