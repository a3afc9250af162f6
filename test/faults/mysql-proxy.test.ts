import { Readable } from 'node:stream';
import { type Connection, createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { type MysqlFault, type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';

let proxy: MysqlProxy;
let database: TestDatabase;
const open: Connection[] = [];

beforeAll(async () => {
  database = await testDatabase('proxy');
  proxy = await startMysqlProxy(inject('mysql'), [], 3);
});
afterAll(async () => {
  await proxy.stop();
  await database.drop();
});
beforeEach(async () => {
  proxy.plan.use([]);
  await database.execute('CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, v LONGTEXT)');
});
afterEach(() => {
  for (const connection of open.splice(0)) connection.destroy();
});

async function connect(): Promise<Connection> {
  const { user, password } = inject('mysql');
  const { host, port } = proxy;
  const connection = await createConnection({ host, port, user, password, database: database.name });
  connection.on('error', () => undefined);
  open.push(connection);
  return connection;
}

const strike = (on: RegExp | string, fault: MysqlFault) => proxy.plan.use([{ on, fault, times: 1 }]);
const stored = async () => (await database.query('SELECT id FROM t ORDER BY id')).map(([id]) => Number(id));

async function load(connection: Connection, lines: string[]): Promise<unknown> {
  return await connection.query({
    sql: "LOAD DATA LOCAL INFILE 'x' INTO TABLE t (id, v)",
    infileStreamFactory: () => Readable.from(lines.map((line) => Buffer.from(line))),
  });
}

describe('the MySQL fault proxy', () => {
  it('passes every kind of answer: rows, empty, several results, large packets, prepared', async () => {
    const connection = await connect();
    await connection.query('INSERT INTO t VALUES (1, ?)', ['x'.repeat(17_000_000)]);
    const [rows] = await connection.query('SELECT id, LENGTH(v) AS bytes, v FROM t');
    expect(rows).toMatchObject([{ id: 1, bytes: 17_000_000 }]);
    expect((await connection.query('SELECT * FROM t WHERE id = 2'))[0]).toEqual([]);
    const [prepared] = await connection.execute('SELECT id FROM t WHERE id = ?', [1]);
    expect(prepared).toEqual([{ id: 1 }]);
    await connection.query('CREATE OR REPLACE PROCEDURE two() BEGIN SELECT 1; SELECT 2; END');
    expect(((await connection.query('CALL two()'))[0] as unknown[]).length).toBe(3);
    await expect(connection.query('SELECT nonsense')).rejects.toThrow('nonsense');
    await connection.ping();
    const { user, password } = inject('mysql');
    await connection.changeUser({ user, password, database: database.name });
    expect((await connection.query('SELECT 7 AS n'))[0]).toEqual([{ n: 7 }]);
    expect(proxy.count(/^SELECT id, LENGTH/)).toBe(1);
    expect(proxy.count(/^execute SELECT id FROM t/)).toBe(1);
  });

  it('passes LOAD DATA LOCAL and counts its bytes', async () => {
    const connection = await connect();
    await load(connection, ['1\ta\n', '2\tb\n']);
    expect(await stored()).toEqual([1, 2]);
    expect(proxy.events.at(-1)).toMatchObject({ loadedBytes: 8 });
    expect((await connection.query('SELECT 1 AS n'))[0]).toEqual([{ n: 1 }]);
  });

  it('answers a deadlock, with the transaction undone as the server does it', async () => {
    strike(/^INSERT/, { kind: 'error', code: 1213 });
    const connection = await connect();
    await connection.query('START TRANSACTION');
    await connection.query('UPDATE t SET v = 0');
    await expect(connection.query('INSERT INTO t VALUES (5, 5)')).rejects.toMatchObject({ errno: 1213 });
    await connection.query('INSERT INTO t VALUES (6, 6)');
    expect(await stored()).toEqual([6]);
  });

  it('answers a deadlock at the end of a load, whose rows are gone', async () => {
    strike(/^LOAD/, { kind: 'error', code: 1213, at: 'after' });
    const connection = await connect();
    await connection.query('START TRANSACTION');
    await expect(load(connection, ['1\ta\n'])).rejects.toMatchObject({ errno: 1213 });
    await connection.query('COMMIT');
    expect(await stored()).toEqual([]);
    await load(connection, ['1\ta\n']);
    expect(await stored()).toEqual([1]);
  });

  it('answers a lock wait that leaves the transaction as it was', async () => {
    strike(/^INSERT INTO t VALUES \(2/, { kind: 'error', code: 1205 });
    const connection = await connect();
    await connection.query('START TRANSACTION');
    await connection.query('INSERT INTO t VALUES (1, 1)');
    await expect(connection.query('INSERT INTO t VALUES (2, 2)')).rejects.toMatchObject({ errno: 1205 });
    await connection.query('COMMIT');
    expect(await stored()).toEqual([1]);
  });

  it('refuses a connection with 1040', async () => {
    strike('connect', { kind: 'error', code: 1040 });
    await expect(connect()).rejects.toMatchObject({ errno: 1040 });
    await connect();
  });

  it.each([
    { at: 'before' as const, rows: [] },
    { at: 'after' as const, rows: [1] },
  ])('drops the link $at a COMMIT', async ({ at, rows }) => {
    strike(/^COMMIT/, { kind: 'drop', at });
    const connection = await connect();
    await connection.query('START TRANSACTION');
    await connection.query('INSERT INTO t VALUES (1, 1)');
    await expect(connection.query('COMMIT')).rejects.toThrow();
    await expect.poll(stored).toEqual(rows);
  });

  it('drops the link in the middle of a result set', async () => {
    await database.execute('INSERT INTO t SELECT seq, seq FROM seq_1_to_100');
    strike(/^SELECT/, { kind: 'drop in result', rows: 10 });
    const connection = await connect();
    await expect(connection.query('SELECT * FROM t')).rejects.toThrow();
    expect(proxy.events.at(-1)).toMatchObject({ rows: 10 });
  });

  it('drops the link in the middle of a load, of which nothing stays', async () => {
    strike(/^LOAD/, { kind: 'drop in load', bytes: 20 });
    const connection = await connect();
    const lines = Array.from({ length: 100 }, (_, id) => `${id}\tx\n`);
    await expect(load(connection, lines)).rejects.toThrow();
    await expect.poll(stored).toEqual([]);
  });

  it('tells a watcher the moments of each statement', async () => {
    const moments: string[] = [];
    const connection = await connect();
    proxy.watch((moment, event) => {
      moments.push(`${moment} ${event.statement}`);
    });
    await connection.query('SELECT 1');
    await connection.query('SELECT 2');
    proxy.watch(undefined);
    expect(moments.slice(0, 4)).toEqual([
      'before SELECT 1',
      'after SELECT 1',
      'after reply SELECT 1',
      'before SELECT 2',
    ]);
  });
});
