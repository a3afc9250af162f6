import { countCommits } from '../../engine/copy-parts.js';
import { finishCopy } from '../../engine/finish-copy.js';
import type { StepPast } from '../../engine/journal.js';
import { joinCopy } from '../../engine/open-copy.js';
import { secondsSince } from '../../engine/seconds-since.js';
import { sharesSeen } from '../../engine/shares-seen.js';
import { SluiceError } from '../../errors.js';
import type { StepValues } from '../../expression/values.js';
import { completeMove, type StepEnd, valuesOf } from '../outcome.js';
import { copySteps } from '../scope.js';
import { copyNamed, type SingleCopy } from '../single-copy.js';
import { copyApart } from './copy-apart.js';
import { type Apart, type Joined, joinRun, noSuchStep } from './open-apart.js';
import { copyStepNamed } from './plan-step.js';

/**
 * Ends the copies of a step whose parts are all copied; those that are complete give what they gave before.
 * @throws SluiceError counts_differ where not all parts are
 */
export async function finishStep(apart: Apart, run: string, name: string): Promise<StepValues> {
  const step = copyStepNamed(apart, name);
  const joined = await joinRun(apart, run, name);
  try {
    const ends: StepEnd[] = [];
    for (const copy of begunCopies(joined, step.name)) {
      const single = copyNamed(copySteps(apart.declaration.steps), copy);
      if (!single) throw noSuchStep(copy);
      ends.push(await finishOne(apart, joined, single));
    }
    if (ends.length === 0) throw new SluiceError('counts_differ', `${name} was not begun`);
    return valuesOf(ends);
  } finally {
    await joined.close();
  }
}

/** Those of the step that were opened: with `tables` as many as there were then. */
function begunCopies({ journal }: Pick<Joined, 'journal'>, step: string): readonly string[] {
  return [...journal.history.steps.keys()]
    .filter((name) => name === step || name.startsWith(`${step}.`))
    .sort();
}

async function finishOne(apart: Apart, joined: Joined, copy: SingleCopy): Promise<StepEnd> {
  const { past } = joined.journal.step(copy.name);
  if (past.result) return completeMove('copy', past.result);
  checkCopied(copy.name, past);
  const opened = await copyApart(joined, copy, { stop: apart.signal });
  const { plan, run } = opened;
  try {
    await joinCopy(plan, run);
    countCommits(run.counters, past);
    const seen = sharesSeen(past.shares ?? [], plan.transform);
    const result = await finishCopy(plan, run, () => ({ seconds: secondsSince(past.begun), ...seen }));
    await opened.forget();
    return completeMove('copy', result);
  } catch (error) {
    run.abort(error);
    throw error;
  } finally {
    await opened.close();
  }
}

/** Nothing is swapped or deleted before all is there (invariant 6). */
function checkCopied(name: string, { parts = [], copied, moved }: StepPast): void {
  const left = parts.filter(({ id }) => !copied.has(id)).length;
  if (moved || (left === 0 && parts.length > 0)) return;
  throw new SluiceError('counts_differ', `${name}: ${left} of ${parts.length} parts are not copied yet`);
}
