import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fillTable, repair, verify, withCopy as withStep } from '../fixtures/agreement.js';
import type { Project } from '../fixtures/cli.js';
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

let database: TestDatabase;
let connections: Record<string, object>;
let table: string;

beforeAll(async () => {
  database = await testDatabase('repair');
  connections = { my: database.connection, dy: dynamodbConnection() };
});
afterAll(() => database.drop());
beforeEach(() => {
  table = tableName('repair');
});

const withCopy = <T>(step: object, use: (made: Project) => Promise<T>) => withStep(connections, step, use);
const fill = (name: string, rows: number) => fillTable(database, name, rows);

/** What a test changes in a sink, and how it looks there. */
interface Sink {
  readonly to: object;
  ids(): Promise<string[]>;
  remove(id: number): Promise<unknown>;
  change(id: number): Promise<unknown>;
  add(id: number): Promise<unknown>;
}

const mysqlSink = (mode: string): Sink => ({
  to: { connection: 'my', table: 'sink', mode, ...(mode === 'mirror' ? { deletes: { limit: '100%' } } : {}) },
  ids: async () => (await database.query('SELECT id FROM sink')).map(([id]) => String(id)),
  remove: (id) => database.execute(`DELETE FROM sink WHERE id = ${id}`),
  change: (id) => database.execute(`UPDATE sink SET note = 'another' WHERE id = ${id}`),
  add: (id) => database.execute(`INSERT INTO sink VALUES (${id}, 'extra', 1)`),
});

const key = (id: number) => ({ id: { N: String(id) } });

const dynamodbSink = (): Sink => ({
  to: { connection: 'dy', table, create: true, mode: 'mirror', deletes: { limit: '100%' } },
  ids: async () => (await allItems(table)).map((item) => textOf(item['id'])),
  remove: (id) => dynamodbCall('DeleteItem', { TableName: table, Key: key(id) }),
  change: (id) =>
    dynamodbCall('UpdateItem', {
      TableName: table,
      Key: key(id),
      UpdateExpression: 'SET note = :n',
      ExpressionAttributeValues: { ':n': { S: 'another' } },
    }),
  add: (id) => putItems(table, [{ ...key(id), note: { S: 'extra' } }]),
});

const textOf = (attribute: Item[string] | undefined) => (attribute && 'N' in attribute ? attribute.N : '');
const sorted = (values: readonly string[]) => [...values].sort((a, b) => Number(a) - Number(b));

const ROWS = 400;
const mysqlSource = async () => {
  await fill('source', ROWS);
  return { connection: 'my', table: 'source' };
};
const dynamodbSource = async () => {
  const name = tableName('source');
  await createTable(name, ['id', 'N']);
  const items = Array.from({ length: ROWS }, (_, index) => ({
    ...key(index + 1),
    note: { S: `note ${index}` },
    ...(index % 7 === 0 ? {} : { total: { N: String(index / 4) } }),
  }));
  await putItems(name, items);
  return { connection: 'dy', table: name };
};

const some = (least: number, most: number) =>
  fc.uniqueArray(fc.integer({ min: least, max: most }), { minLength: 1, maxLength: 12 });
const edits = fc.record({
  removed: some(1, ROWS / 2),
  changed: some(ROWS / 2 + 1, ROWS),
  added: some(ROWS + 1, ROWS + 1000),
});

describe('random edits of the sink are found exactly, and mended by writing what differs and nothing else', () => {
  it.each([
    { pair: 'MySQL → DynamoDB', from: mysqlSource, sink: dynamodbSink },
    { pair: 'DynamoDB → DynamoDB', from: dynamodbSource, sink: dynamodbSink },
    { pair: 'DynamoDB → MySQL', from: dynamodbSource, sink: () => mysqlSink('mirror') },
    { pair: 'MySQL → MySQL', from: mysqlSource, sink: () => mysqlSink('replace') },
  ])('$pair', async ({ from, sink: sinkOf }) => {
    await database.execute(
      'CREATE OR REPLACE TABLE sink (id INT PRIMARY KEY, note VARCHAR(60) NOT NULL, total DECIMAL(10,2) NULL)',
    );
    const sink = sinkOf();
    await withCopy({ from: await from(), to: sink.to }, async (made) => {
      await made.run();
      const property = fc.asyncProperty(edits, async ({ removed, changed, added }) => {
        for (const id of removed) await sink.remove(id);
        for (const id of changed) await sink.change(id);
        for (const id of added) await sink.add(id);
        const found = await verify(made, 5);
        const keysOf = (kind: string) =>
          sorted(found.keys.flatMap((each) => (each.kind === kind ? [each.key['id'] ?? ''] : [])));
        expect(keysOf('missing')).toEqual(sorted(removed.map(String)));
        expect(keysOf('changed')).toEqual(sorted(changed.map(String)));
        expect(keysOf('extra')).toEqual(sorted(added.map(String)));
        expect(found.keys.flatMap(({ columns }) => columns ?? []).every((name) => name === 'note')).toBe(
          true,
        );
        const mended = await repair(made, 0, '--yes');
        expect(mended.steps).toMatchObject([
          { written: removed.length + changed.length, rejected: 0, deleted: added.length, left: 0 },
        ]);
        // The report was acted on, so the next repair verifies first.
        expect((await made.command('repair', '--yes')).events.at(-1)).toMatchObject({
          event: 'repair',
          steps: [],
        });
        expect(await verify(made, 0)).toMatchObject({ equal: ROWS, missing: 0, extra: 0, changed: 0 });
        expect((await sink.ids()).length).toBe(ROWS);
      });
      await fc.assert(property, { numRuns: 1, endOnFailure: true });
    });
  });
});

describe('repair', () => {
  it('says what it would do and writes nothing without --yes, and keeps the guard of deletes', async () => {
    await fill('source', 10);
    await fill('sink', 30);
    await database.execute("UPDATE sink SET note = 'x' WHERE id = 3");
    const step = {
      from: { connection: 'my', table: 'source' },
      to: { connection: 'my', table: 'sink', mode: 'mirror' },
    };
    await withCopy(step, async (made) => {
      await verify(made, 5);
      const dry = await made.command('repair');
      expect(dry.status).toBe(5);
      expect(dry.events.at(-1)).toMatchObject({ steps: [{ name: 'copy', writes: 1, deletes: 20 }] });
      expect(await database.query('SELECT COUNT(*) FROM sink')).toEqual([['30']]);
      const stopped = await made.command('repair', '--yes');
      expect(stopped.status).toBe(4);
      expect(stopped.stdout).toContain('deletes_exceeded');
      expect(await database.query("SELECT COUNT(*) FROM sink WHERE note = 'x'")).toEqual([['1']]);
    });
  });

  it('does not delete a row that the source has by now', async () => {
    await fill('source', 30);
    await fill('sink', 31);
    const step = {
      from: { connection: 'my', table: 'source' },
      to: { connection: 'my', table: 'sink', mode: 'mirror' },
    };
    await withCopy(step, async (made) => {
      expect(await verify(made, 5)).toMatchObject({ extra: 1 });
      await database.execute('INSERT INTO source SELECT * FROM sink WHERE id = 31');
      expect((await repair(made, 0, '--yes')).steps).toMatchObject([{ deleted: 0, left: 0 }]);
      expect(await verify(made, 0)).toMatchObject({ equal: 31 });
    });
  });
});
