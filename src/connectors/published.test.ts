import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exportOnce, manifestOf, namesOfExports, type SmallExport } from '../../test/fixtures/exports.js';
import { folderGround, namesOf, type StoreGround } from '../../test/fixtures/stores.js';
import { ownerFindings, prune, publish, readLatest } from './published.js';
import type { Store } from './store.js';

let ground: StoreGround;
let store: Store;
let folder: string;
let tests = 0;

beforeAll(async () => {
  ground = await folderGround();
});
afterAll(() => ground.close());
beforeEach(async () => {
  store = await ground.open();
  folder = `t${tests++}/orders/`;
});

function run(name: string, more: Partial<SmallExport> = {}): Promise<void> {
  return exportOnce(store, { name, folder, keep: 1, scratch: ground.scratch, ...more });
}

async function there(): Promise<string[]> {
  return (await namesOf(store, folder.replace(/\/$/, ''))).sort();
}

describe('LATEST.json', () => {
  test('is not there before an export was published', async () => {
    expect(await readLatest(store, folder)).toBeUndefined();
  });

  test('names the newest export with its files, and those that are kept', async () => {
    for (const name of ['run-1', 'run-2', 'run-3']) await run(name, { keep: 2 });
    const found = await readLatest(store, folder);
    expect(found?.latest).toMatchObject({ export: 'run-3', kept: ['run-2'] });
    expect(found?.latest.tables[0]?.files.map(({ name }) => name)).toEqual([
      'run-3/a.parquet',
      'run-3/b/part-00000.parquet',
    ]);
    expect(await there()).toEqual(namesOfExports(folder, ['run-2', 'run-3']));
  });

  test('stays as it is when an export is published again', async () => {
    await run('run-1');
    const before = await readLatest(store, folder);
    await run('run-1');
    expect(await readLatest(store, folder)).toEqual(before);
  });

  test('keeps naming newer data that another run published meanwhile', async () => {
    await run('run-5', { keep: 3 });
    await run('run-4', { keep: 3 });
    expect((await readLatest(store, folder))?.latest).toMatchObject({ export: 'run-5', kept: ['run-4'] });
    await prune(store, folder, 1);
    expect(await there()).toEqual(namesOfExports(folder, ['run-5']));
  });

  test('names all exports of runs that publish at once, the newest first', async () => {
    const runs = ['run-1', 'run-2', 'run-3', 'run-4', 'run-5'];
    await Promise.all(
      runs.map(async (name) =>
        exportOnce(await ground.open(), { name, folder, keep: 9, scratch: ground.scratch }),
      ),
    );
    const { latest } = (await readLatest(store, folder)) ?? {};
    expect(latest?.export).toBe('run-5');
    expect([...(latest?.kept ?? [])].sort()).toEqual(['run-1', 'run-2', 'run-3', 'run-4']);
    expect(await there()).toEqual(namesOfExports(folder, runs));
  });

  test('of another step is not written over, and nothing of it is removed', async () => {
    await run('run-1', { step: 'theirs' });
    await expect(run('run-2')).rejects.toMatchObject({ code: 'folder_taken' });
    expect((await readLatest(store, folder))?.latest.export).toBe('run-1');
    expect(await there()).toEqual(expect.arrayContaining(namesOfExports(folder, ['run-1'])));
    // Steps of one run give their exports one name.
    const ofSameRun = publish(store, folder, manifestOf({ name: 'run-1' }, []));
    await expect(ofSameRun).rejects.toMatchObject({ code: 'folder_taken' });
  });
});

test('a plan can tell whose the exports of a folder are', async () => {
  await run('run-1');
  const latest = (await readLatest(store, folder))?.latest;
  expect(ownerFindings(latest, { pipeline: 'contract', step: 'copy' })).toEqual([]);
  expect(ownerFindings(undefined, { pipeline: 'contract', step: 'copy' })).toEqual([]);
  expect(ownerFindings(latest, { pipeline: 'contract', step: 'other' })).toMatchObject([
    { level: 'refuse', code: 'folder_taken' },
  ]);
});

describe('what is removed', () => {
  test('is never a neighbour whose name begins the same', async () => {
    const beside = [
      `${folder.slice(0, -1)}-old/a`,
      `${folder.slice(0, -1)}2/a`,
      `${folder}run-11/a`,
      `${folder}mine.txt`,
    ];
    for (const name of beside) await store.writeText(name, 'theirs');
    await run('run-1');
    await run('run-2');
    expect(await there()).toEqual([...namesOfExports(folder, ['run-2']), ...beside].sort());
  });

  test('is nothing that the manifest does not name', async () => {
    await run('run-1');
    await store.writeText(`${folder}run-1/notes.txt`, 'theirs');
    await run('run-2');
    expect(await there()).toEqual([...namesOfExports(folder, ['run-2']), `${folder}run-1/notes.txt`].sort());
  });

  test('is nothing where the manifest names what lies outside of its export', async () => {
    await run('run-1');
    await run('run-2', { keep: 2 });
    const path = `${folder}run-1/manifest.json`;
    const text = (await store.readText(path))?.text ?? '';
    await store.writeText(path, text.replace('run-1/a.parquet', 'run-2/a.parquet'));
    await expect(prune(store, folder, 1)).rejects.toMatchObject({ code: 'manifest_invalid' });
    expect(await there()).toEqual(namesOfExports(folder, ['run-1', 'run-2']));
  });
});

describe('a manifest', () => {
  const file = { name: 'run-1/a', bytes: 1, version: 'v' };
  const good = manifestOf({ name: 'run-1' }, [file]);

  test.each([
    ['of a later version', { ...good, sluice: 2 }],
    ['with a file of another export', { ...good, others: [{ ...file, name: 'run-2/a' }] }],
    ['with a file that leads out', { ...good, others: [{ ...file, name: 'run-1/../../a' }] }],
    ['with a negative size', { ...good, others: [{ ...file, bytes: -1 }] }],
    ['of a name that is a path', { ...good, export: 'a/b' }],
    ['without tables', { ...good, tables: undefined }],
  ])('%s is refused when it is read', async (_what, wrong) => {
    await store.writeText(`${folder}LATEST.json`, JSON.stringify({ ...wrong, kept: [] }));
    await expect(readLatest(store, folder)).rejects.toMatchObject({ code: 'manifest_invalid' });
    await expect(publish(store, folder, good)).rejects.toMatchObject({ code: 'manifest_invalid' });
  });

  test('that is cut short is refused when it is read', async () => {
    await store.writeText(`${folder}LATEST.json`, '{"sluice":1,');
    await expect(readLatest(store, folder)).rejects.toMatchObject({ code: 'manifest_invalid' });
  });

  test('may have fields that this version does not know', async () => {
    await store.writeText(`${folder}LATEST.json`, JSON.stringify({ ...good, kept: [], later: true }));
    expect((await readLatest(store, folder))?.latest.export).toBe('run-1');
  });
});
