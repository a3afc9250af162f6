import { SluiceError } from '../../errors.js';
import type { Attribute } from '../../values/cell.js';
import type { Context } from '../connector.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import { tornAnswer } from '../dynamodb-failures.js';
import { BodyRoom } from './body-room.js';
import { type KeyAttribute, keyOfItem } from './key.js';
import { patiently, shortWait } from './patience.js';
import type { Problem } from './problem.js';
import type { Slots } from './slots.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
const MAX_REQUESTS = 25;
/** Well under the 16 MB of a call. */
const MAX_CALL_BYTES = 4 * 1024 * 1024;

/** Items to put or keys to delete, by their rows: 0 up to `length`, in whatever counting the caller has. */
export interface WriteRequests {
  readonly length: number;
  /**
   * Puts `{"PutRequest":{"Item":{…}}}` or `{"DeleteRequest":{"Key":{…}}}` into the body, the same whenever it is asked
   * for. False if the row is not to be sent, which the caller then has counted; what was put is taken back.
   */
  append(row: number, room: BodyRoom): boolean;
  /** The key's text, of a row that was sent. */
  keyOf(row: number): string;
}

export interface BatchWriteEnds {
  /** The request was carried out; `units` is what the call consumed for all its requests. */
  written(requests: number, units: number): void;
  /** The service will not take it, or has not within the patience. */
  refused(row: number, problem: Problem): void;
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
  const name = JSON.stringify(table.name);
  const writing = { table, requests, ends, head: `{"RequestItems":{${name}:[` };
  await table.slots.forEach(packed(writing), (packet) => writePacket(writing, packet));
}

interface Writing {
  readonly table: BatchWriteTable;
  readonly requests: WriteRequests;
  readonly ends: BatchWriteEnds;
  /** What a body begins with. */
  readonly head: string;
}

const TAIL = `]},"ReturnConsumedCapacity":"TOTAL"}`;

/** What goes into one call; `body` stays for when the whole call is repeated. */
interface Packet {
  readonly rows: readonly number[];
  readonly body: Buffer;
}

/** A body that rows are added to until it is full. */
class OpenPacket {
  readonly #room = new BodyRoom();
  readonly #writing: Writing;
  #rows: number[] = [];

  constructor(writing: Writing) {
    this.#writing = writing;
  }

  get isEmpty(): boolean {
    return this.#rows.length === 0;
  }

  /** False if the call is full without this row. A row that is not to be sent has room. */
  add(row: number): boolean {
    if (this.#rows.length === MAX_REQUESTS) return false;
    const before = this.#room.size;
    this.#room.text(this.isEmpty ? this.#writing.head : ',');
    const sent = this.#writing.requests.append(row, this.#room);
    const hasRoom = this.isEmpty || this.#room.size <= MAX_CALL_BYTES;
    if (sent && hasRoom) this.#rows.push(row);
    else this.#room.cut(before);
    return hasRoom || !sent;
  }

  close(): Packet {
    this.#room.text(TAIL);
    const packet = { rows: this.#rows, body: this.#room.take() };
    this.#rows = [];
    return packet;
  }
}

/** Rows that were sent before. */
function repack(writing: Writing, rows: readonly number[]): Packet {
  const packet = new OpenPacket(writing);
  for (const row of rows) packet.add(row);
  return packet.close();
}

/** Made while others are under way, so that few bodies are held at once. */
function* packed(writing: Writing): Generator<Packet> {
  const packet = new OpenPacket(writing);
  for (let row = 0; row < writing.requests.length; row++) {
    if (packet.add(row)) continue;
    yield packet.close();
    packet.add(row);
  }
  if (!packet.isEmpty) yield packet.close();
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
      const { unprocessed, units } = await patiently(table.context, () => writeOnce(writing, asked));
      ends.written(asked.rows.length - unprocessed.length, units);
      rest = unprocessed.length === 0 ? undefined : repack(writing, unprocessed);
    } catch (error) {
      table.context.signal.throwIfAborted();
      if (!(error instanceof SluiceError)) throw error;
      if (error.code === 'write_refused') return isolate(writing, asked.rows, error);
      if (error.retry === 'never') throw error;
      for (const row of asked.rows) ends.refused(row, exhausted(error));
      return;
    }
  }
}

/** One call; fails as throttled when the service took nothing at all, so that `retry` waits and keeps the patience. */
async function writeOnce({ table, requests }: Writing, { rows, body }: Packet) {
  const answer = await table.client.call<Answer>('BatchWriteItem', body);
  const left = Object.values(answer.UnprocessedItems ?? {}).flat();
  const unprocessed = left.length === 0 ? [] : rowsOf(left, rows, requests, table.key);
  if (unprocessed.length === rows.length) {
    throw new SluiceError('throttled', 'DynamoDB BatchWriteItem: no item was taken', { retry: 'slower' });
  }
  let units = 0;
  for (const consumed of answer.ConsumedCapacity ?? []) units += consumed.CapacityUnits ?? 0;
  return { unprocessed, units };
}

/** The service returns items, not places: they are found again by their keys. */
function rowsOf(
  left: readonly Unprocessed[],
  rows: readonly number[],
  requests: WriteRequests,
  key: readonly KeyAttribute[],
): number[] {
  const byKey = new Map(rows.map((row) => [requests.keyOf(row), row]));
  return left.map((entry) => {
    const item = entry.PutRequest?.Item ?? entry.DeleteRequest?.Key;
    const text = item && keyOfItem(item, key);
    const row = text === undefined ? undefined : byKey.get(text);
    if (row === undefined || text === undefined) {
      throw tornAnswer('BatchWriteItem', 'an unprocessed item is none of those sent');
    }
    byKey.delete(text);
    return row;
  });
}

/** A call is refused as a whole for one bad item: halved until the bad ones are found. */
async function isolate(writing: Writing, rows: readonly number[], error: SluiceError): Promise<void> {
  const [only] = rows;
  if (rows.length === 1 && only !== undefined) {
    writing.ends.refused(only, refusedItem(error));
    return;
  }
  const middle = Math.ceil(rows.length / 2);
  await writePacket(writing, repack(writing, rows.slice(0, middle)));
  await writePacket(writing, repack(writing, rows.slice(middle)));
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
