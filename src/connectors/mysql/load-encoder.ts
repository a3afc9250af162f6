import { type CellWriter, DECLINED, ROOM } from './cell-writer.js';
import type { Line } from './load-dialect.js';

/** Lines as LOAD DATA reads them. */
export interface EncodedLines {
  readonly isEmpty: boolean;
  /** How many there are; NaN until the last buffer was taken. */
  readonly count: number;
  /** May be gone through again, and only one after the other. */
  readonly buffers: Iterable<Buffer>;
}

/** Lines that are written when their buffers are taken: the server reads the first while the others are still to be written. */
export class LazyLines implements EncodedLines {
  readonly #encoder: LineEncoder;
  readonly #more: () => boolean;
  #isComplete = false;

  /** `more` goes on writing, a line or none; false after the last. */
  constructor(encoder: LineEncoder, more: () => boolean) {
    this.#encoder = encoder;
    this.#more = more;
  }

  get isEmpty(): boolean {
    return !this.#reaches(0);
  }

  get count(): number {
    return this.#isComplete ? this.#encoder.count : Number.NaN;
  }

  get buffers(): Iterable<Buffer> {
    return { [Symbol.iterator]: () => this.#taken() };
  }

  *#taken(): Generator<Buffer> {
    for (let index = 0; this.#reaches(index); index++) yield this.#encoder.full[index] as Buffer;
  }

  /** Writes until there is a buffer of this number; false where there is none. */
  #reaches(index: number): boolean {
    const { full } = this.#encoder;
    while (index >= full.length && !this.#isComplete) {
      if (this.#more()) continue;
      this.#encoder.end();
      this.#isComplete = true;
    }
    return index < full.length;
  }
}

const BUFFER_BYTES = 128 * 1024;
/** Shorter texts are copied here, character by character: a call into the runtime costs more. */
const MAX_SHORT_CHARS = 64;
/** A character of UTF-16 becomes at most so many bytes. */
const MAX_CHAR_BYTES = 3;

const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LINE_FEED = 0x0a;
const ASCII_END = 0x80;

/**
 * Buffers that serve for the lines of one batch after the other. Made anew for each, they would be most of what the
 * garbage collector has to find.
 */
export class LineRoom {
  readonly #buffers: Buffer[] = [];
  #taken = 0;

  /** From now on the lines written so far are of no more use. */
  clear(): void {
    this.#taken = 0;
  }

  /** At least so many bytes, whatever they hold. */
  take(bytes: number): Buffer {
    if (bytes > BUFFER_BYTES) return Buffer.allocUnsafeSlow(bytes);
    const buffer = this.#buffers[this.#taken] ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#buffers[this.#taken++] = buffer;
    return buffer;
  }
}

/** Writes fields and lines into buffers, with a comma after each field, which the end of the line replaces. */
export class LineEncoder {
  readonly #room: LineRoom;
  /** Whole lines, to which nothing is added any more. */
  readonly full: Buffer[] = [];
  #buffer: Buffer;
  #position = 0;
  #lineStart = 0;
  count = 0;

  constructor(room: LineRoom) {
    this.#room = room;
    this.#buffer = room.take(BUFFER_BYTES);
  }

  /** Writes the text as a quoted field if it is short and plain ASCII; else does nothing and answers false. */
  plainText(text: string): boolean {
    const { length } = text;
    if (length > MAX_SHORT_CHARS) return false;
    this.#reserve(length + 3);
    const buffer = this.#buffer;
    let position = this.#position;
    buffer[position++] = QUOTE;
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code >= ASCII_END || code === QUOTE || code === BACKSLASH || code === 0) return false;
      buffer[position++] = code;
    }
    buffer[position++] = QUOTE;
    buffer[position++] = COMMA;
    this.#position = position;
    return true;
  }

  /** Writes the field of a cell that is bytes; does nothing and answers false if the writer declines. */
  cell(writer: CellWriter, source: Uint8Array, start: number, end: number, flags: number): boolean {
    this.#reserve(end - start + ROOM + 1);
    const after = writer(source, start, end, flags, this.#buffer, this.#position);
    if (after === DECLINED) return false;
    this.#buffer[after] = COMMA;
    this.#position = after + 1;
    return true;
  }

  /** Writes a field as it is spelled. */
  field(field: string): void {
    const { length } = field;
    this.#reserve(length * MAX_CHAR_BYTES + 1);
    if (length > MAX_SHORT_CHARS || !this.#copy(field)) {
      this.#position += this.#buffer.write(field, this.#position, 'utf8');
    }
    this.#buffer[this.#position++] = COMMA;
  }

  endLine(): void {
    this.#buffer[this.#position - 1] = LINE_FEED;
    this.#lineStart = this.#position;
    this.count++;
  }

  /** Takes back the fields since the last end of a line. */
  dropLine(): void {
    this.#position = this.#lineStart;
  }

  end(): void {
    this.dropLine();
    if (this.#position > 0) this.full.push(this.#buffer.subarray(0, this.#position));
  }

  #copy(field: string): boolean {
    const buffer = this.#buffer;
    let position = this.#position;
    for (let index = 0; index < field.length; index++) {
      const code = field.charCodeAt(index);
      if (code >= ASCII_END) return false;
      buffer[position++] = code;
    }
    this.#position = position;
    return true;
  }

  /** Makes room for so many bytes; the line that is begun moves to a new buffer where the old is full. */
  #reserve(bytes: number): void {
    if (this.#position + bytes <= this.#buffer.length) return;
    const begun = this.#buffer.subarray(this.#lineStart, this.#position);
    if (this.#lineStart > 0) this.full.push(this.#buffer.subarray(0, this.#lineStart));
    this.#buffer = this.#room.take(
      begun.length + bytes < BUFFER_BYTES ? BUFFER_BYTES : 2 * (begun.length + bytes),
    );
    begun.copy(this.#buffer);
    this.#position = begun.length;
    this.#lineStart = 0;
  }
}

/** Whole lines, as they are spelled. */
export function encodeLines(lines: readonly Line[]): EncodedLines {
  const encoder = new LineEncoder(new LineRoom());
  for (const line of lines) {
    encoder.field(line);
    encoder.endLine();
  }
  encoder.end();
  return { isEmpty: lines.length === 0, count: lines.length, buffers: encoder.full };
}
