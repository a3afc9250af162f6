/** The pace as the sink sees it: the times at which items arrive at the proxy before DynamoDB. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { type HttpProxy, startHttpProxy } from '../faults/http-proxy.js';
import { copyOnce } from '../fixtures/cli.js';
import { allItems, createTable, dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

const ROWS = 400;
const ITEMS_A_SECOND = 50;

let database: TestDatabase;
let proxy: HttpProxy;

beforeAll(async () => {
  database = await testDatabase('pace');
  proxy = await startHttpProxy(inject('dynamodb').endpoint);
  await database.execute(
    `CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t SELECT seq FROM seq_1_to_${ROWS}`,
  );
});
afterAll(async () => {
  await proxy.stop();
  await database.drop();
});

/** The proxy shares two processors with all other tests: what it sees at t may have come this much before. */
const LATE_MS = 50;
const WINDOW_MS = 1000 - LATE_MS;

it('has no second with more items than the pace, and keeps the pace to the end', { retry: 1 }, async () => {
  const table = tableName('pace');
  await createTable(table, ['id', 'N']);
  await copyOnce(
    { my: database.connection, dy: { ...dynamodbConnection(), endpoint: proxy.endpoint } },
    {
      from: { connection: 'my', table: 't' },
      to: { connection: 'dy', table },
      pace: { items: ITEMS_A_SECOND },
      parallel: 4,
    },
  );
  expect((await allItems(table)).length).toBe(ROWS);
  const writes = proxy.events.filter((event) => event.action === 'BatchWriteItem' && event.table === table);
  expect(writes.reduce((sum, event) => sum + event.accepted, 0)).toBe(ROWS);
  for (const from of writes) {
    const window = writes.filter(
      (one) => one.arrivedMs >= from.arrivedMs && one.arrivedMs < from.arrivedMs + WINDOW_MS,
    );
    expect(window.reduce((sum, event) => sum + event.accepted, 0)).toBeLessThanOrEqual(ITEMS_A_SECOND);
  }
  const arrivals = writes.map((event) => event.arrivedMs);
  // No faster than the pace; a busy machine may make it slower.
  const seconds = (Math.max(...arrivals) - Math.min(...arrivals)) / 1000;
  expect(seconds).toBeGreaterThan((ROWS - ITEMS_A_SECOND) / ITEMS_A_SECOND);
  expect(seconds).toBeLessThan((2 * ROWS) / ITEMS_A_SECOND);
});
