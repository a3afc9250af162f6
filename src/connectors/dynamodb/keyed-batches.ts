import { type Batch, MAX_OPEN_COLUMNS, type Position, type Unread } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import type { ReadRequest } from '../connector.js';
import type { SharedColumns } from './batch-builder.js';
import type { PlacedEntry } from './key-list/slices.js';
import { type Item, OpenColumns } from './open-columns.js';

/** What stands in a list and is no key goes to the rejects under this name. */
const LINE: readonly Column[] = Object.freeze([{ name: 'line', type: 'text', nullable: false }]);

/**
 * Collects what became of listed keys to batches: items; keys without an item, as rows that could not be read; and
 * in batches of their own the places of the list that hold no key.
 */
export class KeyedBatches {
  readonly #request: ReadRequest;
  readonly #shared: SharedColumns;
  #items: Item[] = [];
  #unread: Unread[] = [];
  #lines: string[] = [];
  #bytes = 0;
  #position: Position = '';

  constructor(shared: SharedColumns, request: ReadRequest) {
    this.#request = request;
    this.#shared = shared;
  }

  /** `bytes` is the item's share of its answer. */
  *add(entry: PlacedEntry, item: Item | undefined, bytes: number): Generator<Batch> {
    if ('problem' in entry) {
      if (this.#items.length > 0) yield* this.finish();
      const { code, message } = entry.problem;
      this.#unread.push({ row: this.#lines.push(entry.text) - 1, code, message });
      this.#bytes += entry.text.length + 1;
    } else {
      if (this.#lines.length > 0) yield* this.finish();
      const known = item ?? (JSON.parse(`{${entry.key}}`) as Item);
      const row = this.#items.push(known) - 1;
      this.#bytes += bytes;
      if (!item) {
        const message = `line ${entry.line} of the key list: no item has this key`;
        this.#unread.push({ row, code: 'key_missing', message });
      }
    }
    this.#position = entry.end;
    const { maxRows, maxBytes } = this.#request;
    const rows = this.#items.length + this.#lines.length;
    if (rows >= maxRows || this.#bytes >= maxBytes) yield* this.finish();
  }

  /** What has been collected, if anything. */
  *finish(): Generator<Batch> {
    const refused = this.#unread.length > 0 ? { refused: this.#unread } : {};
    const about = { bytes: Math.ceil(this.#bytes), position: this.#position, ...refused };
    if (this.#items.length > 0) yield { ...rowsOf(this.#items, this.#shared), ...about };
    if (this.#lines.length > 0) yield { columns: LINE, rows: this.#lines.map((line) => [line]), ...about };
    this.#items = [];
    this.#unread = [];
    this.#lines = [];
    this.#bytes = 0;
  }
}

/** Items as rows of the columns that the source's batches share; these begin anew once they are very many. */
export function rowsOf(items: readonly Item[], shared: SharedColumns): Pick<Batch, 'columns' | 'rows'> {
  if (shared.current.columns.length >= MAX_OPEN_COLUMNS) shared.current = new OpenColumns(shared.first);
  const list = shared.current;
  const rows = items.map((item) => list.row(item));
  const { columns } = list;
  for (const row of rows) while (row.length < columns.length) row.push(undefined);
  return { columns, rows };
}
