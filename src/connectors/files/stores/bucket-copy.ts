import { SluiceError } from '../../../errors.js';
import { statusOf } from '../../aws-failures.js';
import type { HiddenCopies, ObjectCopy } from '../../store.js';
import { partSizes } from './bucket-parts.js';
import {
  abortUpload,
  beginUpload,
  completeUpload,
  type Encryption,
  type Upload,
  type UploadedPart,
  type UploadPlace,
  versionOf,
} from './bucket-upload.js';

/** Of a copy, which costs no memory. */
const PART_BYTES = 512 * 1024 * 1024;
/** Copies under way at once, and copies that are shown at once. */
const PARALLEL = 16;

/** Gives the place of an object. */
type PlaceOf = (name: string) => UploadPlace;

interface Copied {
  readonly place: UploadPlace;
  readonly upload: Upload;
  readonly parts: readonly UploadedPart[];
  readonly size: number;
  isShown: boolean;
}

/**
 * S3 cannot rename. But it copies into the parts of an upload, and nothing of an upload is seen until one call completes it:
 * so what is copied is shown at a call for each object. https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
 */
export async function copyHidden(placeOf: PlaceOf, copies: readonly ObjectCopy[]): Promise<HiddenCopies> {
  const copied: Copied[] = [];
  const drop = async () => {
    await sideBySide(
      copied.filter(({ isShown }) => !isShown),
      ({ place, upload }) => abortUpload(place, upload),
    );
  };
  try {
    await sideBySide(copies, async (copy) => {
      copied.push(await copyOne(placeOf(copy.from), placeOf(copy.to), copy));
    });
  } catch (error) {
    await drop();
    throw error;
  }
  return { show: () => sideBySide(copied, showOne), drop };
}

async function showOne(copied: Copied): Promise<void> {
  if (copied.isShown) return;
  const { place, upload, parts, size } = copied;
  await completeUpload(place, upload, { parts, size, isExpected: () => true });
  copied.isShown = true;
}

async function copyOne(from: UploadPlace, place: UploadPlace, copy: ObjectCopy): Promise<Copied> {
  const upload = await beginUpload(place, await encryptionOf(from, copy));
  try {
    const parts: UploadedPart[] = [];
    const { partBytes, count } = partSizes(copy.bytes, PART_BYTES);
    for (let number = 1; number <= count; number++) {
      const start = (number - 1) * partBytes;
      const end = Math.min(start + partBytes, copy.bytes);
      parts.push(
        copy.bytes === 0
          ? await emptyPart(place, upload)
          : await copyPart(from, place, { upload, copy, number, start, end }),
      );
    }
    return { place, upload, parts, size: copy.bytes, isShown: false };
  } catch (error) {
    await abortUpload(place, upload);
    throw error;
  }
}

/** A copy is encrypted by the key of what it is of: who may read that may read it, and nobody else. */
async function encryptionOf({ s3, bucket, key }: UploadPlace, copy: ObjectCopy): Promise<Encryption> {
  const { sdk, client } = await s3.open();
  const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: key, IfMatch: copy.version });
  const found = await s3.calls.patiently('HeadObject', async (abortSignal) => {
    try {
      return await client.send(command, { abortSignal });
    } catch (error) {
      throw otherwise(copy, error);
    }
  });
  const { ServerSideEncryption, SSEKMSKeyId } = found;
  if (ServerSideEncryption === undefined || SSEKMSKeyId === undefined) return {};
  return { ServerSideEncryption, SSEKMSKeyId };
}

interface PartCopy {
  readonly upload: Upload;
  readonly copy: ObjectCopy;
  readonly number: number;
  /** Of the bytes. */
  readonly start: number;
  readonly end: number;
}

async function copyPart(
  from: UploadPlace,
  { s3, bucket, key }: UploadPlace,
  { upload, copy, number, start, end }: PartCopy,
): Promise<UploadedPart> {
  const { sdk, client } = await s3.open();
  const command = new sdk.UploadPartCopyCommand({
    Bucket: bucket,
    Key: key,
    UploadId: upload.id,
    PartNumber: number,
    CopySource: [from.bucket, ...from.key.split('/')].map(encodeURIComponent).join('/'),
    CopySourceIfMatch: copy.version,
    CopySourceRange: `bytes=${start}-${end - 1}`,
  });
  const result = await s3.calls.patiently('UploadPartCopy', async (abortSignal) => {
    try {
      return (await client.send(command, { abortSignal })).CopyPartResult;
    } catch (error) {
      throw otherwise(copy, error);
    }
  });
  return { PartNumber: number, ETag: versionOf(result?.ETag, 'UploadPartCopy') };
}

function otherwise({ from }: ObjectCopy, error: unknown): unknown {
  const status = statusOf(error);
  if (status === 412) return new SluiceError('file_changed', `${from} is not what was written`);
  // A missing bucket has been found before.
  return status === 404 ? new SluiceError('file_missing', `${from} is not there any more`) : error;
}

/** There is nothing to copy a range of. */
async function emptyPart({ s3, bucket, key }: UploadPlace, { id }: Upload): Promise<UploadedPart> {
  const { sdk, client } = await s3.open();
  const command = new sdk.UploadPartCommand({
    Bucket: bucket,
    Key: key,
    UploadId: id,
    Body: Buffer.alloc(0),
    PartNumber: 1,
  });
  const { ETag } = await s3.calls.patiently('UploadPart', (abortSignal) =>
    client.send(command, { abortSignal }),
  );
  return { PartNumber: 1, ETag: versionOf(ETag, 'UploadPart') };
}

/** A failure of one lets those under way end, and is thrown then. */
async function sideBySide<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  let next = 0;
  let isOver = false;
  const worker = async () => {
    for (let item = items[next++]; item !== undefined && !isOver; item = items[next++]) {
      try {
        await work(item);
      } catch (error) {
        isOver = true;
        throw error;
      }
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: PARALLEL }, worker));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}
