/** The built program follows the changes of a real engine: each test is one that a planted mistake must turn red. */
import type { ChildProcess } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startHttpProxy } from '../faults/http-proxy.js';
import { startMysqlProxy } from '../faults/mysql-proxy.js';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

const LIMIT_MS = 300_000;

let database: TestDatabase;
const made: Project[] = [];
beforeAll(async () => {
  database = await testDatabase('follow');
});
afterAll(async () => {
  await Promise.all(made.map((one) => one.remove()));
  await database.drop();
});

const item = (id: number, name: string): Item => ({ id: { N: `${id}` }, name: { S: name } });

/** How many records of this kind the program has of its runs. */
async function recordsOf({ folder }: Project, kind: string): Promise<number> {
  const entries = await readdir(join(folder, '.sluice'), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8').catch(() => '')));
  return texts.reduce((sum, text) => sum + text.split(kind).length - 1, 0);
}

/** A table with a stream, a table beside it of the same name, and a program that follows. */
async function ground(
  mode: 'append' | 'mirror',
  step: { to?: object; [field: string]: unknown } = {},
  ends: { aurora?: object; site?: object } = {},
) {
  const source = tableName('follow');
  const sink = source.replaceAll('-', '_');
  await createTable(source, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  const key = mode === 'mirror' ? ' PRIMARY KEY' : '';
  await database.execute(`CREATE TABLE ${sink} (id INT${key}, name VARCHAR(9))`);
  const { to = {}, ...rest } = step;
  const follow = await project({
    pipeline: 'follow',
    connections: {
      site: { ...dynamodbConnection(), ...ends.site },
      aurora: { ...database.connection, ...ends.aurora },
    },
    maskKey: { env: 'MASK_KEY' },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table: source },
        to: { connection: 'aurora', table: sink, mode, ...to },
        ...rest,
      },
    ],
  });
  made.push(follow);
  return {
    source,
    sink,
    follow,
    rows: () => database.query(`SELECT id, name FROM ${sink} ORDER BY id, name`),
    put: (...items: readonly Item[]) => putItems(source, items),
    remove: (id: number) =>
      dynamodbCall('DeleteItem', { TableName: source, Key: { id: { N: `${id}` } } }).then(() => undefined),
    /** `sluice run --drain`, which must end with the status. */
    drain: async (status: number | null = 0, started?: (child: ChildProcess) => void): Promise<CliRun> => {
      const env = { MASK_KEY: 'the key of this test, and of no other' };
      const run = await sluice(['run', follow.file, '--json', '--drain'], {
        cwd: follow.folder,
        env,
        ...(started ? { started } : {}),
      });
      expect(run.status, run.stderr + run.stdout.slice(-2000)).toBe(status);
      return run;
    },
  };
}

describe.concurrent('the program that follows changes', () => {
  it('forwards inserts, modifies and removes', { timeout: LIMIT_MS }, async () => {
    const { drain, put, remove, rows } = await ground('mirror');
    await put(item(1, 'one'), item(2, 'two'), item(3, 'three'));
    await drain();
    await put(item(1, 'uno'));
    await remove(2);
    await drain();
    expect(await rows()).toEqual([
      ['1', 'uno'],
      ['3', 'three'],
    ]);
  });

  it('takes back no newer change by an older one that comes late', { timeout: LIMIT_MS }, async () => {
    const { drain, put, rows, sink, follow } = await ground('mirror', { rejects: { limit: 9 } });
    await put(item(1, 'much too long'));
    await drain(3);
    await put(item(1, 'new'));
    await drain();
    await database.execute(`ALTER TABLE ${sink} MODIFY name VARCHAR(20)`);
    expect((await follow.command('replay')).status).toBe(0);
    expect(await rows()).toEqual([['1', 'new']]);
  });

  it('writes a load anew that it was killed at', { timeout: LIMIT_MS }, async () => {
    const proxy = await startMysqlProxy(inject('mysql'));
    const { host, port } = proxy;
    const to = { load: { rows: 1 } };
    const { drain, put, rows, follow } = await ground('append', { to }, { aurora: { host, port } });
    await put(item(1, 'one'), item(2, 'two'), item(3, 'three'));
    let intended = 0;
    const killed = await new Promise<number | null>((done, failed) => {
      let child: ChildProcess | undefined;
      proxy.watch(async (moment, { statement }) => {
        if (moment !== 'before' || !statement.startsWith('LOAD DATA')) return;
        // The one behind it is intended meanwhile.
        for (let tries = 0; tries < 1000 && intended < 2; tries++) {
          await setTimeout(100);
          intended = await recordsOf(follow, '"is":"load"');
        }
        const gone = new Promise((resolve) => child?.once('exit', resolve));
        child?.kill('SIGKILL');
        await gone;
      });
      drain(null, (started) => {
        child = started;
      }).then(({ status }) => done(status), failed);
    });
    proxy.watch(undefined);
    expect([killed, intended]).toEqual([null, 2]);
    await drain();
    await proxy.stop();
    expect(await rows()).toEqual([
      ['1', 'one'],
      ['2', 'two'],
      ['3', 'three'],
    ]);
  });

  it('goes on at the load that failed in a branch of several', { timeout: LIMIT_MS }, async () => {
    const proxy = await startMysqlProxy(inject('mysql'));
    const { host, port } = proxy;
    const { drain, put, rows, follow } = await ground('append', {}, { aurora: { host, port } });
    const declared = JSON.parse(await readFile(follow.file, 'utf8')) as { steps: object[] };
    const steps = [{ parallel: [...declared.steps, { wait: 'beside', for: 1 }] }];
    await writeFile(follow.file, JSON.stringify({ ...declared, steps }));
    await put(item(1, 'one'), item(2, 'two'));
    proxy.plan.use([{ on: /^LOAD DATA/, fault: { kind: 'error', code: 1142 }, times: 1 }]);
    await drain(4);
    expect(proxy.plan.struck()).toEqual([1]);
    await drain();
    await proxy.stop();
    expect(await rows()).toEqual([
      ['1', 'one'],
      ['2', 'two'],
    ]);
  });

  it('sends what DynamoDB leaves unprocessed again', { timeout: LIMIT_MS }, async () => {
    const proxy = await startHttpProxy(inject('dynamodb').endpoint, [], 7);
    const sink = tableName('follow');
    await createTable(sink, ['id', 'N']);
    const { drain, put, source } = await ground(
      'mirror',
      { to: { connection: 'site', table: sink } },
      { site: { endpoint: proxy.endpoint } },
    );
    await put(...Array.from({ length: 60 }, (_, id) => item(id, `n${id}`)));
    proxy.plan.use([{ on: 'BatchWriteItem', fault: { kind: 'partial', share: 0.4 }, times: 3 }]);
    await drain();
    expect(proxy.plan.struck()).toEqual([3]);
    await proxy.stop();
    const sorted = (items: readonly Item[]) => items.map(({ id, name }) => JSON.stringify([id, name])).sort();
    expect(sorted(await allItems(sink))).toEqual(sorted(await allItems(source)));
  });

  it('makes a mirror right again that was changed by others, and goes on', {
    timeout: LIMIT_MS,
  }, async () => {
    const { drain, put, remove, rows, sink, follow } = await ground('mirror', {
      to: { deletes: { limit: 1 } },
    });
    await put(item(1, 'one'), item(2, 'two'), item(3, 'three'));
    await drain();
    await database.execute(
      `UPDATE ${sink} SET name = 'x' WHERE id = 1; DELETE FROM ${sink} WHERE id = 2; INSERT INTO ${sink} VALUES (9, 'nine')`,
    );
    const traced = await follow.command('trace', '1');
    expect([traced.status, traced.events[0]]).toMatchObject([5, { outcome: 'changed', follows: true }]);
    const repaired = await follow.command('repair', '--yes');
    expect(repaired.status, repaired.stderr + repaired.stdout).toBe(0);
    const again = await follow.command('trace', '1', '--step', 'hits');
    expect([again.status, again.events[0]]).toMatchObject([0, { outcome: 'equal', follows: true }]);
    expect((await follow.command('verify')).status).toBe(0);
    await put(item(2, 'dos'));
    await remove(1);
    await drain();
    expect(await rows()).toEqual([
      ['2', 'dos'],
      ['3', 'three'],
    ]);
  });

  it('says what it cannot tell of one row of an append', { timeout: LIMIT_MS }, async () => {
    const { follow } = await ground('append');
    for (const args of [['1'], ['1', '--step', 'hits']]) {
      const { status, stdout, stderr } = await follow.command('trace', ...args);
      expect([status, stdout + stderr]).toEqual([
        2,
        expect.stringContaining('hits adds a row for each change: no one row'),
      ]);
    }
  });

  it('masks what it mirrors, the same each time', { timeout: LIMIT_MS }, async () => {
    const { drain, put, rows } = await ground('mirror', { mask: { name: 'keep-format' } });
    await put(item(1, 'ann'), item(2, 'ann'));
    await drain();
    await put(item(1, 'bob'), item(3, 'ann'));
    await drain();
    const masked = (await rows()).map(([, name]) => String(name));
    expect(masked).toHaveLength(3);
    expect(masked[1]).toBe(masked[2]);
    expect(masked[0]).not.toBe(masked[1]);
    expect(masked.every((name) => /^[a-z]{3}$/.test(name) && name !== 'ann' && name !== 'bob')).toBe(true);
  });
});
