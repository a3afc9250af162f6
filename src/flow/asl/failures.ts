import type { NamedStep, RetryDeclaration, Step } from '../../declare/declaration.js';
import type { ErrorCode } from '../../errors.js';

type Retrier = Readonly<Record<string, unknown>>;

/**
 * Failures of Lambda itself, not of a function, are tried again in every Task, as an SDK on this machine does.
 * https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
const serviceErrors = [
  'Lambda.ClientExecutionTimeoutException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.TooManyRequestsException',
] as const;

const patience: Retrier = {
  ErrorEquals: serviceErrors,
  IntervalSeconds: 2,
  MaxAttempts: 6,
  BackoffRate: 2,
};

/** The `Retry` of a Task whose step is tried again elsewhere or not at all. */
export const serviceRetry = { Retry: [patience] } as const;

/**
 * How it is told that a function was ended in its middle: out of time, out of memory, or with its machine.
 * https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
 */
const endedInTheMiddle: Retrier = {
  ErrorEquals: ['Sandbox.Timedout', 'Lambda.Unknown', 'Runtime.ExitError'],
  IntervalSeconds: 5,
  MaxAttempts: 2,
  BackoffRate: 2,
};

/**
 * The `Retry` of the Task that copies a part. It may be begun twice, even while the first call still is at work: whoever begins
 * later is the part's one writer in the journal, which shuts the first out, and asks the sink's ledger which of the batches that
 * were under way are in (invariant 5).
 */
export const partRetry = { Retry: [patience, endedInTheMiddle] } as const;

/**
 * The codes of failures that may pass: what is tried again where `retry.on` says nothing. A function of ours that
 * fails for good fails with another name.
 */
const passing: readonly ErrorCode[] = [
  'throttled',
  'timeout',
  'connection_lost',
  'unreachable',
  'deadlock',
  'server_error',
  'response_invalid',
];

/** The names under which Step Functions and Lambda themselves report what has these codes. */
const nativeNames: Readonly<Partial<Record<ErrorCode, readonly string[]>>> = {
  throttled: ['Lambda.TooManyRequestsException'],
  timeout: ['States.Timeout', 'Sandbox.Timedout'],
  server_error: ['Lambda.Unknown', 'Lambda.ServiceException', 'Lambda.AWSLambdaException'],
};

/** The `Retry` of the state that is a whole step; none where the step is started once. */
export function stepRetry(step: Step): { readonly Retry?: readonly Retrier[] } {
  const { attempts } = step.retry;
  if (attempts <= 1) return {};
  const codes = step.retry.on ?? (step.kind === 'parallel' ? [...passing, 'call_failed'] : passing);
  return { Retry: [retrier(step.retry, errorNames(codes))] };
}

/** Of the Task that calls a function of the user's: every failure of it may pass. */
export function callRetry({ retry }: NamedStep): { readonly Retry: readonly Retrier[] } {
  if (retry.attempts <= 1) return serviceRetry;
  const names = retry.on ? callNames(retry.on) : ['States.ALL'];
  const others = serviceErrors.filter((name) => !names.includes(name));
  return { Retry: [{ ...patience, ErrorEquals: others }, retrier(retry, names)] };
}

/**
 * Whole seconds, as ASL wants them: never sooner than here. The n-th wait is `IntervalSeconds` times `BackoffRate`
 * to the power of n - 1, which is backoff^n.
 */
function retrier({ attempts, backoff }: RetryDeclaration, names: readonly string[]): Retrier {
  return {
    ErrorEquals: names,
    IntervalSeconds: Math.ceil(backoff),
    MaxAttempts: attempts - 1,
    BackoffRate: backoff,
  };
}

function errorNames(codes: readonly ErrorCode[]): readonly string[] {
  return [...new Set(codes.flatMap((code) => [code, ...(nativeNames[code] ?? [])]))];
}

/** A function of the user's has names of its own: whatever it fails with is `call_failed`. */
function callNames(codes: readonly ErrorCode[]): readonly string[] {
  const names = errorNames(codes.filter((code) => code !== 'call_failed'));
  return codes.includes('call_failed') ? ['States.TaskFailed', ...names] : names;
}
