import type { Batch, Position } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import type { ReadRequest } from '../connector.js';
import { type Item, OpenColumns } from './open-columns.js';

/** The list that the parts of a source share; replaced by a new one when it is full. */
export interface SharedColumns {
  current: OpenColumns;
  /** What a new list begins with. */
  readonly first: readonly Column[];
}

/** Collects items to a batch that is as full as the request allows. */
export class BatchBuilder {
  readonly #shared: SharedColumns;
  readonly #request: ReadRequest;
  #list: OpenColumns;
  #rows: Row[] = [];
  #bytes = 0;

  constructor(shared: SharedColumns, request: ReadRequest) {
    this.#shared = shared;
    this.#request = request;
    this.#list = shared.current;
  }

  get empty(): boolean {
    return this.#rows.length === 0;
  }

  get full(): boolean {
    return this.#rows.length >= this.#request.maxRows || this.#bytes >= this.#request.maxBytes;
  }

  /** False if the item does not fit on the batch's columns: take the batch, then add the item again. */
  add(item: Item, bytes: number): boolean {
    if (this.empty) this.#list = this.#shared.current;
    let row = this.#list.row(item, false);
    if (!row) {
      if (!this.empty) return false;
      this.#shared.current = new OpenColumns(this.#shared.first);
      this.#list = this.#shared.current;
      row = this.#list.row(item, true) ?? [];
    }
    this.#rows.push(row);
    this.#bytes += bytes;
    return true;
  }

  take(position: Position): Batch {
    const { columns } = this.#list;
    const rows = this.#rows;
    for (const row of rows) {
      while (row.length < columns.length) row.push(undefined);
    }
    const batch = { columns, rows, bytes: Math.round(this.#bytes), position };
    this.#rows = [];
    this.#bytes = 0;
    return batch;
  }
}
