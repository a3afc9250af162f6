import { createConnection } from 'mysql2/promise';
import { afterEach, expect, inject, test } from 'vitest';
import { createTable, putItems, tableName } from '../../test/fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../../test/fixtures/mysql.js';
import { measureBoth } from './demo/exports.js';
import { tableLines } from './demo/paper.js';
import { type Proof, prove } from './demo/proof.js';

const databases: TestDatabase[] = [];

afterEach(async () => {
  for (const database of databases.splice(0)) await database.drop();
});

/** The proof of a table of three rows whose stage and report were then spoilt. */
async function proofOf(spoil: { items?: number; report?: string }): Promise<Proof> {
  const [shop, report] = [await testDatabase('demo'), await testDatabase('demo')];
  databases.push(shop, report);
  for (const database of [shop, report]) {
    await database.execute(
      "CREATE TABLE t (id INT PRIMARY KEY, v TEXT); INSERT INTO t VALUES (1,'a'),(2,''),(3,NULL)",
    );
  }
  if (spoil.report) await report.execute(spoil.report);
  const stage = tableName('demo');
  await createTable(stage, ['id', 'N']);
  await putItems(
    stage,
    Array.from({ length: spoil.items ?? 3 }, (_, index) => ({ id: { N: String(index) } })),
  );
  const dynamodb = { ...inject('dynamodb'), given: true, stop: async () => undefined };
  const connection = await createConnection(inject('mysql'));
  try {
    return await prove(connection, { shop: shop.name, report: report.name }, dynamodb, { table: 't', stage });
  } finally {
    await connection.end();
  }
}

test('the demo finds equal what is equal', async () => {
  expect(await proofOf({})).toMatchObject({ rows: 3, items: 3, reported: 3, equal: true });
});

test.each([
  ['a lost row', { report: 'DELETE FROM t WHERE id = 2' }],
  ['a doubled item', { items: 4 }],
  ["a NULL that became ''", { report: "UPDATE t SET v = '' WHERE id = 3" }],
])('the demo finds %s', async (_, spoil) => {
  expect(await proofOf(spoil)).toMatchObject({ equal: false });
});

test('columns of numbers are flush right, others flush left', () => {
  expect(
    tableLines([
      ['name', 'rows'],
      ['a', '1,000'],
      ['long name', '2'],
    ]),
  ).toEqual(['name         rows', 'a           1,000', 'long name       2']);
});

test.each([
  ['equal what is equal', '', []],
  [
    'a lost row',
    'DELETE FROM orders WHERE total = 2',
    ['rows', 'sum of total', 'sum of tax_exact, 38 digits'],
  ],
  ['a doubled row', 'INSERT INTO customers VALUES (NULL)', ['rows']],
  [
    'a digit that was rounded',
    'UPDATE orders SET tax_exact = 12345678901234567890.12345679 WHERE total = 1',
    ['sum of tax_exact, 38 digits'],
  ],
])('the demo finds %s in Parquet', async (_, spoil, different) => {
  const shop = await testDatabase('demo');
  databases.push(shop);
  const tables = `CREATE TABLE orders (total DECIMAL(10,2), tax_exact DECIMAL(38,10), note TEXT);
    INSERT INTO orders VALUES (1, 12345678901234567890.1234567890, 'é'), (2, 1, NULL);
    CREATE TABLE customers (credit DECIMAL(12,4));
    INSERT INTO customers VALUES (-1.5000), (NULL)`;
  await shop.execute(tables);
  const connection = await createConnection(inject('mysql'));
  try {
    const found = await measureBoth(connection, shop.name, `${tables}; ${spoil}`);
    const differing = found.filter(({ mysql, duckdb }) => mysql !== duckdb).map(({ what }) => what);
    expect(differing).toEqual(different);
  } finally {
    await connection.end();
  }
});
