import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { expect, test } from 'vitest';
import { parquetColumns } from './parquet-schema.js';

/** The footers of files that DuckDB writes, each of one query. */
async function footersOf(queries: readonly string[]): Promise<readonly Buffer[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-parquet-schema-'));
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  const footers: Buffer[] = [];
  try {
    for (const [index, query] of queries.entries()) {
      const path = join(folder, String(index));
      await connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet)`);
      const bytes = await readFile(path);
      footers.push(bytes.subarray(bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8), -8));
    }
  } finally {
    connection.closeSync();
    instance.closeSync();
    await rm(folder, { recursive: true, force: true });
  }
  return footers;
}

const known = `SELECT 1::INTEGER AS "Id", 2::BIGINT AS big, 3::DECIMAL(20, 0) AS "unsigned", 4.5::DECIMAL(9, 2) AS total,
  'x' AS "näme", 'x'::BLOB AS code, 1.5::DOUBLE AS rate, true AS paid, TIMESTAMP '2026-01-01' AS made,
  TIMESTAMPTZ '2026-01-01' AS changed`;
const unknown = [
  "SELECT 1 AS id, DATE '2026-01-01' AS d",
  'SELECT 1::FLOAT AS f',
  'SELECT [1] AS list',
  "SELECT {'a': 1} AS struct",
  "SELECT TIME '12:00:00' AS t",
  'SELECT 1::UINTEGER AS u',
  "SELECT TIMESTAMP_NS '2026-01-01' AS n",
  'SELECT uuid() AS u',
];

test('the columns of a file are those that its footer names, with types of the map of MySQL', async () => {
  const [footer = Buffer.alloc(0), ...others] = await footersOf([known, ...unknown]);
  expect(parquetColumns(footer)).toEqual(
    [
      { name: 'Id', type: 'int', native: 'int' },
      { name: 'big', type: 'int', native: 'bigint' },
      { name: 'unsigned', type: 'decimal', precision: 20, scale: 0 },
      { name: 'total', type: 'decimal', precision: 9, scale: 2 },
      { name: 'näme', type: 'text' },
      { name: 'code', type: 'bytes' },
      { name: 'rate', type: 'float' },
      { name: 'paid', type: 'bool' },
      { name: 'made', type: 'datetime' },
      { name: 'changed', type: 'datetime' },
    ].map((column) => ({ ...column, nullable: true })),
  );
  expect(others.map(parquetColumns)).toEqual(unknown.map(() => undefined));
  expect(parquetColumns(footer.subarray(0, 40))).toBeUndefined();
  expect(parquetColumns(Buffer.from([0]))).toBeUndefined();
});
