const FIRST_BYTES = 256 * 1024;

const COMMA = 0x2c;
const LINE_FEED = 0x0a;

/** The bytes of a segment as they grow, line by line. Kept from one segment to the next (invariant 7). */
export class SegmentBytes {
  buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** After the last byte written. */
  position = 0;
  rows = 0;
  longestBytes = 0;
  #lineStart = 0;
  #lineRoom = 0;

  clear(): void {
    this.position = 0;
    this.#lineStart = 0;
    this.rows = 0;
    this.longestBytes = 0;
  }

  /** Makes room for so many bytes after `position`: `buffer` may be another one then. */
  reserve(bytes: number): void {
    const needed = this.position + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.buffer.length));
    this.buffer.copy(larger, 0, 0, this.position);
    this.buffer = larger;
  }

  /** Makes room for a line: however long single fields of it become by `field`, so much is left for the others. */
  reserveLine(bytes: number): void {
    this.#lineRoom = bytes;
    this.reserve(bytes);
  }

  /** A field as it is spelled, and the comma after it. */
  field(text: string): void {
    this.reserve(3 * text.length + 1 + this.#lineRoom);
    this.position += this.buffer.write(text, this.position, 'utf8');
    this.buffer[this.position++] = COMMA;
  }

  /** The comma after the last field becomes the end of the line. */
  endLine(): void {
    this.buffer[this.position - 1] = LINE_FEED;
    this.longestBytes = Math.max(this.longestBytes, this.position - this.#lineStart);
    this.#lineStart = this.position;
    this.#lineRoom = 0;
    this.rows++;
  }

  dropLine(): void {
    this.position = this.#lineStart;
    this.#lineRoom = 0;
  }

  /** Good until the next change. */
  get written(): Uint8Array {
    return this.buffer.subarray(0, this.position);
  }
}
