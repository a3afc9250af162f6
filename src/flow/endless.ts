import type { Finding } from '../connectors/connector.js';
import { namedPlans, type PlannedStep } from './plan.js';

/** What would never run, since a step before it has no end: refusals, unless steps end once they have caught up. */
export function unreachable(
  steps: readonly PlannedStep[],
): readonly { readonly name: string; readonly finding: Finding }[] {
  const endless = steps.findIndex(isEndless);
  const [next] = endless < 0 ? [] : steps.slice(endless + 1);
  const inner = steps.flatMap((step) => (step.kind === 'parallel' ? step.branches.flatMap(unreachable) : []));
  if (!next) return inner;
  const name = namedPlans(next)[0]?.step.name ?? next.step.path;
  const before = steps[endless];
  const cause = before && namedPlans(before).find(({ kind }) => kind === 'replicate')?.step.name;
  const finding: Finding = {
    level: 'refuse',
    code: 'plan_refused',
    message: `it would never run: ${cause ?? 'the step before it'} follows changes without an end`,
    hint: 'run with --drain, let both run in `parallel`, or give it a pipeline of its own',
    path: next.step.path,
  };
  return [...inner, { name, finding }];
}

function isEndless(step: PlannedStep): boolean {
  return step.kind === 'parallel' ? step.branches.flat().some(isEndless) : step.kind === 'replicate';
}
