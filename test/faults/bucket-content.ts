import type { TestMoto } from '../fixtures/moto.js';

/** What a bucket holds. */
export interface BucketListing {
  /** Bytes by key. */
  readonly sizes: ReadonlyMap<string, number>;
  /** The keys of uploads that were begun and never ended. */
  readonly uploads: readonly string[];
}

export type BucketContent = ReadonlyMap<string, Buffer>;

export async function bucketListing(moto: TestMoto, bucket: string): Promise<BucketListing> {
  const uploads = await uploadsIn(moto, bucket);
  return { sizes: await sizesIn(moto, bucket), uploads: uploads.map(({ key }) => key) };
}

export async function readObject(moto: TestMoto, bucket: string, key: string): Promise<Buffer> {
  const response = await moto.s3(`/${bucket}/${key}`);
  return Buffer.from(await response.arrayBuffer());
}

export async function bucketContent(moto: TestMoto, bucket: string): Promise<BucketContent> {
  const keys = [...(await sizesIn(moto, bucket)).keys()];
  return new Map(
    await Promise.all(keys.map(async (key) => [key, await readObject(moto, bucket, key)] as const)),
  );
}

/** Gives a bucket this content and no other. What is the same keeps its version. */
export async function putContent(moto: TestMoto, bucket: string, content: BucketContent): Promise<void> {
  const [uploads, sizes] = await Promise.all([uploadsIn(moto, bucket), sizesIn(moto, bucket)]);
  const gone = [
    ...uploads.map(({ key, id }) => `${key}?uploadId=${id}`),
    ...[...sizes.keys()].filter((key) => !content.has(key)),
  ];
  await Promise.all(gone.map((path) => moto.s3(`/${bucket}/${path}`, { method: 'DELETE' })));
  const puts = [...content].map(async ([key, body]) => {
    const { ok } = await moto.s3(`/${bucket}/${key}`, { method: 'PUT', body });
    if (!ok) throw new Error(`${key} could not be put`);
  });
  await Promise.all(puts);
}

async function sizesIn(moto: TestMoto, bucket: string): Promise<Map<string, number>> {
  const text = await (await moto.s3(`/${bucket}?list-type=2`)).text();
  if (text.includes('<NextContinuationToken>')) throw new Error('more objects than a page has');
  return new Map(
    [...text.matchAll(/<Contents>(.*?)<\/Contents>/gs)].map(([, entry = '']) => [
      /<Key>([^<]*)</.exec(entry)?.[1] ?? '',
      Number(/<Size>(\d+)</.exec(entry)?.[1]),
    ]),
  );
}

async function uploadsIn(moto: TestMoto, bucket: string): Promise<{ key: string; id: string }[]> {
  const text = await (await moto.s3(`/${bucket}?uploads`)).text();
  return [...text.matchAll(/<Upload>.*?<\/Upload>/gs)].map(([upload]) => ({
    key: /<Key>([^<]*)</.exec(upload)?.[1] ?? '',
    id: /<UploadId>([^<]*)</.exec(upload)?.[1] ?? '',
  }));
}
