import { type Declaration, innerSteps, type Step } from '../declare/declaration.js';
import { printExpression } from '../expression/print.js';
import type { RunHistory } from '../journal/runs.js';
import { copySteps } from './scope.js';

/**
 * The copies that runs have come to and none has ever begun, since a `when` was false each time: what their sinks lack is not
 * missing. `runs`: newest first. `during`: a run under way that is past all of them; deployed, what it skips is noted when it ends.
 */
export async function alwaysSkipped(
  runs: AsyncIterable<RunHistory> | Iterable<RunHistory>,
  steps: readonly Step[],
  during?: string,
): Promise<ReadonlySet<string>> {
  const open = new Set(conditional(steps));
  const skipped = new Set<string>();
  for await (const history of runs) {
    const begun = begunIn(history);
    for (const name of open) {
      const isSkipped = history.flow.get(name)?.ended?.outcome === 'skipped';
      if (isSkipped || (history.run === during && !begun.has(name))) skipped.add(name);
      else if (begun.has(name)) {
        open.delete(name);
        skipped.delete(name);
      }
    }
    if (open.size === 0) break;
  }
  return skipped;
}

/** Copies with a `when`, or within something that has one. */
function conditional(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => {
    if (step.when) return copySteps([step]).map(({ name }) => name);
    return step.kind === 'parallel' ? conditional(step.branches.flat()) : [];
  });
}

/** Under what condition a copy is made: its own, and those of what it is within. '' where there is none. */
export function conditionOf(steps: readonly Step[], name: string): string {
  return conditionsOf(steps, name).join(' and ');
}

function conditionsOf(steps: readonly Step[], name: string): readonly string[] {
  const around = steps.find((step) => copySteps([step]).some((copy) => copy.name === name));
  if (!around) return [];
  const { when } = around;
  return [...(when ? [printExpression(when)] : []), ...conditionsOf(innerSteps(around), name)];
}

/** The steps that anything is known of; of a step with `tables` it is known of its copies. */
function begunIn({ steps, flow }: RunHistory): ReadonlySet<string> {
  return new Set([...steps.keys(), ...flow.keys()].map((name) => name.replace(/\..*$/s, '')));
}

/** The declaration without these copies. */
export function withoutCopies<Declared extends Pick<Declaration, 'steps'>>(
  declaration: Declared,
  names: ReadonlySet<string>,
): Declared {
  const kept = (steps: readonly Step[]): readonly Step[] =>
    steps
      .filter((step) => step.kind !== 'copy' || !names.has(step.name))
      .map((step) => (step.kind === 'parallel' ? { ...step, branches: step.branches.map(kept) } : step));
  return { ...declaration, steps: kept(declaration.steps) };
}
