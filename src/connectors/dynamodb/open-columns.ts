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

  /** The index of the attribute's column; undefined when the list is full and `must` is not set. */
  indexOf(name: string, must: boolean): number | undefined {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    return !must && this.#columns.length >= MAX_OPEN_COLUMNS ? undefined : this.#add(name);
  }

  /** The item as a row of this list, which takes in all its attributes. */
  row(item: Item): Row {
    for (const name of Object.keys(item)) this.indexOf(name, true);
    return this.#columns.map(({ name }) => (Object.hasOwn(item, name) ? item[name] : undefined));
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

/** A row of attributes as the item that it was. */
export function itemOf(row: Row, columns: readonly Column[]): Item {
  const entries = columns.flatMap(({ name }, index) => {
    const attribute = row[index];
    return attribute === undefined ? [] : [[name, attribute as Attribute] as const];
  });
  return Object.fromEntries(entries);
}
