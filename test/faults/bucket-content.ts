import type { TestMoto } from '../fixtures/moto.js';

/** All that a bucket holds. */
export interface BucketContent {
  readonly objects: ReadonlyMap<string, Buffer>;
  /** The keys of uploads that were begun and never ended. */
  readonly uploads: readonly string[];
}

export async function bucketContent(moto: TestMoto, bucket: string): Promise<BucketContent> {
  const objects = new Map<string, Buffer>();
  for (const key of await keysIn(moto, bucket)) {
    const response = await moto.s3(`/${bucket}/${key}`);
    objects.set(key, Buffer.from(await response.arrayBuffer()));
  }
  return { objects, uploads: (await uploadsIn(moto, bucket)).map(({ key }) => key) };
}

/** Gives a bucket this content and no other. What is the same keeps its version. */
export async function putContent(moto: TestMoto, bucket: string, { objects }: BucketContent): Promise<void> {
  for (const { key, id } of await uploadsIn(moto, bucket)) {
    await moto.s3(`/${bucket}/${key}?uploadId=${id}`, { method: 'DELETE' });
  }
  for (const key of await keysIn(moto, bucket)) await moto.s3(`/${bucket}/${key}`, { method: 'DELETE' });
  for (const [key, body] of objects) {
    const { ok } = await moto.s3(`/${bucket}/${key}`, { method: 'PUT', body });
    if (!ok) throw new Error(`${key} could not be put`);
  }
}

async function keysIn(moto: TestMoto, bucket: string): Promise<string[]> {
  const text = await (await moto.s3(`/${bucket}?list-type=2`)).text();
  if (text.includes('<NextContinuationToken>')) throw new Error('more objects than a page has');
  return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
}

async function uploadsIn(moto: TestMoto, bucket: string): Promise<{ key: string; id: string }[]> {
  const text = await (await moto.s3(`/${bucket}?uploads`)).text();
  return [...text.matchAll(/<Upload>.*?<\/Upload>/gs)].map(([upload]) => ({
    key: /<Key>([^<]*)</.exec(upload)?.[1] ?? '',
    id: /<UploadId>([^<]*)</.exec(upload)?.[1] ?? '',
  }));
}
