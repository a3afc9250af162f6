import { ESCAPED, WIDE } from '../../values/attribute-rows.js';

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const FIRST_BEYOND_ASCII = 0x80;

/** The bytes are not JSON of attributes in the form in which DynamoDB writes it: without spaces between its tokens. */
export class UnusualJson extends Error {
  override readonly name = 'UnusualJson';
}

/** A byte that a string cannot simply go on over. */
const STOP = 1;
/** What a byte of a string is: 0 for plain ASCII, WIDE, or STOP. */
const sorts = Uint8Array.from({ length: 256 }, (_, code) => {
  if (code === QUOTE || code === BACKSLASH || code < FIRST_PRINTABLE) return STOP;
  return code < FIRST_BEYOND_ASCII ? 0 : WIDE;
});

/** `"\/bfnrt`: what may follow a backslash by itself. */
const escapes: ReadonlySet<number> = new Set([...'"\\/bfnrt'].map((letter) => letter.charCodeAt(0)));
const U = 0x75;
const HEX_DIGITS = 4;

/** Goes over the tokens of JSON in bytes. Everything that it passes JSON.parse would take too. */
export class JsonBytes {
  readonly bytes: Buffer;
  /** The place of the next byte. */
  at: number;
  /** WIDE and ESCAPED of the last string. */
  flags = 0;

  readonly #view: DataView;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Passes this byte. @throws UnusualJson where there is another. */
  expect(code: number): void {
    if (this.bytes[this.at++] !== code) throw new UnusualJson();
  }

  /** Passes the byte if it is the next. */
  passes(code: number): boolean {
    if (this.bytes[this.at] !== code) return false;
    this.at++;
    return true;
  }

  /** Passes these bytes if they are the next. */
  passesAll(expected: Uint8Array): boolean {
    const { bytes, at } = this;
    const { length } = expected;
    for (let index = 0; index < length; index++) {
      if (bytes[at + index] !== expected[index]) return false;
    }
    this.at = at + length;
    return true;
  }

  /** Passes what stood at another place too, if it is the next: four bytes at a time. */
  passesAgain(place: number, length: number): boolean {
    const view = this.#view;
    const { at } = this;
    const end = at + length;
    if (end > view.byteLength) return false;
    let other = place;
    let index = at;
    for (; index + 4 <= end; index += 4, other += 4) {
      if (view.getUint32(index) !== view.getUint32(other)) return false;
    }
    for (; index < end; index++, other++) if (view.getUint8(index) !== view.getUint8(other)) return false;
    this.at = end;
    return true;
  }

  /** Passes the rest of a string, whose opening quote is passed; gives the place of the closing one. */
  restOfString(): number {
    const { bytes } = this;
    let { at } = this;
    let flags = 0;
    for (;;) {
      const sort = sorts[bytes[at] ?? QUOTE] as number;
      if (sort !== STOP) {
        flags |= sort;
        at++;
        continue;
      }
      if (bytes[at] === QUOTE) break;
      at = this.#passEscape(at);
      flags |= ESCAPED;
    }
    this.flags = flags;
    this.at = at + 1;
    return at;
  }

  #passEscape(at: number): number {
    const { bytes } = this;
    if (bytes[at] !== BACKSLASH) throw new UnusualJson();
    const letter = bytes[at + 1] ?? 0;
    if (escapes.has(letter)) return at + 2;
    const end = at + 2 + HEX_DIGITS;
    if (letter !== U || !/^[0-9a-fA-F]{4}$/.test(bytes.toString('latin1', at + 2, end)))
      throw new UnusualJson();
    return end;
  }
}
