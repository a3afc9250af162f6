import type { RunJournal } from '../journal/runs.js';
import type { Course } from './course.js';
import type { Ending, Observer, StepEnd } from './outcome.js';
import { allSteps, type PlannedStep } from './plan.js';
import type { World } from './scope.js';
import { runSeries } from './series.js';

/** What a run has come to. */
export interface RunOutcome {
  readonly ending: Ending;
  /** The end of each step that ended, in the order of the document; of each copy of a step with `tables`. */
  readonly ends: ReadonlyMap<string, StepEnd>;
}

/**
 * Runs planned steps: lists in series, branches side by side. A failed step ends its series and stops its
 * sibling branches at the next batch; `stop` stops everything so. Never throws for what a step did: that is
 * in the outcome.
 */
export async function runSteps(
  world: World,
  steps: readonly PlannedStep[],
  {
    journal,
    observer,
    stop,
  }: { readonly journal: RunJournal; readonly observer: Observer; readonly stop: AbortSignal },
): Promise<RunOutcome> {
  const shared = { ends: new Map(), values: new Map(), used: new WeakSet() };
  const course: Course = { world, journal, observer, ...shared };
  const ending = await runSeries(course, steps, stop);
  return { ending, ends: inOrder(course.ends, steps) };
}

function inOrder(ends: ReadonlyMap<string, StepEnd>, steps: readonly PlannedStep[]): RunOutcome['ends'] {
  const names = allSteps(steps).flatMap((planned) => [
    ...(planned.kind === 'parallel' ? [] : [planned.step.name]),
    ...('copies' in planned ? planned.copies.map(({ name }) => name) : []),
  ]);
  return new Map(
    names.flatMap((name) => {
      const end = ends.get(name);
      return end ? [[name, end] as const] : [];
    }),
  );
}
