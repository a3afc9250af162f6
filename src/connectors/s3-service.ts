import type { S3Client } from '@aws-sdk/client-s3';
import { type CallContext, Calls, clientAt } from './aws-calls.js';
import type { AwsCredentialsProvider } from './aws-credentials.js';
import type { AwsPlace } from './aws-endpoint.js';
import { type AwsFailures, statusOf } from './aws-failures.js';
import { type OpenedSdk, SdkClient } from './sdk-client.js';

type Sdk = typeof import('@aws-sdk/client-s3');

export interface S3ServiceOptions {
  readonly place: AwsPlace;
  readonly credentials: AwsCredentialsProvider;
  readonly context: CallContext;
  readonly failures: AwsFailures;
}

/** What can be seen of a bucket. elsewhere: in another region. unseen: the caller may not look. */
export type BucketSight = 'there' | 'missing' | 'elsewhere' | 'unseen';

const sights: ReadonlyMap<number, BucketSight> = new Map([
  [301, 'elsewhere'],
  [400, 'unseen'],
  [403, 'unseen'],
  [404, 'missing'],
]);

/** A client of S3 and how its calls are made. */
export class S3Service {
  readonly calls: Calls;
  readonly #sdk: SdkClient<Sdk, S3Client>;

  constructor({ place, credentials, context, failures }: S3ServiceOptions) {
    this.calls = new Calls({ service: 'S3', failures, credentials, context });
    this.#sdk = new SdkClient(this.calls, async () => {
      const sdk = await import('@aws-sdk/client-s3');
      const client = new sdk.S3Client({
        ...clientAt(place, credentials),
        // What is written carries a digest of its own. Checking what is read in JavaScript costs more than TLS, which did it.
        requestChecksumCalculation: 'WHEN_REQUIRED',
        responseChecksumValidation: 'WHEN_REQUIRED',
        // An emulator or a private endpoint has no host name for each bucket.
        forcePathStyle: place.declared,
      });
      return { sdk, client };
    });
  }

  open(): Promise<OpenedSdk<Sdk, S3Client>> {
    return this.#sdk.open();
  }

  /**
   * Looks for a bucket. The answer has no body: its status says all, and a header names the region.
   * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
   */
  async look(bucket: string): Promise<{ readonly sight: BucketSight; readonly region?: string }> {
    const { sdk, client } = await this.open();
    const command = new sdk.HeadBucketCommand({ Bucket: bucket });
    return await this.calls.patiently('HeadBucket', async (abortSignal) => {
      try {
        const { BucketRegion: region } = await client.send(command, { abortSignal });
        return region === undefined ? { sight: 'there' } : { sight: 'there', region };
      } catch (error) {
        const sight = sights.get(statusOf(error) ?? 0);
        if (sight === undefined) throw error;
        const region = regionSaid(error);
        return region === undefined ? { sight } : { sight, region };
      }
    });
  }

  async close(): Promise<void> {
    await this.#sdk.close();
  }
}

/** The region in which S3 says that the bucket is, told with its refusal too. */
function regionSaid(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('$response' in error)) return undefined;
  const { headers } = (error.$response ?? {}) as {
    readonly headers?: Readonly<Record<string, string | undefined>>;
  };
  return headers?.['x-amz-bucket-region'];
}
