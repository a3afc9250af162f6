import type { Finding } from '../connectors/connector.js';
import type { Dropped } from '../transform/transform.js';
import type { Batch } from '../values/batch.js';
import type { Channel } from './channel.js';
import type { Counters } from './counters.js';
import type { StepJournal, StepResult } from './journal.js';
import type { Pacer } from './pace.js';
import type { CopyPlan } from './plan.js';
import type { RejectStore } from './rejects.js';

/** What a copy is run with. */
export interface CopyRun {
  readonly run: string;
  readonly counters: Counters;
  readonly journal: StepJournal;
  readonly rejects: RejectStore;
  /** The pace of what is written; reads keep theirs by `Context.paceRead`. */
  readonly pacer: Pacer;
  /** Stops between batches: what is being written is finished first. */
  readonly stop: AbortSignal;
  /** Likewise, to hand over: a batch that is begun is written whole, at its pace, so that nobody does a part of it again. */
  readonly halt?: AbortSignal;
  /** Aborts everything the connectors wait for (their `Context.signal`). */
  abort(reason: unknown): void;
  readonly signal: AbortSignal;
}

export interface CopyResult extends StepResult {
  readonly name: string;
  readonly findings: readonly Finding[];
}

/** Rows on their way from a reader to a writer, with what came in, for rejects. */
export interface Parcel {
  readonly batch: Batch;
  readonly incoming: Batch;
  /** For each row of `batch` its index in `incoming`; absent when they are the same. */
  readonly origin: readonly number[] | undefined;
  /** Rows of `incoming` that the transform refused. */
  readonly dropped: readonly Dropped[];
  readonly part: string;
  readonly token: string;
  /** Numbers of rows of `incoming` that an attempt before this one has kept as rejects, where the batch is written again. */
  readonly refusedBefore?: ReadonlySet<number>;
  /** Settles when the journal holds the batch's intent; it may not be written before. */
  readonly intended: Promise<void>;
}

/** How rows get from readers to writers. */
export interface Lanes {
  readonly writers: number;
  /** The channel that a part's batches go through. */
  of(partIndex: number): Channel<Parcel>;
  readonly channels: readonly Channel<Parcel>[];
}

/** `duplicates: last` needs the rows in order: one part, one writer. */
export function isLastWins(plan: CopyPlan): boolean {
  return plan.uniqueness !== 'index' && plan.uniqueness !== 'counted' && plan.uniqueness !== undefined;
}

/** Batches of a part must be written one after the other: the sink appends, and holes cannot be read again. */
export function isOrdered(plan: CopyPlan): boolean {
  return plan.sinkPlan.appends === true && plan.description.ranged !== true;
}
