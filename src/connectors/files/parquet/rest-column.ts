import { type AttributeRows, cellKinds } from '../../../values/attribute-rows.js';
import { type Frame, frameAt } from '../attribute-frames.js';
import type { ColumnRows } from './row-encoder.js';
import type { SegmentColumn } from './segment-column.js';

/** An attribute that no other column of the file takes. */
export interface RestName {
  /** The column of the rows. */
  readonly index: number;
  /** JSON of its name, and what stands before that. */
  readonly head: Buffer;
}

const LENGTH_BYTES = 4;
const OPEN_BRACE = 0x7b;
const COMMA = 0x2c;
const CLOSE_BRACE = 0x7d;

/** An object puts names like these before others, whenever they came. */
const isNumbered = /^(?:0|[1-9]\d*)$/;

/** Undefined where an object of these names would have them in another order. */
export function restNames(
  names: readonly (readonly [index: number, name: string])[],
): readonly RestName[] | undefined {
  if (names.some(([, name]) => isNumbered.test(name))) return undefined;
  return names.map(([index, name]) => ({ index, head: Buffer.from(`${JSON.stringify(name)}:`) }));
}

/** The column of what no other takes: an item's attributes as one JSON text. Rows with one that JSON could spell otherwise go the slow way. */
export function addRestColumn(
  rows: AttributeRows,
  names: readonly RestName[],
  into: SegmentColumn,
  { skipped, addSlowly }: ColumnRows,
): void {
  for (let row = 0; row < rows.length; row++) {
    if (skipped.size > 0 && skipped.has(row)) continue;
    const offset = rows.offset(row);
    const length = restLength(rows, offset, names);
    if (length === undefined) addSlowly(row);
    else if (length === 0) into.addNull();
    else addRest(rows, offset, names, length, into);
  }
}

/** Bytes of the text; 0 where there is nothing. */
function restLength(rows: AttributeRows, offset: number, names: readonly RestName[]): number | undefined {
  let length = 0;
  for (let at = 0; at < names.length; at++) {
    const { index, head } = names[at] as RestName;
    const place = offset + index;
    if (rows.kindAt(place) === cellKinds.absent) continue;
    const frame = frameAt(rows, place);
    if (frame === undefined) return undefined;
    // With the brace or comma before it.
    length += 1 + head.length + frame.before.length + spanLength(rows, place, frame) + frame.after.length;
  }
  return length === 0 ? 0 : length + 1;
}

function spanLength({ spans }: AttributeRows, place: number, { isAll }: Frame): number {
  return isAll ? 0 : (spans.ends[place] as number) - (spans.starts[place] as number);
}

function addRest(
  rows: AttributeRows,
  offset: number,
  names: readonly RestName[],
  length: number,
  into: SegmentColumn,
): void {
  into.reserve(length);
  const { buffer } = into;
  const { starts, ends } = rows.spans;
  into.view.setUint32(into.position, length, true);
  let to = into.position + LENGTH_BYTES;
  let mark = OPEN_BRACE;
  for (let at = 0; at < names.length; at++) {
    const { index, head } = names[at] as RestName;
    const place = offset + index;
    const frame = frameAt(rows, place);
    if (frame === undefined) continue;
    buffer[to++] = mark;
    mark = COMMA;
    to = put(head, 0, head.length, buffer, to);
    to = put(frame.before, 0, frame.before.length, buffer, to);
    if (!frame.isAll) to = put(rows.bytes, starts[place] as number, ends[place] as number, buffer, to);
    to = put(frame.after, 0, frame.after.length, buffer, to);
  }
  buffer[to++] = CLOSE_BRACE;
  into.position = to;
  into.added();
}

/** More bytes are copied by the runtime, whose calls cost as much as a loop over so many. */
const MAX_LOOPED_BYTES = 64;

/** Gives the place after what it put. */
function put(from: Buffer, start: number, end: number, buffer: Buffer, at: number): number {
  if (end - start > MAX_LOOPED_BYTES) return at + from.copy(buffer, at, start, end);
  let to = at;
  for (let place = start; place < end; place++) buffer[to++] = from[place] as number;
  return to;
}
