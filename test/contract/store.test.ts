import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Store } from '../../src/connectors/store.js';
import { bucketGround, bytesOf, folderGround, namesOf, type StoreGround } from '../fixtures/stores.js';

const TIMEOUT_MS = 120_000;
const MIB = 1024 * 1024;
/** More than goes up in one piece. */
const BIG_BYTES = 9 * MIB + 5;

describe.each([
  ['a folder', folderGround],
  ['a bucket', bucketGround],
] as const)('%s', (_kind, make: () => Promise<StoreGround>) => {
  let ground: StoreGround;
  let store: Store;
  let files = 0;

  beforeAll(async () => {
    ground = await make();
    store = await ground.open();
  });
  afterAll(() => ground.close());

  async function put(name: string, bytes: string | Uint8Array) {
    const path = join(ground.scratch, `file-${files++}`);
    await writeFile(path, bytes);
    return await store.putFile(name, path);
  }

  test('gives a file back as it was put, whole and in stretches', { timeout: TIMEOUT_MS }, async () => {
    const stored = await put('whole/a.bin', 'abcdefghij');
    expect(stored).toMatchObject({ name: 'whole/a.bin', bytes: 10, version: expect.any(String) });
    expect((await bytesOf(await store.open('whole/a.bin')))?.toString()).toBe('abcdefghij');
    const stretches = [
      { start: 0, end: 3 },
      { start: 4 },
      { start: 8, end: 99 },
      { start: 10 },
      { start: 3, end: 3 },
    ];
    const read = await Promise.all(
      stretches.map(async (range) => (await bytesOf(await store.open('whole/a.bin', range)))?.toString()),
    );
    expect(read).toEqual(['abc', 'efghij', 'ij', '', '']);
  });

  test('gives a large file back as it was put', { timeout: TIMEOUT_MS }, async () => {
    const bytes = randomBytes(BIG_BYTES);
    expect(await put('large/a.bin', bytes)).toMatchObject({ bytes: BIG_BYTES });
    const back = await bytesOf(await store.open('large/a.bin'));
    expect(back?.equals(bytes)).toBe(true);
    await store.remove(['large/a.bin']);
  });

  test('gives an empty file back as it was put', { timeout: TIMEOUT_MS }, async () => {
    await put('empty/a.bin', '');
    expect((await bytesOf(await store.open('empty/a.bin')))?.length).toBe(0);
  });

  test('has nothing under a name that was never put', { timeout: TIMEOUT_MS }, async () => {
    expect(await store.open('never')).toBeUndefined();
    expect(await store.open('never', { start: 5 })).toBeUndefined();
    expect(await store.readText('never/put')).toBeUndefined();
    await store.remove(['never', 'never/put']);
  });

  test('puts a new file once: what is there stays, and is what is given', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const [mine, other] = [join(ground.scratch, 'mine'), join(ground.scratch, 'other')];
    await Promise.all([writeFile(mine, 'mine'), writeFile(other, 'others')]);
    const first = await store.putNew('new/2026/a.jsonl', mine);
    expect(first).toMatchObject({ name: 'new/2026/a.jsonl', bytes: 4 });
    expect(await store.putNew('new/2026/a.jsonl', other)).toEqual(first);
    expect(await store.putNew('new/2026/a.jsonl', mine)).toEqual(first);
    await store.putNew('new/2026/a.jsonl.gz', other);
    expect((await bytesOf(await store.open('new/2026/a.jsonl')))?.toString()).toBe('mine');
    expect(await namesOf(store, 'new/')).toEqual(['new/2026/a.jsonl', 'new/2026/a.jsonl.gz']);
  });

  test('lists what is there below a prefix, by bytes, with sizes and versions', {
    timeout: TIMEOUT_MS,
  }, async () => {
    const first = await put('list/a-b', '1');
    await put('list/a.b', '22');
    await put('list/a/b', '333');
    await put('list2/a', '4444');
    const found = [];
    for await (const object of store.list('list/')) found.push(object);
    expect(found.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['list/a-b', 1],
      ['list/a.b', 2],
      ['list/a/b', 3],
    ]);
    expect(found[0]?.version).toBe(first.version);
    expect(await namesOf(store, 'list/a/')).toEqual(['list/a/b']);
    expect(await namesOf(store, 'list/a-')).toEqual(['list/a-b']);
    expect(await namesOf(store, 'nothing/')).toEqual([]);
  });

  test('removes exactly the names that it is told', { timeout: TIMEOUT_MS }, async () => {
    for (const name of ['gone/a', 'gone/b', 'gone/ab', 'gone-too/a', 'gone2']) await put(name, name);
    await store.remove(['gone/a', 'gone/not-there']);
    expect(await namesOf(store, 'gone')).toEqual(['gone-too/a', 'gone/ab', 'gone/b', 'gone2']);
    await store.remove(['gone/ab', 'gone/b']);
    expect(await namesOf(store, 'gone')).toEqual(['gone-too/a', 'gone2']);
  });

  test('has another version of a file whose content is another', { timeout: TIMEOUT_MS }, async () => {
    const one = await put('version/a', 'one');
    const two = await put('version/a', 'two');
    expect(two.version).not.toBe(one.version);
  });

  test('puts a text only over the version that is named', { timeout: TIMEOUT_MS }, async () => {
    const first = await store.putText('text/one.json', '{"a":1}', undefined);
    expect(first).toMatchObject({ text: '{"a":1}' });
    if (first === 'changed') throw new Error('nobody else writes');
    expect(await store.readText('text/one.json')).toEqual(first);
    expect(await store.putText('text/one.json', '{"a":2}', undefined)).toBe('changed');
    const second = await store.putText('text/one.json', '{"a":3}', first.version);
    expect(second).toMatchObject({ text: '{"a":3}' });
    expect(await store.putText('text/one.json', '{"a":4}', first.version)).toBe('changed');
    expect(await store.putText('text/none.json', '{"a":4}', first.version)).toBe('changed');
    expect((await store.readText('text/one.json'))?.text).toBe('{"a":3}');
    const written = await store.writeText('text/one.json', '{"é":"漢"}');
    expect(await store.readText('text/one.json')).toEqual(written);
  });

  test('takes a text that is there already as put', { timeout: TIMEOUT_MS }, async () => {
    await store.putText('text/same.json', 'mine', undefined);
    expect(await store.putText('text/same.json', 'mine', undefined)).toMatchObject({ text: 'mine' });
  });

  test('lets exactly one of many win that put over one version', { timeout: TIMEOUT_MS }, async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => ground.open()));
    for (let round = 0, over: string | undefined; round < 5; round++) {
      const before: string | undefined = over;
      const ends = await Promise.all(
        stores.map((each, index) => each.putText('race.json', `${round} by ${index}`, before)),
      );
      const winners = ends.filter((end) => end !== 'changed');
      expect(winners).toHaveLength(1);
      expect(await store.readText('race.json')).toEqual(winners[0]);
      over = winners[0]?.version;
    }
  });

  test.each(['../out', 'a/../../b', '/etc/passwd', 'a//b', '.', 'a\\b', 'a\u0000b', ''])(
    'refuses the name %j',
    { timeout: TIMEOUT_MS },
    async (name) => {
      await expect(store.readText(name)).rejects.toMatchObject({ code: 'unsupported' });
      await expect(store.writeText(name, 'x')).rejects.toMatchObject({ code: 'unsupported' });
      await expect(store.remove([name])).rejects.toMatchObject({ code: 'unsupported' });
    },
  );

  test('describes itself the same each time', { timeout: TIMEOUT_MS }, async () => {
    const [one, other] = [await store.describe('write'), await (await ground.open()).describe('read')];
    expect(one.identity).toBe(other.identity);
    expect(one.findings).toEqual([]);
  });
});
