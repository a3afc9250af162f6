import { readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Project, project, sluice } from '../fixtures/cli.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('mysql');

let database: TestDatabase;
let made: Project;
const PACED = { items: 80 };

beforeAll(async () => {
  database = await testDatabase('run');
  await database.execute(`CREATE TABLE source (id INT PRIMARY KEY, v VARCHAR(9));
    INSERT INTO source SELECT seq, CONCAT('v', seq) FROM seq_1_to_400`);
});
afterAll(() => database.drop());

/** An appending copy that takes five seconds: a row twice or not at all would be seen. */
beforeEach(async () => {
  await database.execute('DROP TABLE IF EXISTS sink; CREATE TABLE sink (id INT, v VARCHAR(9))');
  made = await project(declaration(PACED));
});
afterEach(() => made.remove());

function declaration(pace: object, more: object = {}) {
  const to = { connection: 'shop', table: 'sink', mode: 'append' };
  const step = { copy: 'copy', from: { connection: 'shop', table: 'source' }, to, pace, ...more };
  return { pipeline: 'p', connections: { shop: database.connection }, steps: [step] };
}

/** Begins the run, sends the signal once rows are in the sink, and gives the exit status and the last event. */
async function interrupted(
  signal: NodeJS.Signals,
): Promise<{ status: number | null; last: unknown; seconds: number }> {
  let sentAt = 0;
  const run = sluice(['run', made.file, '--json'], {
    started: async (child) => {
      while (Number((await database.query('SELECT COUNT(*) FROM sink'))[0]?.[0]) === 0) await sleep(50);
      sentAt = performance.now();
      child.kill(signal);
    },
  });
  const { status, events } = await run;
  return { status, last: events.at(-1), seconds: (performance.now() - sentAt) / 1000 };
}

async function sinkIsExact(): Promise<void> {
  expect(await database.query('SELECT COUNT(*), COUNT(DISTINCT id), SUM(id) FROM sink')).toEqual([
    ['400', '400', '80200'],
  ]);
}

describe('a run that is stopped', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s ends with %i within ten seconds, and the next one goes on', async (signal, status) => {
    const first = await interrupted(signal);
    expect(first).toMatchObject({ status, last: { event: 'summary', outcome: 'interrupted' } });
    expect(first.seconds).toBeLessThan(10);
    const done = Number((await database.query('SELECT COUNT(*) FROM sink'))[0]?.[0]);
    expect(done).toBeLessThan(400);
    await writeFile(made.file, JSON.stringify(declaration({})));
    const second = await made.command('run');
    expect(second.events[0]).toMatchObject({
      event: 'resumed',
      steps: [{ name: 'copy', complete: false, committed: done }],
    });
    expect(second.status).toBe(0);
    await sinkIsExact();
  });

  it('goes on only with the declaration that it was begun with, or starts over with --fresh', async () => {
    await interrupted('SIGTERM');
    await writeFile(made.file, JSON.stringify(declaration({}, { map: { drop: ['v'] } })));
    const changed = await made.command('run');
    expect(changed.status).toBe(2);
    expect(changed.events.at(-2)).toMatchObject({ event: 'error', code: 'run_changed' });
    expect(changed.events.at(-1)).toMatchObject({ event: 'summary', outcome: 'refused' });
    await database.execute('TRUNCATE sink');
    const fresh = await made.command('run', '--fresh');
    expect(fresh.status).toBe(0);
    expect(await database.query('SELECT COUNT(*), COUNT(v) FROM sink')).toEqual([['400', '0']]);
  });
});

describe('two runs at once', () => {
  it('are not: the second leaves with 4 and names the first, or waits for its end', async () => {
    const first = made.command('run');
    while (Number((await database.query('SELECT COUNT(*) FROM sink'))[0]?.[0]) === 0) await sleep(50);
    const second = await made.command('run');
    expect(second.status).toBe(4);
    expect(second.events[0]).toMatchObject({ event: 'error', code: 'run_locked' });
    expect(second.events.at(-1)).toMatchObject({ event: 'summary', outcome: 'stopped' });
    const third = made.command('run', '--wait');
    expect((await first).status).toBe(0);
    await sinkIsExact();
    expect((await third).status).toBe(0);
    expect(await database.query('SELECT COUNT(*) FROM sink')).toEqual([['800']]);
  });
});

describe('the state folder', () => {
  it('is for its owner only, and must not be a symbolic link', async () => {
    await made.run();
    const folder = join(made.folder, '.sluice');
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await symlink(folder, join(made.folder, 'link'));
    const run = await made.command('run', '--state', join(made.folder, 'link'));
    expect(run.status).toBe(2);
    expect(run.events[0]).toMatchObject({ event: 'error', code: 'state_unusable' });
  });
});

describe('rejects', () => {
  const limit = { rejects: { limit: 400 } };

  it('are listed with their reasons, and replayed once after what was wrong is mended', async () => {
    await database.execute('DROP TABLE sink; CREATE TABLE sink (id INT, v VARCHAR(3))');
    await writeFile(made.file, JSON.stringify(declaration({}, limit)));
    const summary = await made.run(3);
    expect(summary.steps[0]).toMatchObject({ read: 400, written: 99, rejected: 301 });
    const listed = await made.command('rejects');
    expect(listed.events).toHaveLength(301);
    expect(listed.events[0]).toMatchObject({
      step: 'copy',
      reason: 'value_too_long',
      key: { id: { text: '100' } },
      attempts: 1,
    });
    const dry = await made.command('replay', '--dry-run');
    expect(dry.events.at(-1)).toMatchObject({ dryRun: true, steps: [{ step: 'copy', rows: 301 }] });
    const vain = await made.command('replay', '--where', 'reason=value_too_long');
    expect([vain.status, vain.events.at(-1)]).toMatchObject([3, { steps: [{ written: 0, rejected: 301 }] }]);
    await database.execute('ALTER TABLE sink MODIFY v VARCHAR(9)');
    const replayed = await made.command('replay');
    expect([replayed.status, replayed.events.at(-1)]).toMatchObject([
      0,
      { steps: [{ written: 301, rejected: 0 }] },
    ]);
    await sinkIsExact();
    const again = await made.command('replay');
    expect([again.status, again.events.at(-1)]).toMatchObject([0, { steps: [] }]);
    await sinkIsExact();
    expect((await made.command('rejects')).events).toEqual([]);
  });

  it('are written by a replay once, even if it was killed before it could note it', async () => {
    await database.execute('DROP TABLE sink; CREATE TABLE sink (id INT, v VARCHAR(3))');
    await writeFile(made.file, JSON.stringify(declaration({}, limit)));
    const { run } = await made.run(3);
    await database.execute('ALTER TABLE sink MODIFY v VARCHAR(9)');
    const path = join(made.folder, '.sluice', 'p', 'rejects', run, 'copy.jsonl');
    const before = await readFile(path);
    await made.command('replay');
    await writeFile(path, before);
    const again = await made.command('replay');
    expect(again.status).toBe(0);
    await sinkIsExact();
  });

  it('beyond a share of the rows stop the run', async () => {
    await database.execute('DROP TABLE sink; CREATE TABLE sink (id INT, v VARCHAR(3))');
    await writeFile(made.file, JSON.stringify(declaration({}, { rejects: { limit: '50%' } })));
    const run = await made.command('run');
    expect(run.status).toBe(4);
    expect(run.events.find((event) => event['event'] === 'error')).toMatchObject({
      code: 'rejects_exceeded',
    });
  });
});

describe('the history of runs', () => {
  it('says what ran and what came of it', async () => {
    await writeFile(made.file, JSON.stringify(declaration({})));
    const { run } = await made.run();
    const listed = await made.command('runs');
    expect(listed.events).toMatchObject([
      {
        event: 'run',
        run,
        outcome: 'complete',
        resumable: false,
        steps: [{ name: 'copy', read: 400, consistency: 'one snapshot' }],
      },
    ]);
  });
});
