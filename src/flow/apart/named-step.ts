import { innerSteps, type NamedStep, type Step } from '../../declare/declaration.js';
import { type Apart, noSuchStep } from './open-apart.js';

/** The step of this name, wherever it stands. @throws SluiceError usage */
export function namedStep({ declaration }: Pick<Apart, 'declaration'>, name: string): NamedStep {
  const found = allWithin(declaration.steps).find((step) => step.kind !== 'parallel' && step.name === name);
  if (!found || found.kind === 'parallel') throw noSuchStep(name);
  return found;
}

function allWithin(steps: readonly Step[]): readonly Step[] {
  return steps.flatMap((step) => [step, ...allWithin(innerSteps(step))]);
}
