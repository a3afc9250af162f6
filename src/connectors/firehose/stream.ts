import type { FirehoseClient } from '@aws-sdk/client-firehose';
import type { SluiceError } from '../../errors.js';
import { Calls, clientAt, retried } from '../aws-calls.js';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import type { AwsPlace } from '../aws-endpoint.js';
import { entryFailure, failedForNow } from '../aws-failures.js';
import type { Context } from '../connector.js';
import type { DeliveryStream, Put } from '../delivery.js';
import { SdkClient } from '../sdk-client.js';
import { failures } from './failures.js';

/** https://docs.aws.amazon.com/firehose/latest/dev/limits.html */
const MAX_RECORDS = 500;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const MAX_RECORD_BYTES = 1000 * 1024;

type Sdk = typeof import('@aws-sdk/client-firehose');

export interface FirehoseStreamOptions {
  readonly name: string;
  readonly place: AwsPlace;
  readonly credentials: AwsCredentialsProvider;
  readonly context: Context;
}

/** A Firehose stream that takes records directly. */
export class FirehoseStream implements DeliveryStream {
  readonly #options: FirehoseStreamOptions;
  readonly #sdk: SdkClient<Sdk, FirehoseClient>;

  constructor(options: FirehoseStreamOptions) {
    const { place, credentials, context } = options;
    this.#options = options;
    const calls = new Calls({ service: 'Firehose', failures, credentials, context });
    this.#sdk = new SdkClient(calls, async () => {
      const sdk = await import('@aws-sdk/client-firehose');
      return { sdk, client: new sdk.FirehoseClient(clientAt(place, credentials)) };
    });
  }

  async put(records: readonly Uint8Array[]): Promise<readonly Put[]> {
    const puts: Put[] = records.map((record) =>
      record.length > MAX_RECORD_BYTES ? tooLarge(record) : 'put',
    );
    const small = records.flatMap((record, index) => (puts[index] === 'put' ? [{ record, index }] : []));
    for (const group of groupsOf(small)) {
      for (const index of await this.#putGroup(group)) puts[index] = exhausted;
    }
    return puts;
  }

  async close(): Promise<void> {
    await this.#sdk.close();
  }

  /** Gives the places of those that the service did not take, again and again, until the patience was over. */
  async #putGroup(group: readonly Numbered[]): Promise<readonly number[]> {
    let left = group;
    let last: SluiceError | undefined;
    try {
      await retried(this.#options.context, async () => {
        const outcomes = await this.#putOnce(left);
        left = left.filter((_, place) => outcomes[place] !== undefined);
        last = outcomes.find((outcome) => outcome !== undefined);
        if (last) throw last;
      });
      return [];
    } catch (error) {
      if (error !== last) throw error;
      return left.map(({ index }) => index);
    }
  }

  async #putOnce(group: readonly Numbered[]): Promise<readonly (SluiceError | undefined)[]> {
    const { sdk, client } = await this.#sdk.open();
    const command = new sdk.PutRecordBatchCommand({
      DeliveryStreamName: this.#options.name,
      Records: group.map(({ record }) => ({ Data: record })),
    });
    const { RequestResponses = [] } = await this.#sdk.calls.once('PutRecordBatch', (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    return group.map((_, place) => {
      const response = RequestResponses[place];
      if (response && response.ErrorCode === undefined && response.RecordId !== undefined) return undefined;
      const call = { service: 'Firehose', action: 'PutRecordBatch', failures };
      return entryFailure(call, response?.ErrorCode ?? '', failedForNow);
    });
  }
}

interface Numbered {
  readonly record: Uint8Array;
  readonly index: number;
}

function* groupsOf(records: readonly Numbered[]): Generator<readonly Numbered[]> {
  let group: Numbered[] = [];
  let bytes = 0;
  for (const one of records) {
    const { length } = one.record;
    if (group.length === MAX_RECORDS || (group.length > 0 && bytes + length > MAX_BATCH_BYTES)) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(one);
    bytes += length;
  }
  if (group.length > 0) yield group;
}

function tooLarge({ length }: Uint8Array): Put {
  const message = `the change has ${length} bytes, and a delivery stream takes ${MAX_RECORD_BYTES}`;
  return { code: 'item_too_large', message };
}

const exhausted: Put = { code: 'retries_exhausted', message: 'the delivery stream did not take the change' };
