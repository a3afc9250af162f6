import { largerBuffer } from '../../values/larger-buffer.js';

const FIRST_MORE_BYTES = 16 * 1024;
const words = Buffer.from('truefalse');
const TRUE_BYTES = 4;

/** The bytes in which items came, unchanged, and behind them what had to be spelled anew. */
export class TextRoom {
  /** Another buffer after `reserve`, with the same bytes at the same places. */
  bytes: Buffer;
  /** After the last byte. */
  at: number;
  /** Where the cell is that was taken last. */
  start = 0;
  end = 0;
  readonly #words: number;

  constructor(source: Buffer) {
    this.bytes = Buffer.allocUnsafeSlow(source.length + words.length + FIRST_MORE_BYTES);
    source.copy(this.bytes);
    this.#words = source.length;
    words.copy(this.bytes, this.#words);
    this.at = this.#words + words.length;
  }

  /** Takes what stands there as it is. */
  take(start: number, end: number): true {
    this.start = start;
    this.end = end;
    return true;
  }

  takeBool(value: boolean): true {
    const middle = this.#words + TRUE_BYTES;
    return value ? this.take(this.#words, middle) : this.take(middle, this.#words + words.length);
  }

  addText(text: string): void {
    // A UTF-16 unit takes at most three bytes.
    this.reserve(text.length * 3);
    this.added(this.bytes.write(text, this.at, 'utf8'));
  }

  addBytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.bytes.set(bytes, this.at);
    this.added(bytes.length);
  }

  /** The bytes that base64 stands for. */
  addBase64(text: string): true {
    this.reserve(text.length);
    return this.added(this.bytes.write(text, this.at, 'base64'));
  }

  /** Takes so many bytes more, for which there is room and which were written. */
  added(length: number): true {
    this.take(this.at, this.at + length);
    this.at += length;
    return true;
  }

  /** Makes room for so many bytes more. */
  reserve(size: number): void {
    const needed = this.at + size;
    if (needed > this.bytes.length) this.bytes = largerBuffer(this.bytes, this.at, needed);
  }
}
