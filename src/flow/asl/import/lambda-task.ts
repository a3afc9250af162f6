import { type Data, dataAt, fromTemplate, noData, unknown } from './data.js';
import { isObject, quoted, type ReadState } from './machine-file.js';

/** A Task that calls a Lambda function. */
export interface LambdaTask {
  /** An ARN; where the machine's is none, one of the same name in an account that is none. */
  readonly functionArn: string;
  readonly payload: Data;
  /** The Task's result, from what the function gave. */
  resultOf(output: Data): Data;
  readonly losses: readonly string[];
}

/** What a Task does if it is not to call a Lambda function and wait for it. */
export type OtherTask = { readonly not: string };

const arn =
  /^arn:aws(-[a-z]+)*:lambda:[a-z]{2,4}(-[a-z]+)+-\d{1,2}:\d{12}:function:[A-Za-z0-9_-]{1,64}(:(\$LATEST|[A-Za-z0-9_-]{1,128}))?$/;

/** `input` is what the Task gets, behind InputPath. */
export function lambdaTask(state: ReadState, input: Data): LambdaTask | OtherTask {
  const resource = String(state['Resource']);
  if (/^arn:aws[a-z-]*:states:::lambda:invoke$/.test(resource)) return invokeTask(state, input);
  if (!arn.test(resource) && !/:function:|^\$\{/.test(resource)) {
    return { not: `${quoted(resource)} is not a Lambda function that is called and waited for` };
  }
  const parameters = state['Parameters'];
  return {
    ...functionOf(resource),
    payload: parameters === undefined ? input : fromTemplate(parameters, input),
    resultOf: (output) => output,
  };
}

function invokeTask(state: ReadState, input: Data): LambdaTask | OtherTask {
  const parameters = isObject(state['Parameters']) ? state['Parameters'] : {};
  const { FunctionName: name, Qualifier: qualifier, InvocationType: type = 'RequestResponse' } = parameters;
  if (typeof name !== 'string') return { not: 'which function it calls is known at its time only' };
  if (type !== 'RequestResponse') return { not: `it does not wait for the function (${String(type)})` };
  const whole = typeof qualifier === 'string' ? `${name}:${qualifier}` : name;
  return { ...functionOf(whole), payload: payloadOf(parameters, input), resultOf: invocationResult };
}

function payloadOf(parameters: Readonly<Record<string, unknown>>, input: Data): Data {
  const path = parameters['Payload.$'];
  if (typeof path === 'string') return dataAt(input, path);
  return parameters['Payload'] === undefined ? noData : fromTemplate(parameters['Payload'], input);
}

function invocationResult(output: Data): Data {
  const status: Data = { kind: 'constant', value: 200 };
  return {
    kind: 'object',
    fields: { Payload: output, StatusCode: status },
    base: unknown('it is about the call'),
  };
}

function functionOf(text: string): Pick<LambdaTask, 'functionArn' | 'losses'> {
  if (arn.test(text)) return { functionArn: text, losses: [] };
  const name =
    text
      .replace(/^.*function:/, '')
      .replaceAll(/[^A-Za-z0-9_-]/g, '')
      .slice(0, 64) || 'unknown';
  const loss = `${quoted(text)} is not the whole ARN of a function: put in the region and the account`;
  return { functionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`, losses: [loss] };
}
