import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startMysqlProxy } from '../../../test/faults/mysql-proxy.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink } from '../../../test/fixtures/mysql-sink.js';
import { startMysql } from '../../local/mysql.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('servers');
});
afterAll(() => database.drop());

describe('a server that forbids LOCAL', () => {
  it('is written to by INSERT, and the plan says so', async () => {
    const server = await startMysql({ extraArgs: ['--local-infile=0'] });
    const { host, port, user, password } = server;
    try {
      const admin = await createConnection({ host, port, user, password, multipleStatements: true });
      await admin.query('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, name VARCHAR(5))');
      const sink = await planSink(database, {
        options: { table: 't' },
        columns: [column('id', 'int'), column('name', 'text')],
        key: ['id'],
        connection: { port, database: 'd' },
      });
      expect(sink.plan.findings).toMatchObject([
        { level: 'note', message: expect.stringContaining('local_infile=0') },
      ]);
      expect(
        await sink.write([
          ['1', 'a'],
          ['2', 'toolong'],
          ['3', null],
        ]),
      ).toMatchObject({ written: 2, rejects: [{ row: 1 }] });
      expect(
        await sink.write([
          ['1', 'b'],
          ['4', 'd'],
        ]),
      ).toMatchObject({ written: 2 });
      const [rows] = await admin.query({ sql: 'SELECT id, name FROM d.t ORDER BY id', rowsAsArray: true });
      expect(rows).toEqual([
        [1, 'b'],
        [3, null],
        [4, 'd'],
      ]);
      await sink.close();
      await admin.end();
    } finally {
      await server.stop();
    }
  });
});

describe('an RDS Proxy', () => {
  it('is written through by INSERT, since AWS does not say that it passes LOAD DATA LOCAL on', async () => {
    const seen = await startMysqlProxy(inject('mysql'));
    const proxy = await namedAsProxy(seen.port);
    await database.execute('CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(5))');
    const request = { options: { table: 't' }, columns: [column('id', 'int'), column('name', 'text')] };
    const direct = await planSink(database, { ...request, key: ['id'], connection: { port: seen.port } });
    expect(direct.plan.findings).toEqual([]);
    expect(await direct.write([['0', 'a']])).toMatchObject({ written: 1 });
    await direct.close();
    const loads = seen.count(/^LOAD DATA/i);
    expect(loads).toBeGreaterThan(0);
    const sink = await planSink(database, { ...request, key: ['id'], connection: { host: proxy.host } });
    expect(sink.plan.findings).toMatchObject([
      { level: 'note', message: expect.stringContaining('through an RDS Proxy') },
    ]);
    const rows = [
      ['1', 'a'],
      ['2', 'toolong'],
      ['0', null],
    ];
    expect(await sink.write(rows)).toMatchObject({ written: 2, rejects: [{ row: 1 }] });
    await sink.close();
    expect(seen.count(/^LOAD DATA/i)).toBe(loads);
    expect(await database.query('SELECT id, name FROM t ORDER BY id')).toEqual([
      ['0', null],
      ['1', 'a'],
    ]);
    await Promise.all([proxy.stop(), seen.stop()]);
  });
});

/** A socket with the name of a proxy, behind which a server on this machine listens. */
async function namedAsProxy(port: number) {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-proxy-'));
  const host = join(folder, 'shop.proxy-c1a2b3.eu-west-1.rds.amazonaws.com');
  const server = createServer((client) => {
    const behind = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const) {
      one.pipe(other);
      one.on('error', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(host, resolve));
  return {
    host,
    stop: async () => {
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

describe('a server that logs by statement', () => {
  it('is refused, since its replicas would not get what is loaded', async () => {
    const server = await startMysql({
      extraArgs: ['--log-bin=log', '--binlog-format=STATEMENT', '--server-id=7'],
    });
    const { host, port, user, password } = server;
    try {
      const admin = await createConnection({ host, port, user, password, multipleStatements: true });
      await admin.query('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)');
      const sink = await planSink(database, {
        options: { table: 't' },
        columns: [column('id', 'int')],
        key: ['id'],
        connection: { port, database: 'd' },
      });
      expect(sink.plan.findings).toMatchObject([{ level: 'refuse', code: 'unsupported' }]);
      await sink.close();
      await admin.end();
    } finally {
      await server.stop();
    }
  });
});
