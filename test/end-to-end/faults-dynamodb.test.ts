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
/** Where each row is a call of its own. */
const FEW = 250;

let database: TestDatabase;
let proxy: HttpProxy;
let table: string;
let connections: Record<string, object>;

beforeAll(async () => {
  database = await testDatabase('faults');
  await database.execute(
    `CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(99), at DATE);
     INSERT INTO t SELECT seq, CONCAT('row ', seq), '2026-06-01' FROM seq_1_to_${ROWS};
     CREATE TABLE few LIKE t; INSERT INTO few SELECT * FROM t WHERE id <= ${FEW}`,
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

async function write(rules: readonly Rule<HttpFault>[], to: object = {}, from = 't'): Promise<void> {
  proxy.plan.use(rules);
  const step = await copyOnce(connections, {
    from: { connection: 'my', table: from },
    to: { connection: 'dy', table, mode: 'put', ...to },
  });
  expect(step).toMatchObject({ read: from === 't' ? ROWS : FEW, rejected: 0 });
  const { mysql, dynamodb } = await dumps(from);
  expect(dynamodb).toEqual(mysql);
  const struck = proxy.plan.struck();
  for (const [index, { chance }] of rules.entries())
    if (chance === undefined) expect(struck[index]).toBeGreaterThan(0);
}

const writes = /^(BatchWriteItem|PutItem|UpdateItem)$/;

/** Each alone is tried by test/faults/fault-kinds.test.ts, and by the connector's own tests. */
const troubles: readonly HttpFault[] = [
  { kind: 'throttle' },
  { kind: 'error', status: 500, type: 'InternalServerError' },
  { kind: 'error', status: 503, type: 'ServiceUnavailable' },
  { kind: 'reset before' },
  { kind: 'reset after' },
  { kind: 'torn' },
  { kind: 'wrong crc' },
];

/** Each once, and then by chance: of so few calls one might meet none. */
const mixed: Rule<HttpFault>[] = troubles.flatMap((fault) => [
  { on: /Item|Scan|Query/, fault, times: 1 },
  { on: /Item|Scan|Query/, fault, chance: 0.06 },
]);

describe('writing to DynamoDB', () => {
  it('loses nothing with UnprocessedItems at a share of 90 %', async () => {
    await write([{ on: 'BatchWriteItem', fault: { kind: 'partial', share: 0.9 } }]);
    const accepted = proxy.events.reduce(
      (sum, event) => sum + (event.action === 'BatchWriteItem' ? event.accepted : 0),
      0,
    );
    expect(accepted).toBe(ROWS);
  });

  it('loses nothing by all of them at once', () =>
    write([...mixed, { on: 'BatchWriteItem', fault: { kind: 'partial', share: 0.3 }, chance: 0.5 }]));

  it.each([
    { mode: 'insert', more: {} },
    { mode: 'update', more: {} },
    { mode: 'newest', more: { by: 'at' } },
  ])('loses nothing by all of them at once in mode $mode', ({ mode, more }) =>
    write(mixed, { mode, ...more }, 'few'),
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

  it('loses nothing by all of them, one after the other', () =>
    read(troubles.map((fault) => ({ on: 'Scan', fault, times: 1 }))));

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
