import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { openSource, readRows } from '../../../test/fixtures/mysql-source.js';
import type { Batch } from '../../values/batch.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('parts');
});
afterAll(() => database.drop());

/** Tables of many kinds of keys; `id` tells the rows apart. */
const tables: Readonly<Record<string, { readonly columns: string; readonly rows: string }>> = {
  dense: { columns: 'id INT PRIMARY KEY', rows: 'SELECT seq FROM seq_1_to_500' },
  negative: {
    columns: 'k SMALLINT PRIMARY KEY, id INT',
    rows: 'SELECT (CAST(seq AS SIGNED) - 250) * 131, seq FROM seq_1_to_500',
  },
  sparse: {
    columns: 'k BIGINT PRIMARY KEY, id INT',
    rows: 'SELECT seq * seq * seq * seq * seq, seq FROM seq_1_to_500 UNION SELECT 9223372036854775807, 0',
  },
  edges: {
    columns: 'k BIGINT UNSIGNED PRIMARY KEY, id INT',
    rows: `SELECT seq, seq FROM seq_0_to_100
           UNION SELECT 18446744073709551615 - seq, 1000 + seq FROM seq_0_to_100`,
  },
  signed: {
    columns: 'k BIGINT PRIMARY KEY, id INT',
    rows: 'SELECT -9223372036854775808 + CAST(seq AS SIGNED), seq FROM seq_0_to_9 UNION SELECT 9223372036854775807 - seq, 100 + seq FROM seq_0_to_9',
  },
  one: { columns: 'id INT PRIMARY KEY', rows: 'SELECT 7' },
  empty: { columns: 'id INT PRIMARY KEY', rows: 'SELECT 7 FROM DUAL WHERE 0' },
  folding: {
    columns: 'k VARCHAR(40) COLLATE utf8mb4_general_ci PRIMARY KEY, id INT',
    rows: `SELECT CONCAT(IF(seq % 2, 'a', 'Ä'), IF(seq % 3, 'é', 'E'), CHAR(39), seq, IF(seq % 5, '', ' ')), seq FROM seq_1_to_500`,
  },
  latin: {
    columns: 'k VARCHAR(40) CHARACTER SET latin1 COLLATE latin1_german2_ci PRIMARY KEY, id INT',
    rows: `SELECT CONCAT(CHAR(0xC4 + seq % 40 USING latin1), seq), seq FROM seq_1_to_500`,
  },
  nopad: {
    columns: 'k VARCHAR(40) COLLATE utf8mb4_nopad_bin PRIMARY KEY, id INT',
    rows: `SELECT CONCAT(REPEAT(' ', seq % 20), seq DIV 20, REPEAT(' ', seq % 3)), seq FROM seq_1_to_500`,
  },
  decimal: {
    columns: 'k DECIMAL(40,10) PRIMARY KEY, id INT',
    rows: 'SELECT (CAST(seq AS SIGNED) - 250) * 123456789012345678.0000000001, seq FROM seq_1_to_500',
  },
  double: {
    columns: 'k DOUBLE PRIMARY KEY, id INT',
    rows: 'SELECT (CAST(seq AS SIGNED) - 250) / 3e0, seq FROM seq_1_to_500',
  },
  float: {
    columns: 'k FLOAT PRIMARY KEY, id INT',
    rows: 'SELECT (CAST(seq AS SIGNED) - 250) / 3e0, seq FROM seq_1_to_500',
  },
  datetime: {
    columns: 'k DATETIME(6) PRIMARY KEY, id INT',
    rows: `SELECT '2026-01-01' + INTERVAL seq * 1234567 MICROSECOND, seq FROM seq_1_to_499 UNION SELECT '0000-00-00', 0`,
  },
  timestamp: {
    columns: "k TIMESTAMP(3) NOT NULL DEFAULT '2000-01-01', id INT, PRIMARY KEY (k)",
    rows: `SELECT '2026-03-29 00:00:00' + INTERVAL seq MINUTE, seq FROM seq_1_to_500`,
  },
  time: {
    columns: 'k TIME(3) PRIMARY KEY, id INT',
    rows: 'SELECT SEC_TO_TIME((CAST(seq AS SIGNED) - 250) * 12000.5), seq FROM seq_1_to_500',
  },
  binary: {
    columns: 'k BINARY(16) PRIMARY KEY, id INT',
    rows: 'SELECT UNHEX(MD5(seq)), seq FROM seq_1_to_500',
  },
  varbinary: {
    columns: 'k VARBINARY(40) PRIMARY KEY, id INT',
    rows: `SELECT CONCAT(UNHEX('00'), LEFT(UNHEX(SHA2(seq, 256)), 3 + seq % 20)), seq FROM seq_1_to_499 UNION SELECT '', 0`,
  },
  uuid: { columns: 'k UUID PRIMARY KEY, id INT', rows: 'SELECT UUID(), seq FROM seq_1_to_300' },
  enumeration: {
    columns: `k ENUM('z', 'a', 'm'), n INT, id INT, PRIMARY KEY (k, n)`,
    rows: `SELECT ELT(1 + seq % 3, 'z', 'a', 'm'), seq, seq FROM seq_1_to_300`,
  },
  setbit: {
    columns: `k SET('x', 'b', 'c'), b BIT(20), y YEAR, id INT, PRIMARY KEY (k, b, y)`,
    rows: `SELECT seq % 8, seq % 11, IF(seq % 3, 1990 + seq % 60, 0), seq FROM seq_1_to_250`,
  },
  filled: { columns: 'k INT(9) ZEROFILL PRIMARY KEY, id INT', rows: 'SELECT seq * 7, seq FROM seq_1_to_500' },
  composite: {
    columns: 'a VARCHAR(9) COLLATE utf8mb4_general_ci, b DATE, c INT, id INT, PRIMARY KEY (a, b, c)',
    rows: `SELECT IF(seq % 2, 'x', IF(seq % 3, 'X', 'y')), '2026-01-01' + INTERVAL seq % 4 DAY, seq, seq FROM seq_1_to_500`,
  },
  unique: {
    columns: 'id INT, a INT NOT NULL, b INT NOT NULL, UNIQUE KEY u (a, b)',
    rows: 'SELECT seq, seq % 10, seq FROM seq_1_to_500',
  },
  long: {
    columns: 'k VARCHAR(760) PRIMARY KEY, id INT',
    rows: `SELECT CONCAT(REPEAT('x', 750), seq), seq FROM seq_1_to_300`,
  },
};

async function idsIn(name: string): Promise<string[]> {
  const rows = await database.query(`SELECT id FROM ${name} ORDER BY id`);
  return rows.map(([id]) => String(id));
}

function idsOf(batches: readonly Batch[]): string[] {
  return batches.flatMap((batch) => {
    const at = batch.columns.findIndex((column) => column.name === 'id');
    return batch.rows.map((row) => String(row[at]));
  });
}

const byNumber = (one: string, other: string) => Number(one) - Number(other);

describe.each(Object.entries(tables))('a table with the key %s', (label, { columns, rows }) => {
  const name = `k_${label}`;

  beforeAll(async () => {
    await database.execute(`SET time_zone = '+00:00', sql_mode = ''; CREATE TABLE ${name} (${columns})`);
    await database.execute(`INSERT INTO ${name} ${rows}; ANALYZE TABLE ${name}`);
  });

  it.each([2, 3, 7, 40])('is covered exactly once by %i parts', async (wanted) => {
    const opened = await openSource(database, { table: name, consistency: 'part' });
    const parts = await opened.source.parts(wanted);
    expect(parts.length).toBeLessThanOrEqual(wanted);
    const at = (await opened.source.describe()).columns.findIndex((column) => column.name === 'id');
    const found = await readRows(opened.source, wanted);
    expect(found.map((row) => String(row[at])).sort(byNumber)).toEqual((await idsIn(name)).sort(byNumber));
    await opened.close();
  });

  it('goes on after any position, with any columns', async () => {
    const opened = await openSource(database, { table: name, columns: ['id'], consistency: 'part' });
    const all = (await idsIn(name)).sort(byNumber);
    const request = { maxRows: 37, maxBytes: 1_000_000 };
    const found: string[] = [];
    for (const part of await opened.source.parts(2)) {
      let after: string | undefined;
      let before = -1;
      while (before < found.length) {
        before = found.length;
        for await (const batch of opened.source.read(
          part,
          after === undefined ? request : { ...request, after },
        )) {
          found.push(...idsOf([batch]));
          after = batch.position;
          break;
        }
      }
    }
    expect(found.sort(byNumber)).toEqual(all);
    await opened.close();
  });
});

it('a split of uneven keys gives parts of like size', async () => {
  const opened = await openSource(database, { table: 'k_sparse', consistency: 'part' });
  const sizes: number[] = [];
  for (const part of await opened.source.parts(5)) {
    let size = 0;
    for await (const batch of opened.source.read(part, { maxRows: 1000, maxBytes: 1_000_000 })) {
      size += batch.rows.length;
    }
    sizes.push(size);
  }
  expect(Math.max(...sizes)).toBeLessThan(2 * Math.min(...sizes));
  await opened.close();
});

it('a table without a key, a view and a query are one part', async () => {
  await database.execute(
    'CREATE TABLE keyless (id INT); INSERT INTO keyless VALUES (1), (2); CREATE VIEW seen AS SELECT * FROM k_dense',
  );
  for (const options of [{ table: 'keyless' }, { table: 'seen' }, { query: 'SELECT * FROM k_dense' }]) {
    const opened = await openSource(database, { ...options, consistency: 'part' });
    expect(await opened.source.parts(8)).toHaveLength(1);
    expect((await opened.source.describe()).key).toEqual([]);
    expect((await readRows(opened.source, 8)).length).toBe(options.table === 'keyless' ? 2 : 500);
    await opened.close();
  }
});
