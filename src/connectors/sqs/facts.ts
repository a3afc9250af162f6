import { SluiceError } from '../../errors.js';
import { tornAnswer } from './failures.js';
import type { SqsConnectionOptions } from './options.js';
import type { RedriveReach } from './permissions.js';
import { queueNameOf } from './queue-url.js';
import type { SqsService } from './service.js';

/** What the service says of a queue. */
export interface QueueFacts {
  readonly url: string;
  readonly name: string;
  readonly arn: string;
  readonly account: string;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly maxMessageBytes: number;
  readonly isFifo: boolean;
  /** Estimates. */
  readonly waiting: number;
  readonly inFlight: number;
  /** Its redrive policy; absent where it has none. */
  readonly policy?: { readonly arn: string; readonly maxReceives: number };
  /** The KMS key of its own, by id, alias or ARN; absent where it has none. */
  readonly kmsKey?: string;
}

/** @throws SluiceError queue_missing, access_denied, … */
export async function queueUrlOf(service: SqsService, options: SqsConnectionOptions): Promise<string> {
  const { url, queue = '', account } = options;
  return url ?? (await named(queue, () => service.url(queue, account)));
}

export async function factsOf(service: SqsService, url: string): Promise<QueueFacts> {
  const attributes = await named(queueNameOf(url), () => service.attributes(url));
  const arn = attributes['QueueArn'];
  if (arn === undefined) throw tornAnswer('GetQueueAttributes', 'the answer has no ARN of the queue');
  const number = (name: string) => Number(attributes[name] ?? 0);
  const policy = policyOf(attributes['RedrivePolicy']);
  const kmsKey = attributes['KmsMasterKeyId'];
  return {
    url,
    arn,
    name: queueNameOf(arn),
    account: arn.split(':')[4] ?? '',
    visibilitySeconds: number('VisibilityTimeout'),
    retentionSeconds: number('MessageRetentionPeriod'),
    maxMessageBytes: number('MaximumMessageSize'),
    isFifo: attributes['FifoQueue'] === 'true',
    waiting: number('ApproximateNumberOfMessages') + number('ApproximateNumberOfMessagesDelayed'),
    inFlight: number('ApproximateNumberOfMessagesNotVisible'),
    ...(policy === undefined ? {} : { policy }),
    ...(kmsKey === undefined || kmsKey === '' ? {} : { kmsKey }),
  };
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html, RedrivePolicy */
function policyOf(text: string | undefined): QueueFacts['policy'] {
  if (text === undefined || text === '') return undefined;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text) as {
    readonly deadLetterTargetArn?: string;
    readonly maxReceiveCount?: number | string;
  };
  if (deadLetterTargetArn === undefined) return undefined;
  return { arn: deadLetterTargetArn, maxReceives: Number(maxReceiveCount ?? 0) };
}

/** The redrive queue: as declared, else by the redrive policy; undefined where neither names one. */
export async function redriveFactsOf(
  service: SqsService,
  queue: QueueFacts,
  options: SqsConnectionOptions,
): Promise<QueueFacts | undefined> {
  const { redrive } = options;
  if (redrive?.includes('/')) return factsOf(service, redrive);
  if (redrive !== undefined)
    return factsOf(service, await named(redrive, () => service.url(redrive, options.account)));
  if (queue.policy === undefined) return undefined;
  const account = queue.policy.arn.split(':')[4];
  return factsOf(service, await service.url(queueNameOf(queue.policy.arn), account || undefined));
}

/** Where the redrive queue is, by what names it, without a look at it; undefined where nothing does. */
export function redriveReach(queue: QueueFacts, declared: string | undefined): RedriveReach | undefined {
  if (declared === undefined) return queue.policy && { arn: queue.policy.arn, byName: true, declared: false };
  const [, , , region, own] = queue.arn.split(':');
  const byName = !declared.includes('/');
  const account = byName ? own : declared.split('/').at(-2);
  const arn = queue.arn.replace(
    `:${region}:${own}:${queue.name}`,
    `:${region}:${account}:${queueNameOf(declared)}`,
  );
  return { arn, byName, declared: true };
}

/** What is asked for once and then kept; asked for again where it failed. */
export class Kept<Value> {
  readonly #load: () => Promise<Value>;
  #value: Promise<Value> | undefined;

  constructor(load: () => Promise<Value>) {
    this.#load = load;
  }

  get(): Promise<Value> {
    this.#value ??= this.#load().catch((error: unknown) => {
      this.#value = undefined;
      throw error;
    });
    return this.#value;
  }

  /** Asks again. */
  renewed(): Promise<Value> {
    this.#value = undefined;
    return this.get();
  }
}

/** The service does not say which queue is missing. */
async function named<Answer>(queue: string, call: () => Promise<Answer>): Promise<Answer> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'queue_missing') throw error;
    const { hint, cause } = error;
    throw new SluiceError('queue_missing', `the queue ${queue} does not exist`, {
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
