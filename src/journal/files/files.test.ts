import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readHistory } from '../runs.js';
import type { Guard } from '../state.js';
import { FolderLease } from './folder-lease.js';
import { FolderState } from './folder-state.js';
import { RecordFile } from './record-file.js';
import { stateFolder } from './state-folder.js';

let folder = '';
const free: Guard = { check: async () => undefined };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-journal-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a record file', () => {
  test('gives back what was added, in order, also when many add at once', async () => {
    const path = join(folder, 'a.jsonl');
    const { file } = await RecordFile.open(path, free);
    await Promise.all(Array.from({ length: 500 }, (_, n) => file.add({ n })));
    await file.close();
    const again = await RecordFile.open(path, free);
    expect(again.records).toEqual(Array.from({ length: 500 }, (_, n) => ({ n })));
    await again.file.close();
  });

  test('is rewritten all at once, in order with what is added before and after', async () => {
    const path = join(folder, 'a.jsonl');
    const { file } = await RecordFile.open(path, free);
    await file.add({ n: 1 });
    await Promise.all([
      file.add({ n: 2 }),
      file.rewrite((records) => [{ sum: records.length }]),
      file.add({ n: 3 }),
      file.rewrite((records) => [...records, { sum: records.length }]),
      file.add({ n: 4 }),
    ]);
    await file.close();
    const again = await RecordFile.open(path, free);
    expect(again.records).toEqual([{ sum: 2 }, { n: 3 }, { sum: 2 }, { n: 4 }]);
    await again.file.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('that was killed while it was rewritten holds what it held', async () => {
    const path = join(folder, 'a.jsonl');
    await writeFile(path, '{"n":1}\n');
    await writeFile(`${path}.new`, '{"sum"');
    const { file, records } = await RecordFile.open(path, free);
    expect(records).toEqual([{ n: 1 }]);
    await file.rewrite(() => [{ n: 2 }]);
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('{"n":2}\n');
  });

  test('takes a torn last line for not written, at every byte', async () => {
    const path = join(folder, 'a.jsonl');
    const { file } = await RecordFile.open(path, free);
    await file.add({ n: 'é1' });
    const whole = (await stat(path)).size;
    await file.add({ n: 'é2' });
    await file.close();
    const { size } = await stat(path);
    for (let cut = size - 1; cut >= whole; cut--) {
      await truncate(path, cut);
      const { records, file: reopened } = await RecordFile.open(path, free);
      expect(records).toEqual([{ n: 'é1' }]);
      await reopened.close();
    }
  });

  test('appends after a torn line as if it had never been', async () => {
    const path = join(folder, 'a.jsonl');
    await writeFile(path, '{"n":1}\n{"n":2');
    const { file } = await RecordFile.open(path, free);
    await file.add({ n: 3 });
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('{"n":1}\n{"n":3}\n');
  });

  test('that is damaged within is refused with its line', async () => {
    const path = join(folder, 'a.jsonl');
    await writeFile(path, '{"n":1}\nnonsense\n{"n":2}\n');
    await expect(RecordFile.open(path, free)).rejects.toMatchObject({
      code: 'state_unusable',
      message: expect.stringContaining('line 2'),
    });
  });

  test('is made for its owner only, and a symbolic link is refused', async () => {
    const path = join(folder, 'a.jsonl');
    const { file } = await RecordFile.open(path, free);
    await file.close();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await symlink(path, join(folder, 'link.jsonl'));
    await expect(RecordFile.open(join(folder, 'link.jsonl'), free)).rejects.toMatchObject({
      code: 'state_unusable',
    });
  });

  test('records nothing once the guard says that the lease is lost', async () => {
    const path = join(folder, 'a.jsonl');
    let lost = false;
    const { file } = await RecordFile.open(path, {
      check: async () => {
        if (lost) throw new Error('lost');
      },
    });
    await file.add({ n: 1 });
    lost = true;
    await expect(file.add({ n: 2 })).rejects.toThrow('lost');
    await file.close();
    expect(await readFile(path, 'utf8')).toBe('{"n":1}\n');
  });
});

describe('the state folder', () => {
  test('is made for its owner only', async () => {
    const made = await stateFolder(join(folder, 'state'), 'pipeline', 'runs');
    expect((await stat(made)).mode & 0o777).toBe(0o700);
    expect((await stat(join(folder, 'state'))).mode & 0o777).toBe(0o700);
  });

  test('is refused where it is a symbolic link or a file', async () => {
    await symlink(folder, join(folder, 'link'));
    await expect(stateFolder(join(folder, 'link'))).rejects.toMatchObject({ code: 'state_unusable' });
    await writeFile(join(folder, 'file'), '');
    await expect(stateFolder(join(folder, 'file'), 'x')).rejects.toMatchObject({ code: 'state_unusable' });
  });
});

describe('the lease', () => {
  test('is held by one run at a time and given back', async () => {
    const lease = await FolderLease.take(folder);
    await lease.name('r1');
    await expect(FolderLease.take(folder)).rejects.toMatchObject({
      code: 'run_locked',
      message: expect.stringContaining('run r1'),
    });
    await lease.release();
    const next = await FolderLease.take(folder);
    await next.release();
  });

  test('of a process that was killed is taken over at once', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const holder = { run: 'r1', fence: 3, owner: 'x', host: hostname(), pid: child.pid };
    await writeFile(join(folder, 'lease.json'), JSON.stringify(holder));
    await expect(FolderLease.take(folder)).rejects.toMatchObject({ code: 'run_locked' });
    child.kill('SIGKILL');
    await gone;
    const lease = await FolderLease.take(folder);
    await lease.release();
  });

  test('of a pid that another process has now is taken over', async () => {
    const holder = { run: 'r1', fence: 1, owner: 'x', host: hostname(), pid: process.pid, processStart: '1' };
    await writeFile(join(folder, 'lease.json'), JSON.stringify(holder));
    const lease = await FolderLease.take(folder);
    await lease.release();
  });

  test('that was taken over is noticed by its old holder at the next record', async () => {
    const lease = await FolderLease.take(folder);
    await writeFile(
      join(folder, 'lease.json'),
      JSON.stringify({ run: 'r2', fence: 2, owner: 'y', host: 'h', pid: 1 }),
    );
    await expect(lease.check()).rejects.toMatchObject({ code: 'run_locked' });
    await lease.release();
    expect(await readFile(join(folder, 'lease.json'), 'utf8')).toContain('r2');
  });
});

test('the journal of a run that was killed before its first record never was', async () => {
  await writeFile(join(await stateFolder(folder, 'p', 'runs'), 'r1.jsonl'), '{"is":"run","form');
  expect(await readHistory(new FolderState(folder, 'p').runs, 'r1')).toBeUndefined();
});
