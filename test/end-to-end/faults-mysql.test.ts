/** Nothing is lost and nothing doubled when MySQL fails: complete dumps of both sides are compared. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Rule } from '../faults/fault-plan.js';
import { type MysqlFault, type MysqlProxy, startMysqlProxy } from '../faults/mysql-proxy.js';
import { copyOnce } from '../fixtures/cli.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

const ROWS = 60_000;

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

/** Without a key nothing but the ledger keeps a row from coming twice. */
const modes = [
  { mode: 'append', key: '', more: {} },
  { mode: 'append', key: 'PRIMARY KEY', more: {} },
  { mode: 'upsert', key: 'PRIMARY KEY', more: {} },
  { mode: 'replace', key: 'PRIMARY KEY', more: {} },
  { mode: 'mirror', key: 'PRIMARY KEY', more: { deletes: { limit: '100%' } } },
];

async function expectEqual(table: string): Promise<void> {
  const counts = `SELECT COUNT(*), COUNT(DISTINCT id), SUM(CRC32(CONCAT(id, '|', v))) FROM`;
  expect(await database.query(`${counts} ${table}`)).toEqual(await database.query(`${counts} t`));
  const missing = `SELECT COUNT(*) FROM t LEFT JOIN ${table} b ON b.id = t.id AND b.v = t.v WHERE b.id IS NULL`;
  expect(await database.query(missing)).toEqual([['0']]);
}

const allStruck = () => {
  for (const count of proxy.plan.struck()) expect(count).toBeGreaterThan(0);
};

const sinkTroubles: { name: string; rules: Rule<MysqlFault>[] }[] = [
  {
    name: 'deadlocks (1213) before and after a load',
    rules: [
      { on: /^\s*(LOAD|INSERT)/i, nth: [2], fault: { kind: 'error', code: 1213 } },
      { on: /^\s*LOAD/i, nth: [2, 4], fault: { kind: 'error', code: 1213, at: 'after' } },
    ],
  },
  {
    name: 'lock waits (1205)',
    rules: [{ on: /^\s*(LOAD|INSERT)/i, nth: [1, 3], fault: { kind: 'error', code: 1205 } }],
  },
  {
    name: 'too many connections (1040)',
    rules: [{ on: 'connect', nth: [1, 2, 4], fault: { kind: 'error', code: 1040 } }],
  },
  {
    name: 'COMMITs that never arrived',
    rules: [{ on: /^\s*COMMIT/i, nth: [1, 3], fault: { kind: 'drop', at: 'before' } }],
  },
  {
    name: 'COMMITs whose answers were lost',
    rules: [{ on: /^\s*COMMIT/i, nth: [1, 3], fault: { kind: 'drop', at: 'after' } }],
  },
  {
    name: 'links that broke in the middle of a load',
    rules: [{ on: /^\s*LOAD/i, nth: [1, 3], fault: { kind: 'drop in load', bytes: 20_000 } }],
  },
  {
    name: 'links that broke at the end of a load',
    rules: [{ on: /^\s*LOAD/i, nth: [1, 3], fault: { kind: 'drop', at: 'after' } }],
  },
];

describe.each(modes)('writing to MySQL: $mode into a table with "$key"', ({ mode, key, more }) => {
  beforeEach(() => database.execute(`CREATE OR REPLACE TABLE back (id INT NOT NULL ${key}, v VARCHAR(99))`));

  it.each(sinkTroubles)('loses and doubles nothing by $name', async ({ rules }) => {
    proxy.plan.use(rules);
    const step = await copyOnce(connections, {
      from: { connection: 'direct', table: 't' },
      to: { connection: 'through', table: 'back', mode, ...more },
      parallel: 2,
    });
    allStruck();
    expect(step).toMatchObject({ read: ROWS, written: ROWS, unchanged: 0, rejected: 0 });
    await expectEqual('back');
  });
});

describe('reading from MySQL', () => {
  beforeEach(() =>
    database.execute('CREATE OR REPLACE TABLE back (id INT NOT NULL PRIMARY KEY, v VARCHAR(99))'),
  );

  const broken: { name: string; rules: Rule<MysqlFault>[] }[] = [
    {
      name: 'links that broke in the middle of a result',
      rules: [
        {
          on: /^\s*SELECT[\s\S]*\bFROM\b[\s\S]*`t`/i,
          times: 3,
          fault: { kind: 'drop in result', rows: 777 },
        },
      ],
    },
    {
      name: 'links that broke before a statement',
      rules: [
        { on: /^\s*SELECT[\s\S]*\bFROM\b[\s\S]*`t`/i, times: 2, fault: { kind: 'drop', at: 'before' } },
      ],
    },
    {
      name: 'deadlocks and lock waits',
      rules: [
        { on: /^\s*SELECT[\s\S]*\bFROM\b[\s\S]*`t`/i, nth: [1], fault: { kind: 'error', code: 1213 } },
        { on: /^\s*SELECT[\s\S]*\bFROM\b[\s\S]*`t`/i, nth: [2], fault: { kind: 'error', code: 1205 } },
      ],
    },
    {
      name: 'too many connections',
      rules: [{ on: 'connect', nth: [1, 2], fault: { kind: 'error', code: 1040 } }],
    },
  ];

  describe.each(['snapshot', 'part'])('with consistency: %s', (consistency) => {
    it.each(broken)('loses and doubles nothing by $name', async ({ rules }) => {
      proxy.plan.use(rules);
      const step = await copyOnce(connections, {
        from: { connection: 'through', table: 't', consistency },
        to: { connection: 'direct', table: 'back', mode: 'append' },
        parallel: 2,
      });
      allStruck();
      expect(step).toMatchObject({ read: ROWS, written: ROWS, rejected: 0 });
      await expectEqual('back');
    });
  });
});
