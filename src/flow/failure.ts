import { SluiceError } from '../errors.js';
import type { StepValues } from '../expression/values.js';
import { type Course, keyOf, settle } from './course.js';
import {
  completed,
  completeMove,
  type Ending,
  endAgain,
  errorValues,
  plainEnd,
  valuesOf,
} from './outcome.js';
import { allSteps, type NamedPlan, namedPlans, type PlannedStep } from './plan.js';

/**
 * What follows the failure of the last attempt at a step: it is recorded, then `onFailure` runs. `failed` is
 * absent when an earlier attempt at the run failed here and went on, so that the step is not run again.
 */
export async function handleFailure(
  course: Course,
  planned: PlannedStep,
  failed: Ending | undefined,
  run: (steps: readonly PlannedStep[]) => Promise<Ending>,
): Promise<Ending> {
  const { onFailure } = planned.step;
  if (failed) await noteFailure(course, planned, failed);
  else for (const plan of namedPlans(planned)) restore(course, plan);
  if (onFailure?.then === 'continue') giveUp(course, planned);
  else await beginAgain(course, planned.onFailure);
  const ending = await run(planned.onFailure);
  if (ending.outcome !== 'complete') return ending;
  return onFailure?.then === 'continue' ? completed : (failed ?? completed);
}

async function noteFailure(course: Course, { step }: PlannedStep, failed: Ending): Promise<void> {
  const known = step.kind === 'parallel' ? undefined : course.values.get(step.name);
  const error = errorValues('error' in failed ? failed.error : undefined);
  const values: StepValues = known ?? { outcome: 'failed', seconds: 0, error };
  await course.journal.note({ is: 'failed', step: keyOf(step), values });
}

/** Puts back what the journal knows of a step that is not run again. */
function restore(course: Course, plan: NamedPlan): void {
  const { step } = plan;
  const { ended, failed } = course.journal.flow(step.name);
  const known = ended ?? failed;
  if (known) {
    settle(course, step, endAgain(step.kind, known));
    course.values.set(step.name, known);
    return;
  }
  if (plan.kind === 'export') {
    const { result } = course.journal.step(step.name).past;
    if (result) settle(course, step, completeMove('export', result));
  }
  if (plan.kind !== 'copy') return;
  const results = plan.copies.map(({ name }) => [name, course.journal.step(name).past.result] as const);
  const ends = results.flatMap(([name, result]) => {
    const end = result && completeMove('copy', result);
    if (end) course.ends.set(name, end);
    return end ?? [];
  });
  if (ends.length === results.length) course.values.set(step.name, valuesOf(ends));
}

/** The flow goes on without what has not ended: it counts as failed, and is not gone on with. */
function giveUp(course: Course, planned: PlannedStep): void {
  for (const { step } of namedPlans(planned)) {
    const values = course.values.get(step.name);
    if (values && values.outcome !== 'failed') continue;
    if (!values) {
      const error = new SluiceError('interrupted', 'stopped because a branch beside it failed');
      settle(course, step, plainEnd(step.kind, 'failed', { error }));
    }
    for (const [name, end] of course.ends) {
      const isOwn = name === step.name || name.startsWith(`${step.name}.`);
      if (isOwn && end.outcome !== 'complete') course.ends.set(name, { ...end, handled: true });
    }
  }
}

/** What an earlier failure of the same step made run is run once more. */
async function beginAgain(course: Course, steps: readonly PlannedStep[]): Promise<void> {
  const begun = allSteps(steps)
    .flatMap((each) => [keyOf(each.step), ...('copies' in each ? each.copies.map(({ name }) => name) : [])])
    .filter((key) => course.journal.hasBegun(key));
  for (const step of new Set(begun)) await course.journal.note({ is: 'again', step });
  if (begun.length > 0) await course.journal.refresh();
}
