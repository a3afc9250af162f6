import { setMaxListeners } from 'node:events';
import type { FeedBatch } from '../../feed.js';
import type { SharedColumns } from '../batch-builder.js';
import { Slots } from '../slots.js';
import { isGone, type StreamCalls, shardIterator } from './calls.js';
import { listShards, type StreamListing, type Unlisted } from './list-shards.js';
import { PageRooms } from './page-rooms.js';
import { neededFrom, type ShardPlace, type StreamPlace } from './place.js';
import { beginningOf } from './probe.js';
import { emptyStretch, recordBatches } from './record-batches.js';
import { changesLost, isKept, RETENTION_SECONDS } from './retention.js';
import { type ShardPage, ShardReader } from './shard-reader.js';
import { type ShardState, ShardStates } from './shard-states.js';

export interface StreamReadOptions {
  readonly calls: StreamCalls;
  readonly place: StreamPlace;
  readonly shared: SharedColumns;
  readonly maxRows: number;
  readonly maxBytes: number;
  readonly drain: boolean;
  readonly signal: AbortSignal;
  readonly unlisted: Unlisted;
  /** Is told of each list of shards. */
  readonly listed: (shards: StreamListing['shards']) => void;
}

/** Pages that are on their way or not taken yet, over all shards: each has up to 1 MB of records (invariant 7). */
const MAX_PAGES = 8;
/** Shards whose beginnings are looked at at the same time. */
const MAX_LOOKS = 16;
const LIST_EVERY_MS = 10_000;
/** A shard that ended has others after it. How often, and how many times, they are looked for before that is given up. */
const LATE_EVERY_MS = 1000;
const LATE_LISTS = 30;
/** The consumer hears of it when there is nothing. */
const SILENCE_MS = 500;
/** Pages of one shard that are not full are at least so far apart: five calls in a second. */
const PAGE_EVERY_MS = 200;
const FULL_PAGE_RECORDS = 1000;
/** A page holds up to 1 MB: one of so much is full where the next record, of up to two items of 400 KB, did not fit in. */
const FULL_PAGE_BYTES = 200 * 1024;
const IDLE_FACTOR = 1.25;
const LONGEST_IDLE_MS = 500;
/** A shard without changes moves its place so often. */
const PLACE_EVERY_MS = 10 * 60 * 1000;

/** After so long a drain need not rest between empty pages: what was changed before it was called is in the stream by then. */
const SETTLED_MS = 2000;

/** How long a reader of one shard rests, and when the place of a shard without changes is due to be moved. */
class Idle {
  #placeAtMs: number | undefined;
  #restMs = PAGE_EVERY_MS;

  constructor(placeAtMs: number | undefined) {
    this.#placeAtMs = placeAtMs;
  }

  isPlaceDue(atMs: number): boolean {
    if (this.#placeAtMs !== undefined && atMs - this.#placeAtMs < PLACE_EVERY_MS) return false;
    this.#placeAtMs = atMs;
    return true;
  }

  waitMs({ records, bytes }: ShardPage, isAtEnd: boolean): number {
    this.#restMs = isAtEnd ? Math.min(LONGEST_IDLE_MS, this.#restMs * IDLE_FACTOR) : PAGE_EVERY_MS;
    const isFull = records.length >= FULL_PAGE_RECORDS || bytes >= FULL_PAGE_BYTES;
    return isFull ? 0 : this.#restMs;
  }
}

interface TakenPage {
  readonly state: ShardState;
  readonly page: ShardPage;
}

/** Reads all shards of a stream after a place, once: parents before what came after them. */
export class StreamReader {
  readonly #options: StreamReadOptions;
  readonly #states: ShardStates;
  readonly #pages: TakenPage[] = [];
  readonly #slots = new Slots(MAX_PAGES);
  readonly #rooms = new PageRooms();
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #isFirst = true;
  readonly #begunMs: number;
  /** There are shards that cannot be taken in yet. */
  #isPartial = true;
  #wakeConsumer = (): void => undefined;
  #wakeLister = (): void => undefined;
  #silence: Promise<boolean> | undefined;
  #lastChangeMs: number | undefined;

  constructor(options: StreamReadOptions) {
    this.#options = options;
    this.#states = new ShardStates(options.place);
    this.#begunMs = options.calls.nowMs();
    this.#signal = AbortSignal.any([options.signal, this.#stop.signal]);
    // Every shard waits on it: that is no leak to warn of.
    setMaxListeners(0, this.#signal);
  }

  /** Every known shard was read to its end, and all of it was given. */
  get isCaughtUp(): boolean {
    const { all } = this.#states;
    const areRead = all.every(({ phase, isAtEnd }) => phase === 'ended' || isAtEnd);
    return all.length > 0 && areRead && this.#pages.length === 0;
  }

  /** When the last change that was given was made. */
  get lastChangeMs(): number | undefined {
    return this.#lastChangeMs;
  }

  async *batches(): AsyncGenerator<FeedBatch | undefined> {
    try {
      this.#inBackground(this.#follow());
      while (!this.#isOver || this.#pages.length > 0) {
        this.#options.signal.throwIfAborted();
        if (this.#failure) throw this.#failure.error;
        const taken = this.#pages.shift();
        if (taken) yield* this.#given(taken);
        else if (!(await this.#somethingHappens())) yield undefined;
      }
    } finally {
      this.#stop.abort();
    }
  }

  /**
   * What comes after a place in a shard is all kept if the place is younger than what the stream keeps; or if the change at
   * the place itself still is.
   */
  async #checkKept(id: string, edge: ShardPlace): Promise<void> {
    const { calls, place } = this.#options;
    const { after } = edge;
    if (isKept(neededFrom(edge), calls.nowMs())) return;
    try {
      if (after !== undefined) {
        await shardIterator(calls, place.stream, id, { at: 'after', sequence: after });
        return;
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
    throw changesLost(`the stream no longer keeps the place in its shard ${id}`);
  }

  *#given({ state, page }: TakenPage): Generator<FeedBatch> {
    const { shared, maxRows, maxBytes } = this.#options;
    const { records, bytes, placeAfter } = page;
    if (records.length > 0) this.#lastChangeMs = records.atMs(records.length - 1);
    const size = { maxRows, maxBytes };
    if (records.length > 0)
      yield* released(recordBatches(state.id, records, bytes, shared, size, placeAfter), () =>
        this.#rooms.give(records.bytes),
      );
    else yield emptyStretch(state.id, shared, placeAfter(0));
    this.#slots.give();
  }

  /** False after a while in which nothing was. */
  #somethingHappens(): Promise<boolean> {
    this.#silence ??= this.#options.calls.sleep(SILENCE_MS, this.#signal).then(
      () => {
        this.#silence = undefined;
        return false;
      },
      () => true,
    );
    const woken = new Promise<boolean>((resolve) => {
      this.#wakeConsumer = () => resolve(true);
    });
    return Promise.race([woken, this.#silence]);
  }

  #inBackground(work: Promise<void>): void {
    work.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#failure ??= { error };
      this.#wakeConsumer();
    });
  }

  /** Finds new shards, until there is no more to read. */
  async #follow(): Promise<void> {
    const { calls, place, unlisted, listed } = this.#options;
    while (!this.#isOver) {
      const askedMs = calls.nowMs();
      const listing = await listShards(calls, place.stream, unlisted);
      listed(listing.shards);
      this.#isPartial = listing.isPartial;
      await this.#takeIn(listing, askedMs);
      for (const end of this.#states.ends()) end.lateLists++;
      if (!listing.isOn && this.#isEnded()) throw changesLost('the stream was switched off');
      this.#checkOver();
      await this.#untilNextList();
    }
  }

  /**
   * Shards that the place does not name are looked at when they are found: later nobody could tell whether their beginning
   * is still kept. It was when they were looked at, if what comes before it still is afterwards.
   */
  async #takeIn({ shards, open }: StreamListing, askedMs: number): Promise<void> {
    const { calls, place } = this.#options;
    const found = this.#states.add(shards).filter((state) => state.phase === 'waiting' && !state.place);
    for (const state of this.#states.all) if (open.has(state.id)) state.openAtMs = askedMs;
    await new Slots(MAX_LOOKS).forEach(found, async (state) => {
      state.beginning = await beginningOf(calls, place.stream, state.id);
    });
    const edges = this.#isFirst || found.length > 0 ? this.#states.edges() : [];
    this.#isFirst = false;
    for (const [id, edge] of edges) await this.#checkKept(id, edge);
    this.#startReady();
  }

  #startReady(): void {
    for (const state of this.#states.ready()) {
      state.phase = 'open';
      this.#inBackground(this.#read(state));
    }
  }

  async #read(state: ShardState): Promise<void> {
    const { calls, drain } = this.#options;
    const reader = this.#readerOf(state);
    const idle = new Idle(state.place?.at);
    for (;;) {
      const page = await this.#page(reader);
      state.isAtEnd = reader.isAtEnd;
      state.readTo = reader.place;
      this.#hand(state, page, reader.isAtEnd && idle.isPlaceDue(reader.place.at));
      if (page.ended) return this.#endOf(state);
      if (drain && reader.isAtEnd) return this.#checkOver();
      const waitMs = idle.waitMs(page, reader.isAtEnd);
      const isSettled = drain && calls.nowMs() - this.#begunMs > SETTLED_MS;
      const rests = waitMs > 0 && !(isSettled && page.records.length === 0);
      if (rests) await calls.sleep(waitMs, this.#signal);
      this.#signal.throwIfAborted();
    }
  }

  #readerOf(state: ShardState): ShardReader {
    const { calls, place: whole } = this.#options;
    const { id: shard, parent, place, beginning } = state;
    const { stream, since } = whole;
    const openAtMs = () => state.openAtMs;
    const start = { stream, shard, parent, since, openAtMs };
    if (place) return new ShardReader(calls, { ...start, place }, this.#rooms);
    const before = this.#states.get(parent)?.readTo;
    const at = before?.at ?? since ?? (beginning?.at ?? calls.nowMs()) - RETENTION_SECONDS * 1000;
    const begun = before?.begun === undefined ? {} : { begun: before.begun };
    return new ShardReader(calls, { ...start, place: { at, ...begun }, beginning }, this.#rooms);
  }

  /** The page has a slot until it was given, if there is anything to give. */
  async #page(reader: ShardReader): Promise<ShardPage> {
    await this.#slots.take();
    try {
      this.#signal.throwIfAborted();
      return await reader.page();
    } catch (error) {
      this.#slots.give();
      throw error;
    }
  }

  #hand(state: ShardState, page: ShardPage, movesPlace: boolean): void {
    if (page.records.length > 0 || page.ended || movesPlace) {
      this.#pages.push({ state, page });
      this.#wakeConsumer();
    } else this.#slots.give();
  }

  #endOf(state: ShardState): void {
    state.phase = 'ended';
    this.#startReady();
    this.#wakeLister();
  }

  #isEnded(): boolean {
    return this.#states.all.every(({ phase }) => phase === 'ended');
  }

  #checkOver(): void {
    if (!this.#options.drain || this.#isLate() || !this.#states.areRead()) return;
    this.#isOver = true;
    this.#wakeLister();
    this.#wakeConsumer();
  }

  /** A shard is waited for that is there and was not listed. */
  #isLate(): boolean {
    return this.#isPartial || this.#states.ends().some(({ lateLists }) => lateLists < LATE_LISTS);
  }

  async #untilNextList(): Promise<void> {
    if (this.#isOver) return;
    const waitMs = this.#isLate() ? LATE_EVERY_MS : LIST_EVERY_MS;
    const woken = new Promise<void>((resolve) => {
      this.#wakeLister = resolve;
    });
    await Promise.race([woken, this.#options.calls.sleep(waitMs, this.#signal)]);
  }
}

/** The batches of a page. What it stands in is given back once all of them were given, and are of no more use. */
function* released(batches: Iterable<FeedBatch>, giveBack: () => void): Generator<FeedBatch> {
  let used = 1;
  const release = () => {
    used--;
    if (used === 0) giveBack();
  };
  for (const batch of batches) {
    used++;
    yield { ...batch, release };
  }
  release();
}
