import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { type TestDatabase, testDatabase } from '../../test/fixtures/mysql.js';
import { createShop, shopSchema } from './shop.js';

const databases: TestDatabase[] = [];

beforeAll(async () => {
  for (const seed of [1, 1, 2]) {
    const database = await testDatabase('shop');
    databases.push(database);
    const connection = await createConnection({ ...inject('mysql'), database: database.name });
    await createShop(connection, { orders: 300, seed });
    await connection.end();
  }
});

afterAll(async () => {
  for (const database of databases) await database.drop();
});

/** Every type name that MySQL 8.4 has for a column, by information_schema. JSON is LONGTEXT in MariaDB. */
const types = [
  'tinyint smallint mediumint int bigint decimal float double bit year date datetime timestamp time',
  'char varchar tinytext text mediumtext longtext enum set binary varbinary tinyblob blob mediumblob longblob',
  'geometry point linestring polygon multipoint multilinestring multipolygon geometrycollection',
].flatMap((line) => line.split(' '));

test('orders have every column type of MySQL, a JSON, a generated and an invisible column', async () => {
  const [database] = databases;
  const rows = await database?.query(
    "SELECT data_type, extra FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'orders'",
  );
  const found = new Set(rows?.map(([type]) => type));
  expect(types.filter((type) => !found.has(type))).toEqual([]);
  const extras = rows?.map(([, extra]) => String(extra).toUpperCase()).join();
  for (const extra of ['VIRTUAL GENERATED', 'STORED GENERATED', 'INVISIBLE']) expect(extras).toContain(extra);
  expect(shopSchema(['orders']).join()).toContain('extras JSON');
});

test('the same seed makes the same shop, another seed another one', async () => {
  const checksums = await Promise.all(
    databases.map((database) => database.query('CHECKSUM TABLE orders, customers, order_lines')),
  );
  const [first, second, third] = checksums.map((rows) => rows.map(([, checksum]) => checksum));
  expect(first).toEqual(second);
  expect(first?.map((checksum, table) => checksum === third?.[table])).toEqual([false, false, false]);
});

test('the borders of the types are among the rows', async () => {
  const [database] = databases;
  const rows =
    await database?.query(`SELECT MIN(order_id), MAX(order_id), MIN(trace), MAX(window_start), MIN(deliver_on),
    MAX(tax_exact), MIN(exchange_rate), SUM(note = ''), SUM(note LIKE '%\\0%'), SUM(HEX(note) LIKE '%F09FA7BE%') > 0
    FROM orders`);
  expect(rows?.[0]?.slice(0, 7)).toEqual([
    '0',
    '18446744073709551615',
    '-9223372036854775808',
    '838:59:59',
    '0000-00-00',
    `${'9'.repeat(28)}.${'9'.repeat(10)}`,
    `-${'9'.repeat(35)}.${'9'.repeat(30)}`,
  ]);
  expect(
    rows?.[0]
      ?.slice(7)
      .map(Number)
      .every((found) => found > 0),
  ).toBe(true);
});
