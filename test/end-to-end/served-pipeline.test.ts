import { readFile, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { childRuns } from '../../src/cli/serve/child-run.js';
import type { Say } from '../../src/cli/serve/say.js';
import { ServedPipeline } from '../../src/cli/serve/served-pipeline.js';
import { loadDeclaration } from '../../src/declare/load.js';
import { FolderState } from '../../src/journal/files/folder-state.js';
import { histories, type RunHistory } from '../../src/journal/runs.js';
import { scheduleOf } from '../../src/schedule/parse.js';
import { type Project, project } from '../fixtures/cli.js';
import { type HandClock, handClock } from '../fixtures/hand-clock.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('mysql');

let database: TestDatabase;
let made: Project;

beforeAll(async () => {
  database = await testDatabase('served');
  await database.execute(`CREATE TABLE source (id INT PRIMARY KEY);
    INSERT INTO source SELECT seq FROM seq_1_to_100`);
});
afterAll(() => database.drop());

/** A row in the sink for each row and run: runs that are too many or too few are seen. */
beforeEach(() => database.execute('DROP TABLE IF EXISTS sink; CREATE TABLE sink (id INT)'));
afterEach(() => made.remove());

async function declare(more: object = {}, missed = 'run-once'): Promise<void> {
  made = await project({
    pipeline: 'p',
    connections: { shop: database.connection },
    schedule: { cron: '0 6 * * ? *', zone: 'Asia/Tokyo', missed },
    steps: [
      {
        copy: 'copy',
        from: { connection: 'shop', table: 'source' },
        to: { connection: 'shop', table: 'sink', mode: 'append' },
        ...more,
      },
    ],
  });
}

interface Served {
  /** Returns once so many lines with this text were said; gives the last. */
  said(text: string, times?: number): Promise<string>;
  readonly lines: readonly string[];
  /** As SIGTERM does; returns when all has ended. */
  stop(): Promise<void>;
}

/** Serves the pipeline as `sluice serve` does, by a clock of the test's. The runs are those of the built program. */
async function serve(clock: HandClock): Promise<Served> {
  const declaration = await loadDeclaration(made.file, { env: {} });
  const { schedule: declared } = declaration;
  if (!declared) throw new Error('no schedule');
  const state = new FolderState(`${made.folder}/.sluice`, 'p');
  const stopped = new AbortController();
  const lines: string[] = [];
  let listeners: (() => void)[] = [];
  const say: Say = (_pipeline, _event, text) => {
    lines.push(text);

    for (const listener of listeners) listener();
  };
  const env = { PATH: process.env['PATH'], SLUICE_TEST_PASSWORD: process.env['SLUICE_TEST_PASSWORD'] };
  const io = {
    out: () => undefined,
    err: () => undefined,
    color: false,
    terminal: false,
    input: nothing,
    env,
    cwd: made.folder,
  };
  const runs = childRuns(io, resolve('dist/cli/main.js'));
  const begun = new Date(clock.now()).toISOString();
  const served = (await state.served.read()) ?? { schedule: 'test', start: begun, handled: begun };
  const pipeline = { declaration, schedule: scheduleOf(declared), missed: declared.missed, state };
  const server = new ServedPipeline(pipeline, { clock, runs, say, signal: stopped.signal }, served);
  const ended = server.serve();
  return {
    lines,
    said: (text, times = 1) =>
      new Promise((done, failed) => {
        const look = () => {
          if (lines.some((each) => / exit 1, /.test(each))) failed(new Error(lines.join('\n')));
          const found = lines.filter((each) => each.includes(text));
          if (found.length >= times) done(found.at(-1) ?? '');
        };
        listeners = [...listeners, look];
        look();
      }),
    stop: async () => {
      stopped.abort();
      await ended;
    },
  };
}

/** Oldest first. */
async function runs(): Promise<readonly RunHistory[]> {
  const found: RunHistory[] = [];
  const state = new FolderState(`${made.folder}/.sluice`, 'p');
  for await (const history of histories(state.runs)) found.push(history);
  return found.reverse();
}

async function rowsInSink(): Promise<number> {
  return Number((await database.query('SELECT COUNT(*) FROM sink'))[0]?.[0]);
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  yield* [];
}

const at = (day: number, time = '21:00:00') => `2026-11-${day}T${time}.000Z`;
const begins = 'next: 2026-11-21T06:00:00+09:00';

/** One run on time, and then nobody serves. */
async function servedOnce(): Promise<void> {
  const clock = handClock(at(20, '12:00:00'));
  const served = await serve(clock);
  expect(await served.said('next:')).toContain(begins);
  await clock.awaited(at(20));
  clock.set(at(20));
  await served.said(' ended: ');
  await served.stop();
}

describe('a pipeline that is served', () => {
  it('runs at its firing, for the time since the firing before', async () => {
    await declare();
    await servedOnce();
    expect(await runs()).toMatchObject([
      { end: 'complete', firing: { time: at(20), start: at(19), end: at(20), zone: 'Asia/Tokyo' } },
    ]);
    expect(await rowsInSink()).toBe(100);
  });

  it('catches up what was missed while it was down with one run, for all of the time since the last', async () => {
    await declare();
    await servedOnce();
    const clock = handClock(at(23, '22:30:00'));
    const served = await serve(clock);
    await served.said('ended: complete');
    await served.stop();
    expect(served.lines).toContain('fires for 2026-11-24T06:00:00+09:00, and for 2 missed before it');
    expect(await runs()).toMatchObject([
      { firing: { time: at(20) } },
      { firing: { time: at(23), start: at(20), end: at(23) }, end: 'complete' },
    ]);
    expect(await rowsInSink()).toBe(200);
  });

  it('leaves it out with missed: skip, and runs at the next firing', async () => {
    await declare({}, 'skip');
    await servedOnce();
    const clock = handClock(at(23, '22:30:00'));
    const served = await serve(clock);
    await clock.awaited(at(24));
    expect(served.lines.at(-1)).toBe('3 missed firings are skipped (missed: skip)');
    clock.set(at(24, '21:00:59'));
    await served.said('ended: complete');
    await served.stop();
    expect((await runs()).map(({ firing }) => [firing.start, firing.time])).toEqual([
      [at(19), at(20)],
      [at(23), at(24)],
    ]);
  });

  it.each([
    ['run-once', 'the firing of 2026-11-22T06:00:00+09:00 waits: a run goes on', [at(20), at(22)]],
    ['skip', 'the firing of 2026-11-22T06:00:00+09:00 is skipped: a run goes on', [at(20)]],
  ])('never runs beside itself: %s', async (missed, line, times) => {
    await declare({ pace: { items: 50 } }, missed);
    const clock = handClock(at(20, '12:00:00'));
    const served = await serve(clock);
    await clock.awaited(at(20));
    clock.set(at(20));
    await served.said('fires for');
    await clock.awaited(at(21));
    clock.set(at(21));
    await clock.awaited(at(22));
    clock.set(at(22, '21:00:10'));
    await served.said('ended: complete', times.length);
    await served.stop();
    expect(served.lines).toContain(line);
    expect((await runs()).map(({ firing, end }) => [firing.time, end])).toEqual(
      times.map((time) => [time, 'complete']),
    );
    expect(await rowsInSink()).toBe(100 * times.length);
  });

  it('stops its run when it is stopped, and goes on with it before anything else', async () => {
    await declare({ pace: { items: 60 } });
    const clock = handClock(at(20, '12:00:00'));
    const served = await serve(clock);
    clock.set(at(20, '21:00:01'));
    await served.said('fires for');
    while ((await rowsInSink()) === 0) await new Promise((done) => setTimeout(done, 20));
    await served.stop();
    expect(served.lines.at(-1)).toMatch(/ended: interrupted, exit 143/);
    expect((await runs()).map(({ end }) => end)).toEqual(['interrupted']);
    expect((await new FolderState(`${made.folder}/.sluice`, 'p').served.read())?.pending?.time).toBe(at(20));

    const again = await serve(handClock(at(21, '21:00:05')));
    await again.said('ended: complete', 2);
    await again.stop();
    expect(again.lines[1]).toBe('goes on with the firing of 2026-11-21T06:00:00+09:00');
    expect(again.lines[2]).toMatch(/^goes on with run 2/);
    expect((await runs()).map(({ firing, end }) => [firing.time, end])).toEqual([
      [at(20), 'complete'],
      [at(21), 'complete'],
    ]);
    expect(await rowsInSink()).toBe(200);
  });

  it('goes on with a run that failed before a new one begins, as the file then is', async () => {
    await declare({ pace: { items: 200 } });
    await database.execute('ALTER TABLE sink ADD CONSTRAINT few CHECK (id < 50)');
    await servedOnce();
    expect((await runs()).map(({ end }) => end)).toEqual(['stopped']);
    await database.execute('ALTER TABLE sink DROP CONSTRAINT few');
    const text = await readFile(made.file, 'utf8');
    await writeFile(made.file, text.replace('"pace"', '"rejects": { "limit": 50 }, "pace"'));
    const clock = handClock(at(21, '12:00:00'));
    const served = await serve(clock);
    clock.set(at(21, '21:00:01'));
    await served.said('ended: complete');
    await served.stop();
    expect(served.lines.filter((each) => each.includes('ended'))).toEqual([
      expect.stringContaining('ended: rejects, exit 3'),
      expect.stringContaining('ended: complete, exit 0'),
    ]);
    expect((await runs()).map(({ firing, end }) => [firing.time, firing.start, end])).toEqual([
      [at(20), at(19), 'rejects'],
      [at(21), at(20), 'complete'],
    ]);
    const rejects = await made.rejects();
    expect(rejects.length).toBeGreaterThan(0);
    expect((await rowsInSink()) + rejects.length).toBe(200);
  });
});
