import { innerSteps, type NamedStep, type Step } from '../../declare/declaration.js';
import { copySteps } from '../scope.js';

/** Of the function that begins a run, and tells how a step failed: a placeholder of the definition. */
export const RUN_FUNCTION = 'Run';

/**
 * What the function of each step is called in a definition, by the step's name: `orders-out` is `StepOrdersOut`. Letters and
 * digits, unique: also the beginning of its logical name in CloudFormation. Steps that wait or call have no function of ours.
 */
export function stepFunctions(steps: readonly Step[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const used = new Set<string>();
  for (const { name } of ownSteps(steps)) {
    const wanted = `Step${wordsOf(name)}`;
    let free = wanted;
    for (let number = 2; used.has(free.toLowerCase()); number++) free = `${wanted}N${number}`;
    used.add(free.toLowerCase());
    names.set(name, free);
  }
  return names;
}

/** The same of functions that receive what steps sent through a queue: `users` is `ReceiveUsers`. */
export function receiverFunctions(steps: readonly Step[]): ReadonlyMap<string, string> {
  const receives = new Set(copySteps(steps).flatMap(({ name, via }) => (via ? [name] : [])));
  const named = [...stepFunctions(steps)].filter(([name]) => receives.has(name));
  return new Map(named.map(([name, placeholder]) => [name, placeholder.replace(/^Step/, 'Receive')]));
}

function ownSteps(steps: readonly Step[]): readonly NamedStep[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'parallel' || step.kind === 'wait' || step.kind === 'call' ? [] : [step]),
    ...ownSteps(innerSteps(step)),
  ]);
}

function wordsOf(name: string): string {
  const words = name.split(/[^A-Za-z0-9]+/).filter((word) => word !== '');
  return words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
