import { createHash } from 'node:crypto';
import type { SendMessageBatchResultEntry } from '@aws-sdk/client-sqs';
import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import { storedRow } from '../../values/stored-cell.js';
import type { Context } from '../connector.js';
import type { Origin, Sent } from '../queue.js';
import { MAX_ENTRIES, type Outcome, outcomesOf, untilDone } from './batch-call.js';
import { letterText, pointerText } from './envelope.js';
import type { QueueFacts } from './facts.js';
import { tornAnswer } from './failures.js';
import type { Objects } from './objects.js';
import type { SqsService } from './service.js';

/** The bodies and attributes of one call: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html */
const MAX_CALL_BYTES = 1024 * 1024;
/** Room that each message leaves for the reason with which it may be set aside: SQS counts attributes too. */
const ASIDE_BYTES = 1024;
/** Calls under way at once, at most 1 MiB each. */
const MAX_CALLS = 8;

/** One row's message on its way. */
interface Outgoing {
  readonly row: number;
  readonly id: string;
  readonly text: string;
  /** Of its message. */
  readonly bytes: number;
  /** It is too large, and goes through S3. */
  readonly isLarge: boolean;
  /** What points to the object of a row too large, while no message with it can be in the queue. */
  pointer?: string | undefined;
  /** Of a FIFO queue. */
  readonly group: string | undefined;
}

export interface SenderOptions {
  readonly service: SqsService;
  readonly context: Context;
  readonly queue: QueueFacts;
  /** Absent where rows too large for a message are refused. */
  readonly objects: Objects | undefined;
}

export interface SendRequest {
  readonly batch: Batch;
  readonly key: readonly string[];
  readonly origin: Origin;
  readonly token: string;
}

/** The largest message that a row may have. */
export function roomOf({ maxMessageBytes }: Pick<QueueFacts, 'maxMessageBytes'>): number {
  return maxMessageBytes > 8 * ASIDE_BYTES ? maxMessageBytes - ASIDE_BYTES : maxMessageBytes;
}

/** Sends a batch's rows, and tells what became of each in their order. */
export async function sendBatch(options: SenderOptions, request: SendRequest): Promise<Sent[]> {
  const sent: Sent[] = Array.from({ length: request.batch.rows.length }, () => 'sent');
  const calls = grouped(outgoing(options, request, sent));
  const worker = async (): Promise<void> => {
    for (const messages of { [Symbol.iterator]: () => calls }) {
      for (const [row, failure] of await sendCall(options, messages)) sent[row] = failure;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: MAX_CALLS }, worker));
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
  return sent;
}

/** The messages one by one; a row whose message is too large is told of in `sent`. */
function* outgoing(options: SenderOptions, request: SendRequest, sent: Sent[]): Generator<Outgoing> {
  const { batch, key, origin, token } = request;
  const room = roomOf(options.queue);
  const { isFifo } = options.queue;
  for (const [row, cells] of batch.rows.entries()) {
    const id = `${origin.run}/${token}.${row}`;
    const change = batch.changes?.at(row);
    const letter = { id, origin, key, columns: batch.columns, row: cells };
    const text = letterText(change === undefined ? letter : { ...letter, change });
    const bytes = Buffer.byteLength(text);
    const isLarge = bytes > room;
    const { objects } = options;
    const sendBytes = isLarge ? objects?.pointerBytes(id) : bytes;
    if (sendBytes === undefined) sent[row] = tooLarge(bytes, room);
    else
      yield { row, id, text, bytes: sendBytes, isLarge, group: isFifo ? groupOf(request, cells) : undefined };
  }
}

function tooLarge(bytes: number, room: number): Sent {
  const message = `its message would have ${bytes} bytes, and the queue takes ${room}`;
  return { code: 'item_too_large', message };
}

/** Messages of one key go into one group of a FIFO queue: the group's name tells nothing of the key. */
function groupOf({ batch, key, origin, token }: SendRequest, row: Row): string {
  const cells = storedRow(row, batch.columns);
  const values = key.map((name) => (Object.hasOwn(cells, name) ? cells[name] : null));
  return digest(JSON.stringify(key.length === 0 ? [origin.run, token] : values));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** As many messages together as one call takes. */
function* grouped(messages: Iterable<Outgoing>): Generator<Outgoing[]> {
  let group: Outgoing[] = [];
  let total = 0;
  for (const message of messages) {
    const { bytes } = message;
    if (group.length === MAX_ENTRIES || (group.length > 0 && total + bytes > MAX_CALL_BYTES)) {
      yield group;
      group = [];
      total = 0;
    }
    group.push(message);
    total += bytes;
  }
  if (group.length > 0) yield group;
}

/** Sends until the service has taken each message or refused it for good; gives the rows that were not sent. */
async function sendCall(
  options: SenderOptions,
  messages: readonly Outgoing[],
): Promise<[row: number, why: Sent][]> {
  const failed = await untilDone(options.context, messages, (left) => attempt(options, left));
  return Array.from(failed, ([{ row }, error]) => [row, whyNot(error)]);
}

/** A row's own fault is told of the row; anything else ends the sending. */
function whyNot(error: SluiceError): Sent {
  const { code, message, retry } = error;
  if (retry !== 'never') return { code: 'retries_exhausted', message };
  if (code === 'item_too_large' || code === 'write_refused') return { code, message };
  throw error;
}

async function attempt(options: SenderOptions, messages: readonly Outgoing[]): Promise<Outcome[]> {
  const { service, queue } = options;
  const bodies = await bodiesOf(options, messages);
  const entries = messages.map(({ id, group }, index) => ({
    Id: String(index),
    MessageBody: bodies[index] ?? '',
    ...(group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: digest(id) }),
  }));
  const arrived = ({ MD5OfMessageBody: md5 }: SendMessageBatchResultEntry, index: number): Outcome =>
    md5 === undefined || md5 === md5Of(bodies[index] ?? '')
      ? undefined
      : tornAnswer('SendMessageBatch', 'the service got another text than was sent');
  try {
    const answer = await service.sendOnce(queue.url, entries);
    return outcomesOf('SendMessageBatch', entries.length, answer, arrived);
  } catch (error) {
    // Messages with these pointers may be in the queue: others must not share their objects.
    for (const message of messages) message.pointer = undefined;
    if (!(error instanceof SluiceError) || error.code !== 'item_too_large') throw error;
    // The service takes less in one call than it says: each half by itself.
    return messages.length === 1 ? [error] : await halves(options, messages);
  }
}

async function halves(options: SenderOptions, messages: readonly Outgoing[]): Promise<Outcome[]> {
  const middle = Math.ceil(messages.length / 2);
  const first = await attempt(options, messages.slice(0, middle));
  return [...first, ...(await attempt(options, messages.slice(middle)))];
}

/** Waits for each, so that no object is still being made when the call is made again. */
async function bodiesOf(options: SenderOptions, messages: readonly Outgoing[]): Promise<string[]> {
  const made = await Promise.allSettled(messages.map((message) => bodyOf(options, message)));
  return made.map((one) => {
    if (one.status === 'rejected') throw one.reason;
    return one.value;
  });
}

async function bodyOf({ objects }: SenderOptions, message: Outgoing): Promise<string> {
  const { id, text, isLarge } = message;
  if (!isLarge || objects === undefined) return text;
  message.pointer ??= pointerText(id, await objects.put(id, text));
  return message.pointer;
}

export function md5Of(text: string): string {
  return createHash('md5').update(text).digest('hex');
}
