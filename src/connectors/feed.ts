/** The contract between the engine and a source without an end: the changes of a table. */
import type { Batch } from '../values/batch.js';
import type { SourceDescription } from './connector.js';

/**
 * Where a reader of a feed stands: for each of its shards the place up to which everything has been taken. JSON text in
 * the feed's own words; opaque to everybody else. Shards that a place does not name and that follow none of those
 * named as finished are read from their beginning.
 */
export type FeedPlace = string;

/**
 * A piece of one shard, in the feed's own words: `from` says where it begins (absent: it has no rows), `to` where the reader
 * stands after it. Two that follow each other make one by the `from` of the first that has one, and the `to` of the second.
 */
export interface FeedStretch {
  readonly shard: string;
  readonly from?: string;
  readonly to: string;
}

/**
 * Changes of one stretch, in order. `batch.changes` is there. A stretch without rows only moves the place: a shard that ended,
 * or that was looked at for a while and has nothing new.
 */
export interface FeedBatch {
  readonly batch: Batch;
  readonly stretch: FeedStretch;
  /**
   * To be called once, when nobody will look at the batch any more, nor at rows and changes of it: what they stand in serves for
   * what comes next. Who may still look at them does not call it.
   */
  readonly release?: () => void;
}

export interface FeedDescription
  extends Pick<
    SourceDescription,
    'name' | 'identity' | 'columns' | 'open' | 'key' | 'findings' | 'permissions'
  > {
  /** Sequence numbers of feeds that differ in this say nothing of each other: the stream was switched off and on again. */
  readonly numbering?: string;
  /** How long the source keeps changes. */
  readonly retentionSeconds: number;
  /** 0 for somebody who is handed changes. */
  readonly shards: number;
}

/** What is known of how far behind a reader is. */
export interface FeedLag {
  /** Age of the last change handed out, against the source's clock, in seconds; 0 where all shards were read to their ends. */
  readonly seconds: number;
  /** Every shard that is known was read to its end when it was last asked. */
  readonly caughtUp: boolean;
}

export interface Feed {
  describe(): Promise<FeedDescription>;
  /**
   * The place at which a new reader begins: `oldest` is all that is kept, `latest` what comes from now on. Nothing that
   * happens after this call returns is missed by a reader that begins there, also one that begins hours later.
   */
  begin(at: 'oldest' | 'latest'): Promise<FeedPlace>;
  /** The place after this one, once what the stretches hold is durable. Stretches of one shard come in their order. */
  advance(place: FeedPlace, stretches: readonly FeedStretch[]): FeedPlace;
  /**
   * All changes after the place, shard by shard or side by side; those of one key in their order: nothing of a shard is given
   * before all of its parents. Finds new shards by timer. With `drain` it ends when every shard was read to its end
   * as it was at some moment after the call; otherwise it ends only by the context's signal. Gives undefined, at least
   * once a second, while there is nothing to give. Stops reading ahead when the consumer does (invariant 7). Throws `changes_lost`
   * when the source no longer keeps what comes after the place.
   */
  read(
    place: FeedPlace,
    request: { readonly maxRows: number; readonly maxBytes: number; readonly drain: boolean },
  ): AsyncIterable<FeedBatch | undefined>;
  /** The same rows as when the stretch was given first, in one batch or several. Throws `changes_lost` when they are no longer kept. */
  again(stretch: FeedStretch): AsyncIterable<FeedBatch>;
  /**
   * What the service has handed to a function: records as it spells them, in their order and of one shard. The rows that `read`
   * would have given, in one batch or several. Throws `response_invalid` for what is no record.
   */
  handed(records: readonly unknown[]): Promise<readonly Batch[]>;
  lag(): FeedLag;
  close(): Promise<void>;
}
