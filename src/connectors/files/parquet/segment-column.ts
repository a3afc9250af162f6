import { largerBuffer } from '../../../values/larger-buffer.js';
import type { ParquetColumn } from './parquet-column.js';

const FIRST_BYTES = 16 * 1024;
const FIRST_ROWS = 1024;

/** What a value takes at most besides its own bytes: its length, or that it is a number of 128 bits. */
const VALUE_BYTES = 16;

/** The values of one column of a segment as they grow. Its rooms are kept from one segment to the next (invariant 7). */
export class SegmentColumn {
  readonly column: ParquetColumn;
  buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Of the buffer. */
  view = viewOf(this.buffer);
  /** After the last byte written. */
  position = 0;
  /** NULLs among them. */
  rows = 0;
  /** That are not NULL. */
  values = 0;
  /** A bit for each row, from the lowest of each byte on: whether it has a value. */
  present = new Uint8Array(FIRST_ROWS / 8);

  constructor(column: ParquetColumn) {
    this.column = column;
  }

  clear(): void {
    this.position = 0;
    this.present.fill(0, 0, (this.rows >> 3) + 1);
    this.rows = 0;
    this.values = 0;
  }

  /** Makes room for so many rows in all. */
  reserveRows(rows: number): void {
    if (rows >> 3 < this.present.length) return;
    const larger = new Uint8Array(Math.max((rows >> 3) + 1, 2 * this.present.length));
    larger.set(this.present);
    this.present = larger;
  }

  /** Makes room for a value of so many bytes: `buffer` and `view` may be others then. */
  reserve(bytes: number): void {
    const needed = this.position + bytes + VALUE_BYTES;
    if (needed <= this.buffer.length) return;
    this.buffer = largerBuffer(this.buffer, this.position, needed);
    this.view = viewOf(this.buffer);
  }

  addNull(): void {
    this.rows++;
  }

  /** Counts a value whose bytes were written. */
  added(): void {
    this.present[this.rows >> 3] = (this.present[this.rows >> 3] as number) | (1 << (this.rows & 7));
    this.rows++;
    this.values++;
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}
