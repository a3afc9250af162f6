import { setTimeout as sleep } from 'node:timers/promises';
import type { Declaration, ReplicateStep, Step } from '../declare/declaration.js';
import { declarationHash } from '../declare/hash.js';
import { SluiceError } from '../errors.js';
import { pruneRuns } from '../journal/prune.js';
import { histories, isResumable, type RunHistory, RunJournal } from '../journal/runs.js';
import type { Guard, Lease, Logs, PipelineState } from '../journal/state.js';
import type { Firing } from '../values/firing.js';
import { firingText, sameFiring } from './firing.js';
import { newRunName } from './run-name.js';
import type { Half } from './scope.js';

export interface OpenRunOptions {
  readonly declaration: Declaration;
  /** Of copies that go through a queue. */
  readonly half?: Half;
  readonly state: PipelineState;
  /** Do not go on with an interrupted run: begin a new one. */
  readonly fresh: boolean;
  /** Wait for another run of this pipeline to end. */
  readonly wait: boolean;
  readonly signal: AbortSignal;
  /** What a new run acts for; an interrupted one keeps its own. */
  readonly firing: Firing;
  /** Somebody asked for this firing: an interrupted run that acts for another is not gone on with. */
  readonly asked: boolean;
  /** Somebody asked for all rows: an interrupted run that reads a window is not gone on with. */
  readonly full: boolean;
  /** ARN of the execution that runs it, where a state machine does. */
  readonly execution?: string;
}

/** The right to run a pipeline, and what there is to go on with. */
export interface OpenedRun {
  readonly run: string;
  readonly firing: Firing;
  /** The interrupted run that this one goes on with. */
  readonly resumes?: RunHistory;
  /** Opens the journal; nothing is recorded before. */
  begin(): Promise<RunJournal>;
  /** From here on something may have been written. */
  hasBegun(): boolean;
  /** Gives the lease back. */
  release(): Promise<void>;
}

const WAIT_MS = 500;

/**
 * Takes the pipeline's lease and looks for a run to go on with. Throws `run_locked` when another run holds
 * the lease, `run_changed` when the declaration is not the one that the interrupted run was begun with.
 */
export async function openRun(options: OpenRunOptions): Promise<OpenedRun> {
  const lease = await takeLease(options);
  try {
    const { run, firing, resumes, open } = await chooseRun(options, lease);
    await lease.name(run);
    let begun = false;
    const begin = async () => {
      begun = true;
      return await open();
    };
    return {
      run,
      firing,
      begin,
      hasBegun: () => begun,
      release: () => lease.release(),
      ...(resumes ? { resumes } : {}),
    };
  } catch (error) {
    await lease.release();
    throw error;
  }
}

/** The interrupted run, if there is one and `fresh` does not give it up; else a new one. */
async function chooseRun(
  { declaration, half = 'both', state, fresh, firing, asked, full, execution }: OpenRunOptions,
  guard: Guard,
): Promise<{ run: string; firing: Firing; resumes?: RunHistory; open(): Promise<RunJournal> }> {
  const hash = runHash(declaration, half);
  const { runs } = state;
  const interrupted = await unfinishedRun(runs);
  const begun = interrupted && halfOf(interrupted, declaration);
  // A receiver that was stopped leaves nothing behind that only it could go on with: the queue keeps its messages.
  const isReceiver = begun === 'receive' && half !== 'receive';
  if (interrupted && !fresh && !isReceiver) {
    if (interrupted.hash !== hash) throw changed(interrupted, begun);
    if (asked && !sameFiring(interrupted.firing, firing)) throw otherFiring(interrupted, firing);
    if (full) throw notFull(interrupted);
    const { run } = interrupted;
    return {
      run,
      firing: interrupted.firing,
      resumes: interrupted,
      open: () => RunJournal.reopen(runs, run, guard, execution),
    };
  }
  const run = newRunName((await runs.names()).at(-1));
  const open = async () => {
    await pruneRuns(state);
    if (interrupted) await abandon(runs, interrupted.run, guard);
    const by = execution === undefined ? {} : { execution };
    return await RunJournal.create(runs, { run, hash, firing, ...by }, guard);
  };
  return { run, firing, open };
}

/** The right to write for a pipeline; with `wait`, once whoever has it is done. */
export async function takeLease({
  half = 'both',
  state,
  wait,
  signal,
}: Pick<OpenRunOptions, 'half' | 'state' | 'wait' | 'signal'>): Promise<Lease> {
  for (;;) {
    try {
      return await state.lease('runs', signal);
    } catch (error) {
      const held = error instanceof SluiceError && error.code === 'run_locked';
      if (held && !wait && half !== 'both') throw lockedHalf(error);
      if (!held || !wait) throw error;
      await sleep(WAIT_MS);
      signal.throwIfAborted();
    }
  }
}

function lockedHalf(error: SluiceError): SluiceError {
  return new SluiceError('run_locked', error.message, {
    hint: 'two halves at once need states of their own: --state FOLDER for one of them; or wait with --wait',
    cause: error,
  });
}

/** The run that a `run` would go on with. */
export async function unfinishedRun(runs: Logs): Promise<RunHistory | undefined> {
  for await (const history of histories(runs)) return isResumable(history) ? history : undefined;
  return undefined;
}

async function abandon(runs: Logs, run: string, guard: Guard): Promise<void> {
  const journal = await RunJournal.reopen(runs, run, guard);
  await journal.end('abandoned');
  await journal.close();
}

function otherFiring(history: RunHistory, firing: Firing): SluiceError {
  const message = `run ${history.run} for ${firingText(history.firing)} was interrupted; this would be for ${firingText(firing)}`;
  const hint = 'finish it first (run without --at, --from and --to), or give it up with --fresh';
  return new SluiceError('run_changed', message, { hint });
}

function notFull(history: RunHistory): SluiceError {
  return new SluiceError(
    'run_changed',
    `run ${history.run} was interrupted, and would go on with its own window`,
    {
      hint: 'finish it first (run without --full), or give it up: --full --fresh',
    },
  );
}

/** Which half of this declaration the run is of; undefined where it is of another declaration. */
function halfOf({ hash }: RunHistory, declaration: Declaration): Half | undefined {
  return halves.find((half) => runHash(declaration, half) === hash);
}

const halves: readonly Half[] = ['both', 'send', 'receive'];

function changed(history: RunHistory, half: Half | undefined): SluiceError {
  if (half !== undefined) {
    const option = half === 'both' ? 'without --only' : `with --only ${half}`;
    return new SluiceError('run_changed', `run ${history.run}, ${option}, was interrupted`, {
      hint: `finish it first (run ${option}), or give it up with --fresh`,
    });
  }
  return new SluiceError(
    'run_changed',
    `run ${history.run} was interrupted, and the declaration has changed since`,
    {
      hint: 'put the declaration back (and --step) to go on with that run, or start over with --fresh',
    },
  );
}

/** What decides which rows end up where: how fast and how patiently may change between attempts. */
export function runHash(declaration: Declaration, half: Half = 'both'): string {
  const { schedule: _schedule, ...rest } = declaration;
  const only = half === 'both' ? {} : { half };
  return declarationHash({ ...rest, ...only, steps: declaration.steps.map(essence) });
}

function essence(step: Step): Step {
  const { onFailure } = step;
  const around = {
    retry: { attempts: 1, backoff: 1 },
    ...(onFailure && { onFailure: { ...onFailure, steps: onFailure.steps.map(essence) } }),
  };
  switch (step.kind) {
    case 'parallel': {
      const { limit: _limit, ...rest } = step;
      return { ...rest, ...around, branches: step.branches.map((branch) => branch.map(essence)) };
    }
    case 'copy':
      return {
        ...step,
        ...around,
        pace: {},
        parallel: 1,
        patienceSeconds: 0,
        rejects: { limit: { rows: 0 } },
      };
    case 'replicate':
      return { ...changesEssence(step), ...around };
    case 'export':
      return { ...step, ...around, pollSeconds: 0, deadlineSeconds: 0, patienceSeconds: 0 };
    case 'call':
      return { ...step, ...around, timeoutSeconds: 0 };
    default:
      return { ...step, ...around };
  }
}

/**
 * Which changes end up where. What becomes of them on the way may be mended between attempts: each is done with the declaration
 * of its time.
 */
function changesEssence(step: ReplicateStep): ReplicateStep {
  const { kind, name, path, when, from, to, events, first } = step;
  const { connection, table, mode, key, ttlDeletes } = to;
  return {
    kind,
    name,
    path,
    ...(when && { when }),
    from,
    to: { connection, table, mode, key, ttlDeletes },
    map: {},
    empty: 'keep',
    nulls: 'keep',
    rejects: { limit: { rows: 0 } },
    retry: { attempts: 1, backoff: 1 },
    pace: {},
    parallel: 1,
    patienceSeconds: 0,
    changes: 'oldest',
    events,
    load: { rows: 1, bytes: 1, seconds: 1 },
    ...(first && { first }),
  };
}
