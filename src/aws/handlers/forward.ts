import { gzipSync } from 'node:zlib';
import type { DeliveryStream } from '../../connectors/delivery.js';
import { SluiceError } from '../../errors.js';
import { type BatchAnswer, batchAnswer } from './events/sqs-event.js';
import { type StreamEvent, sequenceOf } from './events/stream-event.js';

export interface Forwarded {
  readonly answer: BatchAnswer;
  /** Changes that the delivery stream has. */
  readonly put: number;
  /** Why one is to come again. */
  readonly failure?: { readonly error: unknown };
}

/**
 * Hands changes to a delivery stream. Those from the first on that it did not take come again: it then has some of them twice,
 * and whoever loads them knows them again.
 */
export async function forwardEvent(stream: DeliveryStream, { Records }: StreamEvent): Promise<Forwarded> {
  const puts = await stream.put(Records.map(packed));
  const first = puts.findIndex((put) => put !== 'put');
  const failed = puts[first];
  if (failed === undefined || failed === 'put') return { answer: batchAnswer([]), put: puts.length };
  const error = new SluiceError(failed.code, failed.message, { retry: 'later' });
  return {
    answer: batchAnswer([sequenceOf(Records[first])]),
    put: puts.filter((put) => put === 'put').length,
    failure: { error },
  };
}

/** As much as a delivery stream takes of one record; names and brackets of many small attributes shrink to little. */
const MAX_PLAIN_BYTES = 1000 * 1024;

function packed(record: object): Uint8Array {
  const plain = Buffer.from(JSON.stringify(slim(record)));
  return plain.length > MAX_PLAIN_BYTES ? gzipSync(plain) : plain;
}

/** What the item was before is read by nobody, and may be as large as what it is. */
function slim(record: object): object {
  const { dynamodb, eventID, eventName, userIdentity } = record as Readonly<Record<string, unknown>>;
  const { OldImage: _before, ...change } = (dynamodb ?? {}) as Readonly<Record<string, unknown>>;
  return { eventID, eventName, userIdentity, dynamodb: change };
}
