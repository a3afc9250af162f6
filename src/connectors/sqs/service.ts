import type {
  BatchResultErrorEntry,
  ChangeMessageVisibilityBatchRequestEntry,
  DeleteMessageBatchRequestEntry,
  Message,
  SendMessageBatchRequestEntry,
  SendMessageBatchResultEntry,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { Calls, clientAt } from '../aws-calls.js';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import type { AwsPlace } from '../aws-endpoint.js';
import type { Context } from '../connector.js';
import { SdkClient } from '../sdk-client.js';
import { failures, tornAnswer } from './failures.js';

type Sdk = typeof import('@aws-sdk/client-sqs');

export interface ServiceOptions {
  readonly place: AwsPlace;
  readonly credentials: AwsCredentialsProvider;
  readonly context: Context;
}

/** What a batch call made of its entries; each is in one of the lists, by `Id`. */
export interface BatchAnswer<Done extends { Id: string | undefined } = { Id: string | undefined }> {
  readonly Successful?: Done[] | undefined;
  readonly Failed?: BatchResultErrorEntry[] | undefined;
}

export interface ReceiveOptions {
  readonly max: number;
  readonly waitSeconds: number;
  /** How long what is received stays out of others' sight. */
  readonly visibilitySeconds: number;
}

export interface ReceivedMessages {
  readonly messages: readonly Message[];
  /** They are out of others' sight until then at least, on the process's own clock. */
  readonly heldUntilMs: number;
}

/** The calls of SQS that are made here. */
export class SqsService {
  readonly place: AwsPlace;
  readonly #sdk: SdkClient<Sdk, SQSClient>;

  constructor({ place, credentials, context }: ServiceOptions) {
    this.place = place;
    const calls = new Calls({ service: 'SQS', failures, credentials, context });
    this.#sdk = new SdkClient(calls, async () => {
      const sdk = await import('@aws-sdk/client-sqs');
      const client = new sdk.SQSClient({
        ...clientAt(place, credentials),
        // A queue's URL is what the service says; where requests go is what the declaration says.
        useQueueUrlAsEndpoint: false,
        // Digests are compared here, message by message: the SDK throws away a whole batch for one that differs.
        md5: false,
      });
      return { sdk, client };
    });
  }

  /** The URL of a queue by its name. @throws SluiceError queue_missing */
  async url(name: string, account: string | undefined): Promise<string> {
    const { sdk, client } = await this.#sdk.open();
    const input = { QueueName: name, ...(account === undefined ? {} : { QueueOwnerAWSAccountId: account }) };
    const answer = await this.#sdk.calls.patiently('GetQueueUrl', async (abortSignal) => {
      const { QueueUrl } = await client.send(new sdk.GetQueueUrlCommand(input), { abortSignal });
      return QueueUrl ?? missing('GetQueueUrl');
    });
    return answer;
  }

  /** Every attribute of the queue, by name. */
  async attributes(url: string): Promise<Readonly<Record<string, string>>> {
    const { sdk, client } = await this.#sdk.open();
    return this.#sdk.calls.patiently('GetQueueAttributes', async (abortSignal) => {
      const command = new sdk.GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
      const { Attributes } = await client.send(command, { abortSignal });
      return Attributes ?? missing('GetQueueAttributes');
    });
  }

  /** Tried once. At most ten entries. */
  async sendOnce(
    url: string,
    entries: SendMessageBatchRequestEntry[],
  ): Promise<BatchAnswer<SendMessageBatchResultEntry>> {
    const { sdk, client } = await this.#sdk.open();
    const command = new sdk.SendMessageBatchCommand({ QueueUrl: url, Entries: entries });
    return this.#sdk.calls.once('SendMessageBatch', (abortSignal) => client.send(command, { abortSignal }));
  }

  /** Tried once. At most ten entries. */
  async deleteOnce(url: string, entries: DeleteMessageBatchRequestEntry[]): Promise<BatchAnswer> {
    const { sdk, client } = await this.#sdk.open();
    const command = new sdk.DeleteMessageBatchCommand({ QueueUrl: url, Entries: entries });
    return this.#sdk.calls.once('DeleteMessageBatch', (abortSignal) => client.send(command, { abortSignal }));
  }

  /** Tried once. At most ten entries. */
  async extendOnce(url: string, entries: ChangeMessageVisibilityBatchRequestEntry[]): Promise<BatchAnswer> {
    const { sdk, client } = await this.#sdk.open();
    const command = new sdk.ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries: entries });
    return this.#sdk.calls.once('ChangeMessageVisibilityBatch', (abortSignal) =>
      client.send(command, { abortSignal }),
    );
  }

  /** At most ten messages. */
  async receive(
    url: string,
    { max, waitSeconds, visibilitySeconds }: ReceiveOptions,
  ): Promise<ReceivedMessages> {
    const { sdk, client } = await this.#sdk.open();
    const input = {
      QueueUrl: url,
      MaxNumberOfMessages: max,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['ApproximateReceiveCount' as const, 'SentTimestamp' as const],
      MessageAttributeNames: ['All'],
      VisibilityTimeout: visibilitySeconds,
    };
    return this.#sdk.calls.patiently('ReceiveMessage', async (abortSignal) => {
      const heldUntilMs = performance.now() + visibilitySeconds * 1000;
      const answer = await client.send(new sdk.ReceiveMessageCommand(input), { abortSignal });
      return { messages: answer.Messages ?? [], heldUntilMs };
    });
  }

  async close(): Promise<void> {
    await this.#sdk.close();
  }
}

function missing(action: string): never {
  throw tornAnswer(action, 'the answer lacks what was asked for');
}
