/** Nothing is lost and nothing doubled when DynamoDB's answers fail: complete dumps of both sides are compared. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Rule } from '../faults/fault-plan.js';
import { type HttpFault, type HttpProxy, startHttpProxy } from '../faults/http-proxy.js';
import { copyOnce } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

const ROWS = 1000;

let database: TestDatabase;
let proxy: HttpProxy;
let table: string;
let connections: Record<string, object>;

beforeAll(async () => {
  database = await testDatabase('faults');
  await database.execute(
    `CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99), at DATE);
     INSERT INTO t SELECT seq, CONCAT('row ', seq), '2026-06-01' FROM seq_1_to_${ROWS}`,
  );
});
afterAll(() => database.drop());
beforeEach(async () => {
  table = tableName('faults');
  await createTable(table, ['id', 'N']);
  proxy = await startHttpProxy(inject('dynamodb').endpoint, [], 42);
  connections = {
    my: database.connection,
    dy: { ...dynamodbConnection(), endpoint: proxy.endpoint },
  };
});
afterEach(() => proxy.stop());

const text = (item: Item, name: string) => Object.values(item[name] ?? { NULL: 'absent' })[0];

/** Every row of both sides as `id|v`, sorted. */
async function dumps(rows = 't'): Promise<{ mysql: string[]; dynamodb: string[] }> {
  const mysql = (await database.query(`SELECT id, v FROM ${rows}`)).map((row) => row.join('|'));
  const dynamodb = (await allItems(table)).map((item) => `${text(item, 'id')}|${text(item, 'v')}`);
  return { mysql: mysql.sort(), dynamodb: dynamodb.sort() };
}

async function write(rules: readonly Rule<HttpFault>[], to: object = {}): Promise<void> {
  proxy.plan.use(rules);
  const step = await copyOnce(connections, {
    from: { connection: 'my', table: 't' },
    to: { connection: 'dy', table, mode: 'put', ...to },
  });
  expect(step).toMatchObject({ read: ROWS, rejected: 0 });
  const { mysql, dynamodb } = await dumps();
  expect(dynamodb).toEqual(mysql);
  for (const count of proxy.plan.struck()) expect(count).toBeGreaterThan(0);
}

const writes = /^(BatchWriteItem|PutItem|UpdateItem)$/;

const troubles: { name: string; fault: HttpFault; chance: number }[] = [
  { name: 'throttles', fault: { kind: 'throttle' }, chance: 0.4 },
  { name: 'status 500', fault: { kind: 'error', status: 500, type: 'InternalServerError' }, chance: 0.4 },
  { name: 'status 503', fault: { kind: 'error', status: 503, type: 'ServiceUnavailable' }, chance: 0.4 },
  { name: 'resets before the call', fault: { kind: 'reset before' }, chance: 0.3 },
  { name: 'resets after the call', fault: { kind: 'reset after' }, chance: 0.3 },
  { name: 'torn answers', fault: { kind: 'torn' }, chance: 0.3 },
  { name: 'wrong checksums', fault: { kind: 'wrong crc' }, chance: 0.3 },
];

const mixed: Rule<HttpFault>[] = troubles.map(({ fault }) => ({
  on: /Item|Scan|Query/,
  fault,
  chance: 0.06,
}));

describe('writing to DynamoDB', () => {
  it.each([0, 0.1, 0.5, 0.9])('loses nothing with UnprocessedItems at a share of %d', async (share) => {
    await write([{ on: 'BatchWriteItem', fault: { kind: 'partial', share } }]);
    const accepted = proxy.events.reduce(
      (sum, event) => sum + (event.action === 'BatchWriteItem' ? event.accepted : 0),
      0,
    );
    expect(accepted).toBe(ROWS);
  });

  it.each(troubles)('loses nothing by $name', ({ fault, chance }) => write([{ on: writes, fault, chance }]));

  it('loses nothing by all of them at once', () =>
    write([...mixed, { on: 'BatchWriteItem', fault: { kind: 'partial', share: 0.3 }, chance: 0.5 }]));

  it.each([
    { mode: 'insert', more: {} },
    { mode: 'update', more: {} },
    { mode: 'newest', more: { by: 'at' } },
    { mode: 'mirror', more: { deletes: { limit: '100%' } } },
  ])('loses nothing by all of them at once in mode $mode', ({ mode, more }) =>
    write(mixed, { mode, ...more }),
  );

  it('mirror deletes what is gone in spite of them, and nothing else', async () => {
    await putItems(
      table,
      Array.from({ length: 200 }, (_, at) => ({ id: { N: String(at + 900) }, v: { S: 'old' } })),
    );
    await write(mixed, { mode: 'mirror', deletes: { limit: 150 } });
  });

  it('stops with a reason when it is throttled without end, and says what was not written', async () => {
    proxy.plan.use([{ on: writes, fault: { kind: 'throttle' } }]);
    const step = await copyOnce(
      connections,
      {
        from: { connection: 'my', table: 't', where: 'id <= 30' },
        to: { connection: 'dy', table },
        patience: 1,
      },
      { expected: 4 },
    );
    expect(step).toMatchObject({ written: 0 });
    expect(await allItems(table)).toEqual([]);
  });
});

describe('reading from DynamoDB', () => {
  beforeEach(async () => {
    const rows = Array.from({ length: ROWS }, (_, at) => at + 1);
    await putItems(
      table,
      rows.map((id) => ({ id: { N: String(id) }, v: { S: `row ${id} ${'x'.repeat(4000)}` } })),
    );
    await database.execute('CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v TEXT)');
  });

  async function read(rules: readonly Rule<HttpFault>[], more: object = {}): Promise<void> {
    proxy.plan.use(rules);
    const step = await copyOnce(connections, {
      from: { connection: 'dy', table, ...more },
      to: { connection: 'my', table: 'back', mode: 'append' },
    });
    expect(step).toMatchObject({ read: ROWS, written: ROWS, rejected: 0 });
    const { mysql, dynamodb } = await dumps('back');
    expect(mysql).toEqual(dynamodb);
    for (const count of proxy.plan.struck()) expect(count).toBeGreaterThan(0);
  }

  it.each(troubles)('loses nothing by $name', ({ fault }) => read([{ on: 'Scan', fault, nth: [1, 3, 4] }]));

  it('loses nothing behind an index whose batch reads stay incomplete', async () => {
    await dynamodbCall('UpdateTable', {
      TableName: table,
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'N' },
        { AttributeName: 'kind', AttributeType: 'S' },
      ],
      GlobalSecondaryIndexUpdates: [
        {
          Create: {
            IndexName: 'by-kind',
            KeySchema: [{ AttributeName: 'kind', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        },
      ],
    });
    const rows = Array.from({ length: ROWS }, (_, at) => at + 1);
    await putItems(
      table,
      rows.map((id) => ({ id: { N: String(id) }, v: { S: `row ${id}` }, kind: { S: 'all' } })),
    );
    await database.execute('CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v TEXT, kind TEXT)');
    await read(
      [
        { on: 'BatchGetItem', fault: { kind: 'throttle' }, nth: [2, 5] },
        { on: 'BatchGetItem', fault: { kind: 'partial', share: 0.4 }, times: 12 },
      ],
      { query: { index: 'by-kind', partition: 'all' }, fetch: 'items' },
    );
  });
});
