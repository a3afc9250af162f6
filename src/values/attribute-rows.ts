import type { Rows } from './batch.js';
import type { Attribute, Cell, Row } from './cell.js';

/**
 * What stands in a cell, as one byte. A text may have flags added: what its bytes hold besides plain ASCII. So
 * may nothing else: a number or base64 that is spelled in another way is an `other`.
 */
export const cellKinds = {
  /** The item has no such attribute. */
  absent: 0,
  null: 1,
  false: 2,
  true: 3,
  /** Sets, lists and maps: the span is the attribute's JSON, braces and all. */
  other: 4,
  /** The span is the digits between the quotes of `{"N":"…"}`. */
  number: 5,
  /** The span is the base64 between the quotes of `{"B":"…"}`. */
  bytes: 6,
  /** The span is what stands between the quotes of `{"S":"…"}`. */
  text: 7,
} as const;

/** Flag of a text: it has characters beyond ASCII. */
export const WIDE = 16;
/** Flag of a text: it has escapes of JSON, all of them valid. */
export const ESCAPED = 32;
/** Takes the flags off. */
export const KIND_MASK = 15;

const { absent, number, bytes: base64, other } = cellKinds;

/** Attributes that look the same in each cell. */
const fixed: readonly Attribute[] = [
  Object.freeze({ NULL: true }),
  Object.freeze({ BOOL: false }),
  Object.freeze({ BOOL: true }),
];

/** What a span of this kind, with flags, stands for; undefined where the item has no such attribute. */
export function attributeIn(bytes: Buffer, kind: number, start: number, end: number): Attribute | undefined {
  if (kind < other) return kind === absent ? undefined : fixed[kind - 1];
  if (kind === other) return JSON.parse(bytes.toString('utf8', start, end)) as Attribute;
  if ((kind & ESCAPED) !== 0) return { S: JSON.parse(bytes.toString('utf8', start - 1, end + 1)) };
  const string = bytes.toString((kind & WIDE) === 0 ? 'latin1' : 'utf8', start, end);
  if (kind === number) return { N: string };
  return kind === base64 ? { B: string } : { S: string };
}

/** Where the cells are: the n-th cell of a row is at `row * stride + n` of each list. */
export interface Spans {
  /** At least the number of columns. */
  readonly stride: number;
  readonly kinds: Uint8Array;
  /** Places in the bytes: of the first byte, and of the one after the last. */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/**
 * Rows of DynamoDB attributes as the bytes in which they came: JSON in UTF-8, and for each cell where in it its
 * value stands. A row becomes objects only when somebody asks for it, and anew each time; whoever can go from
 * bytes to bytes needs none.
 */
export class AttributeRows implements Rows {
  readonly bytes: Buffer;
  readonly spans: Spans;
  readonly length: number;
  /** Columns of a row. */
  readonly width: number;
  readonly #first: number;

  constructor(bytes: Buffer, spans: Spans, width: number, length: number, first = 0) {
    this.bytes = bytes;
    this.spans = spans;
    this.width = width;
    this.length = length;
    this.#first = first;
  }

  /** The place of the row's first cell in the lists of `spans`. */
  offset(row: number): number {
    return (this.#first + row) * this.spans.stride;
  }

  at(index: number): Row | undefined {
    const row = index < 0 ? index + this.length : index;
    if (row < 0 || row >= this.length) return undefined;
    const offset = this.offset(row);
    const cells: Row = [];
    for (let column = 0; column < this.width; column++) cells.push(this.cell(offset + column));
    return cells;
  }

  /** Of `cellKinds`, with flags, at this place of the lists of `spans`. */
  kindAt(place: number): number {
    return this.spans.kinds[place] ?? absent;
  }

  /** Of `cellKinds`, with flags. */
  kindOf(row: number, column: number): number {
    return this.kindAt(this.offset(row) + column);
  }

  cellOf(row: number, column: number): Cell {
    return this.cell(this.offset(row) + column);
  }

  /** The cell at this place of the lists of `spans`. */
  cell(place: number): Cell {
    const { starts, ends } = this.spans;
    return attributeIn(this.bytes, this.kindAt(place), starts[place] ?? 0, ends[place] ?? 0);
  }

  slice(start: number, end: number): AttributeRows {
    const last = Math.min(end, this.length);
    return new AttributeRows(
      this.bytes,
      this.spans,
      this.width,
      Math.max(0, last - start),
      this.#first + start,
    );
  }

  map<Result>(make: (row: Row, index: number) => Result): Result[] {
    return Array.from(this, make);
  }

  *entries(): Generator<[number, Row]> {
    for (let index = 0; index < this.length; index++) yield [index, this.at(index) ?? []];
  }

  *[Symbol.iterator](): Generator<Row> {
    for (let index = 0; index < this.length; index++) yield this.at(index) ?? [];
  }
}
