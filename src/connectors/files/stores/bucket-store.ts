import { setMaxListeners } from 'node:events';
import type { Readable } from 'node:stream';
import { SluiceError } from '../../../errors.js';
import { awsCredentials } from '../../aws-credentials.js';
import { type AwsPlace, awsPlace } from '../../aws-endpoint.js';
import type { Context } from '../../connector.js';
import { objectPages } from '../../s3-objects.js';
import { S3Service } from '../../s3-service.js';
import type {
  HiddenCopies,
  ObjectCopy,
  Store,
  StoreDescription,
  StoredObject,
  StoredText,
  StoreUse,
} from '../../store.js';
import { copyHidden } from './bucket-copy.js';
import { bucketFacts, bucketFindings } from './bucket-facts.js';
import { failures } from './bucket-failures.js';
import { uploadPages } from './bucket-list.js';
import type { BucketConnectionOptions } from './bucket-options.js';
import { bucketPermissions } from './bucket-permissions.js';
import { objectBytes } from './bucket-read.js';
import { removeObjects } from './bucket-remove.js';
import { putText, readText, writeText } from './bucket-texts.js';
import { putFile, putFileIfNone, versionOf } from './bucket-upload.js';
import { objectName } from './object-name.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

export interface BucketStoreOptions {
  /** The prefix is empty or ends with `/`: no neighbour's name begins with it. */
  readonly options: Omit<BucketConnectionOptions, 'kind'>;
  readonly context: Context;
}

/** A bucket, or what of it lies below a prefix. The SDK is loaded with the first call. */
export class BucketStore implements Store {
  readonly #options: BucketStoreOptions['options'];
  readonly #prefix: string;
  readonly #context: Context;
  readonly #place: AwsPlace;
  readonly #s3: S3Service;

  constructor({ options, context }: BucketStoreOptions) {
    const { region, endpoint, role, prefix = '' } = options;
    this.#options = options;
    this.#context = context;
    this.#prefix = prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
    this.#place = awsPlace('s3', { endpoint, region }, context.env);
    const credentials = awsCredentials({
      region: this.#place.region,
      role,
      env: context.env,
      session: context.pipeline,
    });
    // All calls under way may wait on the one signal at once: that is no leak to warn of.
    setMaxListeners(0, context.signal);
    this.#s3 = new S3Service({ place: this.#place, credentials, context, failures });
  }

  async describe(use: StoreUse, below = ''): Promise<StoreDescription> {
    const { bucket, role } = this.#options;
    const { endpoint, declared, region } = this.#place;
    const facts = await bucketFacts(this.#s3, bucket, use);
    const name = `s3://${bucket}/${this.#prefix}`;
    const reach = { bucket, prefix: this.#prefix + below, region, role, kmsKey: facts.kmsKey };
    return {
      name,
      identity: declared ? `${name} of ${endpoint}` : name,
      findings: bucketFindings(bucket, facts),
      permissions: bucketPermissions(reach, use),
    };
  }

  async *list(prefix: string): AsyncGenerator<StoredObject> {
    for await (const page of objectPages(this.#at(), this.#prefix + prefix)) {
      for (const { Key: key = '', Size: bytes = 0, ETag: etag } of page) {
        if (!key.startsWith(this.#prefix + prefix)) throw stray();
        const name = key.slice(this.#prefix.length);
        yield { name, bytes, version: versionOf(etag, 'ListObjectsV2') };
      }
    }
  }

  open(
    name: string,
    range: { readonly start: number; readonly end?: number } = { start: 0 },
  ): Promise<Readable | undefined> {
    return objectBytes({ ...this.#object(name), context: this.#context }, range);
  }

  async readText(name: string): Promise<StoredText | undefined> {
    return await readText(this.#object(name));
  }

  async putFile(name: string, path: string): Promise<StoredObject> {
    return await putFile(this.#object(name), path);
  }

  async putNew(name: string, path: string): Promise<StoredObject> {
    const put = await putFileIfNone(this.#object(name), path);
    if (put !== 'there') return put;
    for await (const found of this.list(name)) if (found.name === name) return found;
    throw new SluiceError('file_missing', `${name} was removed while it was written`);
  }

  async putText(name: string, text: string, over: string | undefined): Promise<StoredText | 'changed'> {
    return await putText(this.#object(name), text, over);
  }

  async copyHidden(copies: readonly ObjectCopy[]): Promise<HiddenCopies> {
    return await copyHidden((name) => this.#object(name), copies);
  }

  async writeText(name: string, text: string): Promise<StoredText> {
    return await writeText(this.#object(name), text);
  }

  async remove(names: readonly string[]): Promise<void> {
    const keys = names.map((name) => this.#object(name).key);
    await removeObjects({ ...this.#at(), context: this.#context }, keys);
  }

  async clearUploads(folder: string, except: readonly string[] = []): Promise<void> {
    if (!folder.endsWith('/')) throw new SluiceError('bug', 'uploads are cleared below a folder only');
    const { sdk, client } = await this.#s3.open();
    for await (const page of uploadPages(this.#at(), this.#prefix + folder)) {
      for (const { Key, UploadId } of page) {
        if (except.some((spared) => Key?.startsWith(this.#prefix + spared))) continue;
        const command = new sdk.AbortMultipartUploadCommand({ Bucket: this.#options.bucket, Key, UploadId });
        await this.#s3.calls.patiently('AbortMultipartUpload', async (abortSignal) => {
          try {
            await client.send(command, { abortSignal });
          } catch (error) {
            if (!(error instanceof Error) || error.name !== 'NoSuchUpload') throw error;
          }
        });
      }
    }
  }

  async close(): Promise<void> {
    await this.#s3.close();
  }

  #at() {
    return { s3: this.#s3, bucket: this.#options.bucket };
  }

  #object(name: string) {
    // Consoles make folders as empty objects whose names end with a slash.
    objectName(name.replace(/\/$/, ''));
    const key = this.#prefix + name;
    if (Buffer.byteLength(key) <= MAX_KEY_BYTES) return { ...this.#at(), key, name };
    throw new SluiceError('unsupported', `a name in S3 has at most ${MAX_KEY_BYTES} bytes`, {
      hint: 'have a shorter prefix or shorter names of tables',
    });
  }
}

function stray(): SluiceError {
  return new SluiceError(
    'response_invalid',
    'S3 ListObjectsV2: the answer names objects that were not asked for',
  );
}
