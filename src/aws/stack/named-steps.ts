import { innerSteps, type NamedStep, type Step } from '../../declare/declaration.js';

/** All steps with a name, inner ones too, in the order of the document. */
export function namedSteps(steps: readonly Step[]): readonly NamedStep[] {
  return steps.flatMap((step) => [
    ...(step.kind === 'parallel' ? [] : [step]),
    ...namedSteps(innerSteps(step)),
  ]);
}
