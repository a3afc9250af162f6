import { type CellWriter, copyBytes, DECLINED } from './cell-writer.js';
import { daysOf } from './fit-times.js';
import type { TableColumn } from './schema.js';
import { digitsFrom } from './write-number.js';

const SPACE = 0x20;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const T = 0x54;
const Z = 0x5a;

const DATE_LENGTH = 10;
const DATETIME_LENGTH = 19;
const TIME_LENGTH = 8;

/** Years of which every moment is a TIMESTAMP on any server. */
const SAFE_YEARS = { first: 1971, last: 2037 } as const;

/** The writer of a text with a date or time for the column; undefined where it has none. */
export function timeWriter(column: TableColumn): CellWriter | undefined {
  const digits = column.fraction ?? 0;
  switch (column.dataType) {
    case 'date':
      return writerOf((source, start, end) => end - start === DATE_LENGTH && isDate(source, start));
    case 'datetime':
      return writerOf((source, start, end) => isDatetime(source, start, end, digits));
    case 'timestamp':
      return timestampWriter(digits);
    case 'time':
      return writerOf(
        (source, start, end) =>
          isClock(source, start, end) && isFraction(source, start + TIME_LENGTH, end, digits),
      );
    default:
      return undefined;
  }
}

function writerOf(isPlain: (source: Uint8Array, start: number, end: number) => boolean): CellWriter {
  return (source, start, end, flags, target, at) =>
    flags === 0 && isPlain(source, start, end) ? copyBytes(source, start, end, target, at) : DECLINED;
}

/** With the Z that says UTC, which the server is not shown. */
function timestampWriter(digits: number): CellWriter {
  return (source, start, end, flags, target, at) => {
    const last = end - 1;
    if (flags !== 0 || source[last] !== Z || !isDatetime(source, start, last, digits)) return DECLINED;
    const year = 100 * two(source, start) + two(source, start + 2);
    const isSafe = year >= SAFE_YEARS.first && year <= SAFE_YEARS.last;
    const day = two(source, start + 8);
    if (!isSafe || day < 1 || day > daysOf(year, two(source, start + 5))) return DECLINED;
    return copyBytes(source, start, last, target, at);
  };
}

/** `YYYY-MM-DD`: the same that the form in fit-times.ts takes, impossible dates among them. */
function isDate(source: Uint8Array, start: number): boolean {
  if (two(source, start) < 0 || two(source, start + 2) < 0) return false;
  if (source[start + 4] !== MINUS || source[start + 7] !== MINUS) return false;
  const month = two(source, start + 5);
  const day = two(source, start + 8);
  return month >= 0 && month <= 12 && day >= 0 && day <= 31;
}

/** `YYYY-MM-DDThh:mm:ss.f`, with a space or T, and no more digits than the column holds. */
function isDatetime(source: Uint8Array, start: number, end: number, digits: number): boolean {
  if (end - start < DATETIME_LENGTH || !isDate(source, start)) return false;
  const between = source[start + DATE_LENGTH];
  if (between !== T && between !== SPACE) return false;
  const clock = start + DATE_LENGTH + 1;
  return (
    isClock(source, clock, end) &&
    two(source, clock) <= 23 &&
    isFraction(source, start + DATETIME_LENGTH, end, digits)
  );
}

/** `hh:mm:ss` with hours of two digits, at the start of what may be longer. */
function isClock(source: Uint8Array, start: number, end: number): boolean {
  if (end - start < TIME_LENGTH || source[start + 2] !== COLON || source[start + 5] !== COLON) return false;
  const minute = two(source, start + 3);
  const second = two(source, start + 6);
  return two(source, start) >= 0 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59;
}

/** Nothing, or a point and as many digits as the column holds at most. */
function isFraction(source: Uint8Array, start: number, end: number, digits: number): boolean {
  if (start === end) return true;
  const found = end - start - 1;
  if (source[start] !== POINT || found < 1 || found > digits) return false;
  return digitsFrom(source, start + 1, end) === found;
}

/** Two digits as a number; negative where they are none. */
function two(source: Uint8Array, at: number): number {
  const tens = (source[at] as number) - ZERO;
  const ones = (source[at + 1] as number) - ZERO;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? 10 * tens + ones : DECLINED;
}
