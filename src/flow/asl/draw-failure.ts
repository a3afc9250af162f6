import type { CallStep, CopyStep, ExportStep, ParallelStep, VerifyStep } from '../../declare/declaration.js';
import { resultPath } from './context-path.js';
import { type State, type States, to } from './definition.js';
import { stepTask } from './draw-copy.js';
import type { Drawing } from './drawing.js';
import { emptyResult, resultFrom } from './results.js';

type Fields = Readonly<Record<string, unknown>>;

type Failing = CopyStep | ExportStep | VerifyStep | CallStep | ParallelStep;

interface Failure {
  /** The `Catch` of the step's state. */
  readonly caught: Fields;
  /** What makes the step's result from the error, and goes on to `next`. */
  readonly states: States;
}

/** From the last failure of a step to the first state of its `onFailure`. */
export function failureOf(step: Failing, drawing: Drawing, next: string): Failure {
  switch (step.kind) {
    case 'parallel':
      return { caught: { Catch: [catcher(everyError, errorPath(step, drawing), next)] }, states: {} };
    case 'call':
      return failedCall(step, drawing, next);
    default:
      return failedTask(step, drawing, next);
  }
}

/** Ends the machine, or fails the branch, with the failure that was handled. */
export function stopState(step: Failing, drawing: Drawing): State {
  const [error, cause] = step.kind === 'parallel' ? ['Error', 'Cause'] : ['code', 'message'];
  const path = errorPath(step, drawing);
  return { Type: 'Fail', ErrorPath: `${path}.${error}`, CausePath: `${path}.${cause}` };
}

const everyError = ['States.ALL'] as const;

function catcher(errors: readonly string[], path: string, next: string): Fields {
  return { ErrorEquals: errors, ResultPath: path, Next: next };
}

/** A parallel step has no result; how it failed lies beside the results. */
function errorPath(step: Failing, { labels }: Drawing): string {
  return resultPath(labels.of(step), ...(step.kind === 'parallel' ? [] : ['error']));
}

/** What a copy had done before it failed is in its journal only. */
function failedTask(step: CopyStep | ExportStep | VerifyStep, drawing: Drawing, next: string): Failure {
  const failed = `${drawing.labels.of(step)}: failed`;
  const path = errorPath(step, drawing);
  const task = stepTask(
    'failed',
    step,
    drawing,
    {
      ResultSelector: resultFrom(step.kind, '$.Payload', 'error'),
      ResultPath: resultPath(drawing.labels.of(step)),
      ...to(next),
    },
    { 'error.$': path },
  );
  return { caught: { Catch: [catcher(everyError, path, failed)] }, states: { [failed]: task } };
}

/** Errors that Step Functions or Lambda report themselves have our codes; all others are the function's own. */
function failedCall(step: CallStep, drawing: Drawing, next: string): Failure {
  const label = drawing.labels.of(step);
  const path = errorPath(step, drawing);
  const result = (error: Fields): State => ({
    Type: 'Pass',
    Parameters: { ...emptyResult('call', 'failed'), error },
    ResultPath: resultPath(label),
    ...to(next),
  });
  const [late, failed] = [`${label}: timeout`, `${label}: failed`];
  return {
    caught: {
      Catch: [catcher(['States.Timeout'], path, late), catcher(everyError, path, failed)],
    },
    states: {
      // A timeout comes without a cause.
      [late]: result({ code: 'timeout', message: `${step.name} did not answer in time` }),
      [failed]: result({ code: 'call_failed', 'message.$': `${path}.Cause` }),
    },
  };
}
