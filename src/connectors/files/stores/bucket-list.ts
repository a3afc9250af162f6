import type { ListMultipartUploadsCommandOutput, ListObjectsV2CommandOutput } from '@aws-sdk/client-s3';
import { SluiceError } from '../../../errors.js';
import type { S3Service } from '../../s3-service.js';

interface Place {
  readonly s3: S3Service;
  readonly bucket: string;
}

/** The pages of a bucket's objects below a prefix. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export async function* objectPages(
  { s3, bucket }: Place,
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
    if (next === undefined || next === token) throw endless('ListObjectsV2');
    token = next;
  }
}

/** The pages of uploads that were begun and not ended. */
export async function* uploadPages(
  { s3, bucket }: Place,
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
      throw endless('ListMultipartUploads');
    marker = { KeyMarker: key, UploadIdMarker: id };
  }
}

function endless(action: string): SluiceError {
  return new SluiceError('response_invalid', `S3 ${action}: a page does not say where the next begins`);
}
