import type { Permission } from '../connectors/connector.js';
import type { SharedSourceTimes } from '../engine/via/source-times.js';
import type { Served } from './served.js';

/**
 * Where what is known of one pipeline lies: its runs' journals, their rejects, reports of verifications, and who may
 * write. Everything but the lease and what `served` holds is a log. Nothing is made before something is written.
 */
export interface PipelineState {
  readonly pipeline: string;
  /** What `--state` must say to name it: the absolute path of a folder, or an address. */
  readonly address: string;
  /** `scratch` lies with it: whoever has the state has that too. */
  readonly keepsScratch: boolean;
  /** What whoever reads and writes it must be allowed; nothing for a folder. `role`: ARN of the role that does so. */
  readonly needs: { readonly permissions: readonly Permission[]; readonly role?: string };
  /** The journals of runs, by the runs' names. */
  readonly runs: Logs;
  /** The rejects of one run, by the copies' names. They hold rows (invariant 8). */
  rejects(run: string): Logs;
  /** What verifications found, by their names. They hold keys. */
  readonly reports: Logs;
  /** The keys that came in runs of copies that delete the others at their end. */
  readonly keys: Logs;
  /** How old the rows were that a step received, by the steps' names. They hold keys. */
  readonly received: Logs;
  /** The same where several receive at once: functions that are handed messages. Absent where only one can. */
  sharedTimes?(options: SharedTimesOptions): SharedSourceTimes;
  /** What `sluice serve` remembers. */
  readonly served: Kept<Served>;
  /** Takes the right to write, or throws `run_locked` with the run that holds it; `signal` ends its waiting. */
  lease(of: LeaseOf, signal?: AbortSignal): Promise<Lease>;
  /** The folder of this machine in which one step keeps what it needs while it runs; without a name that of all. */
  scratch(name?: string): string;
  /** Makes it, for its owner only; gives its path. */
  makeScratch(name: string): Promise<string>;
  /** A new folder of this machine for one verification's files. */
  verifyScratch(label: string): Promise<string>;
}

export interface SharedTimesOptions {
  readonly step: string;
  /** Of all receivers, this one. */
  readonly owner: string;
  /** Whoever has a key may have it for so long; after that it is certainly not at work any more. */
  readonly holdMs: number;
  /** Of the queue. */
  readonly retentionSeconds: number;
}

/** Of a pipeline's runs; of the one program that begins them by its schedule; of what functions note that are handed changes. */
export type LeaseOf = 'runs' | 'serve' | 'handed';

/** Logs of one kind, by their names. */
export interface Logs {
  /** In the order of their characters. */
  names(): Promise<readonly string[]>;
  /** The whole records of one, of all who wrote it; none where it is not there. Throws `state_unusable` where it is damaged. */
  read(name: string, reading?: Reading): Promise<readonly unknown[]>;
  /** The whole records of one, of all who wrote it, in turn: for logs that nobody rewrites, and that may be larger than memory. */
  each(name: string): AsyncIterable<unknown>;
  /** Opens for adding, made if it is missing. */
  open(name: string, guard: Guard, reading?: Reading): Promise<OpenedLog>;
  /**
   * Opens a stream of a log for one more writer, so that several add at once and none waits for another. Whoever opened it
   * before for this writer can add no more (`run_locked`). What is read of the log is of all its streams: those of these
   * writers, by their names, then its own.
   */
  openBeside(name: string, writer: string, reading?: Reading): Promise<OpenedLog & { readonly guard: Guard }>;
  /** Opens a new stream of a log that is there, whose records are not looked at: any number of processes may add at once. */
  addBeside(name: string): Promise<Log>;
  /** Makes one with these records, which must not be there; gives where it lies. */
  create(name: string, records: Iterable<object>): Promise<string>;
  remove(name: string): Promise<void>;
  removeAll(): Promise<void>;
}

/** What of a log is read. By default all records of all who wrote it. */
export interface Reading {
  /** Made of what was read so far of a stream, again and again, so that not all of it has to be held. */
  readonly fold?: Reduce;
  /** Whether the stream of a writer beside is of interest. */
  readonly of?: (writer: string) => boolean;
}

export interface OpenedLog {
  readonly log: Log;
  /** What the log held when it was opened, of all who wrote it. */
  readonly records: readonly unknown[];
}

/** JSON records in the order in which they were added. A kill or a lost write leaves whole ones. */
export interface Log {
  /** Durable when it returns. */
  add(record: object): Promise<void>;
  /**
   * Puts other records in the place of those that are there, all at once: after a kill it holds the ones or the others.
   * Records that are added meanwhile come behind them. Durable when it returns.
   */
  rewrite(reduce: Reduce): Promise<void>;
  close(): Promise<void>;
}

export type Reduce = (records: readonly unknown[]) => readonly unknown[];

/** What a log asks before each write. */
export interface Guard {
  /** Throws `run_locked` once somebody else has the right to write. */
  check(): Promise<void>;
}

/** Of logs that are whoever's that writes them: no lease is needed. */
export const anybody: Guard = { check: async () => undefined };

/** The right to write for a pipeline: one run at a time. */
export interface Lease extends Guard {
  /** Says which run holds it, for whoever finds it taken. */
  name(run: string): Promise<void>;
  /** Gives it back if it is still ours. */
  release(): Promise<void>;
}

/** One record that others take the place of. */
export interface Kept<T> {
  /** Undefined where none was ever written. Throws `state_unusable`. */
  read(): Promise<T | undefined>;
  /** In one step and durable when it returns: a kill leaves the old record or the new one. */
  write(record: T): Promise<void>;
}
