import { SluiceError } from '../errors.js';
import type { CopyResult, CopyRun } from './copy-run.js';
import type { Counters } from './counters.js';
import type { StepResult } from './journal.js';
import type { CopyPlan } from './plan.js';
import { checkRejectLimit } from './rejects.js';

/**
 * Ends an open copy whose parts are all copied; the run's counters are what became of them: checks the sum and the limit of
 * rejects, lets the sink finish, and notes the end. `about` is asked when the sink has finished.
 */
export async function finishCopy(
  plan: CopyPlan,
  run: CopyRun,
  about: () => Pick<StepResult, 'seconds' | 'series' | 'drift'>,
): Promise<CopyResult> {
  checkSum(plan.name, run.counters);
  checkRejectLimit(plan.step.rejects.limit, run.counters, true);
  if (!run.journal.past.moved) await run.journal.moved();
  const finished = await plan.sink.finish({ rejected: run.counters.rejected });
  const { seconds, ...more } = about();
  const result = {
    ...run.counters,
    deleted: finished.deleted,
    seconds,
    consistency: plan.source.report().consistency,
    ...more,
  };
  await run.journal.complete(result);
  return { ...result, name: plan.name, findings: finished.findings };
}

/** Throws `counts_differ` (invariant 2). */
export function checkSum(name: string, counters: Counters): void {
  const { read, written, unchanged, rejected } = counters;
  if (read === written + unchanged + rejected) return;
  const message = `${name}: read ${read}, but written ${written} + unchanged ${unchanged} + rejected ${rejected}`;
  throw new SluiceError('counts_differ', message);
}
