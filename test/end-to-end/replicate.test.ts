/** Replicates from the stream of a real engine into a real server, by the program's own commands within this process. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
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
  database = await testDatabase('replicate');
});
afterAll(() => database.drop());

interface Ground {
  /** Of both sides. */
  readonly source: string;
  readonly sink: string;
  declaration(step?: { from?: object; to?: object; [field: string]: unknown }): object;
  put(...items: readonly Item[]): Promise<void>;
  remove(id: number): Promise<void>;
}

const item = (id: number, text: string): Item => ({ id: { N: `${id}` }, name: { S: text } });

async function ground(mode: 'append' | 'mirror', columns: string): Promise<Ground> {
  const source = tableName('feed');
  const sink = source.replaceAll('-', '_');
  await createTable(source, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute(`CREATE TABLE ${sink} (${columns})`);
  return {
    source,
    sink,
    declaration: ({ from = {}, to = {}, ...step } = {}) => ({
      pipeline: 'p',
      connections: { site: dynamodbConnection(), aurora: database.connection },
      steps: [
        {
          replicate: 'hits',
          from: { connection: 'site', table: source, ...from },
          to: { connection: 'aurora', table: sink, mode, ...to },
          ...step,
        },
      ],
    }),
    put: (...items) => putItems(source, items),
    remove: async (id) => {
      await dynamodbCall('DeleteItem', { TableName: source, Key: { id: { N: `${id}` } } });
    },
  };
}

const summaryOf = (out: string): Record<string, unknown> =>
  (JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as { steps: Record<string, unknown>[] }).steps[0] ?? {};

describe('a replicate by append', () => {
  it('adds a row for each insert and modify, and goes on where the run before ended', async () => {
    const { declaration, put, remove, sink } = await ground('append', 'id INT, name VARCHAR(20)');
    const declared = declaration();
    const { run } = await pipeline(declared);
    await put(item(1, 'one'), item(2, 'two'));
    await put(item(1, 'uno'));
    await remove(2);
    const first = await run({ drain: true, json: true });
    expect(first.err).toBe('');
    expect(first.status).toBe(0);
    expect(summaryOf(first.out)).toMatchObject({ read: 3, written: 3, rejected: 0 });
    await put(item(3, 'three'));
    const second = await run({ drain: true, json: true });
    expect(summaryOf(second.out)).toMatchObject({ read: 1, written: 1 });
    const rows = await database.query(`SELECT id, name FROM ${sink} ORDER BY id, name`);
    expect(rows).toEqual([
      ['1', 'one'],
      ['1', 'uno'],
      ['2', 'two'],
      ['3', 'three'],
    ]);
  });
});

describe('a replicate by mirror', () => {
  it('holds what the source holds, by the same key', async () => {
    const { declaration, put, remove, sink } = await ground(
      'mirror',
      'id INT PRIMARY KEY, name VARCHAR(20), note VARCHAR(20)',
    );
    const { run } = await pipeline(declaration({ to: { load: { rows: 2 } } }));
    await put(item(1, 'one'), item(2, 'two'), item(3, 'three'));
    await put(item(1, 'uno'));
    await remove(2);
    await put({ ...item(3, 'tres'), note: { S: 'x' } });
    const { status, out, err } = await run({ drain: true, json: true });
    expect(err).toBe('');
    expect(status).toBe(0);
    expect(summaryOf(out)).toMatchObject({ read: 6, rejected: 0 });
    expect(await database.query(`SELECT * FROM ${sink} ORDER BY id`)).toEqual([
      ['1', 'uno', null],
      ['3', 'tres', 'x'],
    ]);
  });
});
