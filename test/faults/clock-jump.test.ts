import type { ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { type Project, project, sluice } from '../fixtures/cli.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';
import { clockArrangement } from './clock-jump.js';
import type { Arrangement } from './fault-kind.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';

needsServer('mysql');

let database: TestDatabase;
let proxy: MysqlProxy;
let ahead: Arrangement;
let made: Project;

beforeEach(async () => {
  database = await testDatabase('clock');
  proxy = await startMysqlProxy(inject('mysql'));
  ahead = await clockArrangement(5, 'from the start');
  await database.execute(`
    CREATE TABLE t (id INT PRIMARY KEY);
    INSERT INTO t SELECT seq FROM seq_1_to_5000;
    CREATE TABLE sink (id INT)`);
  const { host, port } = proxy;
  made = await project({
    pipeline: 'clock',
    connections: { my: { ...database.connection, host, port } },
    steps: [
      {
        copy: 'copy',
        from: { connection: 'my', table: 't' },
        to: { connection: 'my', table: 'sink', mode: 'append' },
        parallel: 1,
      },
    ],
  });
});
afterEach(async () => {
  await Promise.all([ahead.remove(), made.remove(), proxy.stop()]);
  await database.drop();
});

/** Runs the program and kills it when its second batch is about to be committed. */
async function runKilled(): Promise<void> {
  let child: ChildProcess | undefined;
  let commits = 0;
  proxy.watch(async (moment, { statement }) => {
    if (moment !== 'before' || statement !== 'COMMIT' || ++commits !== 2) return;
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await gone;
  });
  const killed = await sluice(['run', made.file, '--json'], {
    cwd: made.folder,
    started: (started) => {
      child = started;
    },
  });
  proxy.watch(undefined);
  expect(killed.status).toBeNull();
}

test('a run that is killed is gone on with, also where a run before it was made by a clock that was ahead', async () => {
  const first = await made.run(0, { ...ahead.env });
  await runKilled();
  const resumed = await made.run();
  expect(resumed.run < first.run).toBe(false);
  expect(resumed.steps).toMatchObject([{ read: 5000, written: 5000 }]);
  const twice = 'SELECT COUNT(*) FROM (SELECT id FROM sink GROUP BY id HAVING COUNT(*) = 2) two';
  expect(await database.query(`SELECT COUNT(*), (${twice}) FROM sink`)).toEqual([['10000', '5000']]);
});
