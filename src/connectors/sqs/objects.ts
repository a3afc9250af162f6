import { createHash, randomBytes } from 'node:crypto';
import type { S3Client } from '@aws-sdk/client-s3';
import { Calls, clientOptions } from '../aws-calls.js';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import { type AwsPlace, awsPlace } from '../aws-endpoint.js';
import { statusOf } from '../aws-failures.js';
import type { Context } from '../connector.js';
import { type Pointer, pointerText } from './envelope.js';
import { failures } from './failures.js';
import type { LargeOptions } from './options.js';

type Sdk = typeof import('@aws-sdk/client-s3');

/** More digits than the size of any row has. */
const MAX_BYTES = 1e10;
const DEFAULT_PREFIX = 'sluice/';

/** What was found where a pointer points to. */
export type Fetched = { readonly text: string } | 'gone' | 'changed' | 'elsewhere';

/** What can be seen of a bucket. elsewhere: in another region. unseen: the caller may not look. */
export type BucketSight = 'there' | 'missing' | 'elsewhere' | 'unseen';

const sights: ReadonlyMap<number, BucketSight> = new Map([
  [301, 'elsewhere'],
  [400, 'unseen'],
  [403, 'unseen'],
  [404, 'missing'],
]);

export interface ObjectsOptions {
  readonly large: LargeOptions;
  /** The queue's. */
  readonly region: string;
  readonly credentials: AwsCredentialsProvider;
  readonly context: Context;
}

/** Rows too large for a message, as objects of a bucket. The SDK is loaded with the first. */
export class Objects {
  readonly #options: ObjectsOptions;
  readonly #place: AwsPlace;
  readonly #calls: Calls;
  #opening: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | undefined;

  constructor(options: ObjectsOptions) {
    const { large, region, credentials, context } = options;
    this.#options = options;
    this.#place = awsPlace('s3', { endpoint: large.endpoint, region: large.region ?? region }, context.env);
    this.#calls = new Calls({ service: 'S3', failures, credentials, context });
  }

  get bucket(): string {
    return this.#options.large.bucket;
  }

  get prefix(): string {
    return this.#options.large.prefix ?? DEFAULT_PREFIX;
  }

  /**
   * Looks for the bucket. The answer has no body: its status says all.
   * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
   */
  async look(): Promise<BucketSight> {
    const { sdk, client } = await this.#open();
    const command = new sdk.HeadBucketCommand({ Bucket: this.bucket });
    return await this.#calls.patiently('HeadBucket', async (abortSignal) => {
      try {
        await client.send(command, { abortSignal });
        return 'there';
      } catch (error) {
        const sight = sights.get(statusOf(error) ?? 0);
        if (sight === undefined) throw error;
        return sight;
      }
    });
  }

  /** What a message has that points to an object. */
  pointerBytes(id: string): number {
    const sample = {
      bucket: this.bucket,
      key: this.#key(id, '0'.repeat(8)),
      bytes: MAX_BYTES,
      sha256: '0'.repeat(64),
    };
    return Buffer.byteLength(pointerText(id, sample));
  }

  /**
   * Tried once. Each try makes an object of its own, named for the message and by chance: two messages of one row never
   * share one, so that removing the first leaves the second whole.
   */
  async put(id: string, text: string): Promise<Pointer> {
    const { sdk, client } = await this.#open();
    const body = Buffer.from(text);
    const sha256 = createHash('sha256').update(body).digest();
    const key = this.#key(id, randomBytes(4).toString('hex'));
    const command = new sdk.PutObjectCommand({
      Bucket: this.bucket,
      Key: key,
      Body: body,
      ContentType: 'application/json',
      ChecksumSHA256: sha256.toString('base64'),
    });
    await this.#calls.once('PutObject', (abortSignal) => client.send(command, { abortSignal }));
    return { bucket: this.bucket, key, bytes: body.length, sha256: sha256.toString('hex') };
  }

  /** Reads only below the declared prefix of the declared bucket, whatever a message says. */
  async get(pointer: Pointer): Promise<Fetched> {
    if (!this.#isOurs(pointer)) return 'elsewhere';
    const { sdk, client } = await this.#open();
    const command = new sdk.GetObjectCommand({ Bucket: pointer.bucket, Key: pointer.key });
    const bytes = await this.#calls.patiently('GetObject', async (abortSignal) => {
      try {
        const answer = await client.send(command, { abortSignal });
        return await answer.Body?.transformToByteArray();
      } catch (error) {
        if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
        throw error;
      }
    });
    if (bytes === undefined) return 'gone';
    const isWhole = bytes.length === pointer.bytes && sha256Of(bytes) === pointer.sha256;
    return isWhole ? { text: Buffer.from(bytes).toString('utf8') } : 'changed';
  }

  async remove(pointer: Pointer): Promise<void> {
    if (!this.#isOurs(pointer)) return;
    const { sdk, client } = await this.#open();
    const command = new sdk.DeleteObjectCommand({ Bucket: pointer.bucket, Key: pointer.key });
    await this.#calls.patiently('DeleteObject', (abortSignal) => client.send(command, { abortSignal }));
  }

  async close(): Promise<void> {
    const opening = this.#opening;
    this.#opening = undefined;
    (await opening)?.client.destroy();
  }

  #key(id: string, chance: string): string {
    const name = createHash('sha256').update(id).digest('hex').slice(0, 32);
    return `${this.prefix}${this.#options.context.run}/${name}-${chance}`;
  }

  #isOurs({ bucket, key }: Pointer): boolean {
    return bucket === this.bucket && key.startsWith(this.prefix);
  }

  #open(): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> {
    this.#opening ??= this.#connect();
    return this.#opening;
  }

  async #connect(): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> {
    const { credentials } = this.#options;
    const { region, endpoint, declared } = this.#place;
    const sdk = await import('@aws-sdk/client-s3');
    const client = new sdk.S3Client({
      ...clientOptions(credentials),
      region,
      // An emulator or a private endpoint has no host name for each bucket.
      ...(declared ? { endpoint, forcePathStyle: true } : {}),
    });
    return { sdk, client };
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
