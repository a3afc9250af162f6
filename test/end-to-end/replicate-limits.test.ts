/** The built program at the limits of what a stream keeps and a sink knows: times to live, the 24 hours, late rejects. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Project, project } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import type { HttpServer } from '../fixtures/http-server.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { SimulatedStream } from '../fixtures/simulated-stream.js';
import { serveSimulatedStream } from '../fixtures/simulated-stream-server.js';
import { type History, type HistoryChange, seededRandom } from '../fixtures/stream-history.js';

const LIMIT_MS = 300_000;

let database: TestDatabase;
let stream: HttpServer;
const made: Project[] = [];
beforeAll(async () => {
  database = await testDatabase('limits');
  stream = await serveSimulatedStream(new SimulatedStream(expiring(), Date, seededRandom(1), calm));
});
afterAll(async () => {
  await Promise.all([stream.stop(), ...made.map((one) => one.remove())]);
  await database.drop();
});

const calm = {
  throttled: 0,
  failed: 0,
  expired: 0,
  empty: 0,
  emptyInRow: 0,
  repeated: 0,
  recordsOfPage: 100,
  shardsOfPage: 100,
};

/** Three items: DynamoDB removes the first when its time has come, somebody removes the second. */
function expiring(): History {
  const startMs = Date.now() - 60_000;
  const change = (
    index: number,
    key: string,
    event: 'insert' | 'remove',
    expired: boolean,
  ): HistoryChange => ({
    key,
    event,
    item: { id: { S: key }, ...(event === 'insert' ? { n: { N: '1' } } : {}) },
    atMs: startMs + index * 1000,
    sequence: `${1000 + index}`,
    expired,
  });
  const changes = [
    change(1, 'old', 'insert', false),
    change(2, 'unwanted', 'insert', false),
    change(3, 'kept', 'insert', false),
    change(4, 'old', 'remove', true),
    change(5, 'unwanted', 'remove', false),
  ];
  const place = { id: 'shard-root-0', parent: undefined, root: 'shard-root-0', openedMs: startMs };
  const keys = ['old', 'unwanted', 'kept'];
  const shard = { ...place, keys, closedMs: Number.POSITIVE_INFINITY, listedMs: startMs, changes };
  return { shards: [shard], changes, endMs: startMs + 6000 };
}

/** A program that mirrors into one of the connections. */
async function mirroring(from: object, to: object, step: object = {}): Promise<Project> {
  const follow = await project({
    pipeline: 'limits',
    connections: {
      site: dynamodbConnection(),
      simulated: { ...dynamodbConnection(), endpoint: stream.endpoint },
      aurora: database.connection,
    },
    steps: [{ replicate: 'hits', from, to: { ...to, mode: 'mirror' }, ...step }],
  });
  made.push(follow);
  return follow;
}

async function drained(follow: Project, status = 0): Promise<object> {
  const run = await follow.command('run', '--drain');
  expect(run.status, run.stderr + run.stdout.slice(-2000)).toBe(status);
  const [step] = (run.events.at(-1)?.['steps'] ?? []) as object[];
  return step ?? {};
}

const fromStream = { connection: 'simulated', table: 'simulated' };
const left = { apply: ['kept'], ignore: ['kept', 'old'] } as const;

describe.concurrent('what becomes of items that the time to live removed', () => {
  it.each(['apply', 'ignore'] as const)(
    'is told by ttlDeletes: %s, in MySQL',
    { timeout: LIMIT_MS },
    async (way) => {
      const sink = `ttl_${way}`;
      await database.execute(`CREATE TABLE ${sink} (id VARCHAR(20) PRIMARY KEY, n INT)`);
      const follow = await mirroring(fromStream, { connection: 'aurora', table: sink, ttlDeletes: way });
      expect(await drained(follow)).toMatchObject({ read: 5, rejected: 0 });
      const rows = await database.query(`SELECT id FROM ${sink} ORDER BY id`);
      expect(rows.flat()).toEqual(left[way]);
    },
  );

  it.each(['apply', 'ignore'] as const)(
    'is told by ttlDeletes: %s, in DynamoDB',
    { timeout: LIMIT_MS },
    async (way) => {
      const sink = tableName('ttl');
      await createTable(sink, ['id', 'S']);
      const follow = await mirroring(fromStream, { connection: 'site', table: sink, ttlDeletes: way });
      expect(await drained(follow)).toMatchObject({ read: 5, rejected: 0 });
      const ids = (await allItems(sink)).map(({ id }) => Object.values(id ?? {})[0]);
      expect(ids.sort()).toEqual(left[way]);
    },
  );
});

const item = (id: number, name: string): Item => ({ id: { N: `${id}` }, name: { S: name } });

async function sourceOf(...items: readonly Item[]): Promise<string> {
  const source = tableName('limits');
  await createTable(source, ['id', 'N'], undefined, 'NEW_IMAGE');
  await putItems(source, items);
  return source;
}

describe.concurrent('a first copy', () => {
  // Changes are kept for 24 hours: six items take so long at their pace.
  it.each([
    [0.001, 2, 0, undefined],
    [0.0001, 17, 0, 'warn'],
    [0.00004, 42, 2, 'refuse'],
  ] as const)(
    'at %d items a second, which takes %d hours, is judged by the hours that changes are kept',
    {
      timeout: LIMIT_MS,
    },
    async (items, hours, status, level) => {
      const source = await sourceOf(...[1, 2, 3, 4, 5, 6].map((id) => item(id, 'x')));
      const sink = source.replaceAll('-', '_');
      await database.execute(`CREATE TABLE ${sink} (id INT PRIMARY KEY, name VARCHAR(20))`);
      const from = { connection: 'site', table: source };
      const to = { connection: 'aurora', table: sink };
      const follow = await mirroring(from, to, { first: 'copy', pace: { items } });
      const plan = await follow.command('plan');
      expect(plan.status, plan.stdout).toBe(status);
      const found = plan.events
        .flatMap(({ findings }) => (findings ?? []) as { level: string; code: string; message: string }[])
        .filter(({ code }) => code === 'changes_lost');
      expect(found).toMatchObject(
        level ? [{ level, message: expect.stringContaining(`${hours} hours`) }] : [],
      );
      if (level !== 'refuse') return;
      expect((await follow.command('run', '--drain')).status).toBe(2);
      expect(await database.query(`SELECT * FROM ${sink}`)).toEqual([]);
    },
  );
});

describe.concurrent('a rejected change of a mirror into DynamoDB', () => {
  it('is not sent again, and once it is given up a repair brings the item as it is now', {
    timeout: LIMIT_MS,
  }, async () => {
    const source = await sourceOf(item(1, 'one'), item(2, 'three'));
    const sink = tableName('limits');
    await createTable(sink, ['id', 'N']);
    const check = { '*': { type: 'object', properties: { name: { maxLength: 3 } } } };
    const ends = [
      { connection: 'site', table: source },
      { connection: 'site', table: sink },
    ] as const;
    const follow = await mirroring(...ends, { check, rejects: { limit: 1 } });
    expect(await drained(follow, 3)).toMatchObject({ read: 2, written: 1, rejected: 1 });
    await putItems(source, [item(2, 'five')]);
    const text = await readFile(follow.file, 'utf8');
    await writeFile(follow.file, text.replace('"maxLength": 3', '"maxLength": 9'));
    const replayed = await follow.command('replay');
    expect(replayed.status).toBe(2);
    expect(replayed.stdout + replayed.stderr).toMatch(
      /cannot be replayed into DynamoDB.*replay --discard.*repair/s,
    );
    expect((await follow.command('replay', '--discard')).status).toBe(0);
    const repaired = await follow.command('repair', '--yes');
    expect(repaired.status, repaired.stdout).toBe(0);
    const items = (await allItems(sink)).map(({ name }) => Object.values(name ?? {})[0]);
    expect(items.sort()).toEqual(['five', 'one']);
  });
});
