import { createHash, randomBytes } from 'node:crypto';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import { awsPlace } from '../aws-endpoint.js';
import type { Context } from '../connector.js';
import { PASSING_PREFIX, putObject, removeObject } from '../s3-objects.js';
import { type BucketSight, S3Service } from '../s3-service.js';
import { type Pointer, pointerText } from './envelope.js';
import { failures } from './failures.js';
import type { LargeOptions } from './options.js';

/** More digits than the size of any row has. */
const MAX_BYTES = 1e10;

/** What was found where a pointer points to. */
export type Fetched = { readonly text: string } | 'gone' | 'changed' | 'elsewhere';

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
  readonly #s3: S3Service;

  constructor(options: ObjectsOptions) {
    const { large, region, credentials, context } = options;
    this.#options = options;
    const place = awsPlace('s3', { endpoint: large.endpoint, region: large.region ?? region }, context.env);
    this.#s3 = new S3Service({ place, credentials, context, failures });
  }

  get bucket(): string {
    return this.#options.large.bucket;
  }

  get prefix(): string {
    return this.#options.large.prefix ?? PASSING_PREFIX;
  }

  /** Looks for the bucket. */
  async look(): Promise<BucketSight> {
    return (await this.#s3.look(this.bucket)).sight;
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
    const body = Buffer.from(text);
    const key = this.#key(id, randomBytes(4).toString('hex'));
    const place = { s3: this.#s3, bucket: this.bucket };
    const sha256 = await putObject(place, key, body, 'application/json');
    return { bucket: this.bucket, key, bytes: body.length, sha256: sha256.toString('hex') };
  }

  /** Reads only below the declared prefix of the declared bucket, whatever a message says. */
  async get(pointer: Pointer): Promise<Fetched> {
    if (!this.#isOurs(pointer)) return 'elsewhere';
    const { sdk, client } = await this.#s3.open();
    const command = new sdk.GetObjectCommand({ Bucket: pointer.bucket, Key: pointer.key });
    const bytes = await this.#s3.calls.patiently('GetObject', async (abortSignal) => {
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
    await removeObject({ s3: this.#s3, bucket: pointer.bucket }, pointer.key);
  }

  async close(): Promise<void> {
    await this.#s3.close();
  }

  #key(id: string, chance: string): string {
    const name = createHash('sha256').update(id).digest('hex').slice(0, 32);
    return `${this.prefix}${this.#options.context.run}/${name}-${chance}`;
  }

  #isOurs({ bucket, key }: Pointer): boolean {
    return bucket === this.bucket && key.startsWith(this.prefix);
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
