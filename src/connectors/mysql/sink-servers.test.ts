import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
