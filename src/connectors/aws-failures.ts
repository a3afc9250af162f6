import { type ErrorCode, type Retry, SluiceError } from '../errors.js';

/** What a name that a service gives its error means to a run. */
export interface AwsFailure {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly hint?: string;
  /** The service's own words name resources and actions, never what is in them, and are passed on. */
  readonly quote?: true;
}

/** By the plain name of the service's error. */
export type AwsFailures = Readonly<Record<string, AwsFailure>>;

export const throttled: AwsFailure = { code: 'throttled', retry: 'slower' };
export const failedForNow: AwsFailure = { code: 'server_error', retry: 'later' };
const denied: AwsFailure = {
  code: 'access_denied',
  retry: 'never',
  quote: true,
  hint: 'sluice plan lists the permissions that the pipeline needs',
};
const expired: AwsFailure = {
  code: 'credentials_missing',
  retry: 'never',
  hint: 'the credentials have expired: sign in again, for example with aws sso login',
};
const unknownKey: AwsFailure = {
  code: 'access_denied',
  retry: 'never',
  hint: 'AWS does not know the access key: check the credentials, the account and the region',
};
const wrongSignature: AwsFailure = {
  code: 'access_denied',
  retry: 'never',
  hint: 'the secret access key does not belong to the access key, or the clock of this machine is wrong',
};

/**
 * What every service says. A service's own table begins with these.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
export const awsFailures: AwsFailures = {
  RequestThrottled: throttled,
  ThrottlingException: throttled,
  Throttling: throttled,
  SlowDown: throttled,
  InternalError: failedForNow,
  InternalFailure: failedForNow,
  ServiceUnavailable: failedForNow,
  ServiceUnavailableException: failedForNow,
  RequestTimeout: failedForNow,
  AccessDenied: denied,
  AccessDeniedException: denied,
  InvalidSecurity: denied,
  InvalidClientTokenId: unknownKey,
  UnrecognizedClientException: unknownKey,
  InvalidAccessKeyId: unknownKey,
  SignatureDoesNotMatch: wrongSignature,
  InvalidSignatureException: wrongSignature,
  RequestTimeTooSkewed: wrongSignature,
  RequestExpired: wrongSignature,
  ExpiredToken: expired,
  ExpiredTokenException: expired,
  MissingAuthenticationToken: {
    code: 'credentials_missing',
    retry: 'never',
    hint: 'the endpoint wants signed requests: check the endpoint and the credentials',
  },
};

/** What the client itself does with a failure before anybody else sees it. */
export type Remedy = 'renew credentials' | 'correct clock' | 'none';

const remedies: Readonly<Record<string, Remedy>> = {
  ExpiredToken: 'renew credentials',
  ExpiredTokenException: 'renew credentials',
  InvalidClientTokenId: 'renew credentials',
  UnrecognizedClientException: 'renew credentials',
  InvalidSignatureException: 'correct clock',
  SignatureDoesNotMatch: 'correct clock',
  RequestExpired: 'correct clock',
  RequestTimeTooSkewed: 'correct clock',
};

export function remedyFor(error: unknown): Remedy {
  return remedyNamed(nameOf(error));
}

/** By the plain name of the service's error. */
export function remedyNamed(name: string): Remedy {
  return Object.hasOwn(remedies, name) ? (remedies[name] ?? 'none') : 'none';
}

/** Errors of the network below HTTP, by Node's and undici's codes and the SDK's names. */
const byNetworkCode: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'unreachable',
  ETIMEDOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  TimeoutError: 'timeout',
  RequestAbortedError: 'connection_lost',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  ERR_STREAM_PREMATURE_CLOSE: 'connection_lost',
};

/** A call of a service: `service` and `action` are for people, `failures` is the service's table. */
export interface AwsCall {
  readonly service: string;
  readonly action: string;
  readonly failures: AwsFailures;
}

/** What an SDK client threw, as the error of this run. */
export function callFailure(call: AwsCall, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const what = `${call.service} ${call.action}`;
  const known = failureNamed(call.failures, name);
  if (known === undefined && (error instanceof SyntaxError || status === 200)) {
    // The parser's own words would quote the body, and with it values (invariant 8).
    return new SluiceError('response_invalid', `${what}: the answer cannot be read`, { retry: 'later' });
  }
  // Of an answer that broke off the status may be known, and nothing else.
  if (known === undefined && (status === undefined || Object.hasOwn(byNetworkCode, networkCode(error))))
    return networkFailure(`${what}: no answer`, error);
  const failure = known ?? byStatus(status ?? 0);
  const words = failure.quote && error instanceof Error ? `: ${error.message}` : '';
  const said = known === undefined ? `status ${status}` : name;
  return failureOf(failure, `${what}: ${said}${words}`, { name, status });
}

/** What became of one entry of a call on many that the service did not carry out, by the code that it gives. */
export function entryFailure(call: AwsCall, code: string, otherwise: AwsFailure): SluiceError {
  const name = plainName(code);
  const failure = failureNamed(call.failures, name) ?? otherwise;
  const what = `${call.service} ${call.action}`;
  return failureOf(failure, `${what}: ${name || 'an entry of the batch failed'}`, { name });
}

export function failureNamed(failures: AwsFailures, name: string): AwsFailure | undefined {
  return Object.hasOwn(failures, name) ? failures[name] : undefined;
}

function failureOf(failure: AwsFailure, message: string, cause: object): SluiceError {
  const hint = failure.hint === undefined ? {} : { hint: failure.hint };
  return new SluiceError(failure.code, message, { retry: failure.retry, cause, ...hint });
}

/** A request that got no whole answer. Whether it was carried out is not known; all calls may be repeated. */
export function networkFailure(what: string, error: unknown): SluiceError {
  const native = networkCode(error) || nameOf(error);
  const code = Object.hasOwn(byNetworkCode, native) ? byNetworkCode[native] : undefined;
  return new SluiceError(code ?? 'connection_lost', `${what} (${native || 'connection_lost'})`, {
    retry: 'later',
    cause: error,
    ...(code === 'unreachable' ? { hint: 'check the endpoint, the region and the network' } : {}),
  });
}

/** What a status says by itself, where the error's name is not known. */
export function byStatus(status: number): AwsFailure {
  if (status === 429) return throttled;
  if (status >= 500 || status === 408) return failedForNow;
  if (status === 401 || status === 403) return { code: 'access_denied', retry: 'never' };
  return { code: 'server_error', retry: 'never' };
}

/** The plain name of what a service threw; '' where it is no error. */
function nameOf(error: unknown): string {
  return error instanceof Error ? plainName(error.name) : '';
}

/** `com.amazonaws.sqs#RequestThrottled` and `RequestThrottled` are one. */
export function plainName(name: string): string {
  return name.split('#').at(-1) ?? '';
}

/** The HTTP status that an SDK client tells with what it throws. */
export function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { $metadata: metadata, $response: response } = error as {
    readonly $metadata?: { readonly httpStatusCode?: number };
    readonly $response?: { readonly statusCode?: number };
  };
  return metadata?.httpStatusCode ?? response?.statusCode;
}

function networkCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  if (error instanceof AggregateError) return networkCode(error.errors[0]);
  return error.cause === undefined ? '' : networkCode(error.cause);
}
