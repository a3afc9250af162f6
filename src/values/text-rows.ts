import type { Rows } from './batch.js';
import type { Row } from './cell.js';

/** Stands for the start of a cell that is NULL. */
export const NULL_START = -1;
/** Stands for the start of a cell that is not there: the item has no such attribute. */
export const ABSENT_START = -2;

/** Where the rows and their cells are, as places in the bytes. */
export interface TextSpans {
  /** Of each row first the place of itself, or of as many bytes where its cells do not stand together; then of its n-th cell at `1 + n`. */
  readonly stride: number;
  /** Of the first byte; NULL_START where the cell is NULL, ABSENT_START where there is none. */
  readonly starts: Int32Array;
  /** Of the byte after the last. */
  readonly ends: Int32Array;
}

/** Makes a row of what stands in `bytes[start, end)`; its first cell is at `place` of the lists of `spans`. */
export type MakeRow = (bytes: Buffer, start: number, end: number, spans: TextSpans, place: number) => Row;

/**
 * Rows of MySQL's text protocol, of a file of text, or of items whose attributes were given types, as bytes, and where in them each cell is:
 * numbers and times as ASCII, text as UTF-8. A row becomes cells only when somebody asks for it, and anew each time; whoever can go from
 * bytes to bytes needs none. A row may have cells beyond `width`, which were read for the source's own use.
 */
export class TextRows implements Rows {
  readonly bytes: Buffer;
  readonly spans: TextSpans;
  readonly length: number;
  /** Columns of a row as others see it. */
  readonly width: number;
  readonly #make: MakeRow;
  readonly #first: number;

  constructor(
    content: { readonly bytes: Buffer; readonly spans: TextSpans; readonly make: MakeRow },
    width: number,
    length: number,
    first = 0,
  ) {
    this.bytes = content.bytes;
    this.spans = content.spans;
    this.#make = content.make;
    this.width = width;
    this.length = length;
    this.#first = first;
  }

  /** The place of the row in the lists of `spans`; its cells follow. */
  offset(row: number): number {
    return (this.#first + row) * this.spans.stride;
  }

  at(index: number): Row | undefined {
    const row = this.whole(index);
    if (row !== undefined && row.length > this.width) row.length = this.width;
    return row;
  }

  /** As `at`, with the cells beyond `width`. */
  whole(index: number): Row | undefined {
    const row = index < 0 ? index + this.length : index;
    if (row < 0 || row >= this.length) return undefined;
    const offset = this.offset(row);
    const { starts, ends } = this.spans;
    return this.#make(this.bytes, starts[offset] ?? 0, ends[offset] ?? 0, this.spans, offset + 1);
  }

  slice(start: number, end: number): TextRows {
    const { bytes, spans } = this;
    const length = Math.max(0, Math.min(end, this.length) - start);
    return new TextRows({ bytes, spans, make: this.#make }, this.width, length, this.#first + start);
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
