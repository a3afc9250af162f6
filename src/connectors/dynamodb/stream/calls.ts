import { setTimeout } from 'node:timers/promises';
import { SluiceError } from '../../../errors.js';
import type { Context } from '../../connector.js';
import type { DynamodbClient } from '../../dynamodb-client.js';
import { serviceType, tornAnswer } from '../../dynamodb-failures.js';
import type { PageRooms } from './page-rooms.js';

type StreamAction = 'DescribeStream' | 'GetShardIterator' | 'GetRecords';

/** The network as a reader of a stream sees it: the calls of the Streams API, and time. */
export interface StreamCalls {
  /** One call, repeated while its failure may pass. The answer's bytes; where they are many, in what `rooms` has. */
  call(action: StreamAction, body: object, rooms?: PageRooms): Promise<Buffer>;
  /** The service's clock, milliseconds since 1970: never early, late by seconds at most. */
  nowMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export function streamCalls(client: DynamodbClient, context: Context): StreamCalls {
  return {
    call: (action, body, rooms) => {
      const text = JSON.stringify(body);
      const roomFor = rooms && ((bytes: number) => rooms.take(bytes));
      return context.retry(() => client.callBytes(action, text, roomFor).catch(told));
    },
    nowMs: () => client.serviceTimeMs(),
    sleep: (ms, signal) => setTimeout(ms, undefined, { signal }),
  };
  function told(error: unknown): never {
    if (error instanceof SluiceError && error.retry === 'slower') context.throttled?.();
    throw error;
  }
}

/** Where an iterator begins in its shard. */
export type Start =
  | { readonly at: 'oldest' | 'latest' }
  | { readonly at: 'sequence' | 'after'; readonly sequence: string };

const types = {
  oldest: 'TRIM_HORIZON',
  latest: 'LATEST',
  sequence: 'AT_SEQUENCE_NUMBER',
  after: 'AFTER_SEQUENCE_NUMBER',
} as const;

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetShardIterator.html */
export async function shardIterator(
  calls: StreamCalls,
  stream: string,
  shard: string,
  start: Start,
): Promise<string> {
  const sequence = 'sequence' in start ? { SequenceNumber: start.sequence } : {};
  const body = { StreamArn: stream, ShardId: shard, ShardIteratorType: types[start.at], ...sequence };
  const answer = answerOf('GetShardIterator', await calls.call('GetShardIterator', body));
  const iterator = answer['ShardIterator'];
  if (typeof iterator !== 'string') throw tornAnswer('GetShardIterator', 'the answer has no iterator');
  return iterator;
}

/** @throws SluiceError response_invalid where the bytes are not a JSON object */
export function answerOf(action: string, bytes: Buffer): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    // The parser's own words would quote the body, and with it values (invariant 8).
    throw tornAnswer(action, 'the answer is not JSON');
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  throw tornAnswer(action, 'the answer is not an object');
}

/** The iterator is older than 15 minutes. */
export function isExpired(error: unknown): boolean {
  return serviceType(error) === 'ExpiredIteratorException';
}

/** What the iterator points at is older than the stream keeps, or the whole shard is. */
export function isGone(error: unknown): boolean {
  const type = serviceType(error);
  return type === 'TrimmedDataAccessException' || type === 'ResourceNotFoundException';
}
