import { SluiceError } from '../../errors.js';
import type { StepValues } from '../../expression/values.js';
import { type RunEnd, type RunHistory, RunJournal } from '../../journal/runs.js';
import type { Firing } from '../../values/firing.js';
import { openRun, unfinishedRun } from '../open-run.js';
import type { Apart } from './open-apart.js';

export interface BeginRequest {
  /** ARN of the execution. */
  readonly execution: string;
  /** What a new run acts for. */
  readonly firing: Firing;
  /** Somebody asked for just this firing. */
  readonly asked: boolean;
  readonly fresh: boolean;
  readonly full: boolean;
  isRunning(execution: string): Promise<boolean>;
}

/**
 * Begins a run for an execution of a state machine, or goes on with the one that an earlier execution has left. Asked again
 * by the same execution it gives the same answer.
 * @throws SluiceError run_locked while another execution is at it, run_changed
 */
export async function beginRun(
  apart: Apart,
  { isRunning, ...request }: BeginRequest,
): Promise<{ readonly run: string; readonly firing: Firing }> {
  const { declaration, state, signal } = apart;
  const before = await unfinishedRun(state.runs);
  if (before?.execution === request.execution) return { run: before.run, firing: before.firing };
  if (before?.execution !== undefined && (await isRunning(before.execution))) {
    throw new SluiceError('run_locked', `run ${before.run} is being run by ${before.execution}`, {
      hint: 'wait for that execution, or stop it first',
    });
  }
  const opened = await openRun({ declaration, state, wait: false, signal, ...request });
  try {
    const journal = await opened.begin();
    await journal.close();
  } finally {
    await opened.release();
  }
  return { run: opened.run, firing: opened.firing };
}

/**
 * Notes how a run ended that is not to be gone on with. `results`, by the names of steps: those of steps that nobody has noted, since
 * no process of ours did them (waits, calls, what was skipped), are noted, too.
 */
export async function endRun(
  { state }: Apart,
  run: string,
  outcome: RunEnd,
  results: ReadonlyMap<string, StepValues>,
): Promise<RunHistory> {
  const lease = await state.lease('runs');
  try {
    const journal = await RunJournal.last(state.runs, run, lease);
    if (journal.history.end === undefined) {
      for (const [step, values] of results) {
        if (isNoted(journal, step)) continue;
        await journal.note({ is: values.outcome === 'failed' ? 'failed' : 'ended', step, values });
      }
      await journal.end(outcome);
    }
    await journal.close();
    return journal.history;
  } finally {
    await lease.release();
  }
}

function isNoted(journal: RunJournal, step: string): boolean {
  return (
    journal.hasBegun(step) || [...journal.history.steps.keys()].some((copy) => copy.startsWith(`${step}.`))
  );
}
