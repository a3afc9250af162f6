import type { NamedStep, ParallelStep, Step } from '../../declare/declaration.js';
import { contextFields, pathOf } from './context-path.js';
import { type Block, type Next, type State, type StateMachine, to } from './definition.js';
import { allSteps, type Drawing, type Surroundings } from './drawing.js';
import { stepRetry } from './failures.js';
import { NotDrawable } from './not-drawable.js';
import { emptyResult } from './results.js';

type Fields = Readonly<Record<string, unknown>>;

export type Series = (steps: readonly Step[], drawing: Drawing, around: Surroundings, next: Next) => Block;

/**
 * Branches side by side, each with the whole context; then what each branch's steps did is put together. With a
 * `limit`, which a Parallel state does not have, it is a Map over the branches' numbers whose MaxConcurrency is the
 * limit: never more run at once, they begin in their order, and the first failure ends them all.
 */
export function parallelBlock(
  step: ParallelStep,
  drawing: Drawing,
  { next, around, failure, series }: { next: Next; around: Surroundings; failure: Fields; series: Series },
): Block {
  refuseRepeatedCalls(step);
  const label = drawing.labels.of(step);
  const results = `${label}: results`;
  const inner = [...around, step];
  const branches = step.branches.map((branch) => series(branch, drawing, inner, undefined));
  const isLimited = step.limit !== undefined && step.limit < branches.length;
  const about = {
    ResultSelector: selected(step, drawing),
    ResultPath: '$.merged',
    ...stepRetry(step),
    ...failure,
    ...to(results),
  };
  const block = isLimited
    ? limitedBranches(label, step.limit, branches, about)
    : { entry: label, states: { [label]: allBranches(branches, about) } };
  return { entry: block.entry, states: { ...block.states, [results]: mergedState(next) } };
}

/** Here, what has ended is not run again with its siblings. Copies know from their journal that they are complete. */
function refuseRepeatedCalls(step: ParallelStep): void {
  const call = allSteps(step.branches.flat()).find(({ kind }) => kind === 'call');
  if (step.retry.attempts <= 1 || !call) return;
  throw new NotDrawable(
    `a state machine would make the call of ${call.path} again with each attempt at ${step.path}`,
    'give `retry` to the steps of the branches instead',
  );
}

function allBranches(branches: readonly Block[], about: Fields): State {
  const Branches: StateMachine[] = branches.map(({ entry, states }) => ({ StartAt: entry, States: states }));
  return { Type: 'Parallel', Branches, ...about };
}

function limitedBranches(
  label: string,
  limit: number | undefined,
  branches: readonly Block[],
  about: Fields,
): Block {
  const [numbers, which] = [`${label}: branches`, `${label}: which?`];
  const choices = branches.map(({ entry }, index) => ({
    Variable: '$.branch',
    NumericEquals: index,
    Next: entry,
  }));
  const states = {
    [which]: { Type: 'Choice', Choices: choices } as const,
    ...Object.assign({}, ...branches.map((branch) => branch.states)),
  };
  return {
    entry: numbers,
    states: {
      [numbers]: {
        Type: 'Pass',
        Result: branches.map((_, index) => index),
        ResultPath: '$.branches',
        ...to(label),
      },
      [label]: {
        Type: 'Map',
        ItemsPath: '$.branches',
        ItemSelector: { ...contextFields, 'branch.$': '$$.Map.Item.Value' },
        MaxConcurrency: limit,
        ItemProcessor: { ProcessorConfig: { Mode: 'INLINE' }, StartAt: which, States: states },
        ...about,
      },
    },
  };
}

/** From the list of the branches' contexts: the result of each step, from the branch that it stands in. */
function selected(step: ParallelStep, { labels }: Drawing): Fields {
  const ofBranch = (branch: readonly Step[], index: number) =>
    labelled(branch, labels).map((label) => [`${label}.$`, pathOf([index, 'steps', label])] as const);
  return Object.fromEntries(step.branches.flatMap(ofBranch));
}

/** Everything below that has a result: named steps, and parallel ones that keep how they failed. */
function labelled(steps: readonly Step[], labels: Drawing['labels']): readonly string[] {
  return allSteps(steps)
    .filter(({ kind }) => kind !== 'parallel')
    .map((step) => labels.of(step));
}

function mergedState(next: Next): State {
  return {
    Type: 'Pass',
    Parameters: { ...contextFields, 'steps.$': 'States.JsonMerge($.steps, $.merged, false)' },
    ...to(next),
  };
}

/** Marks all steps below as skipped. */
export function skippedParallel(step: ParallelStep, drawing: Drawing, next: Next): Block {
  const label = drawing.labels.of(step);
  const [skipped, results] = [`${label}: skipped`, `${label}: nothing`];
  const named = allSteps(step.branches.flat()).filter((each): each is NamedStep => each.kind !== 'parallel');
  const all = named.map((each) => [drawing.labels.of(each), emptyResult(each.kind, 'skipped')] as const);
  return {
    entry: skipped,
    states: {
      [skipped]: { Type: 'Pass', Result: Object.fromEntries(all), ResultPath: '$.merged', ...to(results) },
      [results]: mergedState(next),
    },
  };
}
