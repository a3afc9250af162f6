import { type ErrorCode, type Retry, SluiceError } from '../../errors.js';

interface Failure {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly hint?: string;
  /** The service's own words name queues, buckets and actions, never what is in messages, and are passed on. */
  readonly quote?: true;
}

const throttled: Failure = { code: 'throttled', retry: 'slower' };
const later: Failure = { code: 'server_error', retry: 'later' };
const refused: Failure = { code: 'write_refused', retry: 'never' };
const denied: Failure = {
  code: 'access_denied',
  retry: 'never',
  quote: true,
  hint: 'sluice plan lists the permissions that the pipeline needs; a queue of another account must allow them in its policy too',
};
const encryption: Failure = {
  code: 'access_denied',
  retry: 'never',
  quote: true,
  hint: "the caller needs kms:GenerateDataKey to send and kms:Decrypt to receive, by the key's policy too",
};
const queueMissing: Failure = {
  code: 'queue_missing',
  retry: 'never',
  hint: 'check the name of the queue, the region and the account',
};
const expired: Failure = {
  code: 'credentials_missing',
  retry: 'never',
  hint: 'the credentials have expired: sign in again, for example with aws sso login',
};
const unknownKey: Failure = {
  code: 'access_denied',
  retry: 'never',
  hint: 'AWS does not know the access key: check the credentials, the account and the region',
};
const wrongSignature: Failure = {
  code: 'access_denied',
  retry: 'never',
  hint: 'the secret access key does not belong to the access key, or the clock of this machine is wrong',
};

/**
 * What SQS and S3 say, by the name of their error, of a whole call or of one entry of a batch.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
 */
const byName: Readonly<Record<string, Failure>> = {
  RequestThrottled: throttled,
  ThrottlingException: throttled,
  Throttling: throttled,
  KmsThrottled: throttled,
  SlowDown: throttled,
  /** 120,000 messages are in flight, and no more can be received. */
  OverLimit: throttled,
  InternalError: later,
  InternalFailure: later,
  ServiceUnavailable: later,
  ServiceUnavailableException: later,
  RequestTimeout: later,
  OperationAborted: later,
  QueueDoesNotExist: queueMissing,
  'AWS.SimpleQueueService.NonExistentQueue': queueMissing,
  QueueDeletedRecently: queueMissing,
  InvalidAddress: queueMissing,
  AccessDenied: denied,
  AccessDeniedException: denied,
  InvalidSecurity: denied,
  KmsAccessDenied: encryption,
  KmsDisabled: encryption,
  KmsNotFound: encryption,
  KmsInvalidState: encryption,
  KmsInvalidKeyUsage: encryption,
  KmsOptInRequired: encryption,
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
  NoSuchBucket: {
    code: 'bucket_missing',
    retry: 'never',
    hint: 'check `large.bucket`, its region and the account',
  },
  InvalidMessageContents: refused,
  InvalidParameterValue: refused,
  InvalidParameterValueException: refused,
  MissingParameter: refused,
  ReceiptHandleIsInvalid: refused,
  InvalidIdFormat: refused,
  MessageNotInflight: refused,
  BatchRequestTooLong: { code: 'item_too_large', retry: 'never' },
  UnsupportedOperation: { code: 'unsupported', retry: 'never' },
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
  const name = nameOf(error);
  return Object.hasOwn(remedies, name) ? (remedies[name] ?? 'none') : 'none';
}

/** Errors of the network below HTTP, by Node's codes and the SDK's names. */
const byNetworkCode: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'unreachable',
  ENOTFOUND: 'unreachable',
  EAI_AGAIN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ETIMEDOUT: 'timeout',
  TimeoutError: 'timeout',
  RequestAbortedError: 'connection_lost',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  ERR_STREAM_PREMATURE_CLOSE: 'connection_lost',
};

/** What an SDK client threw, as the error of this run. `service` is for people: `SQS`. */
export function callFailure(service: string, action: string, error: unknown): SluiceError {
  if (error instanceof SluiceError) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const what = `${service} ${action}`;
  const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (known === undefined && (error instanceof SyntaxError || status === 200)) {
    // The parser's own words would quote the body, and with it values (invariant 8).
    return new SluiceError('response_invalid', `${what}: the answer cannot be read`, { retry: 'later' });
  }
  if (known === undefined && status === undefined) return networkFailure(what, error, name);
  const failure = known ?? byStatus(status ?? 0);
  const words = failure.quote && error instanceof Error ? `: ${error.message}` : '';
  const said = known === undefined ? `status ${status}` : name;
  return failureOf(failure, `${what}: ${said}${words}`, { name, status });
}

/** What became of one entry of a batch that the service did not carry out. */
export function entryFailure(
  action: string,
  entry: { readonly Code?: string | undefined; readonly SenderFault?: boolean | undefined },
): SluiceError {
  const name = plainName(entry.Code ?? '');
  const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
  const failure = known ?? (entry.SenderFault === true ? refused : later);
  return failureOf(failure, `SQS ${action}: ${name || 'an entry of the batch failed'}`, { name });
}

function failureOf(failure: Failure, message: string, cause: object): SluiceError {
  const hint = failure.hint === undefined ? {} : { hint: failure.hint };
  return new SluiceError(failure.code, message, { retry: failure.retry, cause, ...hint });
}

/** A request that got no whole answer. Whether it was carried out is not known; all calls may be repeated. */
function networkFailure(what: string, error: unknown, name: string): SluiceError {
  const native = networkCode(error) || name;
  const code = Object.hasOwn(byNetworkCode, native) ? byNetworkCode[native] : undefined;
  return new SluiceError(code ?? 'connection_lost', `${what}: no answer (${native || 'connection_lost'})`, {
    retry: 'later',
    cause: error,
    ...(code === 'unreachable' ? { hint: 'check the endpoint, the region and the network' } : {}),
  });
}

function byStatus(status: number): Failure {
  if (status === 429) return throttled;
  if (status >= 500 || status === 408) return later;
  if (status === 401 || status === 403) return { code: 'access_denied', retry: 'never' };
  return { code: 'server_error', retry: 'never' };
}

function nameOf(error: unknown): string {
  return error instanceof Error ? plainName(error.name) : '';
}

/** `com.amazonaws.sqs#RequestThrottled` and `RequestThrottled` are one. */
function plainName(name: string): string {
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

/** An answer that cannot be what the service meant to send. */
export function tornAnswer(action: string, why: string): SluiceError {
  return new SluiceError('response_invalid', `SQS ${action}: ${why}`, { retry: 'later' });
}
