import type { CallStep } from '../../declare/declaration.js';
import { resultPath } from './context-path.js';
import { type Next, type State, to } from './definition.js';
import { type Drawing, readerOf, type Surroundings } from './drawing.js';
import { callRetry } from './failures.js';
import { invocation } from './invocation.js';
import { NotDrawable } from './not-drawable.js';
import { emptyResult } from './results.js';
import { payloadOf } from './template.js';

/** A Task that calls the function; what it gives is the step's output. Throws `NotDrawable` where there is none. */
export function callState(
  step: CallStep,
  drawing: Drawing,
  { next, around, failure }: { next: Next; around: Surroundings; failure: Readonly<Record<string, unknown>> },
): State {
  const { name, function: functionName, role } = step;
  if (functionName === undefined) {
    throw new NotDrawable(
      `${name} runs on this machine only`,
      'give it the ARN of a Lambda function as `function`; `run` may stay beside it',
    );
  }
  const read = readerOf(drawing, around);
  const payload = payloadOf(step.input, (reference) => read(reference).path);
  return invocation(functionName, payload, {
    Comment: `call ${name}`,
    ...(role === undefined ? {} : { Credentials: { RoleArn: role } }),
    TimeoutSeconds: Math.ceil(step.timeoutSeconds),
    ResultSelector: { ...emptyResult('call', 'complete'), 'output.$': '$.Payload' },
    ResultPath: resultPath(drawing.labels.of(step)),
    ...callRetry(step),
    ...failure,
    ...to(next),
  });
}
