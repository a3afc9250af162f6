/** A production sample made harmless on its way: masked keys join, both sides agree, and no value is left. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { project, sluice } from '../fixtures/cli.js';
import { allItems, dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

const env = { MASK_KEY: 'the key of this test, and of no other' };
let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('mask');
  await database.execute(`
    CREATE TABLE customers (id INT PRIMARY KEY, email VARCHAR(60) NOT NULL, first_name VARCHAR(40), phone VARCHAR(20), born DATE);
    INSERT INTO customers SELECT seq, CONCAT('ann', seq, '@example.com'), 'Ann', CONCAT('+81-90-1234-', 1000 + seq), '1990-01-01' FROM seq_1_to_300;
    CREATE TABLE orders (id INT PRIMARY KEY, customer_id INT NOT NULL, total DECIMAL(10, 2));
    INSERT INTO orders SELECT seq, 1 + seq % 300, seq / 4 FROM seq_1_to_900;
    CREATE TABLE masked_customers LIKE customers; CREATE TABLE masked_orders LIKE orders;`);
});
afterAll(() => database.drop());

const shop = (table: string) => ({ connection: 'shop', table });

it('keeps joins, uniqueness and form, and verify agrees', async () => {
  const copy = (name: string, mask: object) => ({
    copy: name,
    from: shop(name),
    to: { ...shop(`masked_${name}`), mode: 'upsert' },
    mask,
  });
  const { file, folder, remove } = await project({
    pipeline: 'masked',
    connections: { shop: database.connection },
    maskKey: { env: 'MASK_KEY' },
    steps: [
      copy('customers', {
        id: 'keep-format',
        email: 'keep-format',
        first_name: 'redact',
        phone: 'keep-format',
        born: 'redact',
      }),
      copy('orders', { customer_id: 'keep-format' }),
    ],
  });
  const run = await sluice(['run', file, '--json'], { cwd: folder, env });
  expect(run.status, run.stderr + run.stdout).toBe(0);
  const verified = await sluice(['verify', file], { cwd: folder, env });
  expect(verified.status, verified.stdout).toBe(0);
  const joined = `SELECT o.id, c.first_name FROM orders o JOIN customers c ON c.id = o.customer_id`;
  expect((await database.query(joined)).length).toBe(900);
  expect((await database.query(joined.replaceAll(/(orders|customers) (?=[oc])/g, 'masked_$1 '))).length).toBe(
    900,
  );
  const [[left]] = (await database.query(
    `SELECT COUNT(*) FROM masked_customers WHERE email LIKE '%example%' OR email NOT RLIKE '^[a-z]{3}[0-9]+@[a-z]{7}[.][a-z]{3}$'
       OR phone NOT RLIKE '^[+][0-9]{2}-[0-9]{2}-[0-9]{4}-[0-9]{4}$' OR first_name <> 'redacted' OR born IS NOT NULL`,
  )) as [[string]];
  expect(left).toBe('0');
  await remove();
});

it('hashes into DynamoDB, where what the plan warns of was forgotten', async () => {
  const table = tableName('mask');
  const { file, folder, remove } = await project({
    pipeline: 'masked-items',
    connections: { shop: database.connection, stage: dynamodbConnection() },
    maskKey: { env: 'MASK_KEY' },
    steps: [
      {
        copy: 'customers',
        from: shop('customers'),
        to: { connection: 'stage', table, create: true },
        mask: { email: 'hash', first_name: 'redact' },
      },
    ],
  });
  const plan = await sluice(['plan', file], { cwd: folder, env });
  expect(plan.stdout).toContain('looks like personal data and is not masked: phone');
  expect((await sluice(['run', file], { cwd: folder })).status).toBe(2);
  expect((await sluice(['run', file], { cwd: folder, env })).status).toBe(0);
  const items = await allItems(table);
  const emails = items.map((item) => (item['email'] as { S: string }).S);
  expect(new Set(emails).size).toBe(300);
  expect(emails.every((email) => /^[0-9a-f]{32}$/.test(email))).toBe(true);
  expect(items.every((item) => (item['first_name'] as { S: string }).S === 'redacted')).toBe(true);
  await remove();
});
