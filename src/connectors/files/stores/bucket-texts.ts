import { SluiceError } from '../../../errors.js';
import { statusOf } from '../../aws-failures.js';
import { MAX_TEXT_BYTES, type StoredText } from '../../store.js';
import { withinTime } from './bucket-read.js';
import { type UploadPlace, versionOf } from './bucket-upload.js';

/** A small object whole; undefined where there is none. */
export async function readText({ s3, bucket, key, name }: UploadPlace): Promise<StoredText | undefined> {
  const { sdk, client } = await s3.open();
  const command = new sdk.GetObjectCommand({ Bucket: bucket, Key: key });
  return await s3.calls.patiently('GetObject', async (abortSignal) => {
    try {
      const { Body, ContentLength, ETag } = await client.send(command, { abortSignal });
      if ((ContentLength ?? 0) > MAX_TEXT_BYTES) throw tooLarge(name);
      const text = Body === undefined ? '' : await withinTime(Body.transformToString('utf8'), abortSignal);
      return { text, version: versionOf(ETag, 'GetObject') };
    } catch (error) {
      if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
      throw error;
    }
  });
}

export async function writeText(place: UploadPlace, text: string): Promise<StoredText> {
  const { s3 } = place;
  return await s3.calls.patiently('PutObject', (abortSignal) => put(place, text, {}, abortSignal));
}

/**
 * One conditional call. S3 says 412 where the condition does not hold, 404 where what shall be replaced is gone, and 409
 * where two come at once: that is asked again.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export async function putText(
  place: UploadPlace,
  text: string,
  over: string | undefined,
): Promise<StoredText | 'changed'> {
  const condition = over === undefined ? { IfNoneMatch: '*' } : { IfMatch: over };
  const done = await place.s3.calls.patiently('PutObject', async (abortSignal) => {
    try {
      return await put(place, text, condition, abortSignal);
    } catch (error) {
      if (!isOtherwise(error)) throw error;
      return 'changed' as const;
    }
  });
  if (done !== 'changed') return done;
  // The answer to an earlier try may have been lost.
  const found = await readText(place);
  return found?.text === text ? found : 'changed';
}

async function put(
  { s3, bucket, key, name }: UploadPlace,
  text: string,
  condition: { readonly IfNoneMatch?: string; readonly IfMatch?: string },
  abortSignal: AbortSignal,
): Promise<StoredText> {
  const { sdk, client } = await s3.open();
  const body = Buffer.from(text);
  if (body.length > MAX_TEXT_BYTES) throw tooLarge(name);
  const command = new sdk.PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: body,
    ContentType: 'application/json',
    ...condition,
  });
  const { ETag } = await client.send(command, { abortSignal });
  return { text, version: versionOf(ETag, 'PutObject') };
}

function isOtherwise(error: unknown): boolean {
  const status = statusOf(error);
  return status === 412 || (status === 404 && error instanceof Error && error.name === 'NoSuchKey');
}

function tooLarge(name: string): SluiceError {
  return new SluiceError('unsupported', `${name} is larger than ${MAX_TEXT_BYTES} bytes`, {
    hint: 'have fewer, larger files in an export',
  });
}
