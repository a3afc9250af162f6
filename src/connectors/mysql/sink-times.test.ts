import { afterAll, beforeAll, expect, it } from 'vitest';
import { auroraOfFile } from '../../../test/fixtures/aurora.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, loadWays, openByWay } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
const aurora = auroraOfFile();
beforeAll(async () => {
  database = await testDatabase('sink_times');
});
afterAll(() => database.drop());

const columns = [
  column('id', 'int'),
  column('parent', 'int'),
  column('at', 'datetime'),
  column('stamp', 'timestamp'),
];

it.each(loadWays)(
  'an upsert by %s keeps the times of columns that the server sets on each update',
  async (way) => {
    await database.execute(`
    DROP TABLE IF EXISTS t, parents;
    CREATE TABLE parents (id INT PRIMARY KEY); INSERT INTO parents VALUES (7);
    CREATE TABLE t (id INT PRIMARY KEY, parent INT, at DATETIME(6) DEFAULT NOW(6) ON UPDATE NOW(6),
      stamp TIMESTAMP(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), FOREIGN KEY (parent) REFERENCES parents (id));
    INSERT INTO t VALUES (1, 7, '2020-01-01', '2020-01-01')`);
    const sink = await openByWay({ database, aurora: aurora() }, way, 't', columns, { key: ['id'] });
    const time = '2026-01-31 12:00:00.123456';
    const written = await sink.write([
      ['1', '7', time, time],
      ['2', '7', time, time],
      ['3', '8', time, time],
    ]);
    expect(written.rejects.map(({ row, code }) => [row, code])).toEqual([[2, 'foreign_key']]);
    await sink.close();
    const rows = await database.query('SELECT id, at, stamp FROM t ORDER BY id');
    expect(rows).toEqual([
      ['1', time, time],
      ['2', time, time],
    ]);
  },
);
