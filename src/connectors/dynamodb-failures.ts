import { type ErrorCode, type Retry, SluiceError } from '../errors.js';

interface Failure {
  readonly code: ErrorCode;
  readonly retry: Retry;
  readonly hint?: string;
  /** The service's own words hold no values of rows and are passed on. */
  readonly quote?: boolean;
}

const throttled: Failure = { code: 'throttled', retry: 'slower' };
const later: Failure = { code: 'server_error', retry: 'later' };
const refused: Failure = { code: 'write_refused', retry: 'never' };

/**
 * What DynamoDB says, by the name in `__type`, and what it means for a copy.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
const byType: Readonly<Record<string, Failure>> = {
  ProvisionedThroughputExceededException: throttled,
  ThrottlingException: throttled,
  Throttling: throttled,
  RequestLimitExceeded: throttled,
  LimitExceededException: throttled,
  InternalServerError: later,
  InternalFailure: later,
  ServiceUnavailable: later,
  ServiceUnavailableException: later,
  TransactionConflictException: later,
  TransactionInProgressException: later,
  ReplicatedWriteConflictException: later,
  ValidationException: refused,
  SerializationException: refused,
  ItemCollectionSizeLimitExceededException: { ...refused, quote: true },
  ResourceNotFoundException: {
    code: 'table_missing',
    retry: 'never',
    quote: true,
    hint: 'check the name of the table, the region and the account; with create: true a sink table is made',
  },
  // Of the Streams API. The reader of a shard goes on from both where it can.
  ExpiredIteratorException: { code: 'server_error', retry: 'never' },
  TrimmedDataAccessException: { code: 'changes_lost', retry: 'never' },
  ResourceInUseException: { code: 'unsupported', retry: 'never', quote: true },
  AccessDeniedException: {
    code: 'access_denied',
    retry: 'never',
    quote: true,
    hint: 'sluice plan lists the permissions that the pipeline needs',
  },
  UnrecognizedClientException: {
    code: 'access_denied',
    retry: 'never',
    hint: 'AWS does not know the access key: check the credentials, the account and the region',
  },
  InvalidSignatureException: {
    code: 'access_denied',
    retry: 'never',
    hint: 'the secret access key does not belong to the access key, or the clock of this machine is wrong',
  },
  MissingAuthenticationTokenException: {
    code: 'credentials_missing',
    retry: 'never',
    hint: 'the endpoint wants signed requests: check the endpoint and the credentials',
  },
  ExpiredTokenException: {
    code: 'credentials_missing',
    retry: 'never',
    hint: 'the credentials have expired: sign in again, for example with aws sso login',
  },
  UnknownOperationException: {
    code: 'unsupported',
    retry: 'never',
    hint: 'the endpoint does not know this call of DynamoDB',
  },
};

/** What the client itself does with a failure before anybody else sees it. */
export type Remedy = 'renew credentials' | 'correct clock' | 'none';

const remedies: Readonly<Record<string, Remedy>> = {
  ExpiredTokenException: 'renew credentials',
  ExpiredToken: 'renew credentials',
  UnrecognizedClientException: 'renew credentials',
  InvalidSignatureException: 'correct clock',
  RequestExpired: 'correct clock',
  RequestTimeTooSkewed: 'correct clock',
};

/** The name of a service's error without its namespace; '' where the body holds none. */
export function errorType(body: Record<string, unknown>): string {
  const type = body['__type'] ?? body['code'];
  return typeof type === 'string' ? (type.split('#').at(-1) ?? '') : '';
}

export function remedyFor(type: string): Remedy {
  return Object.hasOwn(remedies, type) ? (remedies[type] ?? 'none') : 'none';
}

/** An answer with a status other than 200, as the error of this run. */
export function serviceError(action: string, status: number, body: Record<string, unknown>): SluiceError {
  const type = errorType(body);
  const failure = failureOf(action, type) ?? byStatus(status);
  const words = failure.quote ? quoted(body) : type === 'ValidationException' ? harmless(body) : '';
  const name = type === '' ? `status ${status}` : type;
  return new SluiceError(failure.code, `DynamoDB ${action}: ${name}${words === '' ? '' : `: ${words}`}`, {
    retry: failure.retry,
    cause: { type, status },
    ...(failure.hint === undefined ? {} : { hint: failure.hint }),
  });
}

/** A write is refused for its item; anything else that is not valid came from the declaration. */
const writes = new Set(['BatchWriteItem', 'PutItem', 'UpdateItem', 'DeleteItem']);

function failureOf(action: string, type: string): Failure | undefined {
  const failure = Object.hasOwn(byType, type) ? byType[type] : undefined;
  if (failure?.code !== 'write_refused' || writes.has(action)) return failure;
  return { ...failure, code: 'declaration_invalid' };
}

/** The service's name of an error that `serviceError` made; '' for all others. */
export function serviceType(error: unknown): string {
  const cause = error instanceof SluiceError ? error.cause : undefined;
  if (typeof cause !== 'object' || cause === null || !('type' in cause)) return '';
  return typeof cause.type === 'string' ? cause.type : '';
}

function byStatus(status: number): Failure {
  if (status === 429) return throttled;
  if (status >= 500 || status === 408) return later;
  if (status === 401 || status === 403) return { code: 'access_denied', retry: 'never' };
  return { code: 'server_error', retry: 'never' };
}

function quoted(body: Record<string, unknown>): string {
  const message = body['message'] ?? body['Message'];
  return typeof message === 'string' ? message : '';
}

/** The sentences of ValidationException that name attributes and types, never values (invariant 8). */
const harmlessSentences = [
  /Type mismatch for (?:key|Index Key) \S+ expected: \w+ actual: \w+/i,
  /IndexName: [\w.-]+, IndexKey: \S+/i,
  /Item size (?:to update )?has exceeded the maximum allowed size/i,
  /The provided key element does not match the schema/i,
  /Provided list of item keys contains duplicates/i,
  /Missing the key \S+ in the item/i,
  /Invalid (?:Filter|Projection|KeyCondition|Key Condition|Update|Condition)Expression: [^:]+/i,
  /Nesting Levels have exceeded supported limits/i,
  /The table does not have the specified index/i,
  /Consistent reads are not supported on global secondary indexes/i,
  /Query condition missed key schema element/i,
];

function harmless(body: Record<string, unknown>): string {
  const message = quoted(body);
  for (const sentence of harmlessSentences) {
    const found = sentence.exec(message);
    if (found) return found[0];
  }
  return '';
}

/** Errors of the network below HTTP, by Node's and undici's codes. */
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
};

/** A request that got no whole answer. Whether it was carried out is not known; all calls may be repeated. */
export function networkError(action: string, origin: string, error: unknown): SluiceError {
  const native = networkCode(error);
  const code = byNetworkCode[native] ?? 'connection_lost';
  const what = native === '' ? code : native;
  return new SluiceError(code, `DynamoDB ${action}: no answer from ${origin} (${what})`, {
    retry: 'later',
    cause: error,
    ...(code === 'unreachable' ? { hint: 'check the endpoint, the region and the network' } : {}),
  });
}

function networkCode(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  if (error instanceof AggregateError) return networkCode(error.errors[0]);
  return error.cause === undefined ? '' : networkCode(error.cause);
}

/** An answer that cannot be what the server meant to send. */
export function tornAnswer(action: string, why: string): SluiceError {
  return new SluiceError('response_invalid', `DynamoDB ${action}: ${why}`, { retry: 'later' });
}
