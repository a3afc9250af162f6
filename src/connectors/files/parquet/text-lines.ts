import { NULL_START, type TextRows } from '../../../values/text-rows.js';
import { isMoment } from './moment.js';
import type { Carrier } from './parquet-column.js';
import type { LineWriter, Route } from './row-encoder.js';
import type { SegmentBytes } from './segment-bytes.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const LETTER_N = 0x4e;

/** A field may have so many bytes beside twice its cell's: quotes and comma, base64's end. */
const FIELD_ROOM = 8;
/** Longer plain cells are copied by the runtime. */
const MAX_SHORT_BYTES = 48;

/** What is done with a cell's bytes. Constants of a switch, which is the fastest that there is. */
const COPY = 0;
const TEXT = 1;
const BASE64 = 2;
const MOMENT = 3;
const ABSENT = 4;

const ways: Readonly<Record<Carrier, number | undefined>> = {
  int32: COPY,
  int64: COPY,
  decimal: COPY,
  double: COPY,
  string: TEXT,
  bytes: BASE64,
  timestamp: MOMENT,
  instant: MOMENT,
  boolean: undefined,
};

/**
 * Lines of MySQL's rows. Numbers are what the server printed of a column whose type the file's column was made of: they fit.
 * Undefined where a column is of another type than the one that the plan was made with.
 */
export function textLineWriter(rows: TextRows, routes: readonly Route[]): LineWriter | undefined {
  const found = routes.map(wayOf);
  if (found.some((way) => way === undefined)) return undefined;
  const way = Uint8Array.from(found as number[]);
  const cells = Int32Array.from(routes, ({ index }) => index + 1);
  const { bytes, spans } = rows;
  const { starts, ends } = spans;
  return (row, into) => {
    const offset = rows.offset(row);
    into.reserve(2 * ((ends[offset] as number) - (starts[offset] as number)) + FIELD_ROOM * (way.length + 1));
    for (let field = 0; field < way.length; field++) {
      const place = offset + (cells[field] as number);
      const start = starts[place] as number;
      if (!writeField(way[field] as number, bytes, start, ends[place] as number, into)) return false;
    }
    return true;
  };
}

function wayOf({ to, index, from, takesRest }: Route): number | undefined {
  if (index < 0 || takesRest || from === undefined) return ABSENT;
  const { column } = to;
  const isPlanned =
    from === column ||
    (from.type === column.type &&
      from.native === column.native &&
      from.precision === column.precision &&
      from.scale === column.scale);
  if (!isPlanned || (column.native === undefined && to.carrier !== 'string')) return undefined;
  return ways[to.carrier];
}

function writeField(way: number, bytes: Buffer, start: number, end: number, into: SegmentBytes): boolean {
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
  } else {
    if (way === MOMENT && !isMoment(bytes, start)) return false;
    to = copyPlain(bytes, start, end, buffer, to);
  }
  buffer[to++] = COMMA;
  into.position = to;
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
