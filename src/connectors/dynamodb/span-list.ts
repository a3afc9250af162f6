import type { Spans } from '../../values/attribute-rows.js';
import type { ScannedItem } from './item-scanner.js';

const LEAST_ROWS = 64;
const LEAST_STRIDE = 4;

/** Collects the spans of a batch's cells, row by row; grows with its rows and with the columns that they have. */
export class SpanList {
  #stride: number;
  #capacity: number;
  #kinds = new Uint8Array();
  #starts = new Int32Array();
  #ends = new Int32Array();
  rows = 0;

  /** Room for so many rows and columns at first, once there is a row: those of the batch before. */
  constructor(rows = LEAST_ROWS, columns = LEAST_STRIDE) {
    this.#capacity = rows;
    this.#stride = columns;
  }

  /** Adds a row: the item's attributes, each in the column of its name. `shift` is added to the places. */
  add(item: ScannedItem, columnOf: readonly number[], columns: number, shift: number): void {
    if (columns > this.#stride) this.#resize(this.#capacity, Math.max(columns, 2 * this.#stride));
    else if (this.#kinds.length === 0) this.#resize(this.#capacity, this.#stride);
    if (this.rows === this.#capacity) this.#resize(2 * this.#capacity, this.#stride);
    const { first, count, names, kinds, starts, ends } = item;
    const offset = this.rows++ * this.#stride;
    for (let index = first; index < first + count; index++) {
      const place = offset + (columnOf[names[index] as number] as number);
      this.#kinds[place] = kinds[index] as number;
      this.#starts[place] = (starts[index] as number) + shift;
      this.#ends[place] = (ends[index] as number) + shift;
    }
  }

  /** The spans of the rows, for so many columns; nothing may be added any more. */
  taken(columns: number): Spans {
    const isTooWide = columns > this.#stride;
    if (isTooWide) this.#resize(this.#capacity, columns);
    return { stride: this.#stride, kinds: this.#kinds, starts: this.#starts, ends: this.#ends };
  }

  #resize(capacity: number, stride: number): void {
    const cells = capacity * stride;
    const all = [
      [this.#kinds, new Uint8Array(cells)],
      [this.#starts, new Int32Array(cells)],
      [this.#ends, new Int32Array(cells)],
    ] as const;
    for (const [from, to] of all) {
      for (let row = 0; row < this.rows; row++) {
        to.set(from.subarray(row * this.#stride, (row + 1) * this.#stride), row * stride);
      }
    }
    [this.#kinds, this.#starts, this.#ends] = [all[0][1], all[1][1], all[2][1]];
    this.#capacity = capacity;
    this.#stride = stride;
  }
}
