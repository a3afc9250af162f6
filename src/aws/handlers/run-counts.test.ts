import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { deployedPipeline } from '../../../test/fixtures/deployed.js';
import { declaredMetrics, emittedMetrics } from '../../../test/fixtures/metrics.js';
import { FolderState } from '../../journal/files/folder-state.js';
import { type RunEnd, RunJournal } from '../../journal/runs.js';
import { sinceLastRun } from './run-counts.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-counts-'));
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterAll(async () => {
  vi.useRealTimers();
  await rm(folder, { recursive: true, force: true });
});

const schedule = { cron: '0 6 * * ? *', zone: 'UTC', missed: 'skip' } as const;
const morning = (day: number) => new Date(Date.UTC(2026, 10, day, 6));

/** A run of the morning's firing that began a few seconds after it. */
async function ran(state: FolderState, day: number, end?: RunEnd): Promise<object> {
  vi.setSystemTime(morning(day).getTime() + 5000);
  const run = `202611${String(day).padStart(2, '0')}t060005-0000`;
  const firing = { time: morning(day).toISOString(), zone: 'UTC' };
  const lease = await state.lease('runs');
  const journal = await RunJournal.create(state.runs, { run, hash: '', firing }, lease);
  const counts = await sinceLastRun(state.runs, { run, firing, schedule });
  if (end) await journal.end(end);
  await journal.close();
  await lease.release();
  return counts;
}

it('says how old the sinks are since a run succeeded, and for how many firings none had begun', async () => {
  const state = new FolderState(folder, 'p');
  const day = 86_400;
  expect(await ran(state, 1, 'complete')).toEqual({});
  expect(await ran(state, 2, 'rejects')).toEqual({ Age: day, Missed: 0 });
  expect(await ran(state, 3, 'abandoned')).toEqual({ Age: day, Missed: 0 });
  expect(await ran(state, 4, 'complete')).toEqual({ Age: 2 * day, Missed: 0 });
  expect(await ran(state, 7, 'complete')).toEqual({ Age: 3 * day, Missed: 2 });
  const { time } = { time: morning(2).toISOString() };
  // For a firing of long ago: what lies between is not missing.
  const run = '20261108t060005-0000';
  expect(await sinceLastRun(state.runs, { run, firing: { time, zone: 'UTC' }, schedule })).toMatchObject({
    Missed: 0,
  });
});

it('is counted by the function of the run, with how old it all was at its end', async () => {
  const made = await deployedPipeline({
    pipeline: 'p',
    schedule,
    connections: {},
    steps: [{ wait: 'pause', for: '1m' }],
  });
  for (const day of [11, 14]) {
    vi.setSystemTime(morning(day).getTime() + 5000);
    const input = { firing: morning(day).toISOString() };
    const { run } = await made.call({ do: 'begin', execution: `execution:${day}`, steps: [], input });
    vi.setSystemTime(morning(day).getTime() + 65_000);
    await made.call({ do: 'end', run, steps: {} });
  }
  const counted = made.lines.map((line) => JSON.parse(line)).filter(({ message }) => message === 'counted');
  expect(counted).toMatchObject([{ Age: 60 }, { Age: 3 * 86_400, Missed: 2 }, { Age: 60 }]);
  expect(emittedMetrics(made.lines)).toEqual(declaredMetrics('p', [], { runs: true, scheduled: true }));
  await made.close();
});
