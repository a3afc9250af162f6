import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countsOf, remainder } from '../engine/journal.js';
import { FolderLease } from './files/folder-lease.js';
import { FolderState } from './files/folder-state.js';
import { RecordFile } from './files/record-file.js';
import { stateFolder } from './files/state-folder.js';
import { pruneRuns } from './prune.js';
import { isResumable, RunJournal, readHistory } from './runs.js';
import type { Guard } from './state.js';

let folder = '';
const firing = {
  time: '2026-11-01T06:00:00.000Z',
  start: '2026-10-31T06:00:00.000Z',
  end: '2026-11-01T06:00:00.000Z',
  zone: 'Europe/Berlin',
};
const begun = (run: string) => ({ run, hash: 'hash', firing });
const free: Guard = { check: async () => undefined };
const counts = { read: 2, written: 2, unchanged: 0, rejected: 0, bytes: 9, units: 2 };

const state = () => new FolderState(folder, 'p');
const runsFolder = () => stateFolder(folder, 'p', 'runs');

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

describe('the journal of a run', () => {
  test('keeps what the run acts for over all its attempts', async () => {
    const journal = await RunJournal.create(state().runs, begun('r1'), free);
    await journal.close();
    await (await RunJournal.reopen(state().runs, 'r1', free)).close();
    expect((await readHistory(state().runs, 'r1'))?.firing).toEqual(firing);
  });

  test('of before firings were recorded acts for the moment at which the run began', async () => {
    const began = '2026-10-01T00:00:00.000Z';
    const record = { is: 'run', format: 1, run: 'r1', hash: 'hash', at: began };
    await writeFile(join(await runsFolder(), 'r1.jsonl'), `${JSON.stringify(record)}\n`);
    expect((await readHistory(state().runs, 'r1'))?.firing).toEqual({ time: began, zone: 'UTC' });
  });

  test('tells after a kill what was done', async () => {
    const journal = await RunJournal.create(state().runs, begun('r1'), free);
    const step = journal.step('copy');
    await step.begin([{ id: '0', range: '' }]);
    await step.intend({ token: '0.0', part: '0', sequence: 0, rows: 2, bytes: 9, to: 'b' });
    await step.commit('0.0', counts);
    await step.intend({ token: '0.1', part: '0', sequence: 1, rows: 2, bytes: 9, from: 'b', to: 'd' });
    await journal.close();
    const history = await readHistory(state().runs, 'r1');
    expect(history && isResumable(history)).toBe(true);
    const past = history?.steps.get('copy');
    expect(past?.commits.get('0.0')).toEqual(counts);
    expect(past && remainder(past, '0', true)).toEqual({
      again: [{ token: '0.1', part: '0', sequence: 1, rows: 2, bytes: 9, from: 'b', to: 'd' }],
      after: 'd',
      keep: 2,
      sequence: 2,
      done: counts,
    });
    expect(past && remainder(past, '0', false)).toEqual({
      again: [],
      after: 'b',
      keep: 1,
      sequence: 2,
      done: counts,
    });
  });

  test('that ended cannot be resumed, and goes on when it was stopped', async () => {
    for (const [outcome, resumable] of [
      ['complete', false],
      ['rejects', false],
      ['abandoned', false],
      ['stopped', true],
      ['interrupted', true],
    ] as const) {
      const journal = await RunJournal.create(state().runs, begun(outcome), free);
      await journal.end(outcome);
      await journal.close();
      const history = await readHistory(state().runs, outcome);
      expect(history && isResumable(history)).toBe(resumable);
    }
    expect(await state().runs.names()).toEqual([
      'abandoned',
      'complete',
      'interrupted',
      'rejects',
      'stopped',
    ]);
  });

  test('that was killed before its first record never was', async () => {
    await writeFile(join(await runsFolder(), 'r1.jsonl'), '{"is":"run","form');
    expect(await readHistory(state().runs, 'r1')).toBeUndefined();
  });

  test('of another format is refused', async () => {
    await writeFile(join(await runsFolder(), 'r1.jsonl'), '{"is":"run","format":99}\n');
    await expect(readHistory(state().runs, 'r1')).rejects.toMatchObject({ code: 'state_unusable' });
  });

  test('forgets what was rewound, but never uses its tokens again', async () => {
    const journal = await RunJournal.create(state().runs, begun('r1'), free);
    const step = journal.step('copy');
    for (const [sequence, from, to] of [
      [0, '', 'b'],
      [1, 'b', 'd'],
      [2, 'd', 'f'],
    ] as const) {
      await step.intend({ token: `0.${sequence}`, part: '0', sequence, rows: 2, bytes: 9, from, to });
    }
    await step.commit('0.0', counts);
    await step.commit('0.2', counts);
    await step.rewind('0', 1);
    await journal.refresh();
    const { past } = journal.step('copy');
    expect(past.intents.map((intent) => intent.token)).toEqual(['0.0']);
    expect(remainder(past, '0', false)).toMatchObject({ after: 'b', sequence: 3 });
    await journal.close();
  });
});

describe('old runs', () => {
  const write = async (run: string, started: string, step: string, end?: string) =>
    writeFile(
      join(await runsFolder(), `${run}.jsonl`),
      [
        { is: 'run', format: 1, run, hash: 'h', at: started },
        { is: 'parts', step, parts: [] },
        ...(end ? [{ is: 'end', outcome: end, at: started }] : []),
      ]
        .map((record) => `${JSON.stringify(record)}\n`)
        .join(''),
    );

  test('go with their rejects, but not those that can be resumed or hold the open rejects of a step', async () => {
    await write('r1', '2026-01-01T00:00:00Z', 'a', 'complete');
    await write('r2', '2026-01-02T00:00:00Z', 'only-here', 'rejects');
    await write('r3', '2026-01-03T00:00:00Z', 'a');
    await write('r4', '2026-01-04T00:00:00Z', 'a', 'complete');
    const rejects = await stateFolder(folder, 'p', 'rejects', 'r1');
    expect(await pruneRuns(state(), Date.parse('2026-02-01T00:00:00Z'))).toEqual([]);
    expect(await pruneRuns(state(), Date.parse('2026-12-01T00:00:00Z'))).toEqual(['r1']);
    expect(await state().runs.names()).toEqual(['r2', 'r3', 'r4']);
    await expect(stat(rejects)).rejects.toThrow();
  });
});

describe('what is left of a part', () => {
  test('without positions is everything', () => {
    const intents = [{ token: '0.0', part: '0', sequence: 0, rows: 2, bytes: 9 }];
    const past = {
      intents,
      commits: new Map([['0.0', counts]]),
      next: new Map([['0', 1]]),
      moved: false,
      copied: new Set<string>(),
    };
    expect(remainder(past, '0', true)).toMatchObject({ again: [], keep: 0, sequence: 1 });
    expect(remainder(past, '0', true).after).toBeUndefined();
    expect(remainder(past, '0', true).done.read).toBe(0);
  });
});

describe('the journal of a replicate', () => {
  const point = {
    of: 'feed',
    since: 'r',
    place: 'p0',
    counts: { ...counts, read: 0, written: 0 },
    sequence: 0,
  };
  const load = (sequence: number) => ({
    token: `load.${sequence}`,
    sequence,
    rows: 2,
    bytes: 9,
    stretches: [{ shard: 's', from: 'a', to: `${sequence}` }],
  });

  test('holds the place and the loads since, however many there were before', async () => {
    const run = await RunJournal.create(state().runs, begun('r'), free);
    const journal = run.followed('hits');
    await run.step('other').begin([{ id: '0', range: '{}' }]);
    await journal.begin(point);
    const sizes: number[] = [];
    for (let sequence = 0; sequence < 40; sequence++) {
      await journal.intend(load(sequence));
      await journal.commit(`load.${sequence}`, counts);
      if (sequence % 10 !== 9) continue;
      const done = 2 * (sequence + 1);
      const sum = { ...counts, read: done, written: done };
      await journal.checkpoint({ ...point, place: `p${sequence}`, counts: sum, sequence: sequence + 1 });
      sizes.push((await stat(join(await runsFolder(), 'r.jsonl'))).size);
    }
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(20);
    await journal.intend(load(40));
    await journal.commit('load.40', counts);
    await journal.intend(load(41));
    await run.close();
    const history = await readHistory(state().runs, 'r');
    const past = history?.steps.get('hits');
    expect(past?.followed).toMatchObject({ place: 'p39', sequence: 40, loads: [load(40), load(41)] });
    expect(past?.commits).toEqual(new Map([['load.40', counts]]));
    expect(countsOf(past)).toMatchObject({ read: 82, written: 82 });
    expect(history?.steps.get('other')?.parts).toHaveLength(1);
  });
});
