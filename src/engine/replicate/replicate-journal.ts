import type { FeedPlace, FeedStretch } from '../../connectors/feed.js';
import type { Counters } from '../counters.js';
import type { StepResult } from '../journal.js';

/**
 * What a replicate has durably done. The place is there before anything is read. A load is intended before it is written (at
 * most one beside that which is being written) and committed after (invariant 1); the place of a reader is that of the last
 * checkpoint, advanced by the loads since.
 */
export interface ReplicateJournal {
  /** Absent when the step has not begun. */
  readonly past?: Followed;
  readonly commits: ReadonlyMap<string, Counters>;
  /** Durable when it returns, like all of these. */
  begin(point: FollowPoint): Promise<void>;
  intend(load: LoadIntent): Promise<void>;
  /** After the rows are durable in the sink, and rejects in their file. */
  commit(token: string, counts: Counters): Promise<void>;
  /** Takes the place of all records of loads before it, so that the journal of an endless run stays short. */
  checkpoint(point: FollowPoint): Promise<void>;
  complete(result: StepResult): Promise<void>;
}

/** Up to here everything is done. */
export interface FollowPoint {
  /** What the place is a place of: the identity of the feed. */
  readonly of: string;
  readonly place: FeedPlace;
  /** The run that began anew, with no place: rejects of runs before it are of no use any more. */
  readonly since: string;
  /** What all loads before it have come to, in all attempts of the run. */
  readonly counts: Counters;
  /** The number of the next load: numbers are never used again, since the sink's ledger may know their tokens. */
  readonly sequence: number;
  /** The place was noted, and the copy before the changes is not complete. */
  readonly due?: 'copy';
}

/** The records of a replicate put together: a point, and the loads intended since, in their order. */
export interface Followed extends FollowPoint {
  readonly loads: readonly LoadIntent[];
}

export interface LoadIntent {
  readonly token: string;
  readonly sequence: number;
  /** Changes that are taken, and their size. */
  readonly rows: number;
  readonly bytes: number;
  readonly stretches: readonly FeedStretch[];
}
