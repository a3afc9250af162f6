import type { Part } from '../connectors/connector.js';
import type { Counters } from '../engine/counters.js';
import type { ExportJournal, ExportPoint } from '../engine/export/export-journal.js';
import type { Intent, ShareSeen, StepJournal, StepPast, StepResult, StepWindow } from '../engine/journal.js';
import type { Followed, ReplicateJournal } from '../engine/replicate/replicate-journal.js';
import { SluiceError } from '../errors.js';
import type { Firing } from '../values/firing.js';
import { type ExportRecord, exportJournal } from './export-records.js';
import { type FlowPast, type FlowRecord, flowPast, isFlowRecord } from './flow-records.js';
import { foldBatches } from './fold-batches.js';
import { applyFollowed, type FollowRecord, followJournal } from './follow-records.js';
import type { Guard, Log, Logs, Reading } from './state.js';

/** Rises when an older Sluice could misread the records. 2: steps that are no copies, skipped and failed ones.
 * 3: replicates. 4: exports. */
const FORMAT = 4;
/** What is done is not told batch by batch. */
const folded: Reading = { fold: foldBatches };

const READABLE: ReadonlySet<number> = new Set([1, 2, 3, FORMAT]);

/**
 * How a run ended; a run without an end was killed. `abandoned`: `--fresh` began another in its place. `failures`:
 * all that failed was taken care of by `onFailure`.
 */
export type RunEnd = 'complete' | 'rejects' | 'failures' | 'stopped' | 'interrupted' | 'abandoned';

/** One line of the journal. */
type RunRecord =
  | {
      readonly is: 'run';
      readonly format: number;
      readonly run: string;
      readonly hash: string;
      readonly at: string;
      /** Absent in journals of before firings were recorded. */
      readonly firing?: Firing;
      readonly execution?: string;
    }
  | { readonly is: 'attempt'; readonly at: string; readonly execution?: string }
  | { readonly is: 'window'; readonly step: string; readonly window: StepWindow }
  /** `at` is absent in older journals. */
  | {
      readonly is: 'parts';
      readonly step: string;
      readonly parts: readonly Part[];
      readonly rows?: number;
      readonly at?: string;
    }
  | { readonly is: 'copied'; readonly step: string; readonly part: string }
  | ({ readonly is: 'seen'; readonly step: string } & ShareSeen)
  | ({ readonly is: 'intent'; readonly step: string } & Intent)
  | { readonly is: 'rewind'; readonly step: string; readonly part: string; readonly sequence: number }
  | { readonly is: 'commit'; readonly step: string; readonly token: string; readonly counts: Counters }
  | { readonly is: 'moved'; readonly step: string }
  | FollowRecord
  | ExportRecord
  | { readonly is: 'complete'; readonly step: string; readonly result: StepResult }
  | FlowRecord
  | { readonly is: 'end'; readonly outcome: RunEnd; readonly at: string };

/** What the journal says of a run. */
export interface RunHistory {
  readonly run: string;
  readonly hash: string;
  /** ISO 8601, UTC. */
  readonly started: string;
  /** What the run acts for; the same in all its attempts. */
  readonly firing: Firing;
  /** ARN of the execution of a state machine that has begun the newest attempt; absent where a program has. */
  readonly execution?: string;
  /** The newest attempt is not the first. */
  readonly resumed?: true;
  readonly end?: RunEnd;
  readonly ended?: string;
  /** The copies, by their names: those of a step with `tables` apart. */
  readonly steps: ReadonlyMap<string, StepPast>;
  /** What else is known of steps, by their names; of parallel ones by their paths. */
  readonly flow: ReadonlyMap<string, FlowPast>;
}

/** A run can be resumed until it is complete or given up. */
export function isResumable(history: RunHistory): boolean {
  return history.end === undefined || history.end === 'stopped' || history.end === 'interrupted';
}

/** The journal of one run, open for writing. */
export class RunJournal {
  /** Throws once the run has lost its lease; whatever else it writes asks it too. */
  readonly guard: Guard;
  readonly #runs: Logs;
  readonly #log: Log;
  #history: RunHistory;

  private constructor(runs: Logs, log: Log, history: RunHistory, guard: Guard) {
    this.guard = guard;
    this.#runs = runs;
    this.#log = log;
    this.#history = history;
  }

  /** Begins a run. */
  static async create(
    runs: Logs,
    { run, hash, firing, execution }: Pick<RunHistory, 'run' | 'hash' | 'firing' | 'execution'>,
    guard: Guard,
  ): Promise<RunJournal> {
    const { log } = await runs.open(run, guard);
    const started = new Date().toISOString();
    const head = { run, hash, firing, ...(execution === undefined ? {} : { execution }) };
    await log.add({ is: 'run', format: FORMAT, ...head, at: started } satisfies RunRecord);
    const history = { ...head, started, steps: new Map(), flow: new Map() };
    return new RunJournal(runs, log, history, guard);
  }

  /** Goes on with a run. */
  static async reopen(runs: Logs, run: string, guard: Guard, execution?: string): Promise<RunJournal> {
    const { log, records } = await runs.open(run, guard, folded);
    const history = historyOf(records as RunRecord[], run);
    const by = execution === undefined ? {} : { execution };
    await log.add({ is: 'attempt', at: new Date().toISOString(), ...by } satisfies RunRecord);
    return new RunJournal(runs, log, history, guard);
  }

  /** Opens the journal of a run that other processes have gone through, to note its end. */
  static async last(runs: Logs, run: string, guard: Guard): Promise<RunJournal> {
    const { log, records } = await runs.open(run, guard, folded);
    return new RunJournal(runs, log, historyOf(records as RunRecord[], run), guard);
  }

  /**
   * Joins a run that another process has begun, as one more writer of its journal: a step, or a worker with parts of one.
   * Whoever wrote under this name before writes no more. `of`: whose streams it has to know.
   */
  static async beside(
    runs: Logs,
    run: string,
    writer: string,
    of?: (writer: string) => boolean,
  ): Promise<RunJournal> {
    const { log, records, guard } = await runs.openBeside(run, writer, { ...folded, ...(of && { of }) });
    return new RunJournal(runs, log, historyOf(records as RunRecord[], run), guard);
  }

  /** The step's part of the journal, as it was when the run was opened or last refreshed. */
  step(step: string): StepJournal {
    const add = (record: RunRecord) => this.#log.add(record);
    return {
      past: this.#history.steps.get(step) ?? {
        copied: new Set(),
        intents: [],
        commits: new Map(),
        next: new Map(),
        moved: false,
      },
      window: (window) => add({ is: 'window', step, window }),
      begin: (parts, rows) => {
        const about = rows === undefined ? {} : { rows };
        return add({ is: 'parts', step, parts, ...about, at: new Date().toISOString() });
      },
      copied: (part) => add({ is: 'copied', step, part }),
      seen: (share) => add({ is: 'seen', step, ...share }),
      intend: (intent) => add({ is: 'intent', step, ...intent }),
      rewind: (part, sequence) => add({ is: 'rewind', step, part, sequence }),
      commit: (token, counts) => add({ is: 'commit', step, token, counts }),
      moved: () => add({ is: 'moved', step }),
      complete: (result) => add({ is: 'complete', step, result }),
    };
  }

  /** A replicate's part of the journal, as it was when the run was opened or last refreshed. */
  followed(step: string): ReplicateJournal {
    const { followed, commits = new Map<string, Counters>() } = this.#history.steps.get(step) ?? {};
    return followJournal(step, this.#log, { commits, ...(followed ? { past: followed } : {}) });
  }

  /** An export's part of the journal, as it was when the run was opened or last refreshed. */
  exported(step: string): ExportJournal {
    return exportJournal(step, this.#log, this.#history.steps.get(step)?.exported);
  }

  /** What was known of a step when the run was opened or last refreshed. */
  flow(step: string): FlowPast {
    return this.#history.flow.get(step) ?? {};
  }

  /** Whether anything is known of a step or of one copy. */
  hasBegun(step: string): boolean {
    return this.#history.steps.has(step) || Object.keys(this.flow(step)).length > 0;
  }

  /** Records what became of a step. Durable when it returns. */
  async note(record: FlowRecord): Promise<void> {
    await this.#log.add(record);
  }

  /** Reads what this run has recorded itself, before a step is tried again. */
  async refresh(): Promise<void> {
    this.#history = (await readHistory(this.#runs, this.#history.run)) ?? this.#history;
  }

  async end(outcome: RunEnd): Promise<void> {
    await this.#log.add({ is: 'end', outcome, at: new Date().toISOString() } satisfies RunRecord);
  }

  /** What was known of the run when it was opened or last refreshed. */
  get history(): RunHistory {
    return this.#history;
  }

  async close(): Promise<void> {
    await this.#log.close();
  }
}

/** Reads a run's journal without touching it; undefined for a run that was killed before its first record. */
export async function readHistory(
  runs: Pick<Logs, 'read'>,
  run: string,
  reading: Reading = folded,
): Promise<RunHistory | undefined> {
  const records = await runs.read(run, reading);
  return records.length === 0 ? undefined : historyOf(records as readonly RunRecord[], run);
}

/**
 * All runs, newest first, each read when it is asked for: their names begin with the time. `reading`: where each batch is of
 * interest, which otherwise are folded.
 */
export async function* histories(runs: Logs, reading?: Reading): AsyncGenerator<RunHistory> {
  for (const run of (await runs.names()).toReversed()) {
    const history = await readHistory(runs, run, reading);
    if (history) yield history;
  }
}

/** Puts records together; throws `state_unusable` for a format that this Sluice does not know. */
function historyOf(records: readonly RunRecord[], name: string): RunHistory {
  const first = records.find(({ is }) => is === 'run');
  if (first?.is !== 'run' || !READABLE.has(first.format)) {
    throw new SluiceError('state_unusable', `the journal of run ${name} is not one that this version reads`, {
      hint: 'use the version that wrote it, or start over with --fresh',
    });
  }
  const steps = new Map<string, MutablePast>();
  const flow = new Map<string, FlowPast>();
  let end: { readonly outcome: RunEnd; readonly at: string } | undefined;
  let { execution } = first;
  let resumed = {};
  for (const record of records) {
    if (record.is === 'run') continue;
    if (record.is === 'attempt') {
      end = undefined;
      resumed = { resumed: true };
      execution = record.execution;
    } else if (record.is === 'end') end = record;
    else if (isFlowRecord(record)) applyToFlow(flow, steps, record);
    else apply(stepOf(steps, record.step), record);
  }
  const { run, hash, at, firing = { time: at, zone: 'UTC' } } = first;
  const ending = end ? { end: end.outcome, ended: end.at } : {};
  const by = execution === undefined ? {} : { execution };
  return { run, hash, firing, started: at, steps, flow, ...by, ...resumed, ...ending };
}

type CopyRecord = Exclude<Extract<RunRecord, { step: string }>, FlowRecord>;

interface MutablePast {
  window?: StepWindow;
  parts?: readonly Part[];
  rows?: number;
  begun?: string;
  readonly copied: Set<string>;
  shares?: readonly ShareSeen[];
  intents: Intent[];
  readonly commits: Map<string, Counters>;
  readonly next: Map<string, number>;
  moved: boolean;
  result?: StepResult;
  followed?: Followed;
  exported?: ExportPoint;
}

function stepOf(steps: Map<string, MutablePast>, name: string): MutablePast {
  const known = steps.get(name);
  if (known) return known;
  const past: MutablePast = {
    copied: new Set(),
    intents: [],
    commits: new Map(),
    next: new Map(),
    moved: false,
  };
  steps.set(name, past);
  return past;
}

/** A step that begins again has done nothing; its sequence numbers stay used. */
function applyToFlow(flow: Map<string, FlowPast>, steps: Map<string, MutablePast>, record: FlowRecord): void {
  flow.set(record.step, flowPast(flow.get(record.step) ?? {}, record));
  const past = steps.get(record.step);
  if (record.is !== 'again' || !past) return;
  const { next, followed, commits } = past;
  // A replicate stands where it stands: what it has done is not to be done again.
  const kept = followed ? { commits, followed } : { commits: new Map() };
  steps.set(record.step, { copied: new Set(), intents: [], next, moved: false, ...kept });
}

function apply(past: MutablePast, record: CopyRecord): void {
  switch (record.is) {
    case 'window':
      past.window = record.window;
      break;
    case 'parts':
      past.parts = record.parts;
      if (record.rows !== undefined) past.rows = record.rows;
      if (record.at !== undefined) past.begun = record.at;
      break;
    case 'copied':
      past.copied.add(record.part);
      break;
    case 'seen': {
      const { is: _is, step: _step, ...share } = record;
      past.shares = [...(past.shares ?? []), share];
      break;
    }
    case 'intent': {
      const { is: _is, step: _step, ...intent } = record;
      past.intents.push(intent);
      past.next.set(intent.part, Math.max(intent.sequence + 1, past.next.get(intent.part) ?? 0));
      break;
    }
    case 'rewind':
      past.intents = past.intents.filter(
        ({ part, sequence }) => part !== record.part || sequence < record.sequence,
      );
      break;
    case 'commit':
      past.commits.set(record.token, record.counts);
      break;
    case 'moved':
      past.moved = true;
      break;
    case 'complete':
      past.result = record.result;
      break;
    case 'exporting':
      past.exported = record.point;
      break;
    case 'followed':
    case 'load':
      applyFollowed(past, record);
  }
}
