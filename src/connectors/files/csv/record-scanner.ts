import { NULL_START } from '../../../values/text-rows.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const LF = 0x0a;
const CR = 0x0d;

/** 1 for what ends a run of bytes of a field without quotes, or may not be in it. */
const special = Uint8Array.from({ length: 256 }, (_, code) =>
  code === QUOTE || code === COMMA || code === LF || code === CR ? 1 : 0,
);

/** The lines' borders are no longer certain. `message` is for the end of a sentence: `a quote inside a field`. */
export class TornCsv extends Error {
  override readonly name = 'TornCsv';
  /** Of the byte at fault. */
  readonly place: number;

  constructor(message: string, place: number) {
    super(message);
    this.place = place;
  }
}

/**
 * Goes over records of CSV (RFC 4180; lines end by LF or CRLF) in bytes. Of the record that it is at: where its fields are, without
 * their quotes. A field without quotes and without bytes is NULL. Doubled quotes are made single in the bytes themselves, once the
 * record is whole.
 */
export class RecordScanner {
  bytes: Buffer;
  /** The place of the next byte. */
  at = 0;
  count = 0;
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  /** Line feeds that were passed. */
  lines = 0;
  /** The fields whose doubled quotes were made single: what is behind them, in the record, is no text any more. */
  readonly #doubled: number[] = [];
  #quotedLines = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** The record's bytes are those of the file. */
  get isUntouched(): boolean {
    return this.#doubled.length === 0;
  }

  /** The bytes lie elsewhere now, with more of them; the next one is at `at`. */
  move(bytes: Buffer, at: number): void {
    this.bytes = bytes;
    this.at = at;
  }

  /**
   * Goes on to the next record. False where it does not end within the bytes, and nothing was passed; with `last`, the end of
   * the bytes ends it, and false means that there is none.
   * @throws TornCsv
   */
  next(last: boolean): boolean {
    const start = this.at;
    const { length } = this.bytes;
    if (start === length) return false;
    this.count = 0;
    this.#doubled.length = 0;
    this.#quotedLines = 0;
    while (this.#field(last)) {
      const code = this.bytes[this.at] as number;
      if (this.at === length) return this.#passed();
      this.at++;
      if (code === COMMA) continue;
      if (code === LF) {
        this.lines++;
        return this.#passed();
      }
      // Only CR ends a field besides.
      if (this.at === length && !last) break;
      if (this.at === length || this.bytes[this.at] !== LF) {
        throw new TornCsv('a carriage return outside of quotes', this.at - 1);
      }
      this.at++;
      this.lines++;
      return this.#passed();
    }
    this.at = start;
    return false;
  }

  #passed(): true {
    this.lines += this.#quotedLines;
    for (const index of this.#doubled) this.#undouble(index);
    return true;
  }

  /** Passes a field up to what ends it; false where its end is not there. */
  #field(last: boolean): boolean {
    const { bytes } = this;
    const size = bytes.length;
    const start = this.at;
    if (start < size && bytes[start] === QUOTE) return this.#quotedField(last);
    let at = start;
    while (at < size && special[bytes[at] as number] === 0) at++;
    if (at === size && !last) return false;
    if (at < size && bytes[at] === QUOTE) throw new TornCsv('a quote inside a field without quotes', at);
    this.at = at;
    this.#add(at === start ? NULL_START : start, at);
    return true;
  }

  #quotedField(last: boolean): boolean {
    const { bytes } = this;
    const size = bytes.length;
    const start = this.at + 1;
    for (let from = start; ; ) {
      const quote = bytes.indexOf(QUOTE, from);
      if (quote === -1) {
        if (last) throw new TornCsv('the file ends inside of quotes: it was cut short', this.at);
        return false;
      }
      if (quote + 1 === size && !last) return false;
      const code = quote + 1 < size ? (bytes[quote + 1] as number) : LF;
      if (code === QUOTE) {
        if (this.#doubled.at(-1) !== this.count) this.#doubled.push(this.count);
        from = quote + 2;
        continue;
      }
      if (code !== COMMA && code !== LF && code !== CR) {
        throw new TornCsv('text behind a closing quote', quote + 1);
      }
      this.#countLines(start, quote);
      this.at = quote + 1;
      this.#add(start, quote);
      return true;
    }
  }

  #add(start: number, end: number): void {
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count++;
  }

  #countLines(start: number, end: number): void {
    for (let at = start; at < end; at++) if (this.bytes[at] === LF) this.#quotedLines++;
  }

  /** Two quotes become one; what follows in the field moves up. */
  #undouble(index: number): void {
    const { bytes } = this;
    const end = this.ends[index] as number;
    let to = this.starts[index] as number;
    for (let at = to; at < end; at++) {
      const code = bytes[at] as number;
      bytes[to++] = code;
      if (code === QUOTE) at++;
    }
    this.ends[index] = to;
  }
}
