import type { Expression } from '../../../expression/expression.js';
import { guarded, type Scope, type Walk, type Walked } from './carrying.js';
import { joined } from './choice-rule.js';
import { type Data, merged, parsePath, unknown, withData } from './data.js';
import type { ImportedStep } from './imported-step.js';
import { quoted, type ReadState } from './machine-file.js';
import { namesOf } from './retriers.js';

interface Catcher {
  readonly ErrorEquals?: unknown;
  readonly ResultPath?: unknown;
  readonly Next: string;
}

/** A state that has become a step, and what there is before and behind it. */
export interface Caught {
  readonly name: string;
  readonly state: ReadState;
  readonly step: ImportedStep;
  readonly before: Data;
  readonly after: Data;
}

/**
 * The step with the `onFailure` that its `Catch` becomes, and the steps up to where the handler meets them again:
 * those run unless the step failed.
 */
export function caughtSteps(
  scope: Scope,
  caught: Caught,
  walk: Walk,
): Walked & { readonly next: string | undefined } {
  const { name, state, step, after } = caught;
  const catcher = catcherOf(scope, name, state);
  if (!catcher) return { steps: [step], data: after, next: state.Next };
  const { joins } = scope;
  const error = errorData(caught, catcher);
  if (joins.alwaysFails(catcher.Next)) {
    const { steps } = walk({ ...scope, failing: true }, catcher.Next, undefined, error);
    const onFailure = steps.length === 0 ? {} : { onFailure: { steps, goesOn: false } };
    return { steps: [{ ...step, ...onFailure }], data: after, next: state.Next };
  }
  const join = joins.behind(name);
  const handled = walk(scope, catcher.Next, join, error);
  const steps = handled.steps.length > 0 ? handled.steps : [ignoring(scope, name)];
  const between = walk(scope, state.Next, join, after);
  const failing: ImportedStep = { ...step, onFailure: { steps, goesOn: true } };
  return {
    steps: [failing, ...guarded(unlessFailed(step), between.steps)],
    data: merged(between.data, handled.data),
    next: join,
  };
}

function catcherOf({ carrying }: Scope, name: string, state: ReadState): Catcher | undefined {
  const catchers = (state['Catch'] ?? []) as readonly Catcher[];
  const takesAll = (catcher: Catcher) =>
    namesOf({ ...catcher }).some((each) => each === 'States.ALL' || each === 'States.TaskFailed');
  const chosen = catchers.find(takesAll) ?? catchers[0];
  for (const catcher of catchers) {
    const names = namesOf({ ...catcher }).join(', ');
    if (catcher !== chosen) {
      carrying.lose(
        name,
        `Catch of ${names}, which leads to ${quoted(catcher.Next)}`,
        'a step has one onFailure',
      );
    } else if (!takesAll(catcher)) {
      carrying.lose(name, `Catch of ${names} only`, 'onFailure follows every failure');
    }
  }
  return chosen;
}

function errorData({ step, before }: Caught, { ResultPath: path = '$' }: Catcher): Data {
  if (path === null) return before;
  const parts = typeof path === 'string' ? parsePath(path) : undefined;
  const name = step.fields['call'];
  if (!parts) return unknown('it is not known where the error lies');
  if (typeof name !== 'string')
    return withData(before, parts, unknown('how a parallel step failed is not told'));
  const field = (of: 'code' | 'message'): Data => ({ kind: 'error', step: name, field: of });
  return withData(before, parts, {
    kind: 'object',
    fields: { Error: field('code'), Cause: field('message') },
  });
}

/** What only goes on after a failure: there must be a step, which does next to nothing. */
function ignoring({ carrying }: Scope, name: string): ImportedStep {
  const fields = { wait: carrying.name(`${name}-ignored`), for: 1 };
  return { notes: ['the state machine just goes on'], fields };
}

/** A parallel step has no outcome of its own: when it failed, one of its steps did. */
function unlessFailed(step: ImportedStep): Expression {
  const names = namesIn([step]);
  const conditions = names.map(
    (name): Expression => ({
      kind: 'comparison',
      operator: '!=',
      left: { kind: 'step', step: name, path: ['outcome'] },
      right: { kind: 'literal', value: 'failed' },
    }),
  );
  return joined('and', conditions);
}

function namesIn(steps: readonly ImportedStep[]): readonly string[] {
  return steps.flatMap(({ fields, branches = [] }) => {
    const own = [fields['call'], fields['wait']].filter((name) => typeof name === 'string');
    return [...own, ...namesIn(branches.flat())];
  });
}
