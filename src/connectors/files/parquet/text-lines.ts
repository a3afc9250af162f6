import { NULL_START, type TextRows } from '../../../values/text-rows.js';
import { fieldOf } from './field.js';
import { isMoment } from './moment.js';
import type { ParquetColumn } from './parquet-column.js';
import type { LineWriter, Route } from './row-encoder.js';
import type { SegmentBytes } from './segment-bytes.js';

const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const BACKSLASH = 0x5c;
const LETTER_N = 0x4e;

/** A field may have so many bytes beside twice its cell's: quotes and comma, base64's end. */
const FIELD_ROOM = 8;
/** Longer cells are copied by the runtime, whose calls cost as much as a loop over so many bytes. */
const MAX_SHORT_BYTES = 160;

/** Whether what stands in `bytes[start, end)`, spelled as its column's type is, fits for sure; else the slow way tells. */
type Judge = (bytes: Buffer, start: number, end: number) => boolean;

/** What is done with a cell's bytes. Constants of a switch, which is the fastest that there is. */
const JUDGED = 0;
const TEXT = 1;
const BASE64 = 2;
const ABSENT = 3;

interface Way {
  readonly way: number;
  readonly judge: Judge;
  readonly route: Route;
}

/**
 * Lines of rows that are text: MySQL's, or those of a file. Undefined where a column is of another type than the one that the
 * plan was made with.
 */
export function textLineWriter(rows: TextRows, routes: readonly Route[]): LineWriter | undefined {
  const found = routes.map(wayOf);
  const ways = found.filter((way) => way !== undefined);
  if (ways.length < found.length) return undefined;
  const { bytes, spans } = rows;
  const { starts, ends } = spans;
  return (row, into) => {
    const offset = rows.offset(row) + 1;
    into.reserveLine(
      2 * ((ends[offset - 1] as number) - (starts[offset - 1] as number)) + FIELD_ROOM * (ways.length + 1),
    );
    for (const way of ways) {
      const place = offset + way.route.index;
      if (!writeField(way, bytes, starts[place] as number, ends[place] as number, into)) return false;
    }
    return true;
  };
}

function wayOf(route: Route): Way | undefined {
  const { to, index, from, takesRest } = route;
  const of = (way: number, judge: Judge = never): Way => ({ way, judge, route });
  if (index < 0 || takesRest || from === undefined) return of(ABSENT);
  if (from.type !== to.column.type || from.type === 'attribute') return undefined;
  switch (to.carrier) {
    case 'string':
      return of(TEXT);
    case 'bytes':
      return of(BASE64);
    case 'int32':
      return of(JUDGED, ofDigits(INT32_DIGITS));
    case 'int64':
      return of(JUDGED, ofDigits(INT64_DIGITS));
    case 'decimal':
      return of(JUDGED, to.column.type === 'int' ? ofDigits(to.precision - 1) : decimalJudge(to));
    case 'double':
      return of(JUDGED, isShortDouble);
    case 'timestamp':
    case 'instant':
      return of(JUDGED, isMoment);
    default:
      return undefined;
  }
}

/** Any integer of so many digits fits. */
const INT32_DIGITS = 9;
const INT64_DIGITS = 18;
/** Any number of so many digits, a point among them, is a DOUBLE that prints it again. */
const DOUBLE_BYTES = 15;

const never: Judge = () => false;

function ofDigits(digits: number): Judge {
  return (bytes, start, end) => end - start - (bytes[start] === MINUS ? 1 : 0) <= digits;
}

function isShortDouble(bytes: Buffer, start: number, end: number): boolean {
  if (end - start > DOUBLE_BYTES) return false;
  for (let at = start; at < end; at++) {
    const code = bytes[at] as number;
    if (code > NINE || code === PLUS) return false;
  }
  return true;
}

/** Exactly the column's digits after the point, and no more than its digits before. */
function decimalJudge({ precision, scale }: ParquetColumn): Judge {
  const whole = precision - scale;
  return (bytes, start, end) => {
    const point = scale === 0 ? end : end - scale - 1;
    const first = bytes[start] === MINUS ? start + 1 : start;
    if (point - first < 1 || point - first > Math.max(whole, 1)) return false;
    if (scale > 0) return bytes[point] === POINT && (whole > 0 || bytes[first] === ZERO);
    for (let at = first; at < end; at++) if (bytes[at] === POINT) return false;
    return whole > 0 || bytes[first] === ZERO;
  };
}

function writeField(
  { way, judge, route }: Way,
  bytes: Buffer,
  start: number,
  end: number,
  into: SegmentBytes,
): boolean {
  const { buffer } = into;
  let to = into.position;
  if (way === ABSENT || start === NULL_START) {
    buffer[to++] = BACKSLASH;
    buffer[to++] = LETTER_N;
  } else if (way === TEXT) {
    to = copyQuoted(bytes, start, end, buffer, to);
  } else if (way === BASE64) {
    buffer[to++] = QUOTE;
    to += buffer.write(bytes.toString('base64', start, end), to, 'latin1');
    buffer[to++] = QUOTE;
  } else if (judge(bytes, start, end)) {
    to = copyPlain(bytes, start, end, buffer, to);
  } else {
    return writeSlowly(bytes.toString('latin1', start, end), route, into);
  }
  buffer[to++] = COMMA;
  into.position = to;
  return true;
}

/** One field goes the slow way, and the row goes on; false where the row is refused. */
function writeSlowly(text: string, { to, from }: Route, into: SegmentBytes): boolean {
  const field = fieldOf(text, from?.type ?? 'text', to);
  if (typeof field !== 'string') return false;
  into.field(field);
  return true;
}

function copyPlain(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  if (end - start > MAX_SHORT_BYTES) return at + source.copy(target, at, start, end);
  let to = at;
  for (let from = start; from < end; from++) target[to++] = source[from] as number;
  return to;
}

/** Between quotes, those within doubled. */
function copyQuoted(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  let to = at;
  target[to++] = QUOTE;
  if (end - start > MAX_SHORT_BYTES) to = copyLong(source, start, end, target, to);
  else {
    for (let from = start; from < end; from++) {
      const code = source[from] as number;
      target[to++] = code;
      if (code === QUOTE) target[to++] = QUOTE;
    }
  }
  target[to++] = QUOTE;
  return to;
}

function copyLong(source: Buffer, start: number, end: number, target: Buffer, at: number): number {
  const cell = source.subarray(start, end);
  let to = at;
  let from = 0;
  for (let found = cell.indexOf(QUOTE); found >= 0; found = cell.indexOf(QUOTE, from)) {
    to += cell.copy(target, to, from, found + 1);
    target[to++] = QUOTE;
    from = found + 1;
  }
  return to + cell.copy(target, to, from);
}
