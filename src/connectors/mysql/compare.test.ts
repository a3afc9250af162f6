import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, type OpenedSink, planSink } from '../../../test/fixtures/mysql-sink.js';
import type { Column } from '../../values/column.js';
import type { ComparableRow } from '../comparison.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase('compare');
});
afterAll(() => database.drop());

async function planned<T>(columns: readonly Column[], test: (opened: OpenedSink) => Promise<T>): Promise<T> {
  const opened = await planSink(database, { options: { table: 't' }, columns, key: ['k'] });
  try {
    return await test(opened);
  } finally {
    await opened.close();
  }
}

async function all({ sink }: OpenedSink): Promise<ComparableRow[]> {
  const rows: ComparableRow[] = [];
  for (const stream of (await sink.comparison()).actual(1))
    for await (const some of stream) rows.push(...some);
  return rows;
}

describe('each row is found, and deleted, by its key alone, whatever the type of the key', () => {
  test.each<[definition: string, type: Column['type'], values: string]>([
    ['BIGINT UNSIGNED', 'int', '(0), (18446744073709551615)'],
    ['DECIMAL(20,6)', 'decimal', '(0.5), (-0.000001), (99999999999999.999999)'],
    ['DOUBLE', 'float', '(0.1), (1e-300), (123456789012345680000), (-5)'],
    ['DATE', 'date', "('0000-00-00'), ('2026-01-31')"],
    ['DATETIME(3)', 'datetime', "('2026-01-31 00:00:00.000'), ('2026-01-31 00:00:00.001')"],
    ['TIME(6)', 'time', "('-838:59:59'), ('00:00:00.000001')"],
    ['YEAR', 'int', '(0), (2155)'],
    ['BIT(12)', 'bytes', "(b'0'), (b'111111111111')"],
    ['VARBINARY(20)', 'bytes', "(''), (x'00'), (x'5c27'), (x'ff00fe')"],
    ["ENUM('a','it''s', 'ö')", 'text', "('a'), ('it''s'), ('ö')"],
    [
      'VARCHAR(60) COLLATE utf8mb4_nopad_bin',
      'text',
      String.raw`(''), (' '), ('a'), ('A'), ('it\'s "x"'), ('\\'), ('a,b\n\0'), ('🧾')`,
    ],
    ['VARCHAR(60) CHARACTER SET latin1', 'text', "('é'), ('€'), ('x')"],
  ])('%s', async (definition, type, values) => {
    await database.execute(
      `SET SESSION sql_mode = ''; CREATE OR REPLACE TABLE t (k ${definition} NOT NULL PRIMARY KEY, v INT NULL);
       INSERT INTO t (k) VALUES ${values}`,
    );
    await planned([column('k', type, { nullable: false }), column('v', 'int')], async (opened) => {
      const comparison = await opened.sink.comparison();
      const rows = await all(opened);
      expect((await comparison.fetch(rows.map(({ key }) => key))).size).toBe(rows.length);
      for (const { key } of rows) {
        expect([...(await comparison.fetch([key])).keys()]).toEqual([key]);
        expect(await comparison.remove([key])).toBe(1);
      }
      expect(await all(opened)).toEqual([]);
    });
  });

  test('a key that only the collation takes for equal is another key', async () => {
    await database.execute(
      `CREATE OR REPLACE TABLE t (k VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY); INSERT INTO t VALUES ('Straße')`,
    );
    await planned([column('k', 'text', { nullable: false })], async (opened) => {
      const comparison = await opened.sink.comparison();
      expect((await comparison.fetch(['"STRAßE"'])).size).toBe(0);
      expect(await comparison.remove(['"STRAßE"'])).toBe(0);
      expect((await all(opened)).length).toBe(1);
    });
  });

  test('a key of a report that does not fit the table is refused, not sent', async () => {
    await database.execute('CREATE OR REPLACE TABLE t (k INT PRIMARY KEY); INSERT INTO t VALUES (1)');
    await planned([column('k', 'int', { nullable: false })], async (opened) => {
      const comparison = await opened.sink.comparison();
      await expect(comparison.remove(["1' OR '1'='1"])).rejects.toMatchObject({ code: 'state_unusable' });
      expect((await all(opened)).length).toBe(1);
    });
  });
});
