import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HttpFault, type HttpProxy, startHttpProxy } from '../../../../test/faults/http-proxy.js';
import { type BucketGround, bucketGround, bytesOf, namesOf } from '../../../../test/fixtures/stores.js';
import type { Store } from '../../store.js';

const TIMEOUT_MS = 120_000;
const MIB = 1024 * 1024;
/** Two parts. */
const BIG = randomBytes(8 * MIB + 5);
const READ = randomBytes(900_000);

let ground: BucketGround;
let proxy: HttpProxy;
let store: Store;
let big: string;

beforeAll(async () => {
  ground = await bucketGround('exports/', async (s3) => {
    proxy = await startHttpProxy(s3.endpoint);
    return proxy;
  });
  store = await ground.open();
  big = join(ground.scratch, 'big');
  await writeFile(big, BIG);
}, TIMEOUT_MS);
afterAll(() => ground.close());
beforeEach(() => proxy.plan.use([]));

const passing: readonly HttpFault[] = [
  { kind: 'reset before' },
  { kind: 'reset after' },
  { kind: 'throttle' },
  { kind: 'error', status: 500, type: 'InternalError' },
  { kind: 'page', status: 503 },
];
/** The call is done and not answered; or it is not done. */
const harsh: readonly HttpFault[] = [{ kind: 'reset after' }, { kind: 'throttle' }];

describe('a large file', () => {
  const calls = ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload', 'HeadObject'];
  const met = calls.flatMap((on) => harsh.map((fault) => [on, fault.kind, fault] as const));

  test('is whole whatever befalls one call of its upload', { timeout: TIMEOUT_MS }, async () => {
    for (const [on, kind, fault] of met) {
      proxy.plan.use([{ on, fault, nth: 1 }]);
      const name = `large/${on}-${kind.replaceAll(' ', '-')}`;
      await store.putFile(name, big);
      expect(proxy.plan.struck()).toEqual([1]);
      expect((await ground.s3.get(ground.bucket, `exports/${name}`))?.equals(BIG)).toBe(true);
      await ground.s3.remove(ground.bucket, `exports/${name}`);
    }
    // An upload whose beginning was not answered is nobody's: it is found below its folder.
    await store.clearUploads('large/');
    expect(ground.s3.uploads()).toEqual([]);
  });

  test('that cannot be sent leaves nothing', { timeout: TIMEOUT_MS }, async () => {
    proxy.plan.use([
      { on: 'UploadPart', nth: 2, fault: { kind: 'error', status: 403, type: 'AccessDenied' } },
    ]);
    await expect(store.putFile('denied/a', big)).rejects.toMatchObject({ code: 'access_denied' });
    expect(ground.s3.uploads()).toEqual([]);
    expect(await namesOf(store, 'denied/')).toEqual([]);
  });

  test('of a run that was stopped leaves nothing', { timeout: TIMEOUT_MS }, async () => {
    const stop = new AbortController();
    const own = await ground.open({ signal: stop.signal });
    proxy.watch((moment, { action }) => {
      if (moment === 'after' && action === 'UploadPart') stop.abort(new Error('stopped'));
    });
    await expect(own.putFile('stopped/a', big)).rejects.toThrow('stopped');
    proxy.watch(undefined);
    expect(ground.s3.uploads()).toEqual([]);
  });

  test('is never mixed with what somebody else writes under its name', { timeout: TIMEOUT_MS }, async () => {
    proxy.watch(async (moment, { action }) => {
      if (moment === 'after' && action === 'CompleteMultipartUpload')
        await ground.s3.put(ground.bucket, 'exports/mixed/a', 'theirs');
    });
    await expect(store.putFile('mixed/a', big)).rejects.toMatchObject({ code: 'response_invalid' });
    proxy.watch(undefined);
  });
});

test('uploads of killed runs are ended below their folder, and nowhere else', {
  timeout: TIMEOUT_MS,
}, async () => {
  for (const key of ['orders/run-1/a', 'orders/run-1/b/c', 'orders/run-11/a', 'orders/a', 'mine']) {
    await fetch(`${ground.s3.endpoint}/${ground.bucket}/exports/${key}?uploads`, { method: 'POST' });
  }
  await store.clearUploads('orders/', ['orders/run-11/', 'orders/a']);
  expect([...ground.s3.uploads()].sort()).toEqual([
    'exports/mine',
    'exports/orders/a',
    'exports/orders/run-11/a',
  ]);
  await store.clearUploads('orders/');
  expect(ground.s3.uploads()).toEqual(['exports/mine']);
  await expect(store.clearUploads('mine')).rejects.toMatchObject({ code: 'bug' });
});

describe('reading', () => {
  beforeAll(() => ground.s3.put(ground.bucket, 'exports/read/a', READ), TIMEOUT_MS);

  test('goes on where connections broke', { timeout: TIMEOUT_MS }, async () => {
    proxy.plan.use([
      { on: 'GetObject', nth: [1, 2, 4], fault: { kind: 'torn' } },
      { on: 'GetObject', nth: 1, fault: { kind: 'reset after' } },
    ]);
    const back = await bytesOf(await store.open('read/a', { start: 3 }));
    expect(back?.equals(READ.subarray(3))).toBe(true);
    expect(proxy.plan.struck()).toEqual([3, 1]);
  });

  test('of an object that is another by then fails', { timeout: TIMEOUT_MS }, async () => {
    await ground.s3.put(ground.bucket, 'exports/read/b', READ);
    proxy.plan.use([{ on: 'GetObject', nth: 1, fault: { kind: 'torn' } }]);
    const stream = await store.open('read/b');
    await ground.s3.put(ground.bucket, 'exports/read/b', READ.subarray(1));
    await expect(bytesOf(stream)).rejects.toMatchObject({ code: 'file_changed' });
  });

  test('of an object that is gone by then fails', { timeout: TIMEOUT_MS }, async () => {
    await ground.s3.put(ground.bucket, 'exports/read/c', READ);
    proxy.plan.use([{ on: 'GetObject', nth: 1, fault: { kind: 'torn' } }]);
    const stream = await store.open('read/c');
    await ground.s3.remove(ground.bucket, 'exports/read/c');
    await expect(bytesOf(stream)).rejects.toMatchObject({ code: 'file_missing' });
  });
});

describe('a new file', () => {
  test.each(passing.map((fault) => [fault.kind, fault] as const))(
    'is put once whatever becomes of the answer, and nothing else after it: %s',
    { timeout: TIMEOUT_MS },
    async (kind, fault) => {
      const name = `new/${kind.replaceAll(' ', '-')}`;
      const other = join(ground.scratch, 'other');
      await writeFile(other, 'other');
      for (const path of [big, other]) {
        proxy.plan.use([{ on: 'PutObject', nth: 1, fault }]);
        expect(await store.putNew(name, path)).toMatchObject({ name, bytes: BIG.length });
        expect(proxy.plan.struck()).toEqual([1]);
      }
      expect((await ground.s3.get(ground.bucket, `exports/${name}`))?.equals(BIG)).toBe(true);
    },
  );
});

describe('a conditional put', () => {
  test.each(passing.map((fault) => [fault.kind, fault] as const))(
    'has succeeded once whatever becomes of its answer: %s',
    { timeout: TIMEOUT_MS },
    async (kind, fault) => {
      const name = `put/${kind.replaceAll(' ', '-')}.json`;
      proxy.plan.use([{ on: 'PutObject', nth: 1, fault }]);
      const first = await store.putText(name, 'one', undefined);
      if (first === 'changed') throw new Error('nobody else writes');
      proxy.plan.use([{ on: 'PutObject', nth: 1, fault }]);
      expect(await store.putText(name, 'two', first.version)).toMatchObject({ text: 'two' });
      expect(proxy.plan.struck()).toEqual([1]);
    },
  );

  test('that meets another is asked again', { timeout: TIMEOUT_MS }, async () => {
    const fault = { kind: 'error', status: 409, type: 'ConditionalRequestConflict' } as const;
    proxy.plan.use([{ on: 'PutObject', nth: 1, fault }]);
    expect(await store.putText('put/conflict.json', 'one', undefined)).toMatchObject({ text: 'one' });
  });

  test('whose answer was lost is not taken for won where somebody else came next', {
    timeout: TIMEOUT_MS,
  }, async () => {
    proxy.plan.use([{ on: 'PutObject', nth: 1, fault: { kind: 'reset after' } }]);
    proxy.watch(async (moment, { action, n }) => {
      if (moment === 'after' && action === 'PutObject' && n > 0) {
        proxy.watch(undefined);
        await ground.s3.put(ground.bucket, 'exports/put/next.json', 'theirs');
      }
    });
    expect(await store.putText('put/next.json', 'one', undefined)).toBe('changed');
  });
});

describe('a bucket', () => {
  test('that is missing is named by the plan and by every call', { timeout: TIMEOUT_MS }, async () => {
    const missing = await bucketGround('');
    await fetch(`${missing.s3.endpoint}/${missing.bucket}`, { method: 'DELETE' });
    const own = await missing.open();
    expect((await own.describe('write')).findings).toMatchObject([
      { level: 'refuse', code: 'bucket_missing' },
    ]);
    const calls = [
      namesOf(own),
      own.readText('a'),
      own.open('a'),
      own.writeText('a', 'b'),
      own.putFile('a', big),
    ];
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: 'bucket_missing' })));
    await missing.close();
  });

  test('that may not be read is said with what is missing', { timeout: TIMEOUT_MS }, async () => {
    proxy.plan.use([{ on: /./, fault: { kind: 'error', status: 403, type: 'AccessDenied' } }]);
    await expect(store.readText('a')).rejects.toMatchObject({
      code: 'access_denied',
      hint: expect.stringContaining('sluice plan'),
    });
    expect((await store.describe('read')).findings).toMatchObject([{ level: 'warn' }]);
  });

  test('needs exactly these permissions to be written to', { timeout: TIMEOUT_MS }, async () => {
    const { permissions } = await store.describe('write');
    const arn = `arn:aws:s3:::${ground.bucket}`;
    expect(permissions.map(({ action, resource }) => `${action} ${resource}`)).toEqual([
      `s3:ListBucket ${arn}`,
      `s3:GetObject ${arn}/exports/*`,
      `s3:PutObject ${arn}/exports/*`,
      `s3:DeleteObject ${arn}/exports/*`,
      `s3:AbortMultipartUpload ${arn}/exports/*`,
      `s3:ListBucketMultipartUploads ${arn}`,
      `s3:GetBucketVersioning ${arn}`,
      `s3:GetBucketPolicyStatus ${arn}`,
      `s3:GetEncryptionConfiguration ${arn}`,
    ]);
  });

  test('needs no uploads in pieces where nothing large is put there', { timeout: TIMEOUT_MS }, async () => {
    const [write, publish] = await Promise.all([store.describe('write'), store.describe('publish')]);
    const actions = write.permissions.map(({ action }) => action);
    expect(publish.permissions.map(({ action }) => action)).toEqual(
      actions.filter((action) => !action.includes('Multipart')),
    );
  });

  test('of more objects than a page holds is listed whole', { timeout: TIMEOUT_MS }, async () => {
    const names = Array.from({ length: 1003 }, (_, index) => `many/${String(index).padStart(4, '0')}`);
    for (let at = 0; at < names.length; at += 50) {
      await Promise.all(
        names.slice(at, at + 50).map((name) => ground.s3.put(ground.bucket, `exports/${name}`, name)),
      );
    }
    expect(await namesOf(store, 'many/')).toEqual(names);
    expect(proxy.events.filter(({ action }) => action === 'ListObjectsV2').length).toBeGreaterThan(1);
    await store.remove(names);
    expect(await namesOf(store, 'many/')).toEqual([]);
  });
});
