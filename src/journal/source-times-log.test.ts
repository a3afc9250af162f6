import { appendFile, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FileLogs } from './files/file-logs.js';
import { SourceTimesLog } from './source-times-log.js';

const DAY_MS = 24 * 3600 * 1000;
const now = Date.now();
let state: string;

beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), 'sluice-times-'));
});
afterEach(async () => {
  await rm(state, { recursive: true, force: true });
});

const path = () => join(state, 'users', 'received', 'copy.jsonl');
const open = (retentionSeconds = 3600) =>
  SourceTimesLog.open(new FileLogs(state, 'users', 'received'), 'copy', {
    retentionSeconds,
    guard: { check: async () => undefined },
  });

test('what was written is old from then on, what is newer is not', async () => {
  const times = await open();
  expect(times.isOld('a', now)).toBe(false);
  await times.add([{ key: 'a', readAtMs: now }]);
  expect([now - 1, now, now + 1].map((at) => times.isOld('a', at))).toEqual([true, true, false]);
  expect(times.isOld('b', now - 1)).toBe(false);
  await times.close();
});

test('times are known again after a kill, a torn line and all, in a file that others cannot read', async () => {
  const times = await open();
  await times.add([
    { key: 'a', readAtMs: now },
    { key: '\u00ff\u0000', readAtMs: now + 5 },
  ]);
  await times.add([{ key: 'a', readAtMs: now - 5 }]);
  await appendFile(path(), '{"written":[["YQ=="');
  const again = await open();
  expect([again.isOld('a', now), again.isOld('a', now + 1)]).toEqual([true, false]);
  expect(again.isOld('\u00ff\u0000', now + 5)).toBe(true);
  expect((await stat(path())).mode & 0o777).toBe(0o600);
  await again.close();
  await times.close();
});

test('times that no message can have any more are forgotten when it is opened', async () => {
  const times = await open();
  await times.add([
    { key: 'old', readAtMs: now - 20 * DAY_MS },
    { key: 'new', readAtMs: now - 2 * DAY_MS },
  ]);
  await times.close();
  const again = await open(4 * 24 * 3600);
  expect(again.isOld('old', now - 20 * DAY_MS)).toBe(false);
  expect(again.isOld('new', now - 2 * DAY_MS)).toBe(true);
  await again.close();
});

test('what was written over leaves the file, and nothing else does', async () => {
  const times = await open();
  for (let round = 0; round < 5; round++) {
    await times.add(Array.from({ length: 100 }, (_, key) => ({ key: `${key}`, readAtMs: now + round })));
  }
  await times.close();
  const before = (await stat(path())).size;
  const again = await open();
  expect((await stat(path())).size).toBeLessThan(before / 3);
  await again.add([{ key: 'more', readAtMs: now }]);
  await again.close();
  const last = await open();
  expect([last.isOld('99', now + 4), last.isOld('99', now + 5), last.isOld('more', now)]).toEqual([
    true,
    false,
    true,
  ]);
  expect((await readFile(path(), 'utf8')).split('\n').length).toBe(3);
  await last.close();
});
