import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createShop, shopSchema } from '../../src/local/shop.js';
import { type CliRun, type Project, project } from '../fixtures/cli.js';
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
});
afterAll(async () => {
  await made?.remove();
  await Promise.all([shop?.drop(), report?.drop()]);
});

interface Summary {
  readonly outcome: string;
  readonly equal: number;
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  readonly rejected: number;
  readonly keys: readonly { step: string; kind: string; key: Record<string, string>; columns?: string[] }[];
  readonly steps: readonly Record<string, unknown>[];
}

function summaryOf(run: CliRun, status: number): Summary {
  const last = run.events.at(-1);
  if (run.status === status && last?.['event'] === 'summary') return last as unknown as Summary;
  throw new Error(`exit ${run.status} instead of ${status}\n${run.stderr}\n${run.stdout.slice(-4000)}`);
}

async function verify(status: number, ...args: string[]): Promise<Summary> {
  return summaryOf(await made.command('verify', ...args), status);
}

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
