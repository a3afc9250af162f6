import type { CopyStep, ExportStep, VerifyStep } from '../../declare/declaration.js';
import { resultPath } from './context-path.js';
import { type Next, type State, type States, to } from './definition.js';
import type { Drawing } from './drawing.js';
import { partRetry, serviceRetry, stepRetry } from './failures.js';
import { type OwnWork, ownTask } from './invocation.js';
import { resultFrom } from './results.js';
import { RUN_FUNCTION } from './step-functions.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Plan, the parts side by side, finish: within a Parallel of one branch, so that `retry` and `onFailure` hold for all
 * of it. Rows never pass through the machine, only pointers to parts. Of a copy through a queue it is what sends.
 */
export function copyState(step: CopyStep, drawing: Drawing, next: Next, failure: Fields): State {
  const label = drawing.labels.of(step);
  return {
    Type: 'Parallel',
    Comment: `copy ${step.name}: ${step.from.connection} → ${(step.via ?? step.to).connection}`,
    Branches: [{ StartAt: `${label}: plan`, States: copyStates(step, drawing) }],
    ResultSelector: resultFrom('copy', '$[0]'),
    ResultPath: resultPath(label),
    ...stepRetry(step),
    ...failure,
    ...to(next),
  };
}

/**
 * A distributed Map does not say how its part failed, which `retry.on` wants to know: the journal does.
 * https://docs.aws.amazon.com/step-functions/latest/dg/maprun-fail-threshold.html
 */
const partFailed = 'States.ExceedToleratedFailureThreshold';

function copyStates(step: CopyStep, drawing: Drawing): States {
  const label = drawing.labels.of(step);
  const [plan, parts, finish] = [`${label}: plan`, `${label}: parts`, `${label}: finish`];
  const [why, failed] = [`${label}: why`, `${label}: part failed`];
  return {
    [plan]: stepTask('plan', step, drawing, {
      ResultSelector: { 'parts.$': '$.Payload.parts' },
      ResultPath: '$.plan',
      ...to(parts),
    }),
    [parts]: {
      Type: 'Map',
      ItemsPath: '$.plan.parts',
      MaxConcurrency: step.parallel,
      ItemSelector: { 'run.$': '$.run', 'firing.$': '$.firing', 'part.$': '$$.Map.Item.Value' },
      ItemProcessor: partMachine(step, drawing),
      ResultPath: null,
      Catch: [{ ErrorEquals: [partFailed], ResultPath: '$.failure', Next: why }],
      ...to(finish),
    },
    [why]: stepTask(
      'failed',
      step,
      drawing,
      { ResultSelector: { 'error.$': '$.Payload.error' }, ResultPath: '$.failure', ...to(failed) },
      { 'error.$': '$.failure' },
    ),
    [failed]: { Type: 'Fail', ErrorPath: '$.failure.error.code', CausePath: '$.failure.error.message' },
    [finish]: stepTask('finish', step, drawing, { OutputPath: '$.Payload', ...to(undefined) }),
  };
}

/** One part: called again for as long as it hands over. A child execution each, so that their number has no bound. */
function partMachine(step: CopyStep, drawing: Drawing): Fields {
  const label = drawing.labels.of(step);
  const [part, choice, done] = [`${label}: part`, `${label}: done?`, `${label}: done`];
  return {
    ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
    StartAt: part,
    States: {
      [part]: stepTask(
        'part',
        step,
        drawing,
        { ...partRetry, ResultPath: '$.result', ...to(choice) },
        { 'part.$': '$.part' },
      ),
      [choice]: {
        Type: 'Choice',
        Choices: [{ Variable: '$.result.Payload.done', BooleanEquals: false, Next: part }],
        Default: done,
      },
      [done]: { Type: 'Pass', OutputPath: null, ...to(undefined) },
    },
  };
}

export function verifyState(step: VerifyStep, drawing: Drawing, next: Next, failure: Fields): State {
  const { of, sample } = step;
  const about = { of, ...(sample === undefined ? {} : { sample }) };
  const task = stepTask('verify', step, drawing, {}, about);
  const { Retry: own = [] } = stepRetry(step);
  return {
    ...task,
    Retry: [...own, ...serviceRetry.Retry],
    ResultSelector: resultFrom('verify', '$.Payload'),
    ResultPath: resultPath(drawing.labels.of(step)),
    ...failure,
    ...to(next),
  };
}

/** A Task of ours for a step; how it failed is asked of the run's function, which needs nothing but the journal. */
export function stepTask(
  work: Exclude<OwnWork, 'begin'>,
  step: CopyStep | ExportStep | VerifyStep,
  { pipeline, functions }: Drawing,
  fields: Fields,
  more: Fields = {},
): State {
  const payload = { 'run.$': '$.run', pipeline, step: step.name, 'firing.$': '$.firing', ...more };
  const placeholder = work === 'failed' ? RUN_FUNCTION : functions.get(step.name);
  if (placeholder === undefined) throw new Error('a step without a function');
  return ownTask(placeholder, work, payload, { ...serviceRetry, ...fields });
}
