import {
  type Declaration,
  innerSteps,
  type NamedStep,
  type ParallelStep,
  type Step,
} from '../../declare/declaration.js';
import type { Reference } from '../../expression/expression.js';
import { fieldsOfSteps, typesOfFiring, type ValueType } from '../../expression/fields.js';
import type { Read } from './condition.js';
import { referencePath } from './context-path.js';
import { Labels } from './labels.js';
import { NotDrawable } from './not-drawable.js';
import { stepFunctions } from './step-functions.js';

/** What is known of a pipeline while its steps become states. */
export interface Drawing {
  readonly pipeline: string;
  readonly connections: Declaration['connections'];
  readonly labels: Labels;
  /** The placeholder of each step's function, by name. */
  readonly functions: ReadonlyMap<string, string>;
  /** By name. */
  readonly steps: ReadonlyMap<string, NamedStep>;
  /** In which branches each stands, by name. */
  readonly surroundings: ReadonlyMap<string, Surroundings>;
}

/** The parallel steps in whose branches a step stands, the outermost first. */
export type Surroundings = readonly ParallelStep[];

export function openDrawing({ pipeline, connections, steps }: Declaration): Drawing {
  const named = new Map<string, NamedStep>();
  const surroundings = new Map<string, Surroundings>();
  const walk = (series: readonly Step[], around: Surroundings): void => {
    for (const step of series) {
      if (step.kind === 'parallel') walk(step.branches.flat(), [...around, step]);
      else {
        named.set(step.name, step);
        surroundings.set(step.name, around);
      }
      walk(step.onFailure?.steps ?? [], around);
    }
  };
  walk(steps, []);
  const functions = stepFunctions(steps);
  return { pipeline, connections, labels: new Labels(steps), functions, steps: named, surroundings };
}

/** What a reference reads. Throws `NotDrawable` for what a state machine does not know. */
export function readerOf(drawing: Drawing, around: Surroundings): (reference: Reference) => Read {
  return (reference) => {
    const path = referencePath(reference, (name) => drawing.labels.ofName(name));
    if (reference.kind === 'firing') {
      return { path, type: typesOfFiring[reference.field] ?? { is: 'unknown' }, optional: false };
    }
    const { step: name, path: fields } = reference;
    refuseLost(drawing, name, around);
    return { path, ...typeOf(drawing.steps.get(name), fields) };
  };
}

/** A state machine cannot look into a Parallel state that failed. */
function refuseLost({ surroundings }: Drawing, name: string, around: Surroundings): void {
  const lost = surroundings
    .get(name)
    ?.find((step) => step.onFailure?.then === 'continue' && !around.includes(step));
  if (!lost) return;
  throw new NotDrawable(
    `what ${name} did is not known behind ${lost.path}: a state machine forgets the branches of a parallel step that failed`,
    'give the steps of the branches an `onFailure` of their own, or leave the parallel step without `then: continue`',
  );
}

function typeOf(
  step: NamedStep | undefined,
  [field, part]: readonly (string | number)[],
): Omit<Read, 'path'> {
  if (!step) throw new Error('a reference to no step');
  if (field === 'error') return { type: { is: 'text' }, optional: part === undefined };
  const isMeasured = step.kind !== 'call' && !(step.kind === 'wait' && step.until !== undefined);
  if (field === 'seconds' && !isMeasured) {
    throw new NotDrawable(
      `a state machine does not measure how long the ${step.kind} ${step.name} takes`,
      'ask for something else than its `seconds`',
    );
  }
  const type: ValueType | undefined = fieldsOfSteps[step.kind][String(field)];
  if (!type) throw new Error(`a ${step.kind} without ${field}`);
  return { type, optional: part !== undefined };
}

/** All steps of a pipeline, inner ones included, in the order of the document. */
export function allSteps(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step) => [step, ...allSteps(innerSteps(step))]);
}
