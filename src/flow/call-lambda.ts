import type { LambdaClient } from '@aws-sdk/client-lambda';
import { awsCredentials } from '../connectors/aws-credentials.js';
import { awsPlace } from '../connectors/aws-endpoint.js';
import type { CallStep } from '../declare/declaration.js';
import { type ErrorCode, type Retry, SluiceError } from '../errors.js';
import { type Call, type CallOutput, outputIn } from './call-output.js';

/** Invokes a Lambda function and waits for what it gives back. */
export async function callLambda(step: CallStep, { name, course, input, signal }: Call): Promise<CallOutput> {
  const { InvokeCommand } = await import('@aws-sdk/client-lambda');
  const client = await clientFor(step, course.world.env, course.world.declaration.pipeline);
  try {
    const command = new InvokeCommand({
      FunctionName: step.function,
      InvocationType: 'RequestResponse',
      Payload: JSON.stringify(input),
    });
    const { FunctionError, Payload } = await client.send(command, { abortSignal: signal });
    const text = Payload?.transformToString() ?? '';
    if (FunctionError === undefined) return outputIn(name, text);
    // What it says may hold values: on the screen, and nowhere else (invariant 8).
    course.observer.said(name, text.slice(0, MAX_SAID));
    throw new SluiceError('call_failed', `${name}: the function failed (${FunctionError})`, {
      retry: 'later',
    });
  } catch (error) {
    if (signal.aborted || error instanceof SluiceError) throw error;
    throw failureOf(name, error);
  } finally {
    client.destroy();
  }
}

const MAX_SAID = 2000;

async function clientFor(
  step: CallStep,
  env: Readonly<Record<string, string | undefined>>,
  pipeline: string,
): Promise<LambdaClient> {
  const { LambdaClient } = await import('@aws-sdk/client-lambda');
  const region = step.region ?? step.function?.split(':')[3];
  const place = awsPlace('lambda', { endpoint: step.endpoint, region }, env);
  return new LambdaClient({
    region: place.region,
    ...(place.declared ? { endpoint: place.endpoint } : {}),
    credentials: awsCredentials({ region: place.region, role: step.role, env, session: pipeline }),
    requestHandler: { requestTimeout: step.timeoutSeconds * 1000 },
  });
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html, Errors */
const failures: Readonly<Record<string, readonly [ErrorCode, Retry]>> = {
  TooManyRequestsException: ['throttled', 'slower'],
  EC2ThrottledException: ['throttled', 'slower'],
  ThrottlingException: ['throttled', 'slower'],
  ServiceException: ['server_error', 'later'],
  ResourceConflictException: ['server_error', 'later'],
  ResourceNotReadyException: ['server_error', 'later'],
  ResourceNotFoundException: ['call_failed', 'never'],
  RequestTooLargeException: ['call_failed', 'never'],
  AccessDeniedException: ['access_denied', 'never'],
  KMSAccessDeniedException: ['access_denied', 'never'],
  UnrecognizedClientException: ['access_denied', 'never'],
  InvalidSignatureException: ['access_denied', 'never'],
  ExpiredTokenException: ['credentials_missing', 'never'],
  TimeoutError: ['timeout', 'later'],
};

function failureOf(name: string, error: unknown): SluiceError {
  const kind = error instanceof Error ? error.name : '';
  const status = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata
    ?.httpStatusCode;
  const [code, retry] = failures[kind] ?? byStatus(status);
  const what =
    status === undefined ? 'Lambda did not answer' : `Lambda refused the call (${kind}, ${status})`;
  return new SluiceError(code, `${name}: ${what}`, {
    ...(code === 'access_denied' ? { hint: 'the caller needs lambda:InvokeFunction on the function' } : {}),
    retry,
    cause: error,
  });
}

function byStatus(status: number | undefined): readonly [ErrorCode, Retry] {
  if (status === undefined) return ['unreachable', 'later'];
  if (status === 403) return ['access_denied', 'never'];
  return status >= 500 ? ['server_error', 'later'] : ['call_failed', 'never'];
}
