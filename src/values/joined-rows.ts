import { AttributeRows } from './attribute-rows.js';
import type { Rows } from './batch.js';
import type { Cell, Row } from './cell.js';
import { Parts } from './parts.js';

/** Rows of attributes that lie in several pieces of bytes; all have the same columns. */
export class JoinedRows implements Rows {
  readonly #parts: Parts<AttributeRows>;

  constructor(parts: readonly AttributeRows[]) {
    this.#parts = new Parts(parts);
  }

  get length(): number {
    return this.#parts.length;
  }

  /** The rows among which this one is, as its number `within` them. */
  partOf(row: number): AttributeRows {
    return this.#parts.of(row);
  }

  within(row: number): number {
    return this.#parts.within(row);
  }

  at(index: number): Row | undefined {
    const row = index < 0 ? index + this.length : index;
    return row < 0 || row >= this.length ? undefined : this.partOf(row).at(this.within(row));
  }

  kindOf(row: number, column: number): number {
    return this.partOf(row).kindOf(this.within(row), column);
  }

  cellOf(row: number, column: number): Cell {
    return this.partOf(row).cellOf(this.within(row), column);
  }

  slice(start: number, end: number): JoinedRows {
    let before = 0;
    const parts = this.#parts.all.map((part) => {
      const from = Math.max(0, start - before);
      const to = Math.max(from, end - before);
      before += part.length;
      return part.slice(Math.min(from, part.length), to);
    });
    return new JoinedRows(parts.filter(({ length }) => length > 0));
  }

  map<Result>(make: (row: Row, index: number) => Result): Result[] {
    return Array.from(this, make);
  }

  *entries(): Generator<[number, Row]> {
    for (let index = 0; index < this.length; index++) yield [index, this.at(index) ?? []];
  }

  *[Symbol.iterator](): Generator<Row> {
    for (const part of this.#parts.all) yield* part;
  }
}

/** Rows whose attributes can be looked at without making the rows. */
export function isPacked(rows: Rows): rows is AttributeRows | JoinedRows {
  return rows instanceof AttributeRows || rows instanceof JoinedRows;
}
