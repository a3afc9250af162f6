import type { Delivery } from '../../connectors/queue.js';
import { type Batch, MAX_OPEN_COLUMNS } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';

/** Rows of messages in one batch, in the order of the messages. */
export interface Gathered<Message> {
  readonly batch: Batch;
  readonly messages: readonly Message[];
}

/** Lists of columns that are remembered; rows of more kinds than these are gathered anew. */
const MAX_LISTS = 16;

/** Columns of rows that go together, each name once. */
class ColumnList {
  columns: readonly Column[] = Object.freeze([]);
  readonly #places = new Map<string, number>();

  /** The place of each of these columns; undefined if one of them is of another type than its namesake here. */
  places(columns: readonly Column[]): readonly number[] | undefined {
    if (columns.some((column) => !this.#takes(column))) return undefined;
    const added = columns.filter(({ name }) => !this.#places.has(name));
    if (this.columns.length > 0 && this.columns.length + added.length > MAX_OPEN_COLUMNS) return undefined;
    if (added.length > 0) {
      for (const [index, { name }] of added.entries()) this.#places.set(name, this.columns.length + index);
      this.columns = Object.freeze([...this.columns, ...added]);
    }
    return columns.map(({ name }) => this.#places.get(name) ?? 0);
  }

  #takes(column: Column): boolean {
    const place = this.#places.get(column.name);
    const known = place === undefined ? undefined : this.columns[place];
    return known === undefined || JSON.stringify(known) === JSON.stringify(column);
  }
}

/** Where the columns of a row stand in a list. */
interface Fit {
  readonly list: ColumnList;
  readonly places: readonly number[];
}

/** Puts rows together that came one by one, so that the sink gets few batches and knows their columns again. */
export class Gatherer {
  #lists: ColumnList[] = [];
  #known = new WeakMap<readonly Column[], Fit>();

  /** Rows whose columns contradict each other are in batches apart. */
  gather<Message extends Pick<Delivery, 'batch'>>(
    messages: readonly Message[],
  ): readonly Gathered<Message>[] {
    const groups = new Map<ColumnList, { message: Message; places: readonly number[] }[]>();
    for (const message of messages) {
      const { list, places } = this.#listFor(message.batch.columns);
      const group = groups.get(list);
      if (group) group.push({ message, places });
      else groups.set(list, [{ message, places }]);
    }
    return [...groups].map(([{ columns }, group]) => {
      const rows = group.map(({ message, places }) =>
        placed(message.batch.rows.at(0) ?? [], places, columns),
      );
      const bytes = group.reduce((sum, { message }) => sum + message.batch.bytes, 0);
      return { batch: { columns, rows, bytes }, messages: group.map(({ message }) => message) };
    });
  }

  #listFor(columns: readonly Column[]): Fit {
    const known = this.#known.get(columns) ?? this.#fit(columns);
    this.#known.set(columns, known);
    return known;
  }

  #fit(columns: readonly Column[]): Fit {
    for (const list of this.#lists) {
      const places = list.places(columns);
      if (places) return { list, places };
    }
    if (this.#lists.length >= MAX_LISTS) {
      this.#lists = [];
      this.#known = new WeakMap();
    }
    const list = new ColumnList();
    this.#lists.push(list);
    return { list, places: list.places(columns) ?? [] };
  }
}

/** The row among more columns; the others are absent. */
function placed(row: Row, places: readonly number[], { length }: readonly Column[]): Row {
  const cells: Row = new Array(length).fill(undefined);
  for (const [index, place] of places.entries()) cells[place] = row[index];
  return cells;
}
