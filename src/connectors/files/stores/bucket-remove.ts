import type { _Error as ObjectError } from '@aws-sdk/client-s3';
import type { SluiceError } from '../../../errors.js';
import { retried } from '../../aws-calls.js';
import { entryFailure, failedForNow } from '../../aws-failures.js';
import type { Context } from '../../connector.js';
import type { S3Service } from '../../s3-service.js';
import { failures } from './bucket-failures.js';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const MAX_KEYS = 1000;

/** Removes these keys; those that are not there are no error. What S3 did not remove stands in an answer of status 200. */
export async function removeObjects(
  { s3, context, bucket }: { readonly s3: S3Service; readonly context: Context; readonly bucket: string },
  keys: readonly string[],
): Promise<void> {
  for (let at = 0; at < keys.length; at += MAX_KEYS) {
    let left = keys.slice(at, at + MAX_KEYS);
    await retried(context, async () => {
      const errors = await removeOnce(s3, bucket, left);
      if (errors.length === 0) return;
      const failed = new Set(errors.map(({ Key: key }) => key));
      left = left.filter((key) => failed.has(key));
      throw worst(errors);
    });
  }
}

async function removeOnce(s3: S3Service, bucket: string, keys: readonly string[]): Promise<ObjectError[]> {
  const { sdk, client } = await s3.open();
  const command = new sdk.DeleteObjectsCommand({
    Bucket: bucket,
    Delete: { Objects: keys.map((key) => ({ Key: key })), Quiet: true },
  });
  const { Errors } = await s3.calls.once('DeleteObjects', (abortSignal) =>
    client.send(command, { abortSignal }),
  );
  return (Errors ?? []).filter(({ Code }) => Code !== 'NoSuchKey');
}

/** Of several failures the one for good, where there is one. */
function worst(errors: readonly ObjectError[]): SluiceError {
  const call = { service: 'S3', action: 'DeleteObjects', failures };
  const all = errors.map(({ Code }) => entryFailure(call, Code ?? '', failedForNow));
  return all.find(({ retry }) => retry === 'never') ?? (all[0] as SluiceError);
}
