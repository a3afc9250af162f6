/** A larger answer's room is made at once, so that its pieces need not be kept until the last one has come. */
const LARGE_BYTES = 128 * 1024;

/** Puts an answer's body together from the pieces in which it comes. */
export class BodyPieces {
  readonly #roomFor: (bytes: number) => Buffer;
  readonly #pieces: Buffer[] = [];
  #room: Buffer | undefined;
  #used = 0;

  /** `roomFor` gives room for exactly so many bytes. */
  constructor(roomFor: (bytes: number) => Buffer = Buffer.allocUnsafeSlow) {
    this.#roomFor = roomFor;
  }

  /** To be called before the first piece; `length` is the header, which may be wrong or absent. */
  expect(length: string | undefined, maxBytes: number): void {
    const bytes = Number(length ?? 0);
    if (bytes >= LARGE_BYTES && bytes <= maxBytes) this.#room = this.#roomFor(bytes);
  }

  add(piece: Buffer): void {
    const room = this.#room;
    if (room && this.#pieces.length === 0 && this.#used + piece.length <= room.length) {
      this.#used += piece.copy(room, this.#used);
    } else {
      this.#pieces.push(piece);
    }
  }

  /** What has come, be it less or more than was expected. */
  whole(): Buffer {
    const [first] = this.#pieces;
    if (!this.#room) return first && this.#pieces.length === 1 ? first : Buffer.concat(this.#pieces);
    const filled = this.#room.subarray(0, this.#used);
    return first ? Buffer.concat([filled, ...this.#pieces]) : filled;
  }
}
