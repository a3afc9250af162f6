/** What the sinks of a replicate make of what only real streams and whole runs bring. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { pipeline } from '../fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('replicate_sinks');
});
afterAll(() => database.drop());

const item = (id: number, text: string): Item => ({ id: { N: `${id}` }, name: { S: text } });

async function remove(table: string, id: number): Promise<void> {
  await dynamodbCall('DeleteItem', { TableName: table, Key: { id: { N: `${id}` } } });
}

it('a mirror into MySQL takes the changes of a table that was made anew for new ones, whatever their numbers', async () => {
  const source = tableName('switched');
  await createTable(source, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute('CREATE TABLE switched (id INT PRIMARY KEY, name VARCHAR(20))');
  const { run } = await pipeline({
    pipeline: 'p',
    connections: { site: dynamodbConnection(), aurora: database.connection },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table: source },
        to: { connection: 'aurora', table: 'switched', mode: 'mirror', deletes: { limit: '100%' } },
        first: 'copy',
      },
    ],
  });
  await run({ drain: true, json: true });
  for (let time = 0; time < 10; time++) await putItems(source, [item(1, `${time}`), item(2, `${time}`)]);
  await remove(source, 2);
  expect((await run({ drain: true, json: true })).status).toBe(0);
  expect(await database.query('SELECT * FROM switched')).toEqual([['1', '9']]);
  await dynamodbCall('DeleteTable', { TableName: source });
  await createTable(source, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  const lost = await run({ drain: true, json: true });
  expect(lost.out + lost.err).toContain('changes_lost');
  const again = await run({ drain: true, json: true, fresh: true });
  expect(again.status, again.err).toBe(0);
  await putItems(source, [item(1, 'new'), item(2, 'new')]);
  expect((await run({ drain: true, json: true })).status).toBe(0);
  expect(await database.query('SELECT * FROM switched ORDER BY id')).toEqual([
    ['1', 'new'],
    ['2', 'new'],
  ]);
  // This engine counts on, which nobody promises: so the numbers of each stream have a place of their own.
  expect(await database.query('SELECT COUNT(DISTINCT place) FROM sluice_sequences')).toEqual([['2']]);
}, 120_000);

it('a mirror into DynamoDB holds what the source holds', async () => {
  const [source, sink] = [tableName('from'), tableName('to')];
  await createTable(source, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  await createTable(sink, ['id', 'N']);
  const { run } = await pipeline({
    pipeline: 'p',
    connections: { site: dynamodbConnection() },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table: source },
        to: { connection: 'site', table: sink, mode: 'mirror', load: { rows: 7 } },
      },
    ],
  });
  for (let time = 0; time < 3; time++) {
    await putItems(
      source,
      Array.from({ length: 25 }, (_, id) => item(id, `${time}`)),
    );
    for (const id of [time, 10]) await remove(source, id);
    const { status, err } = await run({ drain: true, json: true });
    expect(status, err).toBe(0);
  }
  const sorted = (items: readonly Item[]) => items.map(({ id, name }) => JSON.stringify([id, name])).sort();
  expect(sorted(await allItems(sink))).toEqual(sorted(await allItems(source)));
  expect(await allItems(sink)).toHaveLength(23);
}, 120_000);

it('an append into DynamoDB is an item for each change, by a key that holds its number', async () => {
  const [source, sink] = [tableName('from'), tableName('log')];
  await createTable(source, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  await createTable(sink, ['id', 'N'], ['sequence', 'S']);
  const { run } = await pipeline({
    pipeline: 'p',
    connections: { site: dynamodbConnection() },
    steps: [
      {
        replicate: 'log',
        from: { connection: 'site', table: source, events: ['insert', 'modify', 'remove'] },
        to: { connection: 'site', table: sink, mode: 'append', key: { partition: 'id', sort: 'sequence' } },
        map: { only: { id: 'id', name: 'name', sequence: { meta: 'sequence' }, event: { meta: 'event' } } },
      },
    ],
  });
  await putItems(source, [item(1, 'one')]);
  await putItems(source, [item(1, 'uno')]);
  await remove(source, 1);
  const { status, err } = await run({ drain: true, json: true });
  expect(status, err).toBe(0);
  const log = (await allItems(sink)).map(({ event, name }) => [event, name]);
  expect(log).toEqual([
    [{ S: 'insert' }, { S: 'one' }],
    [{ S: 'modify' }, { S: 'uno' }],
    [{ S: 'remove' }, undefined],
  ]);
}, 60_000);
