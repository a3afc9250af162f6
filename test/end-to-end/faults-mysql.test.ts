/** Nothing is lost and nothing doubled when MySQL fails: complete dumps of both sides are compared. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Rule } from '../faults/fault-plan.js';
import { type MysqlFault, type MysqlProxy, startMysqlProxy } from '../faults/mysql-proxy.js';
import { copyOnce } from '../fixtures/cli.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

/** Twenty batches, of which the faults strike a half. */
const ROWS = 20_000;

let database: TestDatabase;
let proxy: MysqlProxy;
let connections: Record<string, object>;

beforeAll(async () => {
  database = await testDatabase('faults');
  await database.execute(
    `CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99));
     INSERT INTO t SELECT seq, CONCAT('row ', seq) FROM seq_1_to_${ROWS}`,
  );
});
afterAll(() => database.drop());
beforeEach(async () => {
  proxy = await startMysqlProxy(inject('mysql'), [], 42);
  connections = {
    direct: database.connection,
    through: { ...database.connection, host: proxy.host, port: proxy.port },
  };
});
afterEach(() => proxy.stop());

/** Each row is in both tables exactly once: compared whole, by the server. */
async function expectEqual(table: string): Promise<void> {
  const both = `SELECT id, v FROM t UNION ALL SELECT id, v FROM ${table}`;
  const alone = `SELECT COUNT(*) FROM (SELECT id FROM (${both}) u GROUP BY id, v HAVING COUNT(*) <> 2) d`;
  expect(await database.query(alone)).toEqual([['0']]);
  expect(await database.query(`SELECT COUNT(*) FROM ${table}`)).toEqual([[String(ROWS)]]);
}

const allStruck = () => {
  for (const count of proxy.plan.struck()) expect(count).toBeGreaterThan(0);
};

/** Which of them strike together: each alone is tried by test/faults/fault-kinds.test.ts. */
const sinkTroubles: readonly Rule<MysqlFault>[] = [
  { on: 'connect', nth: [2, 4], fault: { kind: 'error', code: 1040 } },
  { on: /^\s*LOAD/i, nth: [1, 6], fault: { kind: 'error', code: 1213, at: 'after' } },
  { on: /^\s*LOAD/i, nth: 2, fault: { kind: 'error', code: 1205 } },
  { on: /^\s*LOAD/i, nth: 2, fault: { kind: 'error', code: 1213 } },
  { on: /^\s*LOAD/i, nth: [2, 4], fault: { kind: 'drop in load', bytes: 5_000 } },
  { on: /^\s*LOAD/i, nth: 3, fault: { kind: 'drop', at: 'after' } },
  { on: /^\s*COMMIT/i, nth: [1, 3], fault: { kind: 'drop', at: 'before' } },
  { on: /^\s*COMMIT/i, nth: [2, 4], fault: { kind: 'drop', at: 'after' } },
];

async function write(rules: readonly Rule<MysqlFault>[], key: string, to: object): Promise<void> {
  await database.execute(`CREATE OR REPLACE TABLE back (id INT NOT NULL ${key}, v VARCHAR(99))`);
  proxy.plan.use(rules);
  const step = await copyOnce(connections, {
    from: { connection: 'direct', table: 't' },
    to: { connection: 'through', table: 'back', ...to },
    parallel: 2,
  });
  allStruck();
  expect(step).toMatchObject({ read: ROWS, written: ROWS, unchanged: 0, rejected: 0 });
  await expectEqual('back');
}

describe('writing to MySQL loses and doubles nothing, by all of these in one run', () => {
  it.each([
    // Without a key nothing but the ledger keeps a row from coming twice.
    { key: '', to: { mode: 'append' } },
    { key: 'PRIMARY KEY', to: { mode: 'append' } },
    { key: 'PRIMARY KEY', to: { mode: 'upsert' } },
    { key: 'PRIMARY KEY', to: { mode: 'replace' } },
    { key: 'PRIMARY KEY', to: { mode: 'mirror', deletes: { limit: '100%' } } },
  ])('$to.mode ($key)', ({ key, to }) => write(sinkTroubles, key, to));
});

describe('reading from MySQL', () => {
  beforeEach(() =>
    database.execute('CREATE OR REPLACE TABLE back (id INT NOT NULL PRIMARY KEY, v VARCHAR(99))'),
  );

  const reads = /^\s*SELECT[\s\S]*\bFROM\b[\s\S]*`t`/i;
  const broken: readonly Rule<MysqlFault>[] = [
    { on: 'connect', nth: [1, 2], fault: { kind: 'error', code: 1040 } },
    { on: reads, times: 3, fault: { kind: 'drop in result', rows: 777 } },
    { on: reads, times: 2, fault: { kind: 'drop', at: 'before' } },
    { on: reads, times: 1, fault: { kind: 'error', code: 1213 } },
    { on: reads, times: 1, fault: { kind: 'error', code: 1205 } },
  ];

  it.each(['snapshot', 'part'])(
    'loses and doubles nothing by links that break, deadlocks, lock waits and too many connections, with consistency: %s',
    async (consistency) => {
      proxy.plan.use(broken);
      const step = await copyOnce(connections, {
        from: { connection: 'through', table: 't', consistency },
        to: { connection: 'direct', table: 'back', mode: 'append' },
        parallel: 2,
      });
      allStruck();
      expect(step).toMatchObject({ read: ROWS, written: ROWS, rejected: 0 });
      await expectEqual('back');
    },
  );
});
