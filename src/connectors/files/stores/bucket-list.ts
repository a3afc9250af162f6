import type { ListMultipartUploadsCommandOutput } from '@aws-sdk/client-s3';
import { type BucketPlace, endlessPages } from '../../s3-objects.js';

/** The pages of uploads that were begun and not ended. */
export async function* uploadPages(
  { s3, bucket }: BucketPlace,
  prefix: string,
): AsyncGenerator<NonNullable<ListMultipartUploadsCommandOutput['Uploads']>> {
  const { sdk, client } = await s3.open();
  let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {};
  for (;;) {
    const command = new sdk.ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...marker });
    const page = await s3.calls.patiently('ListMultipartUploads', (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    yield page.Uploads ?? [];
    if (page.IsTruncated !== true) return;
    const { NextKeyMarker: key, NextUploadIdMarker: id } = page;
    if (key === undefined || (key === marker.KeyMarker && id === marker.UploadIdMarker))
      throw endlessPages('ListMultipartUploads');
    marker = { KeyMarker: key, UploadIdMarker: id };
  }
}
