/** The program is killed at moments of its talk with the servers while it follows changes, and run again. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
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
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type Scenario, sweep } from './kill-sweep.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';
import { sweepExtent } from './sweep-extent.js';

const extent = sweepExtent(2);
const ITEMS = 120;
const source = tableName('kill');

let database: TestDatabase;
let mysql: MysqlProxy;
let dynamodb: HttpProxy;

beforeAll(async () => {
  database = await testDatabase('kill');
  mysql = await startMysqlProxy(inject('mysql'));
  dynamodb = await startHttpProxy(inject('dynamodb').endpoint);
  await writeHistory();
}, 600_000);

afterAll(async () => {
  await Promise.all([mysql.stop(), dynamodb.stop()]);
  await database.drop();
});

/** Items are put, some put again, some removed; every 20th cannot be carried. */
async function writeHistory(): Promise<void> {
  await createTable(source, ['id', 'N'], undefined, 'NEW_IMAGE');
  const item = (id: number, value: string): Item => ({
    id: { N: `${id}` },
    v: { S: id % 20 === 0 ? 'x'.repeat(50) : value },
  });
  const ids = Array.from({ length: ITEMS }, (_, id) => id);
  await putItems(
    source,
    ids.map((id) => item(id, 'first')),
  );
  await putItems(
    source,
    ids.filter((id) => id % 3 === 0).map((id) => item(id, 'second')),
  );
  for (const id of ids.filter((each) => each % 10 === 3)) {
    await dynamodbCall('DeleteItem', { TableName: source, Key: { id: { N: `${id}` } } });
  }
}

function scenario(mode: 'append' | 'mirror', columns: string, first: object = {}): Scenario {
  const { host, port } = mysql;
  return {
    status: 3,
    options: ['--drain'],
    declaration: {
      pipeline: 'kill',
      connections: {
        aurora: { ...database.connection, host, port },
        site: { ...dynamodbConnection(), endpoint: dynamodb.endpoint },
      },
      steps: [
        {
          replicate: 'hits',
          from: { connection: 'site', table: source },
          to: { connection: 'aurora', table: 'sink', mode, load: { rows: 40 } },
          rejects: { limit: 1000 },
          ...first,
        },
      ],
    },
    reset: () =>
      database.execute(
        `DROP TABLE IF EXISTS sink, sluice_sequences, sluice_ledger; CREATE TABLE sink (${columns})`,
      ),
    dump: async () => [
      await database.query('SELECT * FROM sink ORDER BY id, v'),
      await database.query('SELECT COUNT(*) FROM sluice_ledger'),
    ],
  };
}

const log = { only: { id: 'id', v: 'v', event: { meta: 'event' }, sequence: { meta: 'sequence' } } };

/** DynamoDB on both sides: nothing beside the table says what is in it. */
function intoItems(mode: 'append' | 'mirror'): Scenario {
  const sink = tableName('sink');
  const isAppend = mode === 'append';
  const key = isAppend ? { key: { partition: 'id', sort: 'sequence' } } : {};
  let isThere = false;
  return {
    options: ['--drain'],
    declaration: {
      pipeline: 'kill',
      connections: { site: { ...dynamodbConnection(), endpoint: dynamodb.endpoint } },
      steps: [
        {
          replicate: 'hits',
          from: { connection: 'site', table: source },
          to: { connection: 'site', table: sink, mode, ...key, load: { rows: 40 } },
          ...(isAppend ? { map: log } : {}),
        },
      ],
    },
    reset: async () => {
      if (isThere) await dynamodbCall('DeleteTable', { TableName: sink });
      isThere = true;
      await createTable(sink, ['id', 'N'], isAppend ? ['sequence', 'S'] : undefined);
    },
    dump: async () =>
      (await allItems(sink))
        .map((item) => JSON.stringify(Object.entries(item).sort(([one], [other]) => (one < other ? -1 : 1))))
        .sort(),
  };
}

test.each([
  ['append', () => scenario('append', 'id INT, v VARCHAR(10)')],
  ['mirror', () => scenario('mirror', 'id INT PRIMARY KEY, v VARCHAR(10)')],
  ['mirror behind a copy', () => scenario('mirror', 'id INT PRIMARY KEY, v VARCHAR(10)', { first: 'copy' })],
  ['append into DynamoDB', () => intoItems('append')],
  ['mirror into DynamoDB', () => intoItems('mirror')],
] as const)(
  'killed at any moment and run again, a replicate by %s leaves what an undisturbed run leaves',
  async (_, make) => {
    const result = await sweep(make(), { mysql, dynamodb }, extent);
    expect(result.failures).toEqual([]);
    expect(result.killed).toBeGreaterThanOrEqual(result.tried / 2);
  },
  3_600_000,
);
