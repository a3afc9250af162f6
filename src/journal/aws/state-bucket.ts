import { createHash } from 'node:crypto';
import {
  type AwsFailure,
  type AwsFailures,
  awsFailures,
  failedForNow,
  throttled,
} from '../../connectors/aws-failures.js';
import { type BucketPlace, putObject, removeObject } from '../../connectors/s3-objects.js';
import type { S3Service } from '../../connectors/s3-service.js';
import { SluiceError } from '../../errors.js';

/** An object that a log points to. */
export interface Pointer {
  readonly object: string;
  /** Of its bytes: hexadecimal. */
  readonly sha256: string;
}

const missing: AwsFailure = {
  code: 'state_unusable',
  retry: 'never',
  quote: true,
  hint: 'make the bucket, for instance with aws s3 mb s3://NAME, and see that its region is that of --state',
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const stateBucketFailures: AwsFailures = {
  ...awsFailures,
  NoSuchBucket: missing,
  PermanentRedirect: missing,
  AuthorizationHeaderMalformed: missing,
  NoSuchKey: { code: 'state_unusable', retry: 'never' },
  OperationAborted: failedForNow,
  TooManyRequests: throttled,
};

/** The objects of a state: what is large, or holds rows. */
export class StateBucket {
  readonly name: string;
  readonly #s3: S3Service;

  constructor(s3: S3Service, name: string) {
    this.name = name;
    this.#s3 = s3;
  }

  async put(object: string, bytes: Buffer): Promise<Pointer> {
    const sha256 = await putObject(this.#place, object, bytes, 'application/x-ndjson', 'patiently');
    return { object, sha256: sha256.toString('hex') };
  }

  /** Throws `state_unusable` where the object is gone or is another. */
  async get({ object, sha256 }: Pointer): Promise<Buffer> {
    const { sdk, client } = await this.#s3.open();
    const command = new sdk.GetObjectCommand({ Bucket: this.name, Key: object });
    const bytes = await this.#s3.calls.patiently('GetObject', async (abortSignal) => {
      const { Body: body } = await client.send(command, { abortSignal });
      return Buffer.from((await body?.transformToByteArray()) ?? []);
    });
    if (createHash('sha256').update(bytes).digest('hex') === sha256) return bytes;
    throw new SluiceError('state_unusable', `the object ${object} of ${this.name} is not what was written`, {
      hint: 'start over with --fresh; what the sink holds stays as it is',
    });
  }

  async remove(object: string): Promise<void> {
    await removeObject(this.#place, object);
  }

  get #place(): BucketPlace {
    return { s3: this.#s3, bucket: this.name };
  }
}
