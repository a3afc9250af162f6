import type { Message } from '@aws-sdk/client-sqs';
import type { Pushed } from '../queue.js';
import { MAX_ENTRIES } from './batch-call.js';
import type { Fetched, Objects } from './objects.js';
import { ColumnLists, readMessage, type Understood } from './read-envelope.js';
import { type Holding, type Original, type Originals, originalOf, type Received } from './received.js';
import { md5Of } from './send.js';
import type { ReceiveOptions, SqsService } from './service.js';

export interface ReceiverOptions {
  readonly service: SqsService;
  readonly objects: Objects | undefined;
  readonly originals: Originals;
}

/** Makes deliveries of messages. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #lists = new ColumnLists();

  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** At most `max` messages, in as many calls as it takes; only the first call waits. */
  async receive(url: string, request: ReceiveOptions): Promise<Received[]> {
    const all: Received[] = [];
    let { waitSeconds } = request;
    for (let left = request.max; left > 0; left = request.max - all.length) {
      const wanted = Math.min(MAX_ENTRIES, left);
      const { service } = this.#options;
      const { messages, heldUntilMs } = await service.receive(url, { ...request, max: wanted, waitSeconds });
      const read = await Promise.all(messages.map((message) => this.#read(url, message, { heldUntilMs })));
      all.push(...read.filter((received) => received !== undefined));
      if (messages.length < wanted) break;
      waitSeconds = 0;
    }
    return all;
  }

  /** What was handed over, each in its place. */
  handed(url: string, messages: readonly Pushed[], heldUntilMs: number): Promise<(Received | undefined)[]> {
    const holding = { heldUntilMs, isHanded: true as const };
    return Promise.all(messages.map((message) => this.#read(url, messageOf(message), holding)));
  }

  /** Undefined for a message that is not to be looked at now: damaged on its way here, or no longer there. */
  async #read(url: string, message: Message, holding: Holding): Promise<Received | undefined> {
    const { Body: text = '', MD5OfBody: md5 } = message;
    // It stays in the queue and comes again.
    if (md5 !== undefined && md5 !== md5Of(text)) return undefined;
    const said = readMessage(text, this.#lists);
    if (said.kind !== 'pointer')
      return this.#received(message, said, originalOf(message, holding, undefined));
    const fetched = (await this.#options.objects?.get(said.large)) ?? 'undeclared';
    if (fetched === 'gone' && !(await this.#isThere(url, message))) return undefined;
    const row = readObject(said.id, fetched, this.#lists);
    return this.#received(message, row, originalOf(message, holding, said.large));
  }

  #received(message: Message, said: Understood, original: Original): Received {
    const receives = Number(message.Attributes?.ApproximateReceiveCount ?? 1);
    const receipt = message.ReceiptHandle ?? '';
    const { originals } = this.#options;
    if (said.kind === 'row') return originals.keep({ ...said, receives, receipt }, original);
    const why = said.kind === 'misfit' ? said.message : 'it points to where its row lies, and that points on';
    return originals.keep(
      { kind: 'misfit', id: message.MessageId ?? '', message: why, receives, receipt },
      original,
    );
  }

  /**
   * Whether the message is still there, though its object is gone: whoever removed the message took the object with it,
   * so what was delivered to us as well needs no more work.
   */
  async #isThere(url: string, { ReceiptHandle: receipt }: Message): Promise<boolean> {
    const entry = { Id: '0', ReceiptHandle: receipt, VisibilityTimeout: LOOK_SECONDS };
    const answer = await this.#options.service.extendOnce(url, [entry]);
    return answer.Failed === undefined || answer.Failed.length === 0;
  }
}

/** As `ReceiveMessage` would have given it. */
function messageOf({ id, receipt, body, md5, receives, sentAtMs, attributes }: Pushed): Message {
  return {
    MessageId: id,
    ReceiptHandle: receipt,
    Body: body,
    ...(md5 === undefined ? {} : { MD5OfBody: md5 }),
    Attributes: { ApproximateReceiveCount: `${receives}`, SentTimestamp: `${sentAtMs}` },
    MessageAttributes: Object.fromEntries(
      Object.entries(attributes).map(([name, { type, text, bytes }]) => [
        name,
        { DataType: type, StringValue: text, BinaryValue: bytes },
      ]),
    ),
  };
}

/** Long enough to set a message aside. */
const LOOK_SECONDS = 60;

const objections: Readonly<Record<Exclude<Fetched, object> | 'undeclared', string>> = {
  gone: 'the object that holds its row is gone',
  changed: 'the object that holds its row is not the one that was sent',
  elsewhere: 'its row lies outside of the declared bucket and prefix',
  undeclared: 'its row lies in S3, and the connection declares no `large` to read it from',
};

/** What the object says that a message pointed to. */
function readObject(id: string, fetched: Fetched | 'undeclared', lists: ColumnLists): Understood {
  if (typeof fetched === 'string') return { kind: 'misfit', message: objections[fetched] };
  const said = readMessage(fetched.text, lists);
  if (said.kind !== 'row' || said.id === id) return said;
  return { kind: 'misfit', message: objections.changed };
}
