/** Kills `verify` and `repair` at moments of their talk with the servers; the next ones end right, and nothing piles up. */
import type { ChildProcess } from 'node:child_process';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { needsServer } from '../fixtures/servers.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';
import { sweepExtent } from './sweep-extent.js';

needsServer('mysql');
needsServer('dynamodb');

/** Of moments evenly spread: nothing is there to be left behind at the first. */
const extent = sweepExtent(2);
const ROWS = 1500;

let database: TestDatabase;
let mysql: MysqlProxy;
let dynamodb: HttpProxy;

beforeAll(async () => {
  database = await testDatabase('killverify');
  mysql = await startMysqlProxy(inject('mysql'));
  dynamodb = await startHttpProxy(inject('dynamodb').endpoint);
  await database.execute(`
    CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(40) NOT NULL);
    INSERT INTO t SELECT seq, CONCAT('value ', seq) FROM seq_1_to_${ROWS}`);
});
afterAll(async () => {
  await Promise.all([mysql.stop(), dynamodb.stop()]);
  await database.drop();
});

/** A sink that differs in ten rows of each kind: missing, changed, extra. */
interface Case {
  readonly name: string;
  readonly made: () => Promise<Project>;
  reset(): Promise<void>;
  /** How many rows are not as the source has them. */
  wrong(): Promise<number>;
}

function pipelineTo(to: object): Promise<Project> {
  const { host, port } = mysql;
  return project({
    pipeline: 'agree',
    connections: {
      shop: { ...database.connection, host, port },
      stage: { ...dynamodbConnection(), endpoint: dynamodb.endpoint },
    },
    steps: [{ copy: 'copy', from: { connection: 'shop', table: 't' }, to, parallel: 2 }],
  });
}

const items = tableName('killverify');
let isItemTableMade = false;

const cases: readonly Case[] = [
  {
    name: 'a MySQL table',
    made: () => pipelineTo({ connection: 'shop', table: 'sink', mode: 'mirror' }),
    reset: () =>
      database.execute(`
        CREATE OR REPLACE TABLE sink LIKE t; INSERT INTO sink SELECT * FROM t WHERE id > 10;
        UPDATE sink SET v = 'other' WHERE id BETWEEN 101 AND 110;
        INSERT INTO sink SELECT seq, 'extra' FROM seq_5001_to_5010`),
    wrong: async () => {
      const both = 'SELECT * FROM t UNION ALL SELECT * FROM sink';
      const alone = `SELECT id FROM (${both}) b GROUP BY id, v HAVING COUNT(*) <> 2`;
      const [row] = await database.query(`SELECT COUNT(DISTINCT id) FROM (${alone}) a`);
      return Number(row?.[0]);
    },
  },
  {
    name: 'a DynamoDB table',
    made: () => pipelineTo({ connection: 'stage', table: items, mode: 'mirror' }),
    reset: async () => {
      if (!isItemTableMade) await createTable(items, ['id', 'N']);
      isItemTableMade = true;
      const item = (id: number, v: string) => ({ id: { N: String(id) }, v: { S: v } });
      const rows = Array.from({ length: ROWS - 10 }, (_, index) => index + 11);
      const value = (id: number) => (id > 100 && id <= 110 ? 'other' : `value ${id}`);
      await rmItems(Array.from({ length: 10 }, (_, index) => index + 1));
      await putItems(items, [
        ...rows.map((id) => item(id, value(id))),
        ...Array.from({ length: 10 }, (_, index) => item(5001 + index, 'extra')),
      ]);
    },
    wrong: async () => {
      const there = new Map((await allItems(items)).map(({ id, v }) => [Object(id).N, Object(v).S]));
      const right = Array.from({ length: ROWS }, (_, index) => String(index + 1));
      const extra = [...there.keys()].filter((id) => Number(id) > ROWS);
      return right.filter((id) => there.get(id) !== `value ${id}`).length + extra.length;
    },
  },
];

async function rmItems(ids: readonly number[]): Promise<void> {
  for (const id of ids)
    await dynamodbCall('DeleteItem', { TableName: items, Key: { id: { N: String(id) } } });
}

/** Runs a command; kills it at the moment if there is one. Gives how many moments it had. */
async function runTo(
  made: Project,
  command: readonly string[],
  point?: number,
): Promise<{ readonly run: CliRun; readonly moments: number }> {
  let child: ChildProcess | undefined;
  let moments = 0;
  const watcher = async () => {
    if (moments++ !== point || !child) return;
    const gone = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  mysql.watch(watcher);
  dynamodb.watch(watcher);
  const [verb = '', ...more] = command;
  const run = await sluice([verb, made.file, '--json', ...more], {
    cwd: made.folder,
    started: (started) => {
      child = started;
    },
  });
  mysql.watch(undefined);
  dynamodb.watch(undefined);
  return { run, moments };
}

async function leftBehind(made: Project): Promise<string[]> {
  const folder = join(made.folder, '.sluice', 'agree');
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.startsWith('scratch/verify') || name.startsWith('lease'));
}

describe.each(cases)('into $name', ({ made: make, reset, wrong }) => {
  let made: Project;
  beforeAll(async () => {
    made = await make();
  });
  afterAll(() => made.remove());

  test('verify that was killed leaves nothing in the way of the next', { timeout: 600_000 }, async () => {
    await reset();
    const { run, moments } = await runTo(made, ['verify']);
    expect(run.status).toBe(5);
    for (const point of extent.among(moments)) {
      const killed = await runTo(made, ['verify'], point);
      expect([null, 5]).toContain(killed.run.status);
    }
    const again = await runTo(made, ['verify']);
    expect(again.run.events.at(-1)).toMatchObject({
      steps: [{ missing: 10, changed: 10, extra: 10, equal: ROWS - 20 }],
    });
    expect(await leftBehind(made)).toEqual([]);
  });

  test('repair that was killed is mended by the next', { timeout: 600_000 }, async () => {
    await reset();
    const { run, moments } = await runTo(made, ['repair', '--yes']);
    expect([run.status, await wrong()], run.stdout.slice(-500)).toEqual([0, 0]);
    for (const point of extent.among(moments)) {
      await reset();
      await rm(join(made.folder, '.sluice'), { recursive: true });
      await runTo(made, ['repair', '--yes'], point);
      const next = await runTo(made, ['repair', '--yes']);
      expect(next.run.status, `moment ${point}: ${next.run.stdout.slice(-500)}`).toBe(0);
      expect(await wrong(), `moment ${point}`).toBe(0);
      expect((await runTo(made, ['verify'])).run.status).toBe(0);
      expect(await leftBehind(made)).toEqual([]);
    }
  });
});
