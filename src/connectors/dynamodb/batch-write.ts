import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../errors.js';
import type { Attribute } from '../../values/cell.js';
import type { Context } from '../connector.js';
import type { DynamodbClient } from './client.js';
import { tornAnswer } from './failures.js';
import { type KeyAttribute, keyOfItem } from './key.js';
import type { Problem } from './problem.js';
import type { Slots } from './slots.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_REQUESTS = 25;
/** Well under the 16 MB of a call, since its JSON is what is counted here. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;
/** Between calls that take some of the items: random up to a bound that doubles. */
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 1000;

/** One item to put or key to delete. */
export interface WriteRequest {
  /** The row that it stands for, in whatever counting the caller has. */
  readonly row: number;
  readonly key: string;
  /** `{"PutRequest":{"Item":{…}}}` or `{"DeleteRequest":{"Key":{…}}}`. */
  readonly text: string;
}

export interface BatchWriteEnds {
  /** The request was carried out; `units` is what the call consumed for all its requests. */
  written(requests: number, units: number): void;
  /** The service will not take it, or has not within the patience. */
  refused(request: WriteRequest, problem: Problem): void;
}

export interface BatchWriteTable {
  readonly client: DynamodbClient;
  readonly context: Context;
  readonly name: string;
  readonly key: readonly KeyAttribute[];
  readonly slots: Slots;
}

interface Answer {
  readonly UnprocessedItems?: Readonly<Record<string, readonly Unprocessed[]>>;
  readonly ConsumedCapacity?: readonly { readonly CapacityUnits?: number }[];
}

interface Unprocessed {
  readonly PutRequest?: { readonly Item: Record<string, Attribute> };
  readonly DeleteRequest?: { readonly Key: Record<string, Attribute> };
}

/**
 * Writes all requests by BatchWriteItem; no two may have the same key. Every request ends exactly once, as
 * written or refused, or an error is thrown that stops the copy (invariant 2).
 */
export async function batchWrite(
  table: BatchWriteTable,
  requests: readonly WriteRequest[],
  ends: BatchWriteEnds,
): Promise<void> {
  await table.slots.forEach(packed(requests), (packet) => writePacket(table, packet, ends));
}

function* packed(requests: readonly WriteRequest[]): Generator<readonly WriteRequest[]> {
  let packet: WriteRequest[] = [];
  let bytes = 0;
  for (const request of requests) {
    // UTF-8 of JSON text; what is over by non-Latin text is far from the service's own limit.
    const size = request.text.length;
    if (packet.length === MAX_REQUESTS || (packet.length > 0 && bytes + size > MAX_CALL_BYTES)) {
      yield packet;
      packet = [];
      bytes = 0;
    }
    packet.push(request);
    bytes += size;
  }
  if (packet.length > 0) yield packet;
}

/** Calls until nothing is unprocessed. The patience starts anew whenever the service takes something. */
async function writePacket(
  table: BatchWriteTable,
  packet: readonly WriteRequest[],
  ends: BatchWriteEnds,
): Promise<void> {
  let rest = packet;
  for (let round = 0; rest.length > 0; round++) {
    if (round > 0) await jitter(round, table.context.signal);
    const asked = rest;
    try {
      const taken = await table.context.retry(() => writeOnce(table, asked));
      ends.written(asked.length - taken.unprocessed.length, taken.units);
      rest = taken.unprocessed;
    } catch (error) {
      table.context.signal.throwIfAborted();
      if (!(error instanceof SluiceError)) throw error;
      if (error.code === 'write_refused') return isolate(table, asked, error, ends);
      if (error.retry === 'never') throw error;
      for (const request of asked) ends.refused(request, exhausted(error));
      return;
    }
  }
}

async function jitter(round: number, signal: AbortSignal): Promise<void> {
  const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(round, 10));
  await sleep(Math.random() * bound, undefined, { signal });
}

/** One call; fails as throttled when the service took nothing at all, so that `retry` waits and keeps the patience. */
async function writeOnce(table: BatchWriteTable, requests: readonly WriteRequest[]) {
  const texts = requests.map((request) => request.text).join(',');
  const body = `{"RequestItems":{${JSON.stringify(table.name)}:[${texts}]},"ReturnConsumedCapacity":"TOTAL"}`;
  const answer = await table.client.call<Answer>('BatchWriteItem', body);
  const left = Object.values(answer.UnprocessedItems ?? {}).flat();
  const unprocessed = left.length === 0 ? [] : requestsOf(left, requests, table.key);
  if (unprocessed.length === requests.length) {
    throw new SluiceError('throttled', 'DynamoDB BatchWriteItem: no item was taken', { retry: 'slower' });
  }
  let units = 0;
  for (const consumed of answer.ConsumedCapacity ?? []) units += consumed.CapacityUnits ?? 0;
  return { unprocessed, units };
}

/** The service returns items, not places: they are found again by their keys. */
function requestsOf(
  left: readonly Unprocessed[],
  requests: readonly WriteRequest[],
  key: readonly KeyAttribute[],
): WriteRequest[] {
  const byKey = new Map(requests.map((request) => [request.key, request]));
  return left.map((entry) => {
    const item = entry.PutRequest?.Item ?? entry.DeleteRequest?.Key;
    const text = item && keyOfItem(item, key);
    const request = text === undefined ? undefined : byKey.get(text);
    if (!request || text === undefined) {
      throw tornAnswer('BatchWriteItem', 'an unprocessed item is none of those sent');
    }
    byKey.delete(text);
    return request;
  });
}

/** A call is refused as a whole for one bad item: halved until the bad ones are found. */
async function isolate(
  table: BatchWriteTable,
  packet: readonly WriteRequest[],
  error: SluiceError,
  ends: BatchWriteEnds,
): Promise<void> {
  const [only] = packet;
  if (packet.length === 1 && only) {
    ends.refused(only, refusedItem(error));
    return;
  }
  const middle = Math.ceil(packet.length / 2);
  await writePacket(table, packet.slice(0, middle), ends);
  await writePacket(table, packet.slice(middle), ends);
}

/** The reject of a row that the service refused by itself. */
export function refusedItem(error: SluiceError): Problem {
  const tooLarge = /size (?:to update )?has exceeded/i.test(error.message);
  return { code: tooLarge ? 'item_too_large' : 'write_refused', message: error.message };
}

/** The reject of a row for which there was no patience left. */
export function exhausted(error: SluiceError): Problem {
  return { code: 'retries_exhausted', message: `not taken within the patience of the run: ${error.message}` };
}
