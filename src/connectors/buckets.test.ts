import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BucketFiles, bucketed, textRecords } from './buckets.js';

let folder: string;
let label = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-buckets-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEAD_BYTES = 3;

async function kept(files: BucketFiles): Promise<[bucket: number, head: string, text: string][]> {
  const all: [number, string, string][] = [];
  for (const [bucket, path] of files) {
    for await (const records of textRecords(path, HEAD_BYTES)) {
      for (const { head, text } of records) all.push([bucket, head.toString('hex'), text]);
    }
  }
  return all;
}

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.integer({ min: 1, max: 30_000 }).map((length) => 'é漢🧾'.repeat(length)),
);
const record = fc.tuple(fc.uint8Array({ minLength: HEAD_BYTES, maxLength: HEAD_BYTES }), text);

test('every record comes back whole, once, and in the bucket of its first byte', async () => {
  const property = fc.asyncProperty(fc.array(record, { maxLength: 60 }), async (records) => {
    const files = await bucketed(folder, `records${label++}`, async (buckets) => {
      for (const [head, content] of records) await buckets.addText(Buffer.from(head), content);
    });
    const wanted = records.map(([head, content]) => [head[0], Buffer.from(head).toString('hex'), content]);
    expect((await kept(files)).sort()).toEqual(wanted.sort());
  });
  await fc.assert(property, { numRuns: 30 });
});

test('records of one bucket keep their order, over many writes to its file', async () => {
  const head = Buffer.from([7, 0, 0]);
  const texts = Array.from({ length: 20_000 }, (_, index) => `record ${index}`);
  const files = await bucketed(folder, 'order', async (buckets) => {
    for (const content of texts) {
      const full = buckets.addText(head, content);
      if (full) await full;
    }
  });
  expect((await kept(files)).map(([, , content]) => content)).toEqual(texts);
});
