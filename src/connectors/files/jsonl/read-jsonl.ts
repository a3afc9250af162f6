import { isUtf8 } from 'node:buffer';
import { SluiceError } from '../../../errors.js';
import { MAX_OPEN_COLUMNS, type Unread } from '../../../values/batch.js';
import type { Row } from '../../../values/cell.js';
import type { Column } from '../../../values/column.js';
import { type FileBatch, MAX_RECORD_BYTES, type TextPlace, type TextReading } from '../file-batch.js';
import { GrowingBytes } from '../growing-bytes.js';
import { attributesOf, closedRow, itemOf, type NamedAttribute, namedOnce, UnfitLine } from './line-cells.js';

/** How lines become rows: of known columns; or of whatever attributes there are, in a list of columns that grows. */
export type JsonLinesShape =
  | { readonly kind: 'closed'; readonly columns: readonly Column[] }
  | { readonly kind: 'open'; readonly items: boolean; readonly shared: GrownColumns };

/** The columns of an open source, which its parts share. */
export interface GrownColumns {
  columns: readonly Column[];
  /** What a new list begins with. */
  readonly first: readonly Column[];
}

const LF = 0x0a;
const MARK = '\uFEFF';

/** Reads lines. Those that hold no row are `refused`; lines of nothing are passed over. */
export async function* readJsonLines(
  shape: JsonLinesShape,
  reading: TextReading,
): AsyncGenerator<FileBatch<TextPlace>> {
  const lines = new Lines(shape, reading);
  try {
    for (let batch = await lines.next(); batch; batch = await lines.next()) yield batch;
  } finally {
    await lines.close();
  }
}

/** Whether the first line of the text is an item in DynamoDB's JSON; undefined where there is no line. */
export async function beginsWithItem(chunks: AsyncIterable<Buffer>): Promise<boolean | undefined> {
  const growing = new GrowingBytes(chunks, 0);
  try {
    for (;;) {
      const text = growing.bytes.toString('utf8', 0, MAX_LOOKED_AT_BYTES);
      const first = text.replace(MARK, '').trimStart().replaceAll(/\s/g, '').slice(0, ITEM.length);
      if (first.length === ITEM.length) return first === ITEM;
      if (growing.ended || growing.bytes.length > MAX_LOOKED_AT_BYTES)
        return first === '' ? undefined : false;
      await growing.grow(0, 0);
    }
  } finally {
    await growing.close();
  }
}

const ITEM = '{"Item":{"';
const MAX_LOOKED_AT_BYTES = 64 * 1024;

class Lines {
  readonly #shape: JsonLinesShape;
  readonly #reading: TextReading;
  readonly #growing: GrowingBytes;
  #at = 0;
  /** Up to here there is no line's end. */
  #searched = 0;
  #line: number;
  #read: number;

  constructor(shape: JsonLinesShape, reading: TextReading) {
    this.#shape = shape;
    this.#reading = reading;
    this.#growing = new GrowingBytes(reading.chunks, reading.place.offset);
    this.#line = reading.place.line;
    this.#read = reading.place.rows;
  }

  async next(): Promise<FileBatch<TextPlace> | undefined> {
    const { maxRows, maxBytes } = this.#reading.request;
    const collected = new RowsOfLines(this.#shape);
    let bytes = 0;
    while (collected.rows.length < maxRows && bytes < maxBytes) {
      const place = { at: this.#growing.offset + this.#at, line: this.#line };
      const line = await this.#nextLine();
      if (line === undefined) break;
      bytes += this.#growing.offset + this.#at - place.at;
      if (/^\s*$/.test(line)) continue;
      collected.add(line, (message) => `${this.#here(place.line)}: ${message}`);
    }
    if (collected.rows.length === 0) return undefined;
    this.#read += collected.rows.length;
    const offset = this.#growing.offset + this.#at;
    return { ...collected.take(), bytes, place: { offset, line: this.#line, rows: this.#read } };
  }

  close(): Promise<void> {
    return this.#growing.close();
  }

  /** The next line without its end; undefined behind the last, or where no more is to be read. */
  async #nextLine(): Promise<string | undefined> {
    const { until = Number.POSITIVE_INFINITY } = this.#reading;
    for (;;) {
      const { bytes, ended, offset } = this.#growing;
      if (offset + this.#at >= until) return undefined;
      const end = bytes.indexOf(LF, this.#searched);
      if (end !== -1) return this.#take(end, end + 1);
      if (ended) return this.#at < bytes.length ? this.#take(bytes.length, bytes.length) : undefined;
      await this.#grow();
    }
  }

  #take(end: number, next: number): string {
    const line = this.#growing.bytes.subarray(this.#at, end);
    const isFirst = this.#growing.offset + this.#at === 0;
    this.#at = next;
    this.#searched = next;
    this.#line++;
    // What is no UTF-8 becomes what no JSON is.
    const text = isUtf8(line) ? line.toString('utf8') : NOT_UTF8;
    return isFirst && text.startsWith(MARK) ? text.slice(1) : text;
  }

  #here(line: number): string {
    return this.#reading.where({ line, row: this.#read + 1 });
  }

  async #grow(): Promise<void> {
    const length = this.#growing.bytes.length - this.#at;
    if (length > MAX_RECORD_BYTES) {
      const message = `${this.#here(this.#line)}: a line of more than ${MAX_RECORD_BYTES} bytes`;
      throw new SluiceError('file_torn', message, { hint: 'JSON Lines has an object in each line' });
    }
    await this.#growing.grow(this.#at, this.#at);
    this.#at = 0;
    this.#searched = length;
  }
}

/** Stands for a line that is not UTF-8. */
const NOT_UTF8 = '\uD800';

class RowsOfLines {
  readonly #shape: JsonLinesShape;
  readonly rows: Row[] = [];
  readonly #refused: Unread[] = [];
  #columns: readonly Column[];
  #indexes: Map<string, number> | undefined;

  constructor(shape: JsonLinesShape) {
    this.#shape = shape;
    if (shape.kind === 'open' && shape.shared.columns.length > MAX_OPEN_COLUMNS) {
      shape.shared.columns = shape.shared.first;
    }
    this.#columns = shape.kind === 'closed' ? shape.columns : shape.shared.columns;
  }

  add(line: string, place: (message: string) => string): void {
    try {
      if (line === NOT_UTF8) throw new UnfitLine('value_inexact', 'not valid UTF-8');
      this.rows.push(this.#row(line));
    } catch (error) {
      if (!(error instanceof UnfitLine)) throw error;
      this.#refused.push({ row: this.rows.length, code: error.code, message: place(error.message) });
      this.rows.push([]);
    }
  }

  take(): Pick<FileBatch<TextPlace>, 'columns' | 'rows' | 'refused'> {
    const columns = this.#columns;
    const absent = this.#shape.kind === 'closed' ? null : undefined;
    for (const row of this.rows) while (row.length < columns.length) row.push(absent);
    return { columns, rows: this.rows, refused: this.#refused };
  }

  #row(line: string): Row {
    if (this.#shape.kind === 'closed') return closedRow(namedOnce(line), this.#shape.columns);
    const attributes = this.#shape.items ? itemOf(line) : attributesOf(line);
    return this.#openRow(attributes, this.#shape.shared);
  }

  #openRow(attributes: readonly NamedAttribute[], shared: GrownColumns): Row {
    this.#indexes ??= new Map(this.#columns.map(({ name }, index) => [name, index]));
    for (const [name] of attributes) {
      if (!this.#indexes.has(name)) this.#addColumn(name, shared);
    }
    const row: Row = new Array(this.#columns.length).fill(undefined);
    for (const [name, attribute] of attributes) row[this.#indexes.get(name) as number] = attribute;
    return row;
  }

  #addColumn(name: string, shared: GrownColumns): void {
    this.#indexes?.set(name, this.#columns.length);
    this.#columns = Object.freeze([...this.#columns, { name, type: 'attribute' as const, nullable: true }]);
    shared.columns = this.#columns;
  }
}
