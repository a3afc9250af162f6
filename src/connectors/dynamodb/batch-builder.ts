import { AttributeRows } from '../../values/attribute-rows.js';
import type { Batch, Position } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import type { ReadRequest } from '../connector.js';
import type { ScannedItem } from './item-scanner.js';
import { OpenColumns } from './open-columns.js';
import { SpanList } from './span-list.js';

/** The list that the parts of a source share; replaced by a new one when it is full. */
export interface SharedColumns {
  current: OpenColumns;
  /** What a new list begins with. */
  readonly first: readonly Column[];
}

/** A batch keeps at most so many times its own bytes alive. */
const MAX_KEPT_FACTOR = 8;

interface BuilderOptions {
  /** About so many are expected. */
  readonly rows?: number;
  /** The pages that the items stand in serve as they are, whatever else is in them. */
  readonly keepsPages?: true;
}

/** Items that stood one after the other. */
interface Stretch {
  readonly bytes: Buffer;
  readonly start: number;
  end: number;
}

/** Collects items to a batch that is as full as the request allows. */
export class BatchBuilder {
  readonly #shared: SharedColumns;
  readonly #request: ReadRequest;
  readonly #keepsPages: boolean;
  #list: OpenColumns;
  /** For each of the known names its column in the list. */
  #columnOf: number[] = [];
  #known: readonly string[] | undefined;
  #stretches: Stretch[] = [];
  /** Bytes of the stretches before the last. */
  #before = 0;
  #spans: SpanList;
  #bytes = 0;

  constructor(shared: SharedColumns, request: ReadRequest, { rows, keepsPages }: BuilderOptions = {}) {
    this.#shared = shared;
    this.#request = request;
    this.#keepsPages = keepsPages === true;
    this.#list = shared.current;
    const columns = shared.current.columns.length;
    this.#spans =
      rows === undefined
        ? new SpanList()
        : new SpanList(Math.max(1, Math.min(rows, request.maxRows)), columns);
  }

  get empty(): boolean {
    return this.#spans.rows === 0;
  }

  get full(): boolean {
    return this.#spans.rows >= this.#request.maxRows || this.#bytes >= this.#request.maxBytes;
  }

  /** Adds an item. False if it does not fit on the batch's columns: take the batch, then add it again. */
  add(item: ScannedItem, bytes: number): boolean {
    if (this.empty) this.#use(this.#shared.current);
    if (this.#known !== item.known) this.#follow(item.known);
    if (!this.#findColumns(item, false)) {
      if (!this.empty) return false;
      this.#shared.current = new OpenColumns(this.#shared.first);
      this.#use(this.#shared.current);
      this.#findColumns(item, true);
    }
    const shift = this.#stretchTo(item);
    this.#spans.add(item, this.#columnOf, this.#list.columns.length, shift);
    this.#bytes += bytes;
    return true;
  }

  /** The batch; `positionAfter` is asked for the place after its last row. */
  take(positionAfter: (row: Row, columns: readonly Column[]) => Position): Batch {
    const { columns } = this.#list;
    const bytes = joined(this.#stretches);
    const rows = new AttributeRows(
      bytes,
      this.#spans.taken(columns.length),
      columns.length,
      this.#spans.rows,
    );
    const batch = { columns, rows, bytes: Math.round(this.#bytes) };
    this.#spans = new SpanList(rows.length, columns.length);
    this.#stretches = [];
    this.#before = 0;
    this.#bytes = 0;
    return { ...batch, position: positionAfter(rows.at(-1) ?? [], columns) };
  }

  #use(list: OpenColumns): void {
    if (this.#list === list) return;
    this.#list = list;
    this.#columnOf = [];
  }

  #follow(known: readonly string[]): void {
    this.#known = known;
    this.#columnOf = [];
  }

  #findColumns({ first, count, names, known }: ScannedItem, must: boolean): boolean {
    for (let index = first; index < first + count; index++) {
      const name = names[index] ?? 0;
      if (this.#columnOf[name] !== undefined) continue;
      const column = this.#list.indexOf(known[name] ?? '', must);
      if (column === undefined) return false;
      this.#columnOf[name] = column;
    }
    return true;
  }

  /**
   * The bytes of items that stand side by side, with the comma between them, become one stretch. Gives what is to be
   * added to a place in the item's bytes, to get the place in the batch's own.
   */
  #stretchTo(item: ScannedItem): number {
    const { bytes } = item;
    const last = this.#stretches.at(-1);
    const start = this.#keepsPages ? 0 : item.start;
    const end = this.#keepsPages ? bytes.length : item.end;
    if (last?.bytes === bytes && (this.#keepsPages || last.end + 1 === start)) {
      last.end = end;
      return this.#before - last.start;
    }
    if (last) this.#before += last.end - last.start;
    this.#stretches.push({ bytes, start, end });
    return this.#before - start;
  }
}

/** The page itself serves where a good part of it is the batch's; else a copy, so that little keeps nothing large alive. */
function joined(stretches: readonly Stretch[]): Buffer {
  const [first] = stretches;
  const length = stretches.reduce((sum, { start, end }) => sum + end - start, 0);
  if (first && stretches.length === 1 && length * MAX_KEPT_FACTOR >= first.bytes.length) {
    return first.bytes.subarray(first.start, first.end);
  }
  const all = Buffer.allocUnsafeSlow(length);
  let at = 0;
  for (const { bytes, start, end } of stretches) at += bytes.copy(all, at, start, end);
  return all;
}
