import { AttributeRows, cellKinds, KIND_MASK } from '../../../values/attribute-rows.js';
import type { Batch } from '../../../values/batch.js';
import type { Cell, Row } from '../../../values/cell.js';
import type { Column } from '../../../values/column.js';
import { ABSENT_START, NULL_START, TextRows } from '../../../values/text-rows.js';
import { jsonFrames } from '../attribute-frames.js';
import { ByteRoom } from '../byte-room.js';
import { base64 } from '../cell-text.js';
import { embedded } from './document.js';

/**
 * JSON Lines: an object and LF for each row. Numbers are JSON numbers with all their digits, text is text, bytes are base64, JSON is itself (document.ts),
 * dates and times are their text. `items`: rows of DynamoDB are `{"Item":{"id":{"S":"a"}}}`, as DynamoDB's own export writes them
 * (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport.Output.html): attributes of every type, exact.
 */
export class JsonLinesEncoder {
  readonly #items: boolean;
  readonly #room = new ByteRoom();
  #columns: readonly Column[] = [];
  /** JSON text of each column's name, with its colon. */
  #heads: readonly Buffer[] = [];

  constructor(form: { readonly items: boolean }) {
    this.#items = form.items;
  }

  encode({ columns, rows }: Batch): Buffer {
    if (columns !== this.#columns) {
      this.#columns = columns;
      this.#heads = columns.map(({ name }) => Buffer.from(`${JSON.stringify(name)}:`));
    }
    if (this.#items && rows instanceof AttributeRows) this.#attributes(rows);
    else if (!this.#items && rows instanceof TextRows) this.#texts(rows);
    else for (const row of rows) this.#room.text(this.#line(row));
    return this.#room.take();
  }

  #line(row: Row): string {
    const value = this.#items ? itemValue : jsonValue;
    const members = this.#columns.flatMap((column, index) => {
      const cell = row[index];
      return cell === undefined ? [] : [`${JSON.stringify(column.name)}:${value(cell, column)}`];
    });
    return this.#items ? `{"Item":{${members.join(',')}}}\n` : `{${members.join(',')}}\n`;
  }

  /** From bytes to bytes: what DynamoDB sent holds no line's end. */
  #attributes(rows: AttributeRows): void {
    const room = this.#room;
    const { starts, ends } = rows.spans;
    for (let row = 0; row < rows.length; row++) {
      room.ascii('{"Item":{');
      let isFirst = true;
      for (const [index, head] of this.#heads.entries()) {
        const place = rows.offset(row) + index;
        const kind = rows.kindAt(place) & KIND_MASK;
        if (kind === cellKinds.absent) continue;
        if (!isFirst) room.byte(COMMA);
        isFirst = false;
        room.copy(head, 0, head.length);
        const frame = jsonFrames[kind];
        if (frame) room.copy(frame.before, 0, frame.before.length);
        if (!frame?.isAll) room.copy(rows.bytes, starts[place] as number, ends[place] as number);
        if (frame) room.copy(frame.after, 0, frame.after.length);
      }
      room.ascii('}}\n');
    }
  }

  /** From bytes to bytes, where a cell's are JSON as they are. */
  #texts(rows: TextRows): void {
    const room = this.#room;
    const { starts, ends } = rows.spans;
    const sorts = this.#columns.map(({ type }) => sortOf(type));
    for (let row = 0; row < rows.length; row++) {
      let made: Row | undefined;
      let isFirst = true;
      room.byte(OPEN_BRACE);
      for (const [index, head] of this.#heads.entries()) {
        const place = rows.offset(row) + 1 + index;
        const [start, end] = [starts[place] as number, ends[place] as number];
        if (start === ABSENT_START) continue;
        if (!isFirst) room.byte(COMMA);
        isFirst = false;
        room.copy(head, 0, head.length);
        if (start === NULL_START) room.ascii('null');
        else if (isItself(sorts[index], rows.bytes, start, end)) room.copy(rows.bytes, start, end);
        else if (sorts[index] === 'text' && isPlainText(rows.bytes, start, end)) {
          room.byte(QUOTE);
          room.copy(rows.bytes, start, end);
          room.byte(QUOTE);
        } else {
          made ??= rows.at(row) ?? [];
          room.text(jsonValue(made[index] ?? null, this.#columns[index] as Column));
        }
      }
      room.ascii('}\n');
    }
  }
}

/** https://www.rfc-editor.org/rfc/rfc8259#section-6 */
const jsonNumber = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/** A cell as the value of a member. A number that JSON spells otherwise stays its text. */
function jsonValue(cell: NonNullable<Cell> | null, { type }: Column): string {
  if (cell === null) return 'null';
  if (typeof cell === 'string') {
    if (sortOf(type) === 'number' && jsonNumber.test(cell)) return cell;
    return type === 'json' ? embedded(cell) : JSON.stringify(cell);
  }
  return cell instanceof Uint8Array ? `"${base64(cell)}"` : JSON.stringify(cell);
}

/** Digits that DynamoDB keeps: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_DIGITS = 38;

/** A cell as an attribute: DESIGN 5, as the sinks of DynamoDB have it. */
function itemValue(cell: NonNullable<Cell> | null, { type, precision = 0 }: Column): string {
  if (cell === null) return '{"NULL":true}';
  if (cell instanceof Uint8Array) return `{"B":"${base64(cell)}"}`;
  if (typeof cell === 'boolean') return `{"BOOL":${cell}}`;
  if (typeof cell === 'object') return JSON.stringify(cell);
  if (sortOf(type) === 'number' && precision <= MAX_DIGITS) return JSON.stringify({ N: cell });
  const isTime = type === 'datetime' || type === 'timestamp';
  const text = isTime ? cell.replace(' ', 'T') + (type === 'timestamp' ? 'Z' : '') : cell;
  return JSON.stringify({ S: text });
}

type Sort = 'number' | 'text' | 'bool' | 'other';

function sortOf(type: Column['type']): Sort {
  if (type === 'int' || type === 'decimal' || type === 'float') return 'number';
  if (type === 'bool') return 'bool';
  return type === 'bytes' || type === 'json' || type === 'attribute' ? 'other' : 'text';
}

/** Whether a cell's bytes are the JSON of its value: of a number unless it is spelled in another way than most. */
function isItself(sort: Sort | undefined, bytes: Buffer, start: number, end: number): boolean {
  return sort === 'bool' || (sort === 'number' && isPlainNumber(bytes, start, end));
}

const ZERO = 0x30;
const NINE = 0x39;
const POINT = 0x2e;
const MINUS = 0x2d;
const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;

/** `0`, `-12`, `1.50`; false of others, though they may be numbers. */
function isPlainNumber(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start] === MINUS ? start + 1 : start;
  if (first >= end || (bytes[first] === ZERO && first + 1 < end && bytes[first + 1] !== POINT)) return false;
  let point = -1;
  for (let at = first; at < end; at++) {
    const code = bytes[at] as number;
    if (code >= ZERO && code <= NINE) continue;
    if (code !== POINT || point !== -1 || at === first || at + 1 === end) return false;
    point = at;
  }
  return true;
}

/** What JSON.stringify would leave as it is. */
function isPlainText(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const code = bytes[at] as number;
    if (code < FIRST_PRINTABLE || code === QUOTE || code === BACKSLASH) return false;
  }
  return true;
}
