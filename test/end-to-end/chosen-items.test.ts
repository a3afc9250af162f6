/** F2: the items that a key list names go from one DynamoDB table to another. DESIGN.md 11 f is among it. */
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type HttpProxy, startHttpProxy } from '../faults/http-proxy.js';
import { type Project, project, type Summary, sluice } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { testSqs } from '../fixtures/sqs.js';

let database: TestDatabase;
let proxy: HttpProxy;
let from: string;
let to: string;
let made: Project;

beforeAll(async () => {
  database = await testDatabase('chosen');
  proxy = await startHttpProxy(inject('dynamodb').endpoint);
});
afterAll(async () => {
  await proxy.stop();
  await database.drop();
});
beforeEach(async () => {
  from = tableName('prod');
  to = tableName('dev');
});
afterEach(async () => {
  proxy.watch(undefined);
  await made.remove();
});

const user = (id: string): Item => ({ id: { S: id }, name: { S: `the name of ${id}` }, age: { N: '7' } });

async function users(...ids: string[]): Promise<void> {
  for (const table of [from, to]) await createTable(table, ['id', 'S']);
  await putItems(from, ids.map(user));
}

async function sample(keys: unknown, more: object = {}, file?: string): Promise<Project> {
  const { endpoint, ...rest } = dynamodbConnection();
  made = await project({
    pipeline: 'users-sample',
    connections: {
      prod: { ...rest, endpoint: proxy.endpoint },
      dev: { ...rest, endpoint },
      shop: database.connection,
    },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: from, keys },
        to: { connection: 'dev', table: to, mode: 'put' },
        ...more,
      },
    ],
  });
  if (file !== undefined) await writeFile(join(made.folder, 'keys.txt'), file);
  return made;
}

const ids = (items: readonly Item[]) => items.map(({ id }) => (id && 'S' in id ? id.S : '')).sort();

describe('fault f', () => {
  it('a missing key does not abort the run, and spaces belong to a key', async () => {
    await users('a', ' b c ', 'd');
    await sample('./keys.txt', { rejects: { limit: 1 } }, 'a\ngone\n b c \nd\na\n');
    const { steps } = await made.run(3);
    expect(steps).toMatchObject([{ read: 4, written: 3, unchanged: 0, rejected: 1 }]);
    expect(ids(await allItems(to))).toEqual([' b c ', 'a', 'd']);
    expect(await made.rejects()).toMatchObject([
      { reason: 'key_missing', message: 'line 2 of the key list: no item has this key', mode: 0o600 },
    ]);
    const told = await made.command('rejects');
    expect(told.events[0]).toMatchObject({
      reason: 'key_missing',
      key: { id: { attribute: { S: 'gone' } } },
    });
  });

  it('stops beyond the limit of rejects, and goes on from there when it is raised', async () => {
    await users('a', 'z');
    await sample('./keys.txt', {}, 'a\ngone\nz\n');
    const stopped = await made.command('run');
    expect(stopped.status).toBe(2);
    expect(JSON.stringify(stopped.events)).toContain('key_missing');
    expect(await allItems(to)).toEqual([]);
  });
});

it('replay reads the keys again: what is there by now is copied, the rest stays rejected', async () => {
  await users('a');
  await sample('./keys.txt', { rejects: { limit: 5 } }, 'a\nlate\nnever\n');
  await made.run(3);
  await putItems(from, [user('late')]);
  const replayed = await made.command('replay');
  expect(replayed.events.at(-1)).toMatchObject({ steps: [{ written: 1, rejected: 1 }] });
  expect((await allItems(to)).sort((a, b) => (ids([a]) < ids([b]) ? -1 : 1))).toEqual([
    user('a'),
    user('late'),
  ]);
});

it('takes the keys from a query of MySQL, from a query of DynamoDB, and from standard input', async () => {
  await users('u1', 'u2', 'u3');
  await database.execute(
    "CREATE OR REPLACE TABLE picked (n INT PRIMARY KEY, who VARCHAR(9)); INSERT INTO picked VALUES (1, 'u1'), (2, 'u3'), (3, 'u1')",
  );
  await sample({ connection: 'shop', query: 'SELECT who AS id FROM picked ORDER BY n' });
  expect((await made.run()).steps).toMatchObject([{ read: 2, written: 2 }]);
  expect(ids(await allItems(to))).toEqual(['u1', 'u3']);
  await made.remove();

  await sample({ query: { partition: 'u2' } });
  expect((await made.run()).steps).toMatchObject([{ read: 1, written: 1 }]);
  expect(ids(await allItems(to))).toEqual(['u1', 'u2', 'u3']);
  await made.remove();

  await sample({ file: '-', format: 'jsonl' });
  const run = await sluice(['run', made.file, '--json'], { cwd: made.folder, input: '{"id":"u2"}\n"u3"\n' });
  expect(run.events.at(-1)).toMatchObject({ steps: [{ read: 2, written: 2 }] });
  expect(await readdir(join(made.folder, '.sluice', 'users-sample', 'scratch'))).toEqual([]);
});

it('the example runs as it stands', async () => {
  const named = ['user-1', 'user-2', 'Ada Lovelace'];
  const text = await readFile('examples/users-sample.yaml', 'utf8');
  await createTable(from, ['id', 'S']);
  await putItems(from, [...named, 'another'].map(user));
  await createTable(to, ['id', 'S']);
  const sqs = await testSqs();
  try {
    const queue = await sqs.queue({ maxReceives: 3 });
    made = await project(
      text
        .replace('table: users,', `table: ${from},`)
        .replace('users-sample, mode', `${to}, mode`)
        .replace('users-inbox, account: "444455556666"', queue.name),
    );
    await copyFile('examples/users-sample.txt', join(made.folder, 'users-sample.txt'));
    const { steps } = await made.run(0, {
      AWS_ENDPOINT_URL_DYNAMODB: dynamodbConnection().endpoint,
      AWS_ENDPOINT_URL_SQS: sqs.endpoint,
    });
    expect(steps).toMatchObject([{ read: 3, written: 3 }]);
  } finally {
    await sqs.stop();
  }
  expect(ids(await allItems(to))).toEqual(named.toSorted());
});

it('plan shows how many keys, read units and the price, and leaves nothing behind', async () => {
  await users('a', 'b');
  await sample('./keys.txt', {}, 'a\nb\na\n');
  const plan = await sluice(['plan', made.file], { cwd: made.folder });
  expect(plan.stdout).toContain('about 2 rows');
  expect(plan.stdout).toContain('2 read units');
  expect(plan.stdout).toMatch(/about \$\S+ on demand/);
  expect(plan.stdout).toContain('1 key of the list repeats an earlier one and will be left out: line 3');
  expect(plan.stdout).toContain('dynamodb:BatchGetItem');
  const left = await readdir(join(made.folder, '.sluice'), { recursive: true });
  expect(left.filter((name) => /list/.test(name))).toEqual([]);
});

describe('a run that is killed', () => {
  const many = Array.from({ length: 1500 }, (_, id) => `user ${id}`);

  /** The plan's trial reads four times at most, and reading a part asks for what it needs next. */
  const KILLED_AT = 7;

  async function killed(): Promise<void> {
    await users(...many);
    await sample('./keys.txt', { parallel: 2, rejects: { limit: 1 } }, [...many, 'gone'].join('\n'));
    let reads = 0;
    let child: { kill(signal: 'SIGKILL'): boolean } | undefined;
    proxy.watch((moment, { action }) => {
      if (moment === 'after' && action === 'BatchGetItem' && ++reads === KILLED_AT) child?.kill('SIGKILL');
    });
    await sluice(['run', made.file, '--json'], {
      cwd: made.folder,
      started: (process) => {
        child = process;
      },
    });
    proxy.watch(undefined);
  }

  it('goes on where it was: every key is read, none is lost', async () => {
    await killed();
    const again = await made.command('run');
    expect(again.events[0]).toMatchObject({ event: 'resumed' });
    expect(again.status).toBe(3);
    const { steps } = again.events.at(-1) as unknown as Summary;
    expect(steps).toMatchObject([{ read: 1501, written: 1500, rejected: 1 }]);
    expect(ids(await allItems(to))).toEqual([...many].sort());
  });

  it('is not gone on with when the list has changed, and says so', async () => {
    await killed();
    await writeFile(join(made.folder, 'keys.txt'), ['another', ...many].join('\n'));
    const again = await made.command('run');
    expect(again.events[0]).toMatchObject({ event: 'resumed' });
    expect(again.status).toBe(4);
    expect(again.events.find(({ event }) => event === 'error')).toMatchObject({ code: 'run_changed' });
  });
});
