import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fillDisk, smallDisk, whyNoSmallDisk } from '../../../../test/faults/small-disk.js';
import { testContext } from '../../../../test/fixtures/context.js';
import { bytesOf, folderGround, namesOf } from '../../../../test/fixtures/stores.js';
import type { Store } from '../../store.js';
import { FolderStore } from './folder-store.js';

let ground: Awaited<ReturnType<typeof folderGround>>;
let store: Store;
beforeEach(async () => {
  ground = await folderGround();
  store = await ground.open();
});
afterEach(() => ground.close());

async function put(name: string, text = 'rows'): Promise<void> {
  const path = join(ground.scratch, 'file');
  await rm(path, { force: true });
  await writeFile(path, text);
  await store.putFile(name, path);
}

describe('no link leads out of the folder', () => {
  beforeEach(async () => {
    await mkdir(join(ground.scratch, 'outside'));
    await writeFile(join(ground.scratch, 'outside', 'secret'), 'theirs');
    await put('here/a');
  });

  test('not by a folder on the way', async () => {
    await symlink(join(ground.scratch, 'outside'), join(ground.folder, 'way'));
    for (const call of [
      () => store.readText('way/secret'),
      () => store.open('way/secret'),
      () => store.writeText('way/secret', 'mine'),
      () => store.putText('way/new', 'mine', undefined),
      () => store.remove(['way/secret']),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'access_denied' });
    }
    await expect(namesOf(store)).rejects.toMatchObject({ code: 'unsupported' });
    expect(await readdir(join(ground.scratch, 'outside'))).toEqual(['secret']);
  });

  test('not by its own name, which is replaced or removed as a link', async () => {
    await symlink(join(ground.scratch, 'outside', 'secret'), join(ground.folder, 'here', 'b'));
    await expect(store.readText('here/b')).rejects.toMatchObject({ code: 'access_denied' });
    await expect(namesOf(store, 'here/')).rejects.toMatchObject({ code: 'access_denied' });
    await store.writeText('here/b', 'mine');
    expect((await store.readText('here/b'))?.text).toBe('mine');
    expect((await stat(join(ground.scratch, 'outside', 'secret'))).size).toBe('theirs'.length);
  });

  test('but one that stays inside is followed', async () => {
    await symlink('a', join(ground.folder, 'here', 'c'));
    expect((await bytesOf(await store.open('here/c')))?.toString()).toBe('rows');
    expect(await namesOf(store)).toEqual(['here/a', 'here/c']);
  });
});

describe('who may read', () => {
  test('a folder that the store makes: its owner alone', async () => {
    await put('orders/a');
    await store.writeText('orders/b', 'text');
    const modes = await Promise.all(
      ['', 'orders', 'orders/a', 'orders/b'].map(
        async (name) => (await stat(join(ground.folder, name))).mode & 0o777,
      ),
    );
    expect(modes.map((mode) => mode.toString(8))).toEqual(['700', '700', '600', '600']);
  });

  test('a folder that was there: those whom its own mode lets in', async () => {
    await mkdir(ground.folder);
    await chmod(ground.folder, 0o755);
    await put('orders/a');
    const modes = await Promise.all(
      ['orders', 'orders/a'].map(async (name) => (await stat(join(ground.folder, name))).mode & 0o777),
    );
    expect(modes.map((mode) => mode.toString(8))).toEqual(['755', '644']);
  });
});

test('what is not whole is listed nowhere, and cleared below its folder', async () => {
  await put('orders/run-1/a');
  await put('orders/run-11/a');
  for (const run of ['run-1', 'run-11'])
    await writeFile(join(ground.folder, 'orders', run, '.sluice-0a.part'), 'ro');
  expect(await namesOf(store)).toEqual(['orders/run-1/a', 'orders/run-11/a']);
  await store.clearUploads('orders/', ['orders/run-11/']);
  expect(await readdir(join(ground.folder, 'orders', 'run-1'))).toEqual(['a']);
  expect(await readdir(join(ground.folder, 'orders', 'run-11'))).toEqual(['.sluice-0a.part', 'a']);
});

test('folders that removing leaves empty go, and no other', async () => {
  await put('orders/run-1/b/a');
  await put('orders/run-2/a');
  await store.remove(['orders/run-1/b/a']);
  expect(await readdir(join(ground.folder, 'orders'))).toEqual(['run-2']);
  await store.remove(['orders/run-2/a']);
  expect(await readdir(ground.folder)).toEqual([]);
});

test('folders that a killed process left empty go when what lay in them is removed again', async () => {
  await put('orders/run-2/a');
  await mkdir(join(ground.folder, 'orders', 'run-1', 'b'), { recursive: true });
  await store.remove(['orders/run-1/b/c/a', 'orders/run-1/b/a']);
  expect(await readdir(join(ground.folder, 'orders'))).toEqual(['run-2']);
});

test('what a killed process had written of an object is replaced by the next attempt at it', async () => {
  for (const [name, again] of [
    ['a', () => put('a')],
    ['LATEST.json', () => store.writeText('LATEST.json', 'text')],
  ] as const) {
    const chance = createHash('sha256').update(name).digest('hex').slice(0, 16);
    await mkdir(ground.folder, { recursive: true });
    await writeFile(join(ground.folder, `.sluice-${chance}.part`), 'ro');
    await again();
  }
  expect((await readdir(ground.folder)).sort()).toEqual(['LATEST.json', 'a']);
});

test('a file that is put twice lies there once', async () => {
  const path = join(ground.scratch, 'file');
  await writeFile(path, 'rows');
  for (let time = 0; time < 2; time++) await store.putFile('a', path);
  expect(await readdir(ground.folder)).toEqual(['a']);
});

describe('a process that was killed while it had a text in hand', () => {
  async function killedHolder(over: string): Promise<void> {
    const first = await store.putText('LATEST.json', over, undefined);
    if (first === 'changed') throw new Error('nobody else writes');
    const child = spawn(process.execPath, ['-e', ''], { stdio: 'ignore' });
    await once(child, 'exit');
    const { FolderClaim } = await import('./folder-claim.js');
    await FolderClaim.take(join(ground.folder, 'LATEST.json'), first.version);
    const [claim = ''] = (await readdir(ground.folder)).filter((name) => name.startsWith('.sluice-claim-'));
    await writeFile(join(ground.folder, claim), JSON.stringify({ host: hostname(), pid: child.pid }));
  }

  test('does not stand in the way, and nothing of it stays', async () => {
    await killedHolder('one');
    const found = await store.readText('LATEST.json');
    expect(await store.putText('LATEST.json', 'two', found?.version)).toMatchObject({ text: 'two' });
    expect(await readdir(ground.folder)).toEqual(['LATEST.json']);
  });

  test('leaves nothing to the next that looks where it had put the text already', async () => {
    await killedHolder('one');
    await store.clearText?.('LATEST.json');
    expect(await readdir(ground.folder)).toHaveLength(2);
    await store.writeText('LATEST.json', 'two');
    await store.clearText?.('LATEST.json');
    expect(await readdir(ground.folder)).toEqual(['LATEST.json']);
  });

  test('lets exactly one of many that wait for its place win', async () => {
    await killedHolder('one');
    const found = await store.readText('LATEST.json');
    const stores = await Promise.all(Array.from({ length: 8 }, () => ground.open()));
    const ends = await Promise.all(
      stores.map((each, index) => each.putText('LATEST.json', `by ${index}`, found?.version)),
    );
    expect(ends.filter((end) => end !== 'changed')).toHaveLength(1);
    expect(await readdir(ground.folder)).toEqual(['LATEST.json']);
  });
});

test('a folder that is not there is nothing to read, and will be made to be written to', async () => {
  expect((await store.describe('read')).findings).toMatchObject([{ level: 'refuse', code: 'file_missing' }]);
  expect((await store.describe('write')).findings).toEqual([]);
  expect(await namesOf(store)).toEqual([]);
  await writeFile(ground.folder, 'a file');
  expect((await store.describe('write')).findings).toMatchObject([{ level: 'refuse', code: 'unsupported' }]);
});

describe.skipIf(whyNoSmallDisk() !== undefined)('a disk that is full', () => {
  test('is said, leaves what was there, and takes the file once there is room', async () => {
    const disk = await smallDisk();
    const folder = join(disk.state ?? '', 'out');
    const { context, close } = await testContext();
    const own = new FolderStore({ folder, shown: './out', context });
    const path = join(ground.scratch, 'large');
    await writeFile(path, Buffer.alloc(1_000_000));
    await own.writeText('LATEST.json', 'one');
    await fillDisk(disk.state ?? '');
    await expect(own.putFile('a', path)).rejects.toMatchObject({
      code: 'disk_full',
      hint: expect.stringContaining('free'),
    });
    const latest = await own.readText('LATEST.json');
    await expect(own.putText('LATEST.json', 'x'.repeat(100_000), latest?.version)).rejects.toMatchObject({
      code: 'disk_full',
    });
    expect(await own.readText('LATEST.json')).toEqual(latest);
    expect(await namesOf(own)).toEqual(['LATEST.json']);
    await disk.over();
    expect(await own.putFile('a', path)).toMatchObject({ bytes: 1_000_000 });
    expect(await own.putText('LATEST.json', 'two', latest?.version)).toMatchObject({ text: 'two' });
    expect((await readdir(folder)).sort()).toEqual(['LATEST.json', 'a']);
    await close();
    await disk.remove();
  });
});
