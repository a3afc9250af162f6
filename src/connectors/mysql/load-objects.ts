import { randomBytes } from 'node:crypto';
import { Calls } from '../aws-calls.js';
import { awsCredentials } from '../aws-credentials.js';
import { awsPlace } from '../aws-endpoint.js';
import { type AwsFailure, type AwsFailures, awsFailures, throttled } from '../aws-failures.js';
import type { Context } from '../connector.js';
import { objectPages, PASSING_PREFIX, putObject, removeObject } from '../s3-objects.js';
import { type BucketSight, S3Service } from '../s3-service.js';
import type { LoadFromOptions, MysqlConnectionOptions } from './options.js';

/** An object is removed in this time, also after the run's own signal. */
const AFTERCARE_MS = 20_000;

const missing: AwsFailure = {
  code: 'bucket_missing',
  retry: 'never',
  hint: 'check `loadFrom.bucket`, `loadFrom.region` and the account',
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const failures: AwsFailures = {
  ...awsFailures,
  NoSuchBucket: missing,
  PermanentRedirect: missing,
  AuthorizationHeaderMalformed: missing,
  TooManyRequests: throttled,
};

/** Where the lines of one step lie until the server has read them. */
export interface LoadPlace {
  readonly bucket: string;
  readonly region: string;
  /** What the names of the step's objects begin with: no other step's do. */
  readonly folder: string;
}

/**
 * Objects that hold the lines of one statement each, named `PREFIX/PIPELINE/STEP/RUN/…`. One that is gone too early does no
 * harm: the statement fails and is made again with another.
 */
export class LoadObjects {
  readonly place: LoadPlace;
  readonly #run: string;
  readonly #s3: S3Service;
  readonly #aftercare: () => Calls;
  readonly #removing = new Set<Promise<void>>();

  constructor(options: LoadFromOptions, connection: MysqlConnectionOptions, context: Context) {
    const { bucket, prefix = PASSING_PREFIX, endpoint } = options;
    const { env, pipeline, step, run } = context;
    const place = awsPlace('s3', { endpoint, region: options.region ?? connection.region }, env);
    const { role } = connection;
    const credentials = awsCredentials({ region: place.region, role, env, session: pipeline });
    this.place = { bucket, region: place.region, folder: `${prefix}${pipeline}/${plain(step)}/` };
    this.#run = run;
    this.#s3 = new S3Service({ place, credentials, context, failures });
    this.#aftercare = () => {
      const own = {
        signal: AbortSignal.timeout(AFTERCARE_MS),
        retry: <Answer>(call: () => Answer) => call(),
      };
      return new Calls({ service: 'S3', failures, credentials, context: own });
    };
  }

  /** Looks for the bucket. */
  look(): Promise<{ readonly sight: BucketSight; readonly region?: string }> {
    return this.#s3.look(this.place.bucket);
  }

  /**
   * Puts an object, gives `read` its address as statements have it, and removes it again, whatever comes of it. What cannot
   * be removed is left to `sweep`.
   */
  async lend<Answer>(body: Buffer, read: (address: string) => Promise<Answer>): Promise<Answer> {
    const { bucket, region, folder } = this.place;
    const key = `${folder}${this.#run}/${randomBytes(12).toString('hex')}`;
    try {
      await putObject(this.#at(), key, body, 'text/plain; charset=utf-8');
      return await read(`s3-${region}://${bucket}/${key}`);
    } finally {
      // A transaction is open that does not wait for it.
      const removing = removeObject(this.#at(), key, this.#aftercare())
        .catch(() => undefined) // `sweep` finds it, and says why it cannot be removed
        .finally(() => this.#removing.delete(removing));
      this.#removing.add(removing);
    }
  }

  /** Until what was lent is removed. */
  async settled(): Promise<void> {
    await Promise.all(this.#removing);
  }

  /** Removes the step's objects, of any run, that are older than this: killed runs have left them. */
  async sweep(olderThanMs: number): Promise<void> {
    const bounds = Date.now() - olderThanMs;
    for await (const page of objectPages(this.#at(), this.place.folder)) {
      for (const { Key: key, LastModified: at } of page) {
        if (key !== undefined && (olderThanMs === 0 || (at?.getTime() ?? 0) < bounds))
          await removeObject(this.#at(), key);
      }
    }
  }

  async close(): Promise<void> {
    await this.settled();
    await this.#s3.close();
  }

  #at() {
    return { s3: this.#s3, bucket: this.place.bucket };
  }
}

/** Steps of `tables` are named for tables, which may have any characters. */
function plain(step: string): string {
  return step.replaceAll(/[^A-Za-z0-9_-]/g, (character) => `=${character.codePointAt(0)?.toString(16)}=`);
}
