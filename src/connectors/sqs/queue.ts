import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import type { Context, Finding } from '../connector.js';
import type { Delivery, Misfit, Origin, Pushed, Queue, QueueDescription, Sent, SetAside } from '../queue.js';
import { asideEntry, doesNotFit, noRedrive, setAsideOf } from './aside.js';
import { inTens, outcomesOf, untilDone } from './batch-call.js';
import { letterText } from './envelope.js';
import { factsOf, Kept, type QueueFacts, queueUrlOf, redriveFactsOf, redriveReach } from './facts.js';
import { factsBefore } from './facts-before.js';
import { bucketFindings, queueFindings } from './findings.js';
import { Objects } from './objects.js';
import type { SqsConnectionOptions } from './options.js';
import { receivePermissions, sendPermissions } from './permissions.js';
import { queueNameOf } from './queue-url.js';
import { Receiver } from './receive.js';
import { Originals, type Received } from './received.js';
import { roomOf, sendBatch } from './send.js';
import type { SqsService } from './service.js';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html */
const MAX_VISIBILITY_SECONDS = 43_200;
/** Names of batches and rows are no longer than this, as a rule. */
const LONG_TOKEN = 40;
/** A look at the redrive queue waits so long for its first message: short polls may miss the few that are there. */
const ASIDE_WAIT_SECONDS = 1;

export interface SqsQueueOptions {
  readonly options: SqsConnectionOptions;
  readonly context: Context;
  readonly credentials: AwsCredentialsProvider;
  readonly service: SqsService;
}

export class SqsQueue implements Queue {
  readonly #options: SqsConnectionOptions;
  readonly #context: Context;
  readonly #service: SqsService;
  readonly #objects: Objects | undefined;
  readonly #originals = new Originals();
  readonly #receiver: Receiver;
  readonly #queue: Kept<QueueFacts>;
  /** The largest message of a row, as far as it is known. */
  #room = Number.POSITIVE_INFINITY;
  readonly #redrive: Kept<QueueFacts | undefined>;

  constructor({ options, context, credentials, service }: SqsQueueOptions) {
    this.#options = options;
    this.#context = context;
    this.#service = service;
    const { large } = options;
    const { region } = service.place;
    this.#objects =
      typeof large === 'object' ? new Objects({ large, region, credentials, context }) : undefined;
    this.#receiver = new Receiver({ service, objects: this.#objects, originals: this.#originals });
    this.#queue = new Kept(async () => {
      const facts = await factsOf(service, await queueUrlOf(service, options));
      this.#room = roomOf(facts);
      return facts;
    });
    this.#redrive = new Kept(async () => redriveFactsOf(service, await this.#queue.get(), options));
  }

  async describe(): Promise<QueueDescription> {
    const { queue, unseen } = await this.#facts();
    const { redrive: declared, role } = this.#options;
    const { region } = this.#service.place;
    const objects = this.#objects && { bucket: this.#objects.bucket, prefix: this.#objects.prefix };
    const redrive = redriveReach(queue, declared);
    const redriveArn = redrive?.arn;
    const reach = { region, role, objects, byName: this.#options.url === undefined, redrive };
    const { policy } = queue;
    const maxReceives = policy && policy.arn === redriveArn ? { maxReceives: policy.maxReceives } : {};
    return {
      name: `queue ${queue.name}`,
      identity: `${this.#service.place.endpoint} ${queue.arn}`,
      arn: queue.arn,
      ...(unseen ? { unseen } : {}),
      visibilitySeconds: queue.visibilitySeconds,
      retentionSeconds: queue.retentionSeconds,
      maxMessageBytes: roomOf(queue),
      waiting: queue.waiting,
      inFlight: queue.inFlight,
      ...(redriveArn === undefined
        ? {}
        : { redrive: { name: queueNameOf(redriveArn), arn: redriveArn, ...maxReceives } }),
      findings: [
        ...queueFindings(queue, {
          role,
          hasRedrive: declared !== undefined,
          hasObjects: this.#objects !== undefined,
        }),
        ...(declared === undefined || unseen ? [] : await this.#unseen(declared)),
        ...(this.#objects ? bucketFindings(this.#objects.bucket, await this.#objects.look()) : []),
      ],
      sendPermissions: sendPermissions(queue, reach),
      receivePermissions: receivePermissions(queue, reach),
    };
  }

  /** Of a queue that deploying makes, and that is not there yet: what it will be. Another account's may look so, too. */
  async #facts(): Promise<{
    readonly queue: QueueFacts;
    readonly unseen?: NonNullable<QueueDescription['unseen']>;
  }> {
    try {
      return { queue: await this.#queue.renewed() };
    } catch (error) {
      const mayBeMade = this.#options.create && error instanceof SluiceError && error.retry === 'never';
      if (!mayBeMade) throw error;
      const queue = factsBefore(this.#options, this.#service.place.region);
      this.#room = roomOf(queue);
      return { queue, unseen: { code: error.code, message: error.message } };
    }
  }

  /** A sender may have no rights on a declared redrive queue, of which the service says that it does not exist. */
  async #unseen(redrive: string): Promise<readonly Finding[]> {
    try {
      await this.#redrive.get();
      return [];
    } catch (error) {
      if (!(error instanceof SluiceError) || error.retry !== 'never') throw error;
      const message = `the redrive queue ${queueNameOf(redrive)} does not exist, or may not be seen from here`;
      const hint =
        'a receiver that cannot set a message aside stops: check `redrive`, the region and the account';
      return [{ level: 'warn', code: error.code, message, hint, path: 'redrive' }];
    }
  }

  sizeOf(batch: Batch, row: number): number {
    const { pipeline, step, run } = this.#context;
    const origin = { pipeline, step, run, readAtMs: 0 };
    const cells = batch.rows.at(row) ?? [];
    const key = batch.columns.map(({ name }) => name).slice(0, 2);
    const id = `${run}/${'0'.repeat(LONG_TOKEN)}`;
    const bytes = Buffer.byteLength(letterText({ id, origin, key, columns: batch.columns, row: cells }));
    return bytes > this.#room ? (this.#objects?.pointerBytes(id) ?? bytes) : bytes;
  }

  async send(batch: Batch, key: readonly string[], origin: Origin, token: string): Promise<readonly Sent[]> {
    const queue = await this.#queue.get();
    const sender = { service: this.#service, context: this.#context, queue, objects: this.#objects };
    return sendBatch(sender, { batch, key, origin, token });
  }

  async receive(request: {
    readonly max: number;
    readonly waitSeconds: number;
  }): Promise<readonly Received[]> {
    const { url, visibilitySeconds } = await this.#queue.get();
    return this.#receiver.receive(url, { ...request, visibilitySeconds });
  }

  async handed(messages: readonly Pushed[]): Promise<readonly (Received | undefined)[]> {
    const { url, visibilitySeconds } = await this.#queue.get();
    // How long ago they were handed over nobody says: half of the time may be over.
    return this.#receiver.handed(url, messages, performance.now() + visibilitySeconds * 500);
  }

  async extend(received: readonly Received[], seconds: number): Promise<readonly Received[]> {
    const { url } = await this.#queue.get();
    return this.#extend(url, received, seconds);
  }

  async remove(received: readonly Received[]): Promise<readonly Received[]> {
    const { url } = await this.#queue.get();
    const ours = received.filter((one) => this.#isRemovedHere(one));
    const left = await this.#delete(url, ours);
    const gone = ours.filter((one) => !left.includes(one));
    await Promise.all(gone.map((one) => this.#removeObject(one)));
    return left;
  }

  /** An object goes behind its message, and whoever was handed the message does not see that one go. */
  #isRemovedHere(received: Received): boolean {
    const { isHanded, pointer } = this.#original(received);
    return isHanded === undefined || pointer !== undefined;
  }

  async setAside(
    received: Delivery | Misfit,
    reason: { readonly code: string; readonly message: string },
  ): Promise<void> {
    const queue = await this.#queue.get();
    const redrive = await this.#redrive.get();
    if (redrive === undefined) throw noRedrive(queue.name);
    const at = new Date().toISOString();
    const entry = asideEntry(received, this.#original(received), { ...reason, at }, redrive);
    if (entry === undefined) {
      // The service moves it by itself, when it has been received too often.
      if (queue.policy !== undefined) return;
      throw doesNotFit(redrive.name);
    }
    const failed = await untilDone(this.#context, [entry], async (left) =>
      outcomesOf('SendMessageBatch', left.length, await this.#service.sendOnce(redrive.url, [...left])),
    );
    for (const error of failed.values()) throw error;
    await this.#delete(queue.url, [received]);
  }

  async aside(request: { readonly max: number; readonly seconds: number }): Promise<readonly SetAside[]> {
    const redrive = await this.#redrive.get();
    if (redrive === undefined) return [];
    const { max, seconds: visibilitySeconds } = request;
    const options = { max, visibilitySeconds, waitSeconds: ASIDE_WAIT_SECONDS };
    const received = await this.#receiver.receive(redrive.url, options);
    return received.map((one) => setAsideOf(one, this.#original(one)));
  }

  async release(asides: readonly SetAside[]): Promise<void> {
    const redrive = await this.#redrive.get();
    if (redrive === undefined) return;
    const looked = asides.map(({ delivery }) => delivery);
    await this.#extend(redrive.url, looked, 0);
  }

  async settle({ delivery }: SetAside): Promise<void> {
    const redrive = await this.#redrive.get();
    if (redrive === undefined) return;
    const left = await this.#delete(redrive.url, [delivery]);
    if (left.length === 0) await this.#removeObject(delivery);
  }

  async close(): Promise<void> {
    await Promise.all([this.#service.close(), this.#objects?.close()]);
  }

  async #extend(url: string, received: readonly Received[], seconds: number): Promise<readonly Received[]> {
    const VisibilityTimeout = Math.min(MAX_VISIBILITY_SECONDS, Math.max(0, Math.ceil(seconds)));
    const heldUntilMs = performance.now() + VisibilityTimeout * 1000;
    const lost = await this.#inTens(received, async (left) => {
      const entries = left.map(({ receipt }, index) => ({
        Id: String(index),
        ReceiptHandle: receipt,
        VisibilityTimeout,
      }));
      const answer = await this.#service.extendOnce(url, entries);
      return outcomesOf('ChangeMessageVisibilityBatch', left.length, answer);
    });
    for (const one of received) if (!lost.includes(one)) this.#original(one).heldUntilMs = heldUntilMs;
    return lost;
  }

  #delete(url: string, received: readonly Received[]): Promise<readonly Received[]> {
    return this.#inTens(received, async (left) => {
      const entries = left.map(({ receipt }, index) => ({ Id: String(index), ReceiptHandle: receipt }));
      const answer = await this.#service.deleteOnce(url, entries);
      return outcomesOf('DeleteMessageBatch', left.length, answer);
    });
  }

  /** Gives those for which it was not done; throws what is no single message's fault. */
  async #inTens(
    received: readonly Received[],
    attempt: Parameters<typeof untilDone<Received>>[2],
  ): Promise<readonly Received[]> {
    const failed = await Promise.all(
      inTens(received).map((group) => untilDone(this.#context, group, attempt)),
    );
    const errors = new Map(failed.flatMap((one) => [...one]));
    for (const error of errors.values()) if (error.code === 'access_denied') throw error;
    return received.filter((one) => errors.has(one));
  }

  /**
   * After its message was removed. The service says so too of a message that was no longer ours and stays: its object
   * must stay with it. The row is safe by now: an object that stays or cannot be removed is left to the bucket's lifecycle.
   * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
   */
  async #removeObject(received: Received): Promise<void> {
    const { pointer, heldUntilMs } = this.#original(received);
    if (pointer === undefined || performance.now() >= heldUntilMs) return;
    try {
      await this.#objects?.remove(pointer);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
    }
  }

  #original(received: Received) {
    const original = this.#originals.of(received);
    if (original === undefined) throw new SluiceError('bug', 'a message that this queue did not give');
    return original;
  }
}
