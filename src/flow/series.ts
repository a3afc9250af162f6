import type { NamedStep } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { evaluate } from '../expression/evaluate.js';
import { attempts } from './attempts.js';
import { closePlans } from './close-plans.js';
import { type Course, expressionValues, keyOf, settle } from './course.js';
import { handleFailure } from './failure.js';
import { completed, type Ending, endAgain, endingOf, plainEnd, type StepEnd } from './outcome.js';
import { namedPlans, type PlannedParallel, type PlannedSingle, type PlannedStep } from './plan.js';
import { runCall } from './run-call.js';
import { runCopies } from './run-copies.js';
import { runExportStep } from './run-export.js';
import { runReplicateStep } from './run-replicate.js';
import { runVerify } from './run-verify.js';
import { runWait } from './run-wait.js';

/** Runs steps one after the other, until one of them is not complete. */
export async function runSeries(
  course: Course,
  steps: readonly PlannedStep[],
  stop: AbortSignal,
): Promise<Ending> {
  for (const step of steps) {
    const ending = await runStep(course, step, stop);
    if (ending.outcome !== 'complete') return ending;
  }
  return completed;
}

/** `when`, then the attempts, then `onFailure`. Never throws for what a step did. */
async function runStep(course: Course, planned: PlannedStep, stop: AbortSignal): Promise<Ending> {
  if (stop.aborted) return { outcome: 'interrupted', error: stop.reason };
  const { when, onFailure } = planned.step;
  const { ended, failed } = course.journal.flow(keyOf(planned.step));
  const isSkipped = ended?.outcome === 'skipped' || (when && !evaluate(when, expressionValues(course)));
  if (isSkipped) return await skip(course, planned);
  const isHandled = failed !== undefined && onFailure?.then === 'continue';
  const ending = isHandled ? undefined : await runAttempts(course, planned, stop);
  if (ending && ending.outcome !== 'failed') return ending;
  return await handleFailure(course, planned, ending, (steps) => runSeries(course, steps, stop));
}

/** All steps of a parallel one are skipped with it. */
async function skip(course: Course, planned: PlannedStep): Promise<Ending> {
  await closePlans([planned]);
  for (const { step } of namedPlans(planned)) {
    settle(course, step, plainEnd(step.kind, 'skipped'));
    if (course.journal.flow(step.name).ended) continue;
    const values = course.values.get(step.name);
    if (values) await course.journal.note({ is: 'ended', step: step.name, values });
  }
  return completed;
}

async function runAttempts(course: Course, planned: PlannedStep, stop: AbortSignal): Promise<Ending> {
  if (planned.kind === 'copy') return await runCopies(course, planned, stop);
  if (planned.kind === 'replicate') return await runReplicateStep(course, planned, stop);
  if (planned.kind === 'export') return await runExportStep(course, planned, stop);
  const { step } = planned;
  const about = { name: keyOf(step), retry: step.retry, stop };
  if (planned.kind === 'parallel') {
    return await attempts(course, about, () => runBranches(course, planned, stop));
  }
  const { name, kind } = planned.step;
  const past = course.journal.flow(name).ended;
  if (past) {
    settle(course, planned.step, endAgain(kind, past));
    return completed;
  }
  const end = await attempts(course, about, (attempt) => runSingle(course, planned, attempt, stop));
  settle(course, planned.step, end);
  const values = course.values.get(name);
  if (end.outcome === 'complete' && values) await course.journal.note({ is: 'ended', step: name, values });
  return endingOf(end);
}

async function runSingle(
  course: Course,
  planned: PlannedSingle,
  attempt: number,
  stop: AbortSignal,
): Promise<StepEnd> {
  const step: NamedStep = planned.step;
  if (step.kind === 'wait') return await runWait(course, step, stop);
  return step.kind === 'verify'
    ? await runVerify(course, step, attempt, stop)
    : await runCall(course, step, attempt, stop);
}

/** What no step is to blame for, such as a journal that cannot be written, stops the siblings too. */
function thrown(error: unknown): Ending {
  return { outcome: 'failed', error };
}

/** Runs branches side by side. The first that is not complete stops the others at their next batch. */
async function runBranches(course: Course, planned: PlannedParallel, stop: AbortSignal): Promise<Ending> {
  const controller = new AbortController();
  const either = AbortSignal.any([stop, controller.signal]);
  const waiting = [...planned.branches];
  let worst: Ending = completed;
  const lane = async (): Promise<void> => {
    for (let branch = waiting.shift(); branch; branch = waiting.shift()) {
      const ending = await runSeries(course, branch, either).catch(thrown);
      if (ending.outcome === 'complete') continue;
      if (worst.outcome !== 'failed') worst = ending;
      controller.abort(new SluiceError('interrupted', 'stopped because a branch beside it failed'));
      return;
    }
  };
  await Promise.all(Array.from({ length: planned.step.limit ?? planned.branches.length }, lane));
  return worst;
}
