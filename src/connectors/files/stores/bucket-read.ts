import { Readable } from 'node:stream';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { SluiceError } from '../../../errors.js';
import { retried } from '../../aws-calls.js';
import { callFailure } from '../../aws-failures.js';
import type { Context } from '../../connector.js';
import type { S3Service } from '../../s3-service.js';
import { failures } from './bucket-failures.js';

/** A connection that gives nothing for so long is broken. */
const STALLED_AFTER_MS = 60_000;
/** As much is read ahead of the consumer. */
const READ_AHEAD_BYTES = 256 * 1024;

export interface ReadPlace {
  readonly s3: S3Service;
  readonly context: Context;
  readonly bucket: string;
  readonly key: string;
  /** For people. */
  readonly name: string;
}

/** What is read of an object: its version, and where its bytes lie. */
interface Extent {
  readonly version: string | undefined;
  readonly end: number;
}

/** A body that is under way. */
interface Body {
  readonly chunks: AsyncIterator<Uint8Array>;
  destroy(): void;
}

/**
 * The bytes of an object from `start` on and below `end`; undefined where there is none. Where the connection breaks,
 * reading goes on by a Range of the same version.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export async function objectBytes(
  place: ReadPlace,
  { start, end }: { readonly start: number; readonly end?: number },
): Promise<Readable | undefined> {
  if (end !== undefined && end <= start) return Readable.from([]);
  const answer = await asked(place, rangeText(start, end), undefined);
  if (answer === 'none') return undefined;
  if (answer === 'past the end') return Readable.from([]);
  const extent = { version: answer.ETag, end: start + promised(answer, start) };
  return new ObjectBytes(place, start, extent, bodyOf(answer));
}

class ObjectBytes extends Readable {
  readonly #place: ReadPlace;
  readonly #extent: Extent;
  #at: number;
  #body: Body | undefined;

  constructor(place: ReadPlace, at: number, extent: Extent, body: Body) {
    super({ highWaterMark: READ_AHEAD_BYTES });
    this.#place = place;
    this.#at = at;
    this.#extent = extent;
    this.#body = body;
  }

  override _read(): void {
    this.#next().then(
      (bytes) => this.push(bytes),
      (error: unknown) => this.destroy(error as Error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#drop();
    done(error);
  }

  async #next(): Promise<Uint8Array | null> {
    if (this.#at >= this.#extent.end) return null;
    const bytes = await retried(this.#place.context, () => this.#chunk());
    this.#at += bytes.length;
    return bytes;
  }

  async #chunk(): Promise<Uint8Array> {
    const { signal } = this.#place.context;
    signal.throwIfAborted();
    this.#body ??= await this.#again();
    try {
      const { done, value } = await withinTime(this.#body.chunks.next(), signal);
      if (done === true) throw Object.assign(new Error('the body ended early'), { code: 'ECONNRESET' });
      return value.subarray(0, this.#extent.end - this.#at);
    } catch (error) {
      this.#drop();
      signal.throwIfAborted();
      throw callFailure({ service: 'S3', action: 'GetObject', failures }, error);
    }
  }

  async #again(): Promise<Body> {
    const { name } = this.#place;
    const { version, end } = this.#extent;
    const answer = await asked(this.#place, rangeText(this.#at, end), version);
    if (typeof answer === 'string')
      throw new SluiceError('file_missing', `${name} was removed while it was read`);
    promised(answer, this.#at);
    return bodyOf(answer);
  }

  #drop(): void {
    this.#body?.destroy();
    this.#body = undefined;
  }
}

async function asked(
  { s3, bucket, key, name }: ReadPlace,
  range: string | undefined,
  version: string | undefined,
): Promise<GetObjectCommandOutput | 'none' | 'past the end'> {
  const { sdk, client } = await s3.open();
  const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key, Range: range, IfMatch: version });
  return await s3.calls.patiently('GetObject', async (abortSignal) => {
    try {
      return await client.send(command, { abortSignal });
    } catch (error) {
      const said = error instanceof Error ? error.name : '';
      if (said === 'NoSuchKey') return 'none';
      if (said === 'InvalidRange') return 'past the end';
      if (said !== 'PreconditionFailed') throw error;
      throw new SluiceError('file_changed', `${name} was changed while it was read`);
    }
  });
}

/** `bytes=0-99`; undefined for all of an object, which may be empty. */
function rangeText(start: number, end: number | undefined): string | undefined {
  if (start === 0 && end === undefined) return undefined;
  return `bytes=${start}-${end === undefined ? '' : end - 1}`;
}

/** How many bytes will come. An answer that is not of the range that was asked for is none. */
function promised({ ContentLength: bytes, ContentRange: range }: GetObjectCommandOutput, start: number) {
  const begins = range === undefined ? 0 : Number(/^bytes (\d+)-/.exec(range)?.[1]);
  if (bytes !== undefined && begins === start) return bytes;
  throw new SluiceError(
    'response_invalid',
    'S3 GetObject: the answer is not of the range that was asked for',
  );
}

function bodyOf({ Body: body }: GetObjectCommandOutput): Body {
  // What the SDK gives in Node is a stream of Node.
  const stream = body as Readable;
  return { chunks: stream[Symbol.asyncIterator](), destroy: () => stream.destroy() };
}

/** Also hears the signal, which the SDK leaves once the headers are there. */
export async function withinTime<Value>(wait: Promise<Value>, signal: AbortSignal): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  let stop: (() => void) | undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const stalled = Object.assign(new Error('no bytes came'), { name: 'TimeoutError' });
    timer = setTimeout(() => reject(stalled), STALLED_AFTER_MS);
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([wait, ended]);
  } finally {
    clearTimeout(timer);
    if (stop) signal.removeEventListener('abort', stop);
  }
}
