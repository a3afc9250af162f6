import type { ChildProcess } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderState } from '../../src/journal/files/folder-state.js';
import { histories } from '../../src/journal/runs.js';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('mysql');

let database: TestDatabase;
let made: Project;
const ROWS = 100;

beforeAll(async () => {
  database = await testDatabase('serve');
  await database.execute(`CREATE TABLE source (id INT PRIMARY KEY);
    INSERT INTO source SELECT seq FROM seq_1_to_${ROWS}`);
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.execute('DROP TABLE IF EXISTS sink; CREATE TABLE sink (id INT)');
});
afterEach(() => made.remove());

function declaration(pipeline: string, schedule: object | undefined, step: object = {}, table = 'source') {
  const from = { connection: 'shop', table };
  const to = { connection: 'shop', table: 'sink', mode: 'append' };
  const steps = [{ copy: 'copy', from, to, ...step }];
  return { pipeline, connections: { shop: database.connection }, ...(schedule && { schedule }), steps };
}

async function rowsInSink(): Promise<number> {
  return Number((await database.query('SELECT COUNT(*) FROM sink'))[0]?.[0]);
}

async function rowsAre(enough: (rows: number) => boolean): Promise<void> {
  while (!enough(await rowsInSink())) await sleep(30);
}

/** How the pipeline's runs ended, oldest first; a run that goes on has no end. */
async function ends(pipeline: string): Promise<readonly (string | undefined)[]> {
  const found: (string | undefined)[] = [];
  const { runs } = new FolderState(join(made.folder, '.sluice'), pipeline);
  for await (const { end } of histories(runs)) found.push(end);
  return found.reverse();
}

/** Serves until `until` returns, and then sends the signal. */
async function serveUntil(
  signal: NodeJS.Signals,
  until: (child: ChildProcess) => Promise<void>,
): Promise<CliRun> {
  return await sluice(['serve', made.file, '--json'], {
    started: async (child: ChildProcess) => {
      await until(child);
      child.kill(signal);
    },
  });
}

/** Until it has said so. */
async function saying(child: ChildProcess, text: string): Promise<void> {
  let said = '';
  await new Promise<void>((resolve) => {
    child.stdout?.on('data', (piece: string) => {
      said += piece;
      if (said.includes(text)) resolve();
    });
  });
}

const named = (run: CliRun, event: string) => run.events.filter((each) => each['event'] === event);

describe('sluice serve', () => {
  it('runs what is due at its time; one that fails does not stop the others', async () => {
    const at = new Date(Date.now() + 7000).toISOString().slice(0, 19);
    made = await project(declaration('good', { at }));
    const bad = join(made.folder, 'bad.yaml');
    await writeFile(bad, JSON.stringify(declaration('bad', { at }, {}, 'nowhere')));
    const run = await sluice(['serve', bad, made.file, '--json'], { cwd: made.folder });
    expect(run.status).toBe(4);
    expect(await rowsInSink()).toBe(ROWS);
    expect(named(run, 'ended').map((each) => [each['pipeline'], each['status']])).toEqual(
      expect.arrayContaining([
        ['good', 0],
        ['bad', 2],
      ]),
    );
    expect(named(run, 'error')).toMatchObject([{ pipeline: 'bad', code: 'table_missing' }]);
    const fires = named(run, 'fires').find((each) => each['pipeline'] === 'good');
    expect(fires).toMatchObject({ time: `${at}.000Z`, late: false });
    expect(Date.parse(String(fires?.['at']))).toBeGreaterThanOrEqual(Date.parse(`${at}Z`));
    expect(run.events.at(-1)).toEqual({ event: 'summary', outcome: 'stopped', pipelines: 2, failed: 1 });
  });

  it('stops its runs at SIGTERM and ends with 143; the next serve goes on with them', async () => {
    made = await project(declaration('p', { rate: '1 hour' }, { pace: { items: 40 } }));
    const first = await serveUntil('SIGTERM', () => rowsAre((rows) => rows > 0));
    expect(first.status).toBe(143);
    expect(await ends('p')).toEqual(['interrupted']);
    expect(await rowsInSink()).toBeLessThan(ROWS);
    expect(first.events.at(-1)).toMatchObject({ event: 'summary', outcome: 'interrupted' });
    const second = await serveUntil('SIGINT', () => rowsAre((rows) => rows === ROWS).then(() => sleep(1000)));
    expect(second.status).toBe(130);
    expect(named(second, 'resumed')).toHaveLength(1);
    expect(await ends('p')).toEqual(['complete']);
    expect(await rowsInSink()).toBe(ROWS);
  });

  it('stops a run that waits for a server in vain', async () => {
    const { connections, ...rest } = declaration('p', { rate: '1 hour' });
    made = await project({ ...rest, connections: { shop: { ...connections.shop, port: 1 } } });
    const run = await serveUntil('SIGTERM', (child) => saying(child, 'still trying'));
    expect(run.status).toBe(143);
    expect(named(run, 'ended')).toMatchObject([{ outcome: 'interrupted', status: 143 }]);
    expect(await ends('p')).toEqual([]);
  });

  it('leaves no run behind when it is killed', async () => {
    made = await project(declaration('p', { rate: '1 hour' }, { pace: { items: 40 } }));
    const killed = await serveUntil('SIGKILL', () => rowsAre((rows) => rows > 0));
    expect(killed.status).toBe(null);
    while ((await ends('p')).includes(undefined)) await sleep(50);
    expect(await ends('p')).toEqual(['interrupted']);
    expect(await rowsInSink()).toBeLessThan(ROWS);
  });

  it('serves no pipeline twice, and none without a schedule', async () => {
    made = await project(declaration('p', { cron: '0 0 1 1 ? *' }));
    const other = await serveUntil('SIGTERM', async (child) => {
      await saying(child, '"serving"');
      const second = await sluice(['serve', made.file, '--json']);
      expect([second.status, second.events.at(-1)]).toMatchObject([
        2,
        { event: 'error', code: 'run_locked' },
      ]);
    });
    expect(other.status).toBe(143);
    expect((await sluice(['serve', made.file, made.file])).stderr).toContain(
      'two files declare the pipeline p',
    );
    const unscheduled = join(made.folder, 'unscheduled.yaml');
    await writeFile(unscheduled, JSON.stringify(declaration('q', undefined)));
    const none = await sluice(['serve', made.file, unscheduled]);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('pipeline q has no schedule')]);
  });
});
