/**
 * Each example is deployed as it stands, with nothing that an audit finds, or is refused for reasons that are known. Planned on real
 * servers; secrets are those of the test. The snapshot of examples/nightly-export.yaml is looked after in src/aws/stack/export-stacks.test.ts.
 */
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refuseUndeployable } from '../../src/aws/deployable.js';
import { loadDeclaration } from '../../src/declare/load.js';
import type { SluiceError } from '../../src/errors.js';
import { createTable, dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { pipeline } from '../fixtures/in-process.js';
import { auditFindings } from '../fixtures/kept-stacks.js';
import { type SecretDatabase, secretDatabase } from '../fixtures/secret-database.js';
import { type SynthTold, synth } from '../fixtures/synth.js';

const root = resolve(import.meta.dirname, '../..');
const examples = readdirSync(join(root, 'examples')).filter((name) => /\.(yaml|ts)$/.test(name));

/** Where, and why. */
const refused: Readonly<Record<string, readonly string[]>> = {
  // The demo runs these on servers of its own, without Secrets Manager.
  'baskets-live.yaml': ['connections.report.password'],
  'orders-nightly.yaml': ['connections.report.password', 'connections.shop.password'],
  'paid-orders.ts': ['connections.shop.password'],
  'customers-sample.yaml': ['connections.shop.password', 'maskKey'],
  // Its halves are deployed apart, each in its account.
  'users-sample.yaml': ['steps[0].via'],
  // Files are made on one machine.
  'orders-parquet.yaml': ['connections.exports', 'connections.shop.password'],
};
const elsewhere = ['nightly-export.yaml', 'users-sample.yaml'];

test.each(examples)('%s is refused for what is known, or for nothing', async (name) => {
  const declaration = await loadDeclaration(join('examples', name), { env: {}, cwd: root });
  let found: string[] = [];
  try {
    const place = { account: '111122223333', region: 'eu-west-1', half: 'both' } as const;
    refuseUndeployable(declaration, name, place);
  } catch (error) {
    found = (error as SluiceError).problems.map(({ path }) => path);
  }
  expect(found.sort()).toEqual(refused[name] ?? []);
});

describe('an example that is not refused', () => {
  let shop: SecretDatabase;
  const hits = tableName('hits');

  beforeAll(async () => {
    shop = await secretDatabase('examples', 'prod/shop', 'prod/report', 'prod/aurora');
    await createTable(hits, ['page_id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
    await shop.database.execute(
      `CREATE TABLE orders (order_id INT PRIMARY KEY, total_cents INT, shelf INT, status VARCHAR(9));
       CREATE TABLE customers (customer_id INT PRIMARY KEY, name VARCHAR(40));
       CREATE TABLE WebAnalytics (timestarted TIMESTAMP(3) NULL, page_id VARCHAR(64), hits INT, start_time VARCHAR(20),
         end_time VARCHAR(20), country_code CHAR(2), origin VARCHAR(9))`,
    );
  }, 240_000);

  afterAll(() => shop?.stop());

  async function synthesized(name: string): Promise<SynthTold> {
    const text = await readFile(join(root, 'examples', name), 'utf8');
    const named = [...text.matchAll(/\.\/([\w-]+\.schema\.json)/g)].map((match) => match[1] ?? '');
    const read = async (file: string) =>
      [file, await readFile(join(root, 'examples', file), 'utf8')] as const;
    const files = Object.fromEntries(await Promise.all([...new Set(named)].map(read)));
    const { env } = shop;
    return await synth(text.replaceAll('table: web_analytics', `table: ${hits}`), { env, files });
  }

  const whole = examples.filter((name) => !(name in refused) && !elsewhere.includes(name));

  test('there are some of each flow', () => {
    expect(whole).toEqual([
      'orders-deployed.yaml',
      'orders-watched.yaml',
      'web-analytics.yaml',
      'web-hits.yaml',
    ]);
  });

  test.each(whole)('%s becomes stacks that an audit finds nothing in', async (name) => {
    const told = await synthesized(name);
    expect(told.status, told.err).toBe(0);
    expect(Object.keys(told.templates).length).toBeGreaterThanOrEqual(2);
    expect(auditFindings(told)).toEqual([]);
  });

  test('is told how many connections its functions open, how they read, and where they run', async () => {
    const { out } = await synthesized('orders-watched.yaml');
    const limit = Number((await shop.database.query('SELECT @@max_connections'))[0]?.[0]);
    expect(limit).toBeGreaterThan(0);
    expect(out).toContain(
      `shop: at most 8 connections at once, its server takes ${limit} (some-agree: 4 readers in 1 function + all-agree: 4 readers in 1 function)`,
    );
    expect(out).toContain('orders-out: read with `consistency: part`: each function reads its share');
    expect(out).toContain(
      'some-agree, all-agree: one call compares it all, and has to end within 14 minutes',
    );
    expect(out).toContain('orders-out, some-agree, all-agree: in no VPC (deploy.vpc)');
  });

  test('a plan says the same of it, in words and as events', async () => {
    const declared = {
      pipeline: 'planned',
      connections: { shop: shop.database.connection, stage: dynamodbConnection() },
      steps: [
        {
          copy: 'orders-out',
          from: { connection: 'shop', table: 'orders' },
          to: { connection: 'stage', table: tableName('orders'), create: true },
          parallel: 3,
        },
      ],
    };
    const { plan } = await pipeline(declared);
    const { out } = await plan();
    const [, deployed = ''] = out.split('\ndeployed\n');
    expect(deployed).toMatch(/^ {2}shop: at most 3 connections at once, its server takes \d+ \(orders-out: /);
    expect(deployed).toContain('  orders-out: read with `consistency: part`');
    const events = (await plan({ json: true })).out.split('\n').map((line) => JSON.parse(line) as object);
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'connections',
        connection: 'shop',
        most: 3,
        limit: expect.any(Number),
      }),
    );
  });
});
