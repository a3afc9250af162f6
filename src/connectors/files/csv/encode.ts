import { cellKinds } from '../../../values/attribute-rows.js';
import type { Batch, Rows } from '../../../values/batch.js';
import type { Cell, Row } from '../../../values/cell.js';
import type { Column } from '../../../values/column.js';
import { areBytes, type CellsAt, cellsAt } from '../../../values/mixed-rows.js';
import type { Refused } from '../../connector.js';
import { attributeFrames, plainFrame } from '../attribute-frames.js';
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

  /**
   * The lines of the rows, without those that are refused. `places`: of each column that in the rows, which must be packed if it is given; -1
   * where they have none.
   */
  encode(
    { rows }: Batch,
    places: readonly number[] = this.#columns.map((_, index) => index),
  ): { readonly bytes: Buffer; readonly refused: readonly Refused[] } {
    const refused: Refused[] = [];
    if (areBytes(rows))
      this.#packed(
        rows.length,
        places.map((place) => cellsAt(rows, place)),
      );
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
  #packed(length: number, fields: readonly (CellsAt | undefined)[]): void {
    const room = this.#room;
    const isBytes = this.#columns.map(({ type }) => type === 'bytes');
    for (let row = 0; row < length; row++) {
      for (let index = 0; index < fields.length; index++) {
        const cells = fields[index];
        if (cells?.kind === 'text') putText(cells, row, isBytes[index] === true, room);
        else if (cells) putAttribute(cells, row, room);
        room.byte(index + 1 < fields.length ? COMMA : LF);
      }
    }
  }
}

function putText(
  { rows, index }: CellsAt & { kind: 'text' },
  row: number,
  isBytes: boolean,
  room: ByteRoom,
): void {
  const place = rows.offset(row) + 1 + index;
  const start = rows.spans.starts[place] as number;
  if (start < 0) return;
  const end = rows.spans.ends[place] as number;
  // Every byte doubled, and quotes; base64 is four bytes for three.
  room.reserve(2 * (end - start) + 4);
  if (isBytes && end > start) {
    room.at += room.bytes.write(rows.bytes.toString('base64', start, end), room.at, 'latin1');
  } else room.at = putField(rows.bytes, start, end, room.bytes, room.at);
}

/** In quotes, since all JSON of an attribute has some: those of its frame are doubled, and a plain text has none. */
const frames = attributeFrames((json) => json.replaceAll('"', '""'));

function putAttribute({ rows, index }: CellsAt & { kind: 'attribute' }, row: number, room: ByteRoom): void {
  const place = rows.offset(row) + index;
  const kind = rows.kindAt(place);
  if (kind === cellKinds.absent) return;
  const frame = plainFrame(frames, kind);
  if (frame === undefined) {
    room.text(quoted(csvText(rows.cell(place)) ?? ''));
    return;
  }
  room.byte(QUOTE);
  room.copy(frame.before, 0, frame.before.length);
  if (!frame.isAll) {
    room.copy(rows.bytes, rows.spans.starts[place] as number, rows.spans.ends[place] as number);
  }
  room.copy(frame.after, 0, frame.after.length);
  room.byte(QUOTE);
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
