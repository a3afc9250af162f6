import type { Column } from '../../values/column.js';
import { attributeType } from './encode.js';

/**
 * Copies a cell's bytes `from[start, end)` to `to` at `at`, as they stand between the quotes of an attribute's JSON.
 * Gives the place after them (at most twice as many as there are, and one more), or DECLINED for any but the usual spellings: these the
 * encoders of encode.ts judge, of which this is a faster way to the same bytes.
 */
export type CopyCell = (from: Buffer, start: number, end: number, to: Buffer, at: number) => number;

export const DECLINED = -1;

/** Undefined for a column whose cells are never copied as they are. */
export function cellCopier(column: Column): CopyCell | undefined {
  switch (attributeType(column)) {
    case 'N':
      return column.type === 'float' ? copyFloat : copyNumber;
    case 'S':
      if (column.type === 'datetime') return copyTime;
      if (column.type === 'timestamp') return copyUtcTime;
      return column.type === 'text' || column.type === 'json' ? copyText : copyAscii;
    default:
      return undefined;
  }
}

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_WIDE = 0x80;
/** Digits of a whole number, and on either side of a point, that can never be too many. */
const MAX_WHOLE = 38;
const MAX_SIDE = 19;

/** `0`, `-12`, `1.50`: as the patterns of numbers.ts. */
function copyNumber(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  const first = from[start] === MINUS ? start + 1 : start;
  let point = DECLINED;
  let next = at;
  if (first !== start) to[next++] = MINUS;
  for (let place = first; place < end; place++) {
    const byte = from[place] as number;
    if (byte === POINT && point === DECLINED) point = place;
    else if (byte < ZERO || byte > NINE) return DECLINED;
    to[next++] = byte;
  }
  return (point === DECLINED ? isWhole(from, start, first, end) : isSided(first, point, end))
    ? next
    : DECLINED;
}

/** No zeros in front, and no -0. */
function isWhole(from: Buffer, start: number, first: number, end: number): boolean {
  if (from[first] === ZERO) return start === first && end === first + 1;
  return end > first && end - first <= MAX_WHOLE;
}

function isSided(first: number, point: number, end: number): boolean {
  const [before, after] = [point - first, end - point - 1];
  return before >= 1 && before <= MAX_SIDE && after >= 1 && after <= MAX_SIDE;
}

/** The sign of a zero would be lost: what is negative is looked at elsewhere. */
function copyFloat(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  return from[start] === MINUS ? DECLINED : copyNumber(from, start, end, to, at);
}

/** ASCII that JSON does not escape. */
function copyAscii(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  let next = at;
  for (let place = start; place < end; place++) {
    const byte = from[place] as number;
    if (byte < SPACE || byte >= FIRST_WIDE || byte === QUOTE || byte === BACKSLASH) return DECLINED;
    to[next++] = byte;
  }
  return next;
}

/** UTF-8 without control characters. */
function copyText(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  let next = at;
  for (let place = start; place < end; ) {
    const byte = from[place] as number;
    if (byte < SPACE) return DECLINED;
    if (byte === QUOTE || byte === BACKSLASH) to[next++] = BACKSLASH;
    const after = byte < FIRST_WIDE ? place + 1 : afterWide(from, place, end);
    if (after === DECLINED) return DECLINED;
    while (place < after) to[next++] = from[place++] as number;
  }
  return next;
}

/** The place after a character beyond ASCII. https://www.rfc-editor.org/rfc/rfc3629#section-4 */
function afterWide(from: Buffer, place: number, end: number): number {
  const first = from[place] as number;
  if (first < 0xc2 || first > 0xf4) return DECLINED;
  const after = place + (first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4);
  if (after > end) return DECLINED;
  const second = from[place + 1] as number;
  if ((first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f)) return DECLINED;
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return DECLINED;
  for (let next = place + 1; next < after; next++) {
    if (((from[next] as number) & 0xc0) !== 0x80) return DECLINED;
  }
  return after;
}

const TIME_AT = 10;
const T = 0x54;
const Z = 0x5a;

/** MySQL's `2026-01-31 12:34:56.5` as ISO 8601 spells it. */
function copyTime(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  const next = copyAscii(from, start, end, to, at);
  if (end - start > TIME_AT && from[start + TIME_AT] === SPACE) to[at + TIME_AT] = T;
  return next;
}

function copyUtcTime(from: Buffer, start: number, end: number, to: Buffer, at: number): number {
  const next = copyTime(from, start, end, to, at);
  if (next !== DECLINED) to[next] = Z;
  return next === DECLINED ? DECLINED : next + 1;
}
