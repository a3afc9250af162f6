import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type MysqlFault, type MysqlProxy, startMysqlProxy } from '../../../test/faults/mysql-proxy.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
let proxy: MysqlProxy;
beforeAll(async () => {
  database = await testDatabase('faults');
  proxy = await startMysqlProxy(inject('mysql'));
});
afterAll(async () => {
  await proxy.stop();
  await database.drop();
});
beforeEach(async () => {
  proxy.plan.use([]);
  await database.execute('DROP TABLE IF EXISTS t; CREATE TABLE t (id INT, name VARCHAR(50))');
});

const columns = [column('id', 'int'), column('name', 'text')];
const rows = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => [String(first + index), `row ${first + index}`]);

function open(options: object = { mode: 'append' }) {
  return planSink(database, {
    options: { table: 't', ...options },
    columns,
    key: ['id'],
    connection: { port: proxy.port },
  });
}

describe('an append', () => {
  const faults: readonly [string, RegExp, MysqlFault][] = [
    ['loses its connection before COMMIT arrives', /^COMMIT/, { kind: 'drop', at: 'before' }],
    ['loses the answer to COMMIT', /^COMMIT/, { kind: 'drop', at: 'after' }],
    ['gets an error after COMMIT was done', /^COMMIT/, { kind: 'error', code: 1180, at: 'after' }],
    ['loses its connection in the middle of a load', /^LOAD/, { kind: 'drop in load', bytes: 2000 }],
    ['loses the answer to a load', /^LOAD/, { kind: 'drop', at: 'after' }],
    ['is undone by a deadlock in a load', /^LOAD/, { kind: 'error', code: 1213, at: 'after' }],
    [
      'is undone by a deadlock in the ledger',
      /INSERT INTO .*sluice_ledger/,
      { kind: 'error', code: 1213, at: 'before' },
    ],
    ['waits too long for a lock', /^LOAD/, { kind: 'error', code: 1205, at: 'before' }],
    ['is forbidden LOCAL', /^LOAD/, { kind: 'error', code: 3948, at: 'before' }],
  ];
  it.each(faults)('that %s writes every row once', async (_, on, fault) => {
    const sink = await open();
    await sink.write(rows(0, 10));
    proxy.plan.use([{ on, fault, times: 2 }]);
    for (let batch = 1; batch < 5; batch++) {
      expect(await sink.write(rows(1000 * batch, 300))).toEqual({
        written: 300,
        unchanged: 0,
        rejects: [],
        units: 0,
      });
    }
    expect(proxy.plan.struck()).not.toEqual([0]);
    expect(await database.query('SELECT COUNT(*), COUNT(DISTINCT id) FROM t')).toEqual([['1210', '1210']]);
    await sink.close();
  });

  it('that loses the answer to COMMIT, and then cannot look into the ledger, writes every row once', async () => {
    const sink = await open();
    await sink.write(rows(0, 10));
    proxy.plan.use([
      { on: /^COMMIT/, fault: { kind: 'drop', at: 'after' }, times: 1 },
      { on: /FROM .*sluice_ledger/, fault: { kind: 'drop', at: 'after' }, times: 2 },
    ]);
    expect(await sink.write(rows(1000, 300))).toMatchObject({ written: 300 });
    expect(proxy.plan.struck()).toEqual([1, 2]);
    expect(await database.query('SELECT COUNT(*) FROM t')).toEqual([['310']]);
    await sink.close();
  });

  it('under all faults at random, by two writers, writes every row once', async () => {
    const sink = await open();
    await sink.write(rows(-10, 10));
    proxy.plan.use([
      { on: /^(COMMIT|LOAD|INSERT|START)/, fault: { kind: 'drop', at: 'after' }, chance: 0.04 },
      { on: /^(COMMIT|LOAD|INSERT|START)/, fault: { kind: 'drop', at: 'before' }, chance: 0.04 },
      { on: /^(LOAD|INSERT)/, fault: { kind: 'error', code: 1213, at: 'after' }, chance: 0.04 },
      { on: /^(LOAD|INSERT)/, fault: { kind: 'error', code: 1205, at: 'before' }, chance: 0.04 },
    ]);
    const lane = async (first: number) => {
      const writer = await sink.sink.writer();
      let written = 0;
      for (let batch = 0; batch < 20; batch++) {
        const outcome = await writer.write(
          sink.batch(rows(first + 100 * batch, 100)),
          `lane ${first}.${batch}`,
        );
        written += outcome.written;
      }
      await writer.close();
      return written;
    };
    expect(await Promise.all([lane(0), lane(10_000)])).toEqual([2000, 2000]);
    proxy.plan.use([]);
    expect(await database.query('SELECT COUNT(*), COUNT(DISTINCT id) FROM t')).toEqual([['4010', '4010']]);
    await sink.close();
  });
});

describe('an upsert', () => {
  beforeEach(() => database.execute('ALTER TABLE t ADD PRIMARY KEY (id)'));

  it('that loses the answer to COMMIT still counts what it did', async () => {
    const sink = await open({});
    await sink.write(rows(0, 10));
    proxy.plan.use([{ on: /^COMMIT/, fault: { kind: 'drop', at: 'after' }, times: 1 }]);
    expect(await sink.write([...rows(5, 10), ['99', 'x'.repeat(51)]])).toMatchObject({
      written: 5,
      unchanged: 5,
      rejects: [{ row: 10, code: 'value_too_long' }],
    });
    await sink.close();
  });

  it('that is broken in the stage or the merge does it again', async () => {
    const sink = await open({});
    await sink.write(rows(0, 10));
    proxy.plan.use([
      { on: /^UPDATE/, fault: { kind: 'error', code: 1213, at: 'after' }, nth: [1, 3] },
      { on: /^INSERT INTO .*SELECT/s, fault: { kind: 'drop', at: 'after' }, nth: 1 },
      { on: /^CREATE TEMPORARY/, fault: { kind: 'drop', at: 'after' }, nth: 1 },
    ]);
    const changed = [['1', 'changed'], ...rows(5, 10)];
    expect(await sink.write(changed)).toMatchObject({ written: 6, unchanged: 5, rejects: [] });
    expect(proxy.plan.struck()).toEqual([2, 1, 1]);
    expect(await database.query('SELECT COUNT(*) FROM t')).toEqual([['15']]);
    await sink.close();
  });

  it('waits for a row that another session holds', async () => {
    await database.execute("INSERT INTO t VALUES (1, 'old')");
    const { host, port, user } = inject('mysql');
    const other = await createConnection({ host, port, user, database: database.name });
    await other.query('START TRANSACTION');
    await other.query("UPDATE t SET name = 'theirs' WHERE id = 1");
    const sink = await open({});
    const writing = sink.write([
      ['1', 'ours'],
      ['2', 'two'],
    ]);
    await sleep(300);
    await other.query('COMMIT');
    expect(await writing).toMatchObject({ written: 2 });
    expect(await database.query('SELECT id, name FROM t ORDER BY id')).toEqual([
      ['1', 'ours'],
      ['2', 'two'],
    ]);
    await other.end();
    await sink.close();
  });
});
