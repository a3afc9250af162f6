/** Many bodies lie in one slab: a Buffer for each would cost more than what is written into it. */
const SLAB_BYTES = 128 * 1024;
/** Up to so many bytes are copied one by one: a native call costs more. */
const SHORT_BYTES = 40;
/** Of UTF-8, for one UTF-16 unit of a text. */
const MAX_BYTES_PER_UNIT = 3;

/** Where the bytes of request bodies are put, one body after the other. A body that was taken never changes. */
export class BodyRoom {
  /** To be written to from `at` on, as far as there was reserved; another Buffer after each reserve. */
  bytes: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** After what was written. */
  at = 0;
  #start = 0;

  /** Bytes of the body so far. */
  get size(): number {
    return this.at - this.#start;
  }

  /** Makes room for so many more bytes. */
  reserve(bytes: number): void {
    if (this.at + bytes <= this.bytes.length) return;
    const size = this.size;
    const slab = Buffer.allocUnsafeSlow(Math.max(SLAB_BYTES, 2 * (size + bytes)));
    this.bytes.copy(slab, 0, this.#start, this.at);
    this.bytes = slab;
    this.#start = 0;
    this.at = size;
  }

  text(text: string): void {
    this.reserve(text.length * MAX_BYTES_PER_UNIT);
    this.at += this.bytes.write(text, this.at);
  }

  put(piece: Buffer): void {
    this.copy(piece, 0, piece.length);
  }

  /** Puts `from[start, end)`. */
  copy(from: Buffer, start: number, end: number): void {
    this.reserve(end - start);
    let at = this.at;
    if (end - start > SHORT_BYTES) at += from.copy(this.bytes, at, start, end);
    else for (let place = start; place < end; place++) this.bytes[at++] = from[place] as number;
    this.at = at;
  }

  /** Takes back what was written beyond so many bytes of the body. */
  cut(size: number): void {
    this.at = this.#start + size;
  }

  /** The body; the next one begins. */
  take(): Buffer {
    const body = this.bytes.subarray(this.#start, this.at);
    this.#start = this.at;
    return body;
  }
}

/** Copies a short piece to where there is room; gives the place after it. A native copy costs more than a dozen bytes do. */
export function put(piece: Buffer, to: Buffer, at: number): number {
  for (let index = 0; index < piece.length; index++) to[at + index] = piece[index] as number;
  return at + piece.length;
}
