import type { Part } from '../connectors/connector.js';
import type { Window } from '../connectors/window.js';
import type { DriftCounts, DriftReport } from '../transform/drift.js';
import type { Position } from '../values/batch.js';
import { addCounters, type Counters, zeroCounters } from './counters.js';
import type { ExportPoint } from './export/export-journal.js';
import type { Followed } from './replicate/replicate-journal.js';
import type { Series } from './series.js';

/**
 * What a step has durably done, so that a run after a kill can go on (invariants 1 and 5). For each batch the
 * intent is recorded before it is written (its token, and the positions it lies between), the commit after.
 * A batch with an intent and no commit may or may not be in the sink: where the sink has a ledger it is
 * asked, elsewhere writing it again changes nothing.
 */
export interface StepJournal {
  /** What earlier attempts of this run did; nothing in a new run. */
  readonly past: StepPast;
  /** What an incremental copy reads, decided once for all attempts of the run, before its parts. */
  window(window: StepWindow): Promise<void>;
  /** The parts, decided once for all attempts of the run, and how many rows they have about. Each call is durable when it returns. */
  begin(parts: readonly Part[], rows?: number): Promise<void>;
  /** Where other processes copy parts: all rows of this one are in. */
  copied(part: string): Promise<void>;
  /** Where other processes copy parts: what one of them has seen meanwhile. */
  seen(share: ShareSeen): Promise<void>;
  intend(intent: Intent): Promise<void>;
  /** Forgets the part's intents from this sequence number on: their rows are read again in new batches. */
  rewind(part: string, sequence: number): Promise<void>;
  /** After the data is durable in the sink, and its rejects in their file. */
  commit(token: string, counts: Counters): Promise<void>;
  /** All rows are in; what is left is to finish (swap, delete what is gone). */
  moved(): Promise<void>;
  /** The step is complete: this run does not run it again. */
  complete(result: StepResult): Promise<void>;
}

/** What one of several processes has seen while it copied parts. */
export interface ShareSeen {
  /** When it began to copy: ISO 8601, UTC. */
  readonly began: string;
  readonly seconds: number;
  readonly series?: Series;
  /** Where the step parses or checks. Rows that were read and left to whoever goes on are in it. */
  readonly drift?: DriftCounts;
}

/** What an incremental copy of one run reads, and where it stood before. */
export interface StepWindow extends Window {
  /** What the bounds are values of: connection, table and column, as JSON text. */
  readonly of: string;
  /** Where the runs before have come to; it stands where this run does not complete the step. */
  readonly previous?: string;
}

/** A batch about to be written: `from` excluded, `to` included; absent where the source has no positions. */
export interface Intent {
  readonly token: string;
  readonly part: string;
  readonly sequence: number;
  /** Rows as they came from the source, and their size. */
  readonly rows: number;
  readonly bytes: number;
  readonly from?: Position;
  readonly to?: Position;
}

export interface StepResult extends Counters {
  readonly deleted: number;
  readonly seconds: number;
  readonly consistency: string;
  /** Of the last attempt; absent in journals of before it was kept. */
  readonly series?: Series;
  /** Where the step parses or checks: how its rows differ from the schema or from the first of them. Of the last attempt. */
  readonly drift?: DriftReport;
  /** Of an export: what it has published. */
  readonly output?: unknown;
}

/** A step's records put together. */
export interface StepPast {
  /** Of an incremental copy. */
  readonly window?: StepWindow;
  /** Absent when the step has not begun. */
  readonly parts?: readonly Part[];
  /** About so many rows, by the source's own count; absent where it has none. */
  readonly rows?: number;
  /** When they were decided, ISO 8601 in UTC; absent in older journals. */
  readonly begun?: string;
  /** Those that other processes have copied whole. */
  readonly copied: ReadonlySet<string>;
  readonly shares?: readonly ShareSeen[];
  /** In the order of their recording. */
  readonly intents: readonly Intent[];
  readonly commits: ReadonlyMap<string, Counters>;
  /** For each part the lowest sequence number that no intent has ever had, rewound ones included. */
  readonly next: ReadonlyMap<string, number>;
  readonly moved: boolean;
  readonly result?: StepResult;
  /** Of a replicate. */
  readonly followed?: Followed;
  /** Of an export. */
  readonly exported?: ExportPoint;
}

/** Tokens of messages that were received; those of batches that a part was read in begin with the part. */
const RECEIVED = 'received.';

/** `stamp` is another for each attempt at a run: a token is never given twice. */
export function receivedToken(stamp: string, sequence: number): string {
  return `${RECEIVED}${stamp}.${sequence}`;
}

/** The one part of a step that only receives. */
export const QUEUE_PART = 'queue';

/** In its run the step only took messages off its queue: it read no source. */
export function onlyReceived({ parts }: Pick<StepPast, 'parts'>): boolean {
  return parts?.[0]?.id === QUEUE_PART;
}

/** What was received of a step with a queue between its ends, and what was sent or, without a queue, written. */
export function halvesOf(past: StepPast): { readonly moved: Counters; readonly received: Counters } {
  const moved = zeroCounters();
  const received = zeroCounters();
  for (const [token, counts] of past.commits) {
    addCounters(token.startsWith(RECEIVED) ? received : moved, counts);
  }
  return { moved, received };
}

/** The two halves of one step as one: what was sent is read and written where it was received. */
export function joined(sent: Readonly<Counters>, received: Readonly<Counters>): Counters {
  return {
    read: received.read + sent.rejected,
    written: received.written,
    unchanged: received.unchanged,
    rejected: received.rejected + sent.rejected,
    bytes: Math.max(sent.bytes, received.bytes),
    units: received.units,
  };
}

/** What a step has done, by its journal. */
export function countsOf(past: StepPast | undefined): Counters {
  if (!past) return zeroCounters();
  if (past.result) return past.result;
  if (past.followed) return followedCounts(past.followed, past.commits);
  const { moved, received } = halvesOf(past);
  return received.read > 0 ? joined(moved, received) : moved;
}

function followedCounts({ counts }: Followed, commits: StepPast['commits']): Counters {
  const sum = { ...counts };
  for (const more of commits.values()) addCounters(sum, more);
  return sum;
}

/** Each of the batches has a position behind it, from which can be gone on. */
export function isPlaced(intents: readonly Intent[]): boolean {
  return intents.every(({ to }) => to !== undefined);
}

/** What of a part is left to do. */
export interface Remainder {
  /** Batches that may not be in the sink: read again between their positions, written under their tokens. */
  readonly again: readonly Intent[];
  /** Where reading goes on; absent: from the part's beginning. */
  readonly after?: Position;
  /** Intents with this or a higher sequence number are rewound before anything new is written. */
  readonly keep: number;
  /** The sequence number of the next batch: never one that was used, since the ledger may know its token. */
  readonly sequence: number;
  /** What the batches that need not be read again have counted. */
  readonly done: Counters;
}

/**
 * What is left of a part. A `ranged` source can read between two positions: only the holes are read again.
 * Of any other, reading goes on at the first hole, and what was written beyond it is written again. A source
 * without positions is read from the beginning.
 */
export function remainder(past: StepPast, part: string, ranged: boolean): Remainder {
  const intents = past.intents.filter((intent) => intent.part === part);
  const isDone = (intent: Intent) => past.commits.has(intent.token);
  const positioned = isPlaced(intents);
  const isKept =
    ranged && positioned ? () => true : beforeFirstHole(intents, positioned ? isDone : () => false);
  const kept = intents.filter(isKept);
  const done = zeroCounters();
  for (const intent of kept) addCounters(done, past.commits.get(intent.token) ?? zeroCounters());
  const last = kept.at(-1);
  return {
    again: kept.filter((intent) => !isDone(intent)),
    keep: (last?.sequence ?? -1) + 1,
    sequence: past.next.get(part) ?? 0,
    done,
    ...(last?.to === undefined ? {} : { after: last.to }),
  };
}

function beforeFirstHole(
  intents: readonly Intent[],
  isDone: (intent: Intent) => boolean,
): (intent: Intent) => boolean {
  const hole = intents.find((intent) => !isDone(intent));
  return (intent) => hole === undefined || intent.sequence < hole.sequence;
}
