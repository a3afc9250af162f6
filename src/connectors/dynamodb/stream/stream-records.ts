import type { Change, Changes } from '../../../values/batch.js';
import { PackedChanges, packedEvents } from '../../../values/packed-changes.js';
import type { ScannedItem } from '../item-scanner.js';
import type { ScannedRecords } from './record-scanner.js';

/** Changes as the stream tells them, in the bytes that they came as. */
export class StreamRecords {
  readonly #page: ScannedRecords;
  readonly #receivedAt: string;

  /** Each record has an event, a sequence number, a time and an item. `receivedAt`: ISO 8601, UTC. */
  constructor(page: ScannedRecords, receivedAt: string) {
    this.#page = page;
    this.#receivedAt = receivedAt;
  }

  get length(): number {
    return this.#page.length;
  }

  /** What the records, their items and their changes stand in. */
  get bytes(): Buffer {
    return this.#page.bytes;
  }

  sequenceOf(record: number): string {
    const { bytes, sequenceStarts, sequenceEnds } = this.#page;
    return bytes.toString('latin1', sequenceStarts[record], sequenceEnds[record]);
  }

  /** `Change.changedAt` in milliseconds since 1970. */
  atMs(record: number): number {
    return this.#page.times[record] as number;
  }

  /** For each record what happened. */
  changes(start: number, end: number): Changes {
    return new PackedChanges(this.#page.events.subarray(start, end), (index) =>
      this.#changeOf(start + index),
    );
  }

  /** For each record the item as it became; after a removal its key. The next item takes the place of the one before. */
  *items(): Generator<ScannedItem> {
    const { bytes, length, firsts, counts, attributes } = this.#page;
    const { names, kinds, starts, ends, known } = attributes;
    const item = {
      bytes,
      start: 0,
      end: bytes.length,
      first: 0,
      count: 0,
      names,
      kinds,
      starts,
      ends,
      known,
    };
    for (let record = 0; record < length; record++) {
      item.first = firsts[record] as number;
      item.count = counts[record] as number;
      yield item;
    }
  }

  /** Those whose sequence number is greater than this one and than those of all before; itself where all are. */
  rising(after: string | undefined): StreamRecords {
    if (this.#areRising(after)) return this;
    const places: number[] = [];
    for (let record = 0; record < this.length; record++) {
      const before = places.at(-1);
      const isNext =
        before === undefined
          ? after === undefined || isLater(this.sequenceOf(record), after)
          : this.#isLater(record, before);
      if (isNext) places.push(record);
    }
    return this.#picked(places);
  }

  #areRising(after: string | undefined): boolean {
    if (this.length > 0 && after !== undefined && !isLater(this.sequenceOf(0), after)) return false;
    for (let record = 1; record < this.length; record++) if (!this.#isLater(record, record - 1)) return false;
    return true;
  }

  slice(start: number, end = this.length): StreamRecords {
    if (start === 0 && end >= this.length) return this;
    return this.#picked(Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index));
  }

  #isLater(record: number, than: number): boolean {
    const { bytes, sequenceStarts, sequenceEnds } = this.#page;
    const start = sequenceStarts[record] as number;
    const other = sequenceStarts[than] as number;
    const digits = (sequenceEnds[record] as number) - start;
    if (digits !== (sequenceEnds[than] as number) - other) {
      return isLater(this.sequenceOf(record), this.sequenceOf(than));
    }
    for (let digit = 0; digit < digits; digit++) {
      const difference = (bytes[start + digit] as number) - (bytes[other + digit] as number);
      if (difference !== 0) return difference > 0;
    }
    return false;
  }

  #picked(places: readonly number[]): StreamRecords {
    const page = this.#page;
    const at = (list: Int32Array) => Int32Array.from(places, (place) => list[place] as number);
    const picked = {
      ...page,
      length: places.length,
      events: Uint8Array.from(places, (place) => page.events[place] as number),
      expired: Uint8Array.from(places, (place) => page.expired[place] as number),
      sequenceStarts: at(page.sequenceStarts),
      sequenceEnds: at(page.sequenceEnds),
      times: Float64Array.from(places, (place) => page.times[place] as number),
      firsts: at(page.firsts),
      counts: at(page.counts),
    };
    return new StreamRecords(picked, this.#receivedAt);
  }

  #changeOf(record: number): Change {
    return {
      event: packedEvents[this.#page.events[record] as number] as Change['event'],
      sequence: this.sequenceOf(record),
      changedAt: timeText(this.atMs(record)),
      receivedAt: this.#receivedAt,
      ...(this.#page.expired[record] === 1 ? { expired: true as const } : {}),
    };
  }
}

/** Sequence numbers are digits, mostly of one length. */
export function isLater(sequence: string, than: string): boolean {
  return sequence.length === than.length ? sequence > than : BigInt(sequence) > BigInt(than);
}

let lastAtMs = Number.NaN;
let lastText = '';

/** `2026-11-01T00:00:00Z`, with milliseconds only where there are any. Many changes are of the same second. */
function timeText(atMs: number): string {
  if (atMs !== lastAtMs) {
    lastText = new Date(atMs).toISOString().replace('.000Z', 'Z');
    lastAtMs = atMs;
  }
  return lastText;
}
