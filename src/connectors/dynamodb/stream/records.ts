import type { Change } from '../../../values/batch.js';
import type { Attribute } from '../../../values/cell.js';
import { tornAnswer } from '../failures.js';
import type { Item } from '../open-columns.js';
import { answerOf } from './calls.js';

/** One change as the stream tells it. */
export interface StreamRecord {
  /** The item as it became; after a removal its key. */
  readonly item: Item;
  readonly change: Change;
  /** `change.changedAt` in milliseconds since 1970. */
  readonly atMs: number;
}

export interface RecordPage {
  readonly records: readonly StreamRecord[];
  /** Where the next page is; absent after the last of a closed shard. */
  readonly next?: string;
  /** Size of the answer. */
  readonly bytes: number;
}

interface Told {
  readonly eventName?: string;
  readonly userIdentity?: Readonly<Record<string, unknown>>;
  readonly dynamodb?: {
    readonly Keys?: Record<string, Attribute>;
    readonly NewImage?: Record<string, Attribute>;
    readonly SequenceNumber?: string;
    readonly ApproximateCreationDateTime?: number;
  };
}

const events: Readonly<Record<string, Change['event']>> = {
  INSERT: 'insert',
  MODIFY: 'modify',
  REMOVE: 'remove',
};

/**
 * An answer of GetRecords. Numbers, sets and bytes stay the text that they came as.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_GetRecords.html
 * @throws SluiceError response_invalid, with no value of the records
 */
export function recordPage(bytes: Buffer, receivedMs: number): RecordPage {
  const answer = answerOf('GetRecords', bytes);
  const told = answer['Records'];
  const next = answer['NextShardIterator'];
  const receivedAt = new Date(receivedMs).toISOString();
  const records = Array.isArray(told) ? told.map((record) => recordOf(record as Told, receivedAt)) : [];
  return { records, bytes: bytes.length, ...(typeof next === 'string' ? { next } : {}) };
}

function recordOf(told: Told, receivedAt: string): StreamRecord {
  const { Keys, NewImage, SequenceNumber, ApproximateCreationDateTime: seconds } = told.dynamodb ?? {};
  const event = events[told.eventName ?? ''];
  if (!Keys || !event || !SequenceNumber || !/^\d+$/.test(SequenceNumber) || typeof seconds !== 'number') {
    throw tornAnswer('GetRecords', 'a record lacks its key, its event, its sequence number or its time');
  }
  const item = event === 'remove' ? Keys : NewImage;
  if (!item) throw tornAnswer('GetRecords', 'a record lacks the item as it became');
  const atMs = Math.round(seconds * 1000);
  const change: Change = {
    event,
    sequence: SequenceNumber,
    changedAt: new Date(atMs).toISOString().replace('.000Z', 'Z'),
    receivedAt,
    ...(event === 'remove' && isExpiry(told.userIdentity) ? { expired: true } : {}),
  };
  return { item, change, atMs };
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html */
function isExpiry(identity: Told['userIdentity']): boolean {
  const type = identity?.['Type'] ?? identity?.['type'];
  const principal = identity?.['PrincipalId'] ?? identity?.['principalId'];
  return type === 'Service' && principal === 'dynamodb.amazonaws.com';
}
