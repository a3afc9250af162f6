/** Rooms are made this much larger than they need be at most: pages are of many sizes. */
const STEP_BYTES = 128 * 1024;
/** More than this is not kept while nobody needs it. */
const MAX_FREE_BYTES = 32 * 1024 * 1024;

/**
 * Rooms for the answers that pages are read from. Made anew for each they would be most of what the garbage collector has to find,
 * and it is called for by their size.
 */
export class PageRooms {
  readonly #free: Buffer[] = [];
  #freeBytes = 0;

  /** Exactly so many bytes, whatever they hold. */
  take(bytes: number): Buffer {
    const place = this.#free.findIndex((room) => room.length >= bytes);
    const [room] = place < 0 ? [] : this.#free.splice(place, 1);
    this.#freeBytes -= room?.length ?? 0;
    return (room ?? Buffer.allocUnsafeSlow(Math.ceil(bytes / STEP_BYTES) * STEP_BYTES)).subarray(0, bytes);
  }

  /** Takes back what an answer stood in; nobody may look at it any more. What was not made here, or is one too many, goes. */
  give(page: Buffer): void {
    const room = Buffer.from(page.buffer);
    const isOurs = page.byteOffset === 0 && room.length > 0 && room.length % STEP_BYTES === 0;
    if (!isOurs) return;
    while (this.#freeBytes + room.length > MAX_FREE_BYTES && this.#free.length > 0) this.#drop();
    this.#free.push(room);
    this.#freeBytes += room.length;
  }

  /** The one that was of use the longest ago: it may be of a size that no page has any more. */
  #drop(): void {
    this.#freeBytes -= this.#free.shift()?.length ?? 0;
  }
}
