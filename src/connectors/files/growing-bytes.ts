/** Bytes of a file from some place on, to which more are added at the end while what is no longer needed goes. */
export class GrowingBytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #room = Buffer.alloc(0);
  /** The bytes that are there; another buffer after `grow`. What was given away of an earlier one stays as it is. */
  bytes = this.#room;
  /** The place of the first byte in the file. */
  offset: number;
  ended = false;

  constructor(chunks: AsyncIterable<Buffer>, offset: number) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.offset = offset;
  }

  /**
   * Forgets what is before `kept` and adds at least one byte and at least as many as there are from `from` on, so that a long record is not looked at
   * again and again; or sets `ended`.
   */
  async grow(kept: number, from: number): Promise<void> {
    const pieces: Buffer[] = [this.bytes.subarray(kept)];
    let missing = Math.max(1, this.bytes.length - from);
    while (missing > 0 && !this.ended) {
      const next = await this.#chunks.next();
      if (next.done) this.ended = true;
      else {
        pieces.push(next.value);
        missing -= next.value.length;
      }
    }
    this.#join(pieces, kept);
  }

  #join(pieces: readonly Buffer[], kept: number): void {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    const had = this.bytes.length;
    this.offset += kept;
    if (kept === 0 && length <= this.#room.length) {
      let at = had;
      for (const piece of pieces.slice(1)) at += piece.copy(this.#room, at);
    } else {
      // Room for more of the same batch, so that its bytes are not copied with each chunk.
      this.#room = Buffer.allocUnsafeSlow(kept === 0 && had > 0 ? length * 2 : length);
      let at = 0;
      for (const piece of pieces) at += piece.copy(this.#room, at);
    }
    this.bytes = this.#room.subarray(0, length);
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}
