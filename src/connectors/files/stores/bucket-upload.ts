import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { PutObjectCommand, ServerSideEncryption } from '@aws-sdk/client-s3';
import { SluiceError } from '../../../errors.js';
import { statusOf } from '../../aws-failures.js';
import type { S3Service } from '../../s3-service.js';
import type { StoredObject } from '../../store.js';
import { partSizes } from './bucket-parts.js';
import { folderFailure } from './folder-failures.js';

const MIB = 1024 * 1024;
/** Larger files go up in parts of this size. */
const PART_BYTES = 8 * MIB;
/** Parts in memory and on their way at once. */
const PARALLEL_PARTS = 4;
/** An upload that failed is ended within this time, or left to the next run. */
const ABORT_WITHIN_MS = 5_000;
/** Says which upload an object came from. */
const MARK = 'sluice-upload';

export interface UploadPlace {
  readonly s3: S3Service;
  readonly bucket: string;
  readonly key: string;
  /** For people. */
  readonly name: string;
}

export interface UploadedPart {
  readonly PartNumber: number;
  readonly ETag: string;
}

interface Part extends UploadedPart {
  readonly md5: Buffer;
}

/** Puts a local file there, whole or not at all. Each request carries the MD5 of its bytes, which S3 checks. */
export async function putFile(place: UploadPlace, path: string): Promise<StoredObject> {
  const file = await opened(path, place.name);
  try {
    const { size } = await file.stat();
    return size <= PART_BYTES ? await putWhole(place, file, size) : await putInParts(place, file, size);
  } finally {
    await file.close();
  }
}

async function putWhole(place: UploadPlace, file: FileHandle, size: number): Promise<StoredObject> {
  const { s3, name } = place;
  const { client } = await s3.open();
  const command = await wholeObject(place, file, size);
  const { ETag } = await s3.calls.patiently('PutObject', (abortSignal) =>
    client.send(command, { abortSignal }),
  );
  return { name, bytes: size, version: versionOf(ETag, 'PutObject') };
}

/**
 * Puts a local file there in one piece, unless there is an object already: then 'there'.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export async function putFileIfNone(place: UploadPlace, path: string): Promise<StoredObject | 'there'> {
  const { s3, name } = place;
  const { client } = await s3.open();
  const file = await opened(path, name);
  try {
    const { size } = await file.stat();
    const command = await wholeObject(place, file, size, { IfNoneMatch: '*' });
    return await s3.calls.patiently('PutObject', async (abortSignal) => {
      try {
        const { ETag } = await client.send(command, { abortSignal });
        return { name, bytes: size, version: versionOf(ETag, 'PutObject') };
      } catch (error) {
        if (statusOf(error) !== 412) throw error;
        return 'there' as const;
      }
    });
  } finally {
    await file.close();
  }
}

async function wholeObject(
  { s3, bucket, key, name }: UploadPlace,
  file: FileHandle,
  size: number,
  condition: { readonly IfNoneMatch?: '*' } = {},
): Promise<PutObjectCommand> {
  const { sdk } = await s3.open();
  const body = await stretch(file, 0, size, name);
  const digest = { ContentMD5: md5Of(body).toString('base64') };
  return new sdk.PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...digest, ...condition });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html */
async function putInParts(place: UploadPlace, file: FileHandle, size: number): Promise<StoredObject> {
  const upload = await beginUpload(place);
  try {
    const parts = await sentParts(place, upload.id, file, size);
    return await completeUpload(place, upload, {
      parts,
      size,
      isExpected: (etag) => isComposite(etag, parts),
    });
  } catch (error) {
    await abortUpload(place, upload);
    throw error;
  }
}

/** An upload that is under way. Nothing of it is seen before it is completed. */
export interface Upload {
  readonly id: string;
  /** Lies on the object that comes of it. */
  readonly mark: string;
}

/** By what S3 encrypts an object. Absent: as the bucket says. */
export interface Encryption {
  readonly ServerSideEncryption?: ServerSideEncryption;
  readonly SSEKMSKeyId?: string;
}

export async function beginUpload(
  { s3, bucket, key }: UploadPlace,
  encryption: Encryption = {},
): Promise<Upload> {
  const mark = randomBytes(12).toString('hex');
  const { sdk, client } = await s3.open();
  const command = new sdk.CreateMultipartUploadCommand({
    Bucket: bucket,
    Key: key,
    Metadata: { [MARK]: mark },
    ...encryption,
  });
  const { UploadId } = await s3.calls.patiently('CreateMultipartUpload', (abortSignal) =>
    client.send(command, { abortSignal }),
  );
  if (UploadId !== undefined) return { id: UploadId, mark };
  throw new SluiceError('response_invalid', 'S3 CreateMultipartUpload: the answer has no upload');
}

async function sentParts(place: UploadPlace, id: string, file: FileHandle, size: number): Promise<Part[]> {
  const { partBytes, count } = partSizes(size, PART_BYTES);
  const parts: Part[] = new Array(count);
  let next = 0;
  let isOver = false;
  const send = async () => {
    while (next < count && !isOver) {
      const index = next++;
      const start = index * partBytes;
      const bytes = await stretch(file, start, Math.min(partBytes, size - start), place.name);
      parts[index] = await sentPart(place, id, index + 1, bytes);
    }
  };
  const senders = Array.from({ length: Math.min(PARALLEL_PARTS, count) }, async () => {
    try {
      await send();
    } finally {
      isOver ||= next < count;
    }
  });
  const failed = (await Promise.allSettled(senders)).find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
  return parts;
}

async function sentPart(
  { s3, bucket, key }: UploadPlace,
  id: string,
  number: number,
  bytes: Buffer,
): Promise<Part> {
  const { sdk, client } = await s3.open();
  const md5 = md5Of(bytes);
  const command = new sdk.UploadPartCommand({
    Bucket: bucket,
    Key: key,
    UploadId: id,
    PartNumber: number,
    Body: bytes,
    ContentMD5: md5.toString('base64'),
  });
  const { ETag } = await s3.calls.patiently('UploadPart', (abortSignal) =>
    client.send(command, { abortSignal }),
  );
  return { PartNumber: number, ETag: versionOf(ETag, 'UploadPart'), md5 };
}

interface Whole {
  readonly parts: readonly UploadedPart[];
  readonly size: number;
  /** Whether this may be the ETag of what was sent. */
  isExpected(etag: string): boolean;
}

/** A lost answer is looked up: an object with this upload's mark is this upload, complete. */
export async function completeUpload(
  place: UploadPlace,
  upload: Upload,
  whole: Whole,
): Promise<StoredObject> {
  const { s3, bucket, key, name } = place;
  const { sdk, client } = await s3.open();
  const command = new sdk.CompleteMultipartUploadCommand({
    Bucket: bucket,
    Key: key,
    UploadId: upload.id,
    MultipartUpload: { Parts: whole.parts.map(({ PartNumber, ETag }) => ({ PartNumber, ETag })) },
  });
  await s3.calls.patiently('CompleteMultipartUpload', async (abortSignal) => {
    try {
      await client.send(command, { abortSignal });
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'NoSuchUpload') throw error;
    }
  });
  const found = await looked(place);
  const isOurs = found?.bytes === whole.size && found.mark === upload.mark;
  if (isOurs && whole.isExpected(found.version)) return { name, bytes: whole.size, version: found.version };
  throw new SluiceError('response_invalid', `S3 CompleteMultipartUpload: ${name} is not what was sent`, {
    hint: 'somebody else may have written it at the same time, or ended its upload',
  });
}

/** What lies there now; undefined where nothing does. */
async function looked({ s3, bucket, key }: UploadPlace) {
  const { sdk, client } = await s3.open();
  const command = new sdk.HeadObjectCommand({ Bucket: bucket, Key: key });
  return await s3.calls.patiently('HeadObject', async (abortSignal) => {
    try {
      const { ContentLength, ETag, Metadata } = await client.send(command, { abortSignal });
      return { bytes: ContentLength, version: versionOf(ETag, 'HeadObject'), mark: Metadata?.[MARK] };
    } catch (error) {
      if (statusOf(error) === 404) return undefined;
      throw error;
    }
  });
}

/**
 * The ETag of parts is the MD5 of their MD5s, unless the bucket encrypts with KMS: then the parts' own are none either.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
function isComposite(version: string, parts: readonly Part[]): boolean {
  const arePlain = parts.every(({ ETag, md5 }) => ETag.replaceAll('"', '') === md5.toString('hex'));
  if (!arePlain) return true;
  const whole = md5Of(Buffer.concat(parts.map(({ md5 }) => md5))).toString('hex');
  return version.replaceAll('"', '') === `${whole}-${parts.length}`;
}

/** Once, and also when the run was stopped: what stays is cleared by the next run, and costs until then. */
export async function abortUpload({ s3, bucket, key }: UploadPlace, { id }: Upload): Promise<void> {
  const { sdk, client } = await s3.open();
  const command = new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: id });
  // The failure that led here is the one to tell.
  await client.send(command, { abortSignal: AbortSignal.timeout(ABORT_WITHIN_MS) }).catch(() => undefined);
}

async function opened(path: string, name: string): Promise<FileHandle> {
  try {
    return await open(path, 'r');
  } catch (error) {
    throw folderFailure('read', name, error);
  }
}

async function stretch(file: FileHandle, start: number, bytes: number, name: string): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; ) {
    const { bytesRead } = await file.read(buffer, at, bytes - at, start + at);
    if (bytesRead === 0)
      throw new SluiceError('file_changed', `the file for ${name} was cut short while it was sent`);
    at += bytesRead;
  }
  return buffer;
}

/** The ETag, as S3 quotes it. */
export function versionOf(etag: string | undefined, action: string): string {
  if (etag !== undefined && etag !== '') return etag;
  throw new SluiceError('response_invalid', `S3 ${action}: the answer has no ETag`, { retry: 'later' });
}

function md5Of(bytes: Buffer): Buffer {
  return createHash('md5').update(bytes).digest();
}
