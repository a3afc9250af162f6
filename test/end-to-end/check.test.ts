/** `parse` and `check`: what is not as the schema says is a reject with its path, and everything else arrives. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { project } from '../fixtures/cli.js';
import { allItems, createTable, dynamodbConnection, putItems, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { hasWebAnalytics, hitSchema, hits } from '../fixtures/web-analytics.js';

let database: TestDatabase;
let connections: Record<string, object>;
beforeAll(async () => {
  database = await testDatabase('check');
  connections = { my: database.connection, dy: dynamodbConnection() };
});
afterAll(() => database.drop());

describe.skipIf(!hasWebAnalytics)('5,000 items of which 125 are bad in six ways', () => {
  it('give 4,875 rows and 125 rejects', async () => {
    const given = await hits();
    const table = tableName('hits');
    await createTable(table, ['page_id', 'S'], ['activity_dt', 'S']);
    await putItems(
      table,
      given.map(({ item }) => item),
    );
    await database.execute(`CREATE TABLE WebAnalytics (page_id VARCHAR(36) NOT NULL, hits INT NOT NULL,
      start_time BIGINT NOT NULL, end_time BIGINT NOT NULL, country_code CHAR(2) NOT NULL, make VARCHAR(60))`);
    const { folder, run, rejects, remove } = await project({
      pipeline: 'web-analytics',
      connections,
      steps: [
        {
          copy: 'hits',
          from: { connection: 'dy', table },
          parse: ['payload'],
          check: './hit.schema.json',
          map: {
            only: {
              page_id: 'page_id',
              hits: 'payload.Hits',
              start_time: 'payload.session.start_timestamp',
              end_time: 'payload.session.stop_timestamp',
              country_code: 'payload.device.location.country',
              make: 'payload.device.make',
            },
            as: { start_time: 'int', end_time: 'int' },
          },
          to: { connection: 'my', table: 'WebAnalytics', mode: 'append' },
          rejects: { limit: 125 },
        },
      ],
    });
    await writeFile(join(folder, 'hit.schema.json'), await hitSchema());
    const [step] = (await run(3)).steps;
    expect(step).toMatchObject({ read: 5000, written: 4875, rejected: 125 });
    expect(step).toMatchObject({
      drift: {
        rows: 4979,
        findings: [
          { path: 'payload', what: 'type', rows: 25, kinds: { list: 25 } },
          { path: 'payload.Hits', what: 'type', rows: 19, kinds: { text: 19 } },
        ],
      },
    });

    const reasons: Record<string, number> = {};
    for (const { reason, message } of await rejects()) {
      const name = `${reason} ${message.replace(/\d+$/, 'n')}`;
      reasons[name] = (reasons[name] ?? 0) + 1;
    }
    expect(reasons).toEqual({
      'parse_failed payload: not JSON at character n': 21,
      'check_failed payload must be object (type)': 25,
      'check_failed payload.Hits must be integer (type)': 37,
      "check_failed payload must have required property 'session' (required)": 19,
      "check_failed payload.device.location must have required property 'country' (required)": 23,
    });
    const good = given.filter(({ why }) => why === undefined).map(({ item }) => rowOf(item));
    const rows = await database.query(
      'SELECT page_id, hits, start_time, end_time, country_code, make FROM WebAnalytics',
    );
    expect(sorted(rows)).toEqual(sorted(good));
    await remove();
  });
});

/** The row by other means than the product's. */
function rowOf(item: Awaited<ReturnType<typeof hits>>[number]['item']): string[] {
  const [page, payload] = [item['page_id'], item['payload']];
  if (!page || !('S' in page) || !payload || !('S' in payload)) throw new Error('no hit');
  const hit = JSON.parse(payload.S);
  const { session, device } = hit;
  const times = [session.start_timestamp, session.stop_timestamp];
  return [page.S, String(hit.Hits), ...times, device.location.country, device.make];
}

function sorted(rows: readonly (readonly unknown[])[]): string[] {
  return rows.map((row) => JSON.stringify(row)).sort();
}

it('checks whole rows of MySQL, masks what passed, and carries parsed numbers exactly', async () => {
  const BIG = '12345678901234567890123456789012345678';
  await database.execute(`CREATE TABLE people (id INT PRIMARY KEY, email TEXT, balance DECIMAL(38, 0), about JSON);
    INSERT INTO people VALUES (1, 'ann@example.com', ${BIG}, '{"n": ${BIG}, "m": 1.50}'),
      (2, 'not an address', 1, '{}'), (3, 'bob@example.com', -1, '{}'), (4, 'eve@example.com', 1, '{"n": 1, "n": 2}')`);
  const table = tableName('people');
  const { run, rejects, remove } = await project({
    pipeline: 'people',
    connections,
    maskKey: { env: 'MASK_KEY' },
    steps: [
      {
        copy: 'people',
        from: { connection: 'my', table: 'people' },
        to: { connection: 'dy', table, create: true },
        parse: ['about'],
        check: {
          '*': {
            type: 'object',
            properties: {
              email: { type: 'string', format: 'email' },
              balance: { type: 'integer', minimum: 0, exclusiveMaximum: 1e38 },
            },
          },
        },
        mask: { email: 'redact' },
        rejects: { limit: 3 },
      },
    ],
  });
  const [step] = (await run(3, { MASK_KEY: 'the key of this test, and of no other' })).steps;
  expect(step).toMatchObject({ read: 4, written: 1, rejected: 3 });
  expect((await rejects()).map(({ message }) => message).sort()).toEqual([
    'about: a key stands twice in one object',
    'balance must be >= 0 (minimum)',
    'email must match format "email" (format)',
  ]);
  expect(await allItems(table)).toEqual([
    {
      id: { N: '1' },
      email: { S: 'redacted' },
      balance: { N: BIG },
      about: { M: { n: { N: BIG }, m: { N: '1.5' } } },
    },
  ]);
  await remove();
});
