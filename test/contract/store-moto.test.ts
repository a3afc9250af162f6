import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BucketStore } from '../../src/connectors/files/stores/bucket-store.js';
import type { Store } from '../../src/connectors/store.js';
import { type TestContext, testContext } from '../fixtures/context.js';
import { exportOnce, namesOfExports, namesOfNewest } from '../fixtures/exports.js';
import { type TestMoto, testMoto } from '../fixtures/moto.js';
import { needsServer } from '../fixtures/servers.js';
import { bytesOf, namesOf } from '../fixtures/stores.js';

/** S3 as moto has it: its own conditions on PutObject, uploads that are listed, and parts that are copies. */
needsServer('moto');

const TIMEOUT_MS = 180_000;
const MIB = 1024 * 1024;
const PART_BYTES = 8 * MIB;
/** Two parts; where everything is tried, a file of 13. */
const BIG_BYTES = (process.env['SLUICE_SWEEP'] === 'all' ? 100 : 9) * MIB;

let moto: TestMoto;
let bucket: string;
let run: TestContext;
let store: Store;
let scratch: string;

beforeAll(async () => {
  moto = await testMoto();
  bucket = await moto.bucket();
  run = await testContext();
  scratch = await mkdtemp(join(tmpdir(), 'sluice-moto-'));
  const { endpoint, region } = moto;
  store = new BucketStore({ options: { bucket, prefix: 'lake/', endpoint, region }, context: run.context });
}, TIMEOUT_MS);
afterAll(async () => {
  await store.close();
  await Promise.all([moto.stop(), run.close(), rm(scratch, { recursive: true, force: true })]);
});

/** The keys of uploads that were begun and not ended. */
async function uploads(): Promise<readonly string[]> {
  const left = await (await moto.s3(`/${bucket}?uploads`)).text();
  return [...left.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key);
}

test('a text is put only over the version that is named', { timeout: TIMEOUT_MS }, async () => {
  const first = await store.putText('one.json', 'one', undefined);
  if (first === 'changed') throw new Error('nobody else writes');
  expect(await store.putText('one.json', 'two', undefined)).toBe('changed');
  const second = await store.putText('one.json', 'three', first.version);
  expect(second).toMatchObject({ text: 'three' });
  expect(await store.putText('one.json', 'four', first.version)).toBe('changed');
  expect(await store.putText('none.json', 'four', first.version)).toBe('changed');
  expect(await store.readText('one.json')).toEqual(second);
});

test('a new file is put once, and is what is there from then on', { timeout: TIMEOUT_MS }, async () => {
  const paths = ['mine', 'others'].map((name) => join(scratch, name));
  for (const path of paths) await writeFile(path, path.slice(-6));
  const [mine = '', other = ''] = paths;
  const first = await store.putNew('new/a', mine);
  expect(await store.putNew('new/a', other)).toEqual(first);
  expect((await bytesOf(await store.open('new/a')))?.toString()).toBe(mine.slice(-6));
});

test('a large file comes back as it was put, and its uploads are ended', {
  timeout: TIMEOUT_MS,
}, async () => {
  const bytes = randomBytes(BIG_BYTES);
  const path = join(scratch, 'big');
  await writeFile(path, bytes);
  const stored = await store.putFile('big/a', path);
  // S3 says behind the ETag how many parts there were.
  expect(stored.version).toMatch(new RegExp(`-${Math.ceil(BIG_BYTES / PART_BYTES)}"$`));
  expect((await bytesOf(await store.open('big/a')))?.equals(bytes)).toBe(true);
  for await (const found of store.list('big/')) expect(found).toEqual(stored);
  for (const key of ['big/b', 'bigger/c'])
    await moto.s3(`/${bucket}/lake/${key}?uploads`, { method: 'POST' });
  await store.clearUploads('big/');
  expect(await uploads()).toEqual(['lake/bigger/c']);
});

test('exports are published, shown as the newest and pruned', { timeout: TIMEOUT_MS }, async () => {
  const made = { folder: 'orders/', keep: 1, scratch, newest: true } as const;
  for (const name of ['run-1', 'run-2']) await exportOnce(store, { ...made, name });
  // Of a run that was given up while it copied, and of one that may copy now.
  for (const name of ['run-0', 'run-2'])
    await moto.s3(`/${bucket}/lake/orders/newest/${name}/a.parquet?uploads`, { method: 'POST' });
  await exportOnce(store, { ...made, name: 'run-3' });
  expect((await uploads()).filter((key) => key.includes('/newest/'))).toEqual([
    'lake/orders/newest/run-2/a.parquet',
  ]);
  const wanted = [...namesOfExports('orders/', ['run-3']), ...namesOfNewest('orders/', 'run-3')];
  expect((await namesOf(store, 'orders/')).sort()).toEqual(wanted.sort());
  const shown = await bytesOf(await store.open('orders/newest/run-3/a.parquet'));
  expect(shown).toEqual(await bytesOf(await store.open('orders/run-3/a.parquet')));
});

test('a bucket is described with what it says of itself', { timeout: TIMEOUT_MS }, async () => {
  const versioning = '<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>';
  await moto.s3(`/${bucket}?versioning`, { method: 'PUT', body: versioning });
  const { findings } = await store.describe('write');
  expect(findings.map(({ message }) => message)).toEqual([expect.stringContaining('keeps versions')]);
  const { endpoint, region } = moto;
  const none = new BucketStore({
    options: { bucket: 'no-such-bucket', endpoint, region },
    context: run.context,
  });
  expect((await none.describe('read')).findings).toMatchObject([{ level: 'refuse', code: 'bucket_missing' }]);
  await none.close();
});
