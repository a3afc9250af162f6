import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createShop, shopSchema } from '../../src/local/shop.js';
import { type AgreementSummary, verify as verifyIn } from '../fixtures/agreement.js';
import { type Project, project } from '../fixtures/cli.js';
import { dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let shop: TestDatabase;
let report: TestDatabase;
let made: Project;
const tables = { one: tableName('verify'), two: tableName('verify') };
const ORDERS = 2000;

/** Every type at its edges: MySQL → DynamoDB → DynamoDB → MySQL, and MySQL → MySQL. */
beforeAll(async () => {
  [shop, report] = await Promise.all([testDatabase('verify'), testDatabase('verify')]);
  const connection = await createConnection({ ...inject('mysql'), database: shop.name });
  await createShop(connection, { orders: ORDERS, tables: ['orders'] });
  await connection.end();
  for (const copy of ['back', 'beside']) {
    await report.execute(`${shopSchema(['orders']).join('')}; RENAME TABLE orders TO ${copy}`);
  }
  made = await project({
    pipeline: 'chain',
    connections: { shop: shop.connection, stage: dynamodbConnection(), report: report.connection },
    steps: [
      {
        copy: 'out',
        from: { connection: 'shop', table: 'orders' },
        to: { connection: 'stage', table: tables.one, create: true },
        nulls: 'omit',
      },
      {
        copy: 'over',
        from: { connection: 'stage', table: tables.one },
        to: { connection: 'stage', table: tables.two, create: true, mode: 'mirror' },
        parallel: 4,
      },
      {
        copy: 'back',
        from: { connection: 'stage', table: tables.two },
        to: { connection: 'report', table: 'back' },
      },
      {
        copy: 'beside',
        from: { connection: 'shop', table: 'orders' },
        to: { connection: 'report', table: 'beside', mode: 'replace' },
      },
    ],
  });
  await made.run();
}, 180_000);
afterAll(async () => {
  await made?.remove();
  await Promise.all([shop?.drop(), report?.drop()]);
});

const verify = (status: number, ...args: string[]) => verifyIn(made, status, ...args);

describe('after a copy', () => {
  it.each(['out', 'over', 'back', 'beside'])(
    'both sides of %s are equal, every type at its edges',
    async (step) => {
      expect(await verify(0, '--step', step)).toMatchObject({
        outcome: 'equal',
        equal: ORDERS,
        missing: 0,
        extra: 0,
        changed: 0,
        rejected: 0,
        keys: [],
      });
    },
  );
});

describe('one changed cell of each type', () => {
  /** Gives the n-th order, in the n-th column that can be written, a value that another order has. */
  async function changeEach(database: TestDatabase, table: string): Promise<Map<string, string>> {
    const columns = await database.query(
      `SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '${table}'
       AND extra NOT LIKE '%GENERATED%' AND column_name <> 'order_id' ORDER BY ordinal_position`,
    );
    const keys = await database.query(
      `SELECT order_id FROM ${table} ORDER BY order_id LIMIT 100, ${columns.length}`,
    );
    const changed = new Map<string, string>();
    await database.execute("SET SESSION sql_mode = '', time_zone = '+00:00'");
    for (const [index, [column]] of columns.entries()) {
      const id = String(keys[index]?.[0]);
      const is = `(SELECT c FROM (SELECT ${column} c FROM ${table} WHERE order_id = ${id}) a)`;
      const other = `(SELECT c FROM (SELECT ${column} c FROM ${table}
        WHERE NOT (CAST(${column} AS BINARY) <=> CAST(${is} AS BINARY)) ORDER BY order_id LIMIT 1) b)`;
      await database.execute(`UPDATE ${table} SET ${column} = ${other} WHERE order_id = ${id}`);
      changed.set(id, String(column));
    }
    return changed;
  }

  const named = ({ keys }: AgreementSummary) =>
    new Map(keys.map(({ key, columns }) => [key['order_id'] ?? '', (columns ?? []).join()]));
  const inOrder = (map: ReadonlyMap<string, string>) => [...map].sort();

  it.each(['back', 'beside'])('is found and named in %s', async (step) => {
    const changed = await changeEach(report, step);
    const found = await verify(5, '--step', step);
    expect(found).toMatchObject({
      missing: 0,
      extra: 0,
      changed: changed.size,
      equal: ORDERS - changed.size,
    });
    expect(inOrder(named(found))).toEqual(inOrder(changed));
  });

  it('is found and named in DynamoDB, against the source', async () => {
    const changed = await changeEach(shop, 'orders');
    const found = await verify(5, '--step', 'out');
    const without = new Map(
      [...named(found)].map(([id, columns]) => [
        id,
        columns
          .split(',')
          .filter((name) => !computed.has(name))
          .join(),
      ]),
    );
    expect(inOrder(without)).toEqual(inOrder(changed));
    const mended = await made.command('repair', '--step', 'out', '--yes');
    expect(mended.events.at(-1)).toMatchObject({
      outcome: 'equal',
      steps: [{ written: changed.size, left: 0 }],
    });
    expect(await verify(0, '--step', 'out')).toMatchObject({ equal: ORDERS });
  });

  /** Columns that the server computes of others. */
  const computed = new Set(['total_cents', 'shelf']);
});
