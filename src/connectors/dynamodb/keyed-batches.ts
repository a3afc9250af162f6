import type { Batch, Position, Unread } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import type { ReadRequest } from '../connector.js';
import { BatchBuilder, type SharedColumns } from './batch-builder.js';
import { itemIn, type ScannedItem } from './item-scanner.js';
import type { PlacedEntry } from './key-list/slices.js';

/** What stands in a list and is no key goes to the rejects under this name. */
const LINE: readonly Column[] = Object.freeze([{ name: 'line', type: 'text', nullable: false }]);

/**
 * Collects what became of listed keys to batches: items; keys without an item, as rows that could not be read; and
 * in batches of their own the places of the list that hold no key.
 */
export class KeyedBatches {
  readonly #request: ReadRequest;
  readonly #items: BatchBuilder;
  #rows = 0;
  #unread: Unread[] = [];
  #lines: string[] = [];
  #lineBytes = 0;
  #position: Position = '';

  constructor(shared: SharedColumns, request: ReadRequest) {
    this.#request = request;
    this.#items = new BatchBuilder(shared, request);
  }

  /** `bytes` is the item's share of its answer. */
  *add(entry: PlacedEntry, item: ScannedItem | undefined, bytes: number): Generator<Batch> {
    if ('problem' in entry) {
      yield* this.#finishItems();
      const { code, message } = entry.problem;
      this.#unread.push({ row: this.#lines.push(entry.text) - 1, code, message });
      this.#lineBytes += entry.text.length + 1;
    } else {
      yield* this.#finishLines();
      const known = item ?? itemIn(`{${entry.key}}`);
      if (!this.#items.add(known, bytes)) {
        yield* this.#finishItems();
        this.#items.add(known, bytes);
      }
      const row = this.#rows++;
      if (!item) {
        const message = `line ${entry.line} of the key list: no item has this key`;
        this.#unread.push({ row, code: 'key_missing', message });
      }
    }
    this.#position = entry.end;
    const { maxRows, maxBytes } = this.#request;
    const isFull = this.#lines.length >= maxRows || this.#lineBytes >= maxBytes;
    if (isFull || this.#items.full) yield* this.finish();
  }

  /** What has been collected, if anything. */
  *finish(): Generator<Batch> {
    yield* this.#finishItems();
    yield* this.#finishLines();
  }

  *#finishItems(): Generator<Batch> {
    if (this.#items.empty) return;
    yield { ...this.#items.take(() => this.#position), ...this.#refused() };
    this.#rows = 0;
  }

  *#finishLines(): Generator<Batch> {
    if (this.#lines.length === 0) return;
    const rows = this.#lines.map((line) => [line]);
    yield {
      columns: LINE,
      rows,
      bytes: this.#lineBytes,
      position: this.#position,
      ...this.#refused(),
    };
    this.#lines = [];
    this.#lineBytes = 0;
  }

  #refused(): Pick<Batch, 'refused'> {
    const refused = this.#unread;
    this.#unread = [];
    return refused.length > 0 ? { refused } : {};
  }
}
