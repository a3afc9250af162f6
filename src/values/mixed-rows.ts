import { AttributeRows, cellKinds } from './attribute-rows.js';
import type { Rows } from './batch.js';
import type { Row } from './cell.js';
import { ABSENT_START, TextRows } from './text-rows.js';

/** Where the cells of a column are, of rows that are bytes: the column of this number of the rows. */
export type CellsAt =
  | { readonly kind: 'text'; readonly rows: TextRows; readonly index: number }
  | { readonly kind: 'attribute'; readonly rows: AttributeRows; readonly index: number };

/** Rows of items some of whose attributes were given types: both sorts of columns as bytes, and as many rows. */
export class MixedRows implements Rows {
  readonly columns: readonly CellsAt[];
  readonly #texts: TextRows;
  readonly #attributes: AttributeRows;

  /** `kinds`: of each column, whose places among those of its kind follow from it. */
  constructor(kinds: readonly CellsAt['kind'][], texts: TextRows, attributes: AttributeRows) {
    this.#texts = texts;
    this.#attributes = attributes;
    const next = { text: 0, attribute: 0 };
    this.columns = kinds.map((kind) =>
      kind === 'text'
        ? { kind, rows: texts, index: next.text++ }
        : { kind, rows: attributes, index: next.attribute++ },
    );
  }

  get length(): number {
    return this.#texts.length;
  }

  at(index: number): Row | undefined {
    const texts = this.#texts.at(index);
    const attributes = this.#attributes.at(index);
    if (!texts || !attributes) return undefined;
    return this.columns.map(({ kind, index: place }) => (kind === 'text' ? texts : attributes)[place]);
  }

  slice(start: number, end: number): MixedRows {
    const kinds = this.columns.map(({ kind }) => kind);
    return new MixedRows(kinds, this.#texts.slice(start, end), this.#attributes.slice(start, end));
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

/** Whether the columns are in one piece of bytes each. */
export function areBytes(rows: Rows): rows is TextRows | AttributeRows | MixedRows {
  return rows instanceof TextRows || rows instanceof AttributeRows || rows instanceof MixedRows;
}

/** Where a column of rows is; undefined where they are no bytes, and of -1. */
export function cellsAt(rows: Rows, column: number): CellsAt | undefined {
  if (column < 0) return undefined;
  if (rows instanceof TextRows) return { kind: 'text', rows, index: column };
  if (rows instanceof AttributeRows) return { kind: 'attribute', rows, index: column };
  return rows instanceof MixedRows ? rows.columns[column] : undefined;
}

/** Whether the row has a cell there: NULL is one. */
export function isThere(cells: CellsAt, row: number): boolean {
  if (cells.kind === 'attribute') return cells.rows.kindOf(row, cells.index) !== cellKinds.absent;
  const { rows, index } = cells;
  return rows.spans.starts[rows.offset(row) + 1 + index] !== ABSENT_START;
}
