import { isUtf8 } from 'node:buffer';
import type { Rows, Unread } from '../../../values/batch.js';
import type { Column } from '../../../values/column.js';
import { ABSENT_START, NULL_START, TextRows, type TextSpans } from '../../../values/text-rows.js';
import { typedRowMaker } from '../../../values/typed-row.js';
import { type FormCheck, formCheck, spellings } from '../cell-form.js';
import type { RecordScanner } from './record-scanner.js';

/** A column of the rows and the field of a record that it is in. */
export interface CsvColumn {
  readonly column: Column;
  readonly field: number;
}

interface Field extends CsvColumn {
  readonly check: FormCheck | undefined;
  readonly isBytes: boolean;
  /** The start of a cell of which nothing is written: of an item it is an attribute that is not there. */
  readonly nothing: number;
}

/** What cannot be read of a record, without where it is. */
type Problem = Omit<Unread, 'row'>;

/** Collects records to rows. Their bytes are the file's, changed in place where a spelling needs it. */
export class CsvRows {
  readonly #fields: readonly Field[];
  readonly #perRecord: number;
  readonly #columns: readonly Column[];
  #starts: number[] = [];
  #ends: number[] = [];
  #refused: Unread[] = [];
  length = 0;
  /** Bytes of the records. */
  size = 0;

  /** `perRecord`: how many fields a record has. */
  constructor(columns: readonly CsvColumn[], perRecord: number) {
    this.#fields = columns.map(({ column, field }) => ({
      column,
      field,
      check: formCheck(column),
      isBytes: column.type === 'bytes',
      nothing: column.type === 'attribute' ? ABSENT_START : NULL_START,
    }));
    this.#columns = columns.map(({ column }) => column);
    this.#perRecord = perRecord;
  }

  /** Takes the record that the scanner is at, from `start` on. `where`: it, for people. */
  add(scanner: RecordScanner, start: number, where: () => string): void {
    const problem = this.#problem(scanner, start);
    if (problem) {
      const { code, message } = problem;
      this.#refused.push({ row: this.length, code, message: `${where()}: ${message}` });
      this.#addNulls(start);
    } else this.#addFields(scanner, start);
    this.length++;
    this.size += scanner.at - start;
  }

  /** The places move by so many bytes to the front. */
  shift(by: number): void {
    const moved = (place: number): number => (place < 0 ? place : place - by);
    this.#starts = this.#starts.map(moved);
    this.#ends = this.#ends.map(moved);
  }

  /** The rows since the last time. */
  take(bytes: Buffer): { readonly rows: Rows; readonly refused: readonly Unread[]; readonly bytes: number } {
    const spans: TextSpans = {
      stride: this.#fields.length + 1,
      starts: Int32Array.from(this.#starts),
      ends: Int32Array.from(this.#ends),
    };
    const make = typedRowMaker(this.#columns);
    const rows = new TextRows({ bytes, spans, make }, this.#fields.length, this.length);
    const taken = {
      rows: this.#hasAttributes() ? [...rows] : rows,
      refused: this.#refused,
      bytes: this.size,
    };
    this.#starts = [];
    this.#ends = [];
    this.#refused = [];
    this.length = 0;
    this.size = 0;
    return taken;
  }

  /** Their JSON is in whatever spelling the file has. */
  #hasAttributes(): boolean {
    return this.#columns.some(({ type }) => type === 'attribute');
  }

  #addNulls(start: number): void {
    this.#starts.push(start);
    this.#ends.push(start);
    for (const { nothing } of this.#fields) {
      this.#starts.push(nothing);
      this.#ends.push(start);
    }
  }

  #addFields({ bytes, starts, ends, at }: RecordScanner, start: number): void {
    this.#starts.push(start);
    this.#ends.push(at);
    for (const { field, isBytes, nothing } of this.#fields) {
      const from = starts[field] as number;
      const to = ends[field] as number;
      this.#starts.push(from === NULL_START ? nothing : from);
      this.#ends.push(isBytes && from !== NULL_START ? decodeInPlace(bytes, from, to) : to);
    }
  }

  #problem(scanner: RecordScanner, start: number): Problem | undefined {
    const { bytes, starts, ends, count } = scanner;
    if (count !== this.#perRecord) {
      return { code: 'value_type', message: `${count} fields where the header has ${this.#perRecord}` };
    }
    if (!isUnicode(scanner, start)) return { code: 'value_inexact', message: 'not valid UTF-8' };
    for (const { column, field, check } of this.#fields) {
      const from = starts[field] as number;
      if (from === NULL_START || check === undefined) continue;
      if (!check(bytes, from, ends[field] as number)) {
        return { code: 'value_type', message: `${column.name} is not ${spellings[column.type]}` };
      }
    }
    return undefined;
  }
}

function isUnicode({ bytes, starts, ends, count, at, isUntouched }: RecordScanner, start: number): boolean {
  if (isUntouched) return isUtf8(bytes.subarray(start, at));
  for (let field = 0; field < count; field++) {
    const from = starts[field] as number;
    if (from !== NULL_START && !isUtf8(bytes.subarray(from, ends[field]))) return false;
  }
  return true;
}

/** Base64 becomes its bytes, which are fewer; gives the place after them. */
function decodeInPlace(bytes: Buffer, start: number, end: number): number {
  return start + bytes.write(bytes.toString('latin1', start, end), start, 'base64');
}
