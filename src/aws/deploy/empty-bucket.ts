import { statusOf } from '../../connectors/aws-failures.js';
import { SluiceError } from '../../errors.js';
import type { AccountAccess } from './account-access.js';

/** Deletes all that a bucket of this account holds, old versions too. Gives how many; a bucket that is not there holds nothing. */
export async function emptyBucket(
  { s3, account }: AccountAccess,
  bucket: string,
  signal: AbortSignal,
): Promise<number> {
  const { sdk, client } = await s3.open();
  let deleted = 0;
  for (;;) {
    signal.throwIfAborted();
    // From the beginning each time: what was seen is gone.
    const list = new sdk.ListObjectVersionsCommand({ Bucket: bucket, ExpectedBucketOwner: account });
    const page = await s3.calls.patiently('ListObjectVersions', async (abortSignal) => {
      try {
        return await client.send(list, { abortSignal });
      } catch (error) {
        if (statusOf(error) === 404) return undefined;
        throw error;
      }
    });
    const objects = [...(page?.Versions ?? []), ...(page?.DeleteMarkers ?? [])].map(({ Key, VersionId }) => ({
      Key,
      VersionId,
    }));
    if (objects.length === 0) return deleted;
    const remove = new sdk.DeleteObjectsCommand({
      Bucket: bucket,
      ExpectedBucketOwner: account,
      Delete: { Objects: objects, Quiet: true },
    });
    const { Errors: [failed] = [] } = await s3.calls.patiently('DeleteObjects', (abortSignal) =>
      client.send(remove, { abortSignal }),
    );
    if (failed) {
      throw new SluiceError('access_denied', `S3 did not delete an object of ${bucket} (${failed.Code})`);
    }
    deleted += objects.length;
  }
}
