/** Messages that cannot be written: set aside with their reasons, listed, sent again, given up. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project } from '../fixtures/cli.js';
import { createTable, dynamodbConnection, type Item, putItems, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { type TestQueue, type TestSqs, testSqs } from '../fixtures/sqs.js';

/** Most of it is waiting: the tests run side by side. */
const test = it.concurrent;
const LIMIT_MS = 180_000;

let database: TestDatabase;
let sqs: TestSqs;
const grounds: Ground[] = [];

beforeAll(async () => {
  [database, sqs] = await Promise.all([testDatabase('queue'), testSqs()]);
});
afterAll(async () => {
  await Promise.all(grounds.map(({ made }) => made.remove()));
  await sqs.stop();
  await database.drop();
});

/** A source, a table of the database, a queue and a declaration that no other test uses. */
interface Ground {
  readonly from: string;
  readonly to: string;
  readonly queue: TestQueue;
  readonly made: Project;
}

const user = (id: string, more: Item = {}): Item => ({
  id: { S: id },
  name: { S: `name of ${id}` },
  ...more,
});

async function ground(maxReceives: number): Promise<Ground> {
  const [from, to] = [tableName('prod'), `users_${maxReceives}`];
  const queue = await sqs.queue({ maxReceives });
  const made = await project({
    pipeline: 'users-sample',
    connections: { prod: dynamodbConnection(), dev: database.connection, inbox: queue.connection },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: from },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table: to },
        rejects: { limit: 5 },
      },
    ],
  });
  const own = { from, to, queue, made };
  grounds.push(own);
  await createTable(from, ['id', 'S']);
  await database.query(`CREATE TABLE ${to} (id VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, name TEXT)`);
  return own;
}

async function mend({ made, to }: Ground): Promise<void> {
  const text = await readFile(made.file, 'utf8');
  await writeFile(made.file, text.replace(`"table": "${to}"`, `"table": "${to}", "extra": "ignore"`));
}

const reasons = async ({ made }: Ground) => {
  const { events, stderr } = await made.command('rejects');
  expect(stderr).not.toContain('could not be read');
  return events.map(({ reason }) => reason).sort();
};

function onlyStep(run: CliRun, status: number): unknown {
  if (run.status !== status) throw new Error(`exit ${run.status}\n${run.stderr}\n${run.stdout}`);
  return (run.events.at(-1) as { steps: readonly unknown[] }).steps[0];
}

const names = async ({ to }: Ground) =>
  (await database.query(`SELECT id FROM ${to} ORDER BY id`)).map(([id]) => id);

test(
  'what cannot be written goes aside, blocks nothing, and is sent again once the declaration is mended',
  async () => {
    const own = await ground(5);
    const { from, made, queue } = own;
    await putItems(from, [user('a'), user('b', { odd: { S: 'x' } }), user('c'), user('d')]);
    await sqs.send(queue.url, ['this is no message of ours']);
    expect(onlyStep(await made.command('run'), 3)).toMatchObject({ read: 5, written: 3, rejected: 2 });
    expect(await names(own)).toEqual(['a', 'c', 'd']);
    expect(await sqs.drain(queue.url)).toEqual([]);
    expect(await reasons(own)).toEqual(['attribute_unknown', 'message_unfit']);
    expect(onlyStep(await made.command('replay'), 3)).toMatchObject({ written: 0, rejected: 2 });
    // Another machine has no reject files: what lies on the redrive queue is enough.
    await rm(join(made.folder, '.sluice'), { recursive: true });
    expect(await reasons(own)).toEqual(['attribute_unknown', 'message_unfit']);
    await mend(own);
    expect(onlyStep(await made.command('replay'), 3)).toMatchObject({ written: 1, rejected: 1 });
    expect(await names(own)).toEqual(['a', 'b', 'c', 'd']);
    expect(onlyStep(await made.command('replay'), 3)).toMatchObject({ written: 0, rejected: 1 });
    expect(await reasons(own)).toEqual(['message_unfit']);
    expect(onlyStep(await made.command('replay', '--discard'), 0)).toMatchObject({ discarded: 1 });
    expect(await reasons(own)).toEqual([]);
    expect(await sqs.drain(queue.redrive?.url ?? '')).toEqual([]);
  },
  LIMIT_MS,
);

test(
  'what the service set aside by itself is listed and sent again',
  async () => {
    const own = await ground(1);
    const { from, made, queue } = own;
    await putItems(from, [user('a')]);
    expect(onlyStep(await made.command('run', '--only', 'send'), 0)).toMatchObject({ written: 1 });
    expect(await sqs.call('ReceiveMessage', { QueueUrl: queue.url, VisibilityTimeout: 0 })).toMatchObject({
      Messages: [{}],
    });
    expect(await sqs.call('ReceiveMessage', { QueueUrl: queue.url, VisibilityTimeout: 0 })).not.toMatchObject(
      {
        Messages: [{}],
      },
    );
    expect(await reasons(own)).toEqual(['received_too_often']);
    expect(onlyStep(await made.command('replay'), 0)).toMatchObject({ written: 1, rejected: 0 });
    expect(await names(own)).toEqual(['a']);
    expect(await reasons(own)).toEqual([]);
  },
  LIMIT_MS,
);
