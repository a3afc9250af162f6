import { SluiceError } from '../../errors.js';
import type { Attribute } from '../../values/cell.js';
import type { Context } from '../connector.js';
import type { DynamodbClient } from './client.js';
import { tornAnswer } from './failures.js';
import { type KeyAttribute, keyOfItem } from './key.js';
import { patiently, shortWait } from './patience.js';
import type { Problem } from './problem.js';
import type { Slots } from './slots.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_REQUESTS = 25;
/** Well under the 16 MB of a call. */
const MAX_CALL_CHARACTERS = 4 * 1024 * 1024;

/** One item to put or key to delete. */
export interface WriteRequest {
  /** The row that it stands for, in whatever counting the caller has. */
  readonly row: number;
  readonly key: string;
}

/** The requests in turn, made while others are under way, so that few texts are held at once. */
export interface WriteRequests extends Iterable<WriteRequest> {
  /** `{"PutRequest":{"Item":{…}}}` or `{"DeleteRequest":{"Key":{…}}}`: the same text whenever it is asked for. */
  textOf(request: WriteRequest): string;
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
  requests: WriteRequests,
  ends: BatchWriteEnds,
): Promise<void> {
  const writing: Writing = { table, ends, textOf: (request) => requests.textOf(request) };
  await table.slots.forEach(packed(writing, requests), (packet) => writePacket(writing, packet));
}

interface Writing {
  readonly table: BatchWriteTable;
  readonly ends: BatchWriteEnds;
  textOf(request: WriteRequest): string;
}

/** What goes into one call; `body` stays for when the whole call is repeated. */
interface Packet {
  readonly requests: readonly WriteRequest[];
  readonly body: Buffer;
}

function packetOf(writing: Writing, requests: readonly WriteRequest[], texts: string): Packet {
  const name = JSON.stringify(writing.table.name);
  const body = Buffer.from(`{"RequestItems":{${name}:[${texts}]},"ReturnConsumedCapacity":"TOTAL"}`);
  return { requests, body };
}

function repack(writing: Writing, requests: readonly WriteRequest[]): Packet {
  return packetOf(writing, requests, requests.map((request) => writing.textOf(request)).join(','));
}

function* packed(writing: Writing, all: Iterable<WriteRequest>): Generator<Packet> {
  let requests: WriteRequest[] = [];
  let texts = '';
  for (const request of all) {
    const text = writing.textOf(request);
    // Counted in characters: what non-Latin text is longer as UTF-8 is far from the service's own limit.
    if (
      requests.length === MAX_REQUESTS ||
      (texts !== '' && texts.length + text.length > MAX_CALL_CHARACTERS)
    ) {
      yield packetOf(writing, requests, texts);
      requests = [];
      texts = '';
    }
    requests.push(request);
    texts += texts === '' ? text : `,${text}`;
  }
  if (requests.length > 0) yield packetOf(writing, requests, texts);
}

/** Calls until nothing is unprocessed. The patience starts anew whenever the service takes something. */
async function writePacket(writing: Writing, packet: Packet): Promise<void> {
  const { table, ends } = writing;
  let rest: Packet | undefined = packet;
  for (let round = 0; rest; round++) {
    if (round > 0) {
      table.context.throttled?.();
      await shortWait(round, table.context.signal);
    }
    const asked: Packet = rest;
    try {
      const { unprocessed, units } = await patiently(table.context, () => writeOnce(table, asked));
      ends.written(asked.requests.length - unprocessed.length, units);
      rest = unprocessed.length === 0 ? undefined : repack(writing, unprocessed);
    } catch (error) {
      table.context.signal.throwIfAborted();
      if (!(error instanceof SluiceError)) throw error;
      if (error.code === 'write_refused') return isolate(writing, asked.requests, error);
      if (error.retry === 'never') throw error;
      for (const request of asked.requests) ends.refused(request, exhausted(error));
      return;
    }
  }
}

/** One call; fails as throttled when the service took nothing at all, so that `retry` waits and keeps the patience. */
async function writeOnce(table: BatchWriteTable, { requests, body }: Packet) {
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
  writing: Writing,
  requests: readonly WriteRequest[],
  error: SluiceError,
): Promise<void> {
  const [only] = requests;
  if (requests.length === 1 && only) {
    writing.ends.refused(only, refusedItem(error));
    return;
  }
  const middle = Math.ceil(requests.length / 2);
  await writePacket(writing, repack(writing, requests.slice(0, middle)));
  await writePacket(writing, repack(writing, requests.slice(middle)));
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
