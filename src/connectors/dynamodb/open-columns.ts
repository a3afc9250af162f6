import { MAX_OPEN_COLUMNS } from '../../values/batch.js';
import type { Attribute, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';

export type Item = Readonly<Record<string, Attribute>>;

/**
 * The columns of items, growing as attributes appear; shared by the parts of a source, so that their batches come
 * to have the same list. Indexes never change: a batch may take a longer list than its first rows had.
 */
export class OpenColumns {
  readonly #indexes: Map<string, number>;
  #columns: readonly Column[];

  constructor(columns: readonly Column[]) {
    this.#columns = Object.freeze([...columns]);
    this.#indexes = new Map(columns.map((column, index) => [column.name, index]));
  }

  get columns(): readonly Column[] {
    return this.#columns;
  }

  /** The item as a row; undefined when its attributes do not fit on this list any more and `must` is not set. */
  row(item: Item, must: boolean): Row | undefined {
    const row: Row = new Array<undefined>(this.#columns.length).fill(undefined);
    for (const name in item) {
      let index = this.#indexes.get(name);
      if (index === undefined) {
        if (!must && this.#columns.length >= MAX_OPEN_COLUMNS) return undefined;
        index = this.#add(name);
      }
      row[index] = item[name];
    }
    return row;
  }

  #add(name: string): number {
    const index = this.#columns.length;
    this.#columns = Object.freeze([...this.#columns, attributeColumn(name, true)]);
    this.#indexes.set(name, index);
    return index;
  }
}

export function attributeColumn(name: string, nullable: boolean, native?: string): Column {
  return { name, type: 'attribute', nullable, ...(native === undefined ? {} : { native }) };
}
