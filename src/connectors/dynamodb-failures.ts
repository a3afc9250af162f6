import { SluiceError } from '../errors.js';
import {
  type AwsFailure,
  type AwsFailures,
  awsFailures,
  byStatus,
  failedForNow,
  failureNamed,
  networkFailure,
  plainName,
  throttled,
} from './aws-failures.js';

const refused: AwsFailure = { code: 'write_refused', retry: 'never' };

/**
 * What DynamoDB says, by the name in `__type`, and what it means for a copy.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
 */
const failures: AwsFailures = {
  ...awsFailures,
  ProvisionedThroughputExceededException: throttled,
  RequestLimitExceeded: throttled,
  LimitExceededException: throttled,
  InternalServerError: failedForNow,
  TransactionConflictException: failedForNow,
  TransactionInProgressException: failedForNow,
  ReplicatedWriteConflictException: failedForNow,
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
  MissingAuthenticationTokenException: {
    code: 'credentials_missing',
    retry: 'never',
    hint: 'the endpoint wants signed requests: check the endpoint and the credentials',
  },
  UnknownOperationException: {
    code: 'unsupported',
    retry: 'never',
    hint: 'the endpoint does not know this call of DynamoDB',
  },
};

/** The name of a service's error without its namespace; '' where the body holds none. */
export function errorType(body: Record<string, unknown>): string {
  const type = body['__type'] ?? body['code'];
  return typeof type === 'string' ? plainName(type) : '';
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

function failureOf(action: string, type: string): AwsFailure | undefined {
  const failure = failureNamed(failures, type);
  if (failure?.code !== 'write_refused' || writes.has(action)) return failure;
  return { ...failure, code: 'declaration_invalid' };
}

/** The service's name of an error that `serviceError` made; '' for all others. */
export function serviceType(error: unknown): string {
  const cause = error instanceof SluiceError ? error.cause : undefined;
  if (typeof cause !== 'object' || cause === null || !('type' in cause)) return '';
  return typeof cause.type === 'string' ? cause.type : '';
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

/** A request that got no whole answer. */
export function networkError(action: string, origin: string, error: unknown): SluiceError {
  return networkFailure(`DynamoDB ${action}: no answer from ${origin}`, error);
}

/** An answer that cannot be what the server meant to send. */
export function tornAnswer(action: string, why: string): SluiceError {
  return new SluiceError('response_invalid', `DynamoDB ${action}: ${why}`, { retry: 'later' });
}
