import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';
import { sweepExtent } from './sweep-extent.js';

const extent = sweepExtent(2);
const ROWS = 2_500;
const MAX_RERUNS = 3;

let database: TestDatabase;
let proxy: MysqlProxy;
beforeAll(async () => {
  database = await testDatabase('kill_incremental');
  proxy = await startMysqlProxy(inject('mysql'));
});
afterAll(async () => {
  await proxy.stop();
  await database.drop();
});

/** An append of a second window, into a table where a row that came twice would be seen twice. */
async function begin(): Promise<Project> {
  await database.execute(
    `DROP TABLE IF EXISTS source, sink;
     CREATE TABLE source (id INT AUTO_INCREMENT PRIMARY KEY, at TIMESTAMP(6) NOT NULL DEFAULT NOW(6), KEY (at));
     CREATE TABLE sink (id INT, at TIMESTAMP(6) NOT NULL);
     INSERT INTO source (at) SELECT NOW(6) FROM seq_1_to_100`,
  );
  const { host, port } = proxy;
  const made = await project({
    pipeline: 'kill',
    connections: { my: { ...database.connection, host, port } },
    steps: [
      {
        copy: 'copy',
        from: { connection: 'my', table: 'source', since: { column: 'at' } },
        to: { connection: 'my', table: 'sink', mode: 'append' },
        parallel: 2,
      },
    ],
  });
  await made.run();
  await database.execute(`INSERT INTO source (at) SELECT NOW(6) FROM seq_1_to_${ROWS}`);
  return made;
}

interface Killed {
  readonly run: CliRun;
  readonly moments: number;
}

async function runKilledAt({ file, folder }: Project, point: number): Promise<Killed> {
  let child: ChildProcess | undefined;
  let moments = 0;
  proxy.watch(async () => {
    if (moments++ !== point || !child) return;
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  });
  const run = await sluice(['run', file, '--json'], {
    cwd: folder,
    started: (started) => {
      child = started;
    },
  });
  proxy.watch(undefined);
  return { run, moments };
}

/** Runs until it is complete; then once more with rows that came meanwhile. */
async function goOn(made: Project): Promise<void> {
  await database.execute('INSERT INTO source (at) SELECT NOW(6) FROM seq_1_to_50');
  for (let rerun = 0; rerun < MAX_RERUNS; rerun++) {
    if ((await made.command('run')).status === 0) break;
  }
  await made.run();
}

test('killed at any moment of a window and run again, each row has been appended once', async () => {
  const undisturbed = await begin();
  const { moments } = await runKilledAt(undisturbed, Number.POSITIVE_INFINITY);
  await undisturbed.remove();
  const points = extent.among(moments);
  let killed = 0;
  for (const at of points) {
    const made = await begin();
    if ((await runKilledAt(made, at)).run.status === null) killed++;
    await goOn(made);
    const [counts] = await database.query(
      'SELECT COUNT(*), COUNT(DISTINCT id), (SELECT COUNT(*) FROM source) FROM sink',
    );
    expect({ at, counts }).toEqual({
      at,
      counts: Array.from({ length: 3 }, () => String(100 + ROWS + 50)),
    });
    await made.remove();
  }
  expect(killed).toBeGreaterThanOrEqual(points.length / 2);
}, 600_000);
