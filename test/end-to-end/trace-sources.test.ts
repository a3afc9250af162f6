import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Project, project } from '../fixtures/cli.js';
import { dynamodbCall, dynamodbConnection, putItems, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let database: TestDatabase;
const [orders, films] = [tableName('trace'), tableName('trace')];
let made: Project;

/** Orders with an index by status that holds the keys and the status only, and sources of other kinds. */
beforeAll(async () => {
  database = await testDatabase('trace');
  await database.execute(
    `CREATE TABLE film_a (id VARBINARY(8) PRIMARY KEY, price INT NOT NULL); CREATE TABLE film_b LIKE film_a;
     INSERT INTO film_a VALUES (x'00ff', 5); INSERT INTO film_b VALUES (x'00ff', 7);
     CREATE TABLE paid (id INT PRIMARY KEY, status VARCHAR(9)); CREATE TABLE whole LIKE paid;
     CREATE TABLE heap (note VARCHAR(9)); INSERT INTO heap VALUES ('a')`,
  );
  await dynamodbCall('CreateTable', {
    TableName: orders,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['id', 'at']
      .map((AttributeName) => ({ AttributeName, AttributeType: 'N' }))
      .concat([{ AttributeName: 'status', AttributeType: 'S' }]),
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-status',
        KeySchema: [
          { AttributeName: 'status', KeyType: 'HASH' },
          { AttributeName: 'at', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
  const order = (id: number, status: string, at: number, more = {}) => ({
    ...{ id: { N: String(id) }, status: { S: status }, at: { N: String(at) }, name: { S: 'n' }, ...more },
  });
  await putItems(orders, [
    order(1, 'paid', 5),
    order(2, 'open', 5),
    order(3, 'paid', 10),
    { id: { N: '4' } },
  ]);
  await putItems(orders, [order(5, 'paid', 7), order(6, 'paid', 7)]);
  made = await project(declarationOf({ my: database.connection, dy: dynamodbConnection() }), 'p.ts');
});
afterAll(async () => {
  await made.remove();
  await database.drop();
});

const declarationOf = (connections: object) => `
import { copy, pipeline } from 'sluice';
const query = { index: 'by-status', partition: 'paid', sort: { from: 1, to: 10 } };
export default pipeline({
  pipeline: 'sources',
  connections: ${JSON.stringify(connections)} as never,
  steps: [
    copy({ copy: 'index', from: { connection: 'dy', table: '${orders}', query }, to: { connection: 'my', table: 'paid' },
      map: { drop: ['at'] } }),
    copy({ copy: 'fetched', from: { connection: 'dy', table: '${orders}', query, fetch: 'items' },
      to: { connection: 'my', table: 'whole' }, map: { only: ['id', 'status'] } }),
    copy({ copy: 'films', from: { connection: 'my', tables: ['film_*'] }, to: { connection: 'dy', table: '${films}-{match}', create: true },
      row: (film: Record<string, unknown>) => ({ ...film, price: (film.price as bigint) * 2n, made: 'up' }) }),
    copy({ copy: 'sums', from: { connection: 'my', query: 'SELECT id AS k, price FROM film_a' },
      to: { connection: 'dy', table: '${films}-q', key: { partition: 'k' }, create: true } }),
    copy({ copy: 'heap', from: { connection: 'my', table: 'heap' }, to: { connection: 'my', table: 'heap2', mode: 'append', create: true } }),
  ],
});
`;
async function trace(status: number, step: string, key: string): Promise<Record<string, unknown>> {
  const run = await made.command('trace', key, '--step', step);
  const [event] = run.events;
  if (run.status === status && event) return event;
  throw new Error(`${run.status} instead of ${status}\n${run.stderr}\n${run.stdout}`);
}

it('looks for an item of an index as a copy sees it, with what the index holds', async () => {
  await made.run();
  const found = await trace(0, 'index', '1');
  expect(found).toMatchObject({ outcome: 'equal', changes: [{ column: 'at', reason: 'dropped' }] });
  expect(Object.keys((found['source'] as { row: object }).row).sort()).toEqual(['at', 'id', 'status']);
  const whole = (await trace(0, 'fetched', '5'))['source'] as { row: object };
  expect(Object.keys(whole.row)).toContain('name');
});

it('says that the query does not reach an item of another partition, at the open end, or not in the index', async () => {
  const traces = await Promise.all(['2', '3', '4'].map((key) => trace(0, 'index', key)));
  const leftOut = '`query` does not reach it';
  for (const found of traces) expect(found).toMatchObject({ outcome: 'left_out', source: { leftOut } });
});

it('traces each of several tables, a key of bytes, and what a row function made', async () => {
  const run = await made.command('trace', '0x00ff', '--step', 'films');
  expect([run.status, run.events.map(({ step }) => step)]).toEqual([0, ['films.film_a', 'films.film_b']]);
  const changes = [
    { stage: 'row', column: 'price', before: { type: 'int', text: '7' }, after: { type: 'int', text: '14' } },
    { stage: 'row', column: 'made', after: { type: 'text', text: 'up' }, reason: 'row function' },
  ];
  expect(run.events[1]).toMatchObject({ outcome: 'equal', changes, key: { id: { base64: 'AP8=' } } });
  expect(await trace(0, 'films.film_a', '{"id":{"base64":"AP8="}}')).toMatchObject({ outcome: 'equal' });
});

it('finds the row of a query by the columns of the key in the sink', async () => {
  expect(await trace(0, 'sums', '{"k":"0x00ff"}')).toMatchObject({
    outcome: 'equal',
    key: { k: { base64: 'AP8=' } },
  });
});

it('refuses rows that have no key, and bytes that are not written as bytes', async () => {
  expect(await trace(2, 'heap', 'a')).toMatchObject({
    code: 'key_unfit',
    message: expect.stringContaining('no key'),
  });
  expect(await trace(2, 'films.film_a', 'ff')).toMatchObject({
    code: 'key_unfit',
    hint: 'write them as 0x0a1b',
  });
});
