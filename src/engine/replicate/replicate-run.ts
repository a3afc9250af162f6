import type { FeedPlace } from '../../connectors/feed.js';
import type { Counters } from '../counters.js';
import type { StepResult } from '../journal.js';
import type { Pacer } from '../pace.js';
import type { RejectStore } from '../rejects.js';
import type { ReplicateJournal } from './replicate-journal.js';

/** What a replicate is run with. */
export interface ReplicateRun {
  readonly run: string;
  /** Of all attempts of the run. */
  readonly counters: Counters;
  readonly lag: Lag;
  readonly journal: ReplicateJournal;
  readonly rejects: RejectStore;
  readonly pacer: Pacer;
  /** Stops behind the load that is being written. */
  readonly stop: AbortSignal;
  /** Aborts everything the connectors wait for (their `Context.signal`). */
  abort(reason: unknown): void;
  /** Ends once it has caught up. */
  readonly drain: boolean;
}

/** How far a replicate is behind. Written by it, read by whoever shows progress. */
export interface Lag {
  /** Age of the last change that was read; 0 where every shard was read to its end. */
  seconds: number;
  /** Changes that were read and are not written yet. */
  waiting: number;
  caughtUp: boolean;
  loads: number;
}

export function zeroLag(): Lag {
  return { seconds: 0, waiting: 0, caughtUp: false, loads: 0 };
}

export interface ReplicateResult extends StepResult {
  readonly place: FeedPlace;
}
