import type { Batch, Rows } from '../../../values/batch.js';
import type { Cell, Row } from '../../../values/cell.js';
import type { Column } from '../../../values/column.js';
import { TextRows } from '../../../values/text-rows.js';
import type { Refused } from '../../connector.js';
import { ByteRoom } from '../byte-room.js';
import { base64, loneSurrogate, notUnicode } from '../cell-text.js';

/**
 * CSV that our own reader gives back cell by cell, and other programs read: UTF-8 without a byte order mark, a header line,
 * LF after each line, fields as RFC 4180 quotes them (https://www.rfc-editor.org/rfc/rfc4180). A field is quoted if it is empty or holds a quote, a
 * comma, LF or CR. Nothing between two commas is NULL (or, of an item, no attribute); `""` is the empty text. Bytes are base64, true and false
 * are those words, attributes are DynamoDB JSON; everything else is its own text.
 */
export class CsvEncoder {
  readonly #columns: readonly Column[];
  readonly #room = new ByteRoom();

  constructor(columns: readonly Column[]) {
    this.#columns = columns;
  }

  header(): Buffer {
    for (const [index, { name }] of this.#columns.entries()) {
      if (index > 0) this.#room.ascii(',');
      this.#room.text(name.startsWith(MARK) ? `"${name.replaceAll('"', '""')}"` : quoted(name));
    }
    this.#room.ascii('\n');
    return this.#room.take();
  }

  /** The lines of the rows, without those that are refused. */
  encode({ rows }: Batch): { readonly bytes: Buffer; readonly refused: readonly Refused[] } {
    const refused: Refused[] = [];
    if (rows instanceof TextRows) this.#spans(rows);
    else this.#cells(rows, refused);
    return { bytes: this.#room.take(), refused };
  }

  #cells(rows: Rows, refused: Refused[]): void {
    for (const [index, row] of rows.entries()) {
      const line = csvLine(row, this.#columns);
      if (typeof line === 'string') this.#room.text(line);
      else refused.push({ row: index, ...line });
    }
  }

  /** From bytes to bytes. */
  #spans(rows: TextRows): void {
    const room = this.#room;
    const { starts, ends } = rows.spans;
    const isBytes = this.#columns.map(({ type }) => type === 'bytes');
    const width = this.#columns.length;
    for (let row = 0; row < rows.length; row++) {
      const offset = rows.offset(row);
      // Every byte doubled, quotes, a comma or the line's end; base64 is four bytes for three.
      room.reserve(2 * ((ends[offset] as number) - (starts[offset] as number)) + 4 * width + 4);
      for (let index = 0; index < width; index++) {
        const start = starts[offset + 1 + index] as number;
        if (start >= 0) {
          const end = ends[offset + 1 + index] as number;
          if (isBytes[index] && end > start) {
            room.at += room.bytes.write(rows.bytes.toString('base64', start, end), room.at, 'latin1');
          } else room.at = putField(rows.bytes, start, end, room.bytes, room.at);
        }
        room.bytes[room.at++] = index + 1 < width ? COMMA : LF;
      }
    }
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

/** 1 for what a field cannot hold without quotes. */
const special = Uint8Array.from({ length: 256 }, (_, code) =>
  code === QUOTE || code === COMMA || code === LF || code === CR ? 1 : 0,
);

/** Puts a field that is there, quoted if need be; gives the place after it. */
function putField(from: Buffer, start: number, end: number, to: Buffer, place: number): number {
  let at = place;
  for (let source = start; source < end; source++) {
    const code = from[source] as number;
    if (special[code] === 1) return putQuoted(from, start, end, to, place);
    to[at++] = code;
  }
  return start === end ? putQuoted(from, start, end, to, place) : at;
}

function putQuoted(from: Buffer, start: number, end: number, to: Buffer, place: number): number {
  let at = place;
  to[at++] = QUOTE;
  for (let source = start; source < end; source++) {
    const code = from[source] as number;
    if (code === QUOTE) to[at++] = QUOTE;
    to[at++] = code;
  }
  to[at++] = QUOTE;
  return at;
}

/** The same for a row of cells: the line with its end, or why it cannot be written. */
function csvLine(row: Row, columns: readonly Column[]): string | Omit<Refused, 'row'> {
  let line = '';
  for (let index = 0; index < columns.length; index++) {
    const text = csvText(row[index]);
    if (text !== undefined) {
      if (loneSurrogate.test(text)) return { ...notUnicode, column: columns[index]?.name ?? '' };
      line += quoted(text);
    }
    line += index + 1 < columns.length ? ',' : '\n';
  }
  return line;
}

/** What a cell is before it is quoted; undefined where nothing is written. */
export function csvText(cell: Cell): string | undefined {
  if (cell === null || cell === undefined) return undefined;
  if (typeof cell === 'string') return cell;
  if (cell instanceof Uint8Array) return base64(cell);
  return JSON.stringify(cell);
}

/** At the start of a file it would be taken for a byte order mark. */
const MARK = '\uFEFF';
const needsQuotes = /[",\r\n]/;

function quoted(text: string): string {
  return text === '' || needsQuotes.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
