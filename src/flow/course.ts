import type { NamedStep, Step } from '../declare/declaration.js';
import type { StepValues, Values } from '../expression/values.js';
import type { RunJournal } from '../journal/runs.js';
import type { Observer, StepEnd } from './outcome.js';
import { valuesOf } from './outcome.js';
import type { PreparedCopy } from './plan.js';
import type { PreparedExport } from './plan-export.js';
import type { PreparedReplicate } from './plan-replicate.js';
import type { World } from './scope.js';

/** What the steps of one run share while they run. */
export interface Course {
  readonly world: World;
  readonly journal: RunJournal;
  readonly observer: Observer;
  /** What became of each step, in the order in which they ended; of the copies of a step with `tables`, each. */
  readonly ends: Map<string, StepEnd>;
  /** What expressions see of the steps that have ended. */
  readonly values: Map<string, StepValues>;
  /** Plans that were run once: a parallel step that is tried again plans its copies again. */
  readonly used: WeakSet<PreparedCopy | PreparedReplicate | PreparedExport>;
}

export function expressionValues({ values, world }: Course): Values {
  return { steps: values, firing: world.firing };
}

/** Notes the end of a step that has one end. */
export function settle(course: Course, { name }: NamedStep, end: StepEnd): void {
  course.ends.set(name, end);
  course.values.set(name, valuesOf([end]));
  course.observer.ended(name, end);
}

/** What the journal calls a step. Names have no brackets, paths have. */
export function keyOf(step: Step): string {
  return step.kind === 'parallel' ? step.path : step.name;
}
