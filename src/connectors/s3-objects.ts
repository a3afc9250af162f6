/** Calls on objects that more than one connector makes. */
import { createHash } from 'node:crypto';
import type { ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { SluiceError } from '../errors.js';
import type { Calls } from './aws-calls.js';
import type { S3Service } from './s3-service.js';

/** What names begin with of objects that lie somewhere until they are read, unless the declaration says otherwise. */
export const PASSING_PREFIX = 'sluice/';

export interface BucketPlace {
  readonly s3: S3Service;
  readonly bucket: string;
}

/** S3 checks what arrives by the SHA-256 that is returned. */
export async function putObject(
  { s3, bucket }: BucketPlace,
  key: string,
  body: Buffer,
  contentType: string,
  tried: 'once' | 'patiently' = 'once',
): Promise<Buffer> {
  const { sdk, client } = await s3.open();
  const sha256 = createHash('sha256').update(body).digest();
  const command = new sdk.PutObjectCommand({
    Bucket: bucket,
    Key: key,
    Body: body,
    ContentType: contentType,
    ChecksumSHA256: sha256.toString('base64'),
  });
  await s3.calls[tried]('PutObject', (abortSignal) => client.send(command, { abortSignal }));
  return sha256;
}

/** One that is not there is no error. */
export async function removeObject(
  { s3, bucket }: BucketPlace,
  key: string,
  calls: Calls = s3.calls,
): Promise<void> {
  const { sdk, client } = await s3.open();
  const command = new sdk.DeleteObjectCommand({ Bucket: bucket, Key: key });
  await calls.patiently('DeleteObject', (abortSignal) => client.send(command, { abortSignal }));
}

/** The pages of a bucket's objects below a prefix. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export async function* objectPages(
  { s3, bucket }: BucketPlace,
  prefix: string,
): AsyncGenerator<NonNullable<ListObjectsV2CommandOutput['Contents']>> {
  const { sdk, client } = await s3.open();
  for (let token: string | undefined; ; ) {
    const command = new sdk.ListObjectsV2Command({
      Bucket: bucket,
      Prefix: prefix,
      ContinuationToken: token,
    });
    const page = await s3.calls.patiently('ListObjectsV2', (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    yield page.Contents ?? [];
    if (page.IsTruncated !== true) return;
    const next = page.NextContinuationToken;
    if (next === undefined || next === token) throw endlessPages('ListObjectsV2');
    token = next;
  }
}

export function endlessPages(action: string): SluiceError {
  return new SluiceError('response_invalid', `S3 ${action}: a page does not say where the next begins`);
}
