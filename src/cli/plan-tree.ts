import type { CallStep, NamedStep, RetryDeclaration, Step } from '../declare/declaration.js';
import { printExpression } from '../expression/print.js';
import { durationText } from './text.js';

/** The steps with their conditions, waits, calls and what follows failures, as lines; nested ones are indented. */
export function treeLines(steps: readonly Step[], indent = ''): readonly string[] {
  return steps.flatMap((step) => {
    const below = `${indent}  `;
    if (step.kind !== 'parallel') return [`${indent}${step.name}: ${whatIs(step)}`, ...around(step, below)];
    const limit = step.limit === undefined ? '' : `, ${step.limit} at once`;
    const branches = step.branches.flatMap((branch) =>
      treeLines(branch).map((line, index) => `${below}${index === 0 ? '├ ' : '│ '}${line}`),
    );
    return [`${indent}parallel${limit}`, ...around(step, below), ...branches];
  });
}

/** Whether there is more to say than the names of copies, one after the other. */
export function isPlainSeries(steps: readonly Step[]): boolean {
  return steps.every((step) => step.kind === 'copy' && !step.when && !step.onFailure);
}

/** The same for programs: one for each step, nested ones too, in the order of the document. */
export function treeEvents(steps: readonly Step[]): readonly object[] {
  return steps.flatMap((step) => {
    const { path, kind, when, retry, onFailure } = step;
    const event = {
      event: 'step',
      ...(step.kind === 'parallel' ? {} : { step: step.name }),
      path,
      kind,
      ...(when && { when: printExpression(when) }),
      ...(retry.attempts > 1 && { retry }),
      ...(onFailure && { onFailure: { steps: onFailure.steps.map(labelOf), after: onFailure.then } }),
      ...detailsOf(step),
    };
    const inner = step.kind === 'parallel' ? step.branches.flat() : [];
    return [event, ...treeEvents(inner), ...treeEvents(onFailure?.steps ?? [])];
  });
}

function labelOf(step: Step): string {
  return step.kind === 'parallel' ? step.path : step.name;
}

function detailsOf(step: Step): object {
  switch (step.kind) {
    case 'wait':
      return step.until === undefined ? { seconds: step.seconds } : { until: step.until };
    case 'replicate':
      return { changes: step.changes, events: step.events, load: step.load, first: step.first };
    case 'export':
      return { keep: step.keep, direct: step.direct, tables: step.from.tables };
    case 'verify':
      return { of: step.of, ...(step.sample === undefined ? {} : { sample: step.sample }) };
    case 'call': {
      const run = typeof step.run === 'function' ? 'a function of the declaration' : step.run;
      return { run, function: step.function, from: callFrom(step), timeoutSeconds: step.timeoutSeconds };
    }
    case 'parallel':
      return { branches: step.branches.map((branch) => branch.map(labelOf)), limit: step.limit };
    default:
      return {};
  }
}

function callFrom({ run }: CallStep): 'command' | 'function' | 'lambda' {
  if (typeof run === 'function') return 'function';
  return run ? 'command' : 'lambda';
}

function whatIs(step: NamedStep): string {
  switch (step.kind) {
    case 'copy':
      return 'copy';
    case 'replicate':
      return `follows changes without an end${step.first ? ', behind a copy' : ''}`;
    case 'export':
      return `exports ${step.direct ? 'the cluster' : 'a snapshot'} of ${step.from.connection} to ${step.to.connection}`;
    case 'wait':
      return step.until === undefined
        ? `wait ${durationText(step.seconds ?? 0)}`
        : `wait until ${step.until}`;
    case 'verify':
      return `verify ${step.of.join(', ')}${step.sample === undefined ? '' : `, ${step.sample} rows of each`}`;
    case 'call':
      return `call ${whoIsCalled(step)}`;
  }
}

function whoIsCalled({ run, function: arn }: CallStep): string {
  const deployed = arn === undefined ? '' : ` (when deployed: ${arn})`;
  if (typeof run === 'function') return `a function of the declaration${deployed}`;
  return run ? `${run.join(' ')}${deployed}` : String(arn);
}

function around({ when, retry, onFailure }: Step, indent: string): readonly string[] {
  return [
    ...(when ? [`${indent}when ${printExpression(when)}`] : []),
    ...(retry.attempts > 1 ? [`${indent}${retryText(retry)}`] : []),
    ...(onFailure ? [`${indent}on failure, then ${onFailure.then}:`] : []),
    ...treeLines(onFailure?.steps ?? [], `${indent}  `),
  ];
}

function retryText({ attempts, on }: RetryDeclaration): string {
  return `at most ${attempts} attempts${on ? `, after ${on.join(', ')}` : ''}`;
}
