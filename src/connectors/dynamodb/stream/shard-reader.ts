import { serviceType } from '../../dynamodb-failures.js';
import { isExpired, isGone, type Start, type StreamCalls, shardIterator } from './calls.js';
import type { PageRooms } from './page-rooms.js';
import { neededFrom, type ShardPlace } from './place.js';
import type { Beginning } from './probe.js';
import { noRecords, type RecordPage, recordPage } from './records.js';
import { changesLost, EMPTY_PAGES, isKept } from './retention.js';
import type { StreamRecords } from './stream-records.js';

/** An iterator that fails at once, again and again, was not the fault of its age. */
const MAX_OPENINGS = 10;

export interface ShardStart {
  readonly stream: string;
  readonly shard: string;
  readonly parent?: string | undefined;
  readonly place: Pick<ShardPlace, 'after' | 'at' | 'begun'>;
  /** Where nothing was taken yet: what was found when the shard was looked at. */
  readonly beginning?: Beginning | undefined;
  /** When the stream last said that the shard was open. */
  readonly openAtMs?: () => number | undefined;
  /** Changes made before are not asked for. */
  readonly since?: number | undefined;
}

/** What one call brought. */
export interface ShardPage {
  readonly records: StreamRecords;
  readonly bytes: number;
  /** The shard was closed, and this is the last of it. */
  readonly ended: boolean;
  /** The place after the n-th record, or after the page where it has none. */
  placeAfter(index: number): ShardPlace;
}

/** Goes through one shard, page by page, once. Gets its iterator anew where it grew too old. */
export class ShardReader {
  readonly #calls: StreamCalls;
  readonly #start: ShardStart;
  readonly #rooms: PageRooms | undefined;
  #iterator: string | undefined;
  #after: string | undefined;
  #at: number;
  /** `#at` is at least this, whatever the changes themselves say. */
  #leastAt: number;
  /** What was taken last is no longer kept, but all that came after it is. */
  #fromOldest = false;
  #isPastSince: boolean;
  /** When the last empty pages in a row were asked for. */
  #emptySince: number[] = [];

  /** `rooms`: what pages are put into, where somebody gives it back. */
  constructor(calls: StreamCalls, start: ShardStart, rooms?: PageRooms) {
    this.#calls = calls;
    this.#rooms = rooms;
    this.#start = start;
    this.#after = start.place.after;
    this.#at = start.place.at;
    this.#leastAt = start.place.at;
    this.#isPastSince = start.since === undefined || start.place.after !== undefined;
  }

  /** Empty pages in a row, up to now. */
  get isAtEnd(): boolean {
    return this.#emptySince.length >= EMPTY_PAGES;
  }

  get place(): ShardPlace {
    return this.#placeOf(this.#after, this.#at);
  }

  /** @throws SluiceError changes_lost */
  async page(): Promise<ShardPage> {
    for (let opening = 1; ; opening++) {
      this.#iterator ??= await this.#open();
      if (this.#iterator === undefined) return this.#pageOf(noRecords, 0, true);
      const askedMs = this.#calls.nowMs();
      try {
        const request = { ShardIterator: this.#iterator };
        const bytes = await this.#calls.call('GetRecords', request, this.#rooms);
        return this.#take(recordPage(bytes, this.#calls.nowMs()), askedMs);
      } catch (error) {
        this.#iterator = undefined;
        if (opening >= MAX_OPENINGS) throw error;
        if (isGone(error)) this.#behind();
        else if (!isExpired(error)) throw error;
      }
    }
  }

  /** Undefined where the shard is gone with nothing in it that is wanted. */
  async #open(): Promise<string | undefined> {
    const { stream, shard } = this.#start;
    this.#emptySince = [];
    for (;;) {
      const start = this.#where();
      try {
        const iterator = await shardIterator(this.#calls, stream, shard, start);
        // Not before: any time may have passed until the service gave it.
        if (start.at === 'oldest') this.#mustBeKept();
        return iterator;
      } catch (error) {
        if (!isGone(error)) throw error;
        this.#behind();
        if (start.at === 'oldest' && serviceType(error) === 'ResourceNotFoundException') return undefined;
      }
    }
  }

  #where(): Start {
    const first = this.#start.beginning?.first;
    if (this.#after !== undefined && !this.#fromOldest) return { at: 'after', sequence: this.#after };
    if (this.#after === undefined && first !== undefined) return { at: 'sequence', sequence: first };
    return { at: 'oldest' };
  }

  /** What the iterator stood at is no longer kept. Goes on from the oldest if that is certainly all that was wanted. */
  #behind(): void {
    if (this.#after === undefined && this.#start.beginning?.first !== undefined) throw this.#lost();
    this.#mustBeKept();
    this.#fromOldest = true;
  }

  #mustBeKept(): void {
    const lookedAt = this.#after === undefined ? (this.#start.beginning?.at ?? 0) : 0;
    if (!isKept(Math.max(neededFrom(this.place), lookedAt), this.#calls.nowMs())) throw this.#lost();
  }

  #lost(): Error {
    const { shard } = this.#start;
    return changesLost(`the stream no longer keeps what comes next in its shard ${shard}`);
  }

  #take(page: RecordPage, askedMs: number): ShardPage {
    this.#iterator = page.next;
    const ended = page.next === undefined;
    if (page.records.length === 0) {
      this.#takeNothing(askedMs);
      return this.#pageOf(page.records, page.bytes, ended);
    }
    this.#emptySince = [];
    // An iterator that begins at the oldest gives again what was taken.
    const fresh = page.records.rising(this.#after);
    const wanted = this.#wanted(fresh);
    const last = fresh.length - 1;
    if (last >= 0) {
      this.#after = fresh.sequenceOf(last);
      this.#at = Math.max(this.#leastAt, fresh.atMs(last));
      this.#fromOldest = false;
    }
    return this.#pageOf(wanted, page.bytes, ended);
  }

  #takeNothing(askedMs: number): void {
    this.#emptySince = [...this.#emptySince, askedMs].slice(-EMPTY_PAGES);
    const openAtMs = this.#start.openAtMs?.();
    if (!this.isAtEnd || openAtMs === undefined) return;
    // What comes in shards after this one was changed after it was open.
    this.#leastAt = Math.max(this.#leastAt, Math.min(openAtMs, this.#emptySince[0] ?? 0));
    this.#at = Math.max(this.#at, this.#leastAt);
  }

  #wanted(records: StreamRecords): StreamRecords {
    if (this.#isPastSince) return records;
    const since = this.#start.since ?? 0;
    let first = 0;
    while (first < records.length && records.atMs(first) < since) first++;
    this.#isPastSince = first < records.length;
    return records.slice(first);
  }

  #pageOf(records: StreamRecords, bytes: number, ended: boolean): ShardPage {
    const least = this.#leastAt;
    const last = { ...this.place, ...(ended ? { ended } : {}) };
    const placeAfter = (index: number): ShardPlace => {
      if (index >= records.length - 1) return last;
      return this.#placeOf(records.sequenceOf(index), Math.max(least, records.atMs(index)));
    };
    return { records, bytes, ended, placeAfter };
  }

  #placeOf(after: string | undefined, at: number): ShardPlace {
    const { parent, place } = this.#start;
    return {
      ...(parent === undefined ? {} : { parent }),
      ...(after === undefined ? {} : { after }),
      ...(after === undefined && place.begun !== undefined ? { begun: place.begun } : {}),
      at: Math.floor(at),
    };
  }
}
