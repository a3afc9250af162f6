/** Messages that cannot be written: set aside with their reasons, listed, sent again, given up. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type CliRun, type Project, project } from '../fixtures/cli.js';
import { createTable, dynamodbConnection, type Item, putItems, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { type TestQueue, type TestSqs, testSqs } from '../fixtures/sqs.js';

let database: TestDatabase;
let sqs: TestSqs;
let queue: TestQueue;
let made: Project;
let from: string;

beforeAll(async () => {
  [database, sqs] = await Promise.all([testDatabase('queue'), testSqs()]);
});
afterAll(async () => {
  await sqs.stop();
  await database.drop();
});
beforeEach(async () => {
  from = tableName('prod');
  await createTable(from, ['id', 'S']);
  await database.query('DROP TABLE IF EXISTS users');
  await database.query('CREATE TABLE users (id VARCHAR(20) COLLATE utf8mb4_bin PRIMARY KEY, name TEXT)');
});
afterEach(async () => {
  await made.remove();
});

const user = (id: string, more: Item = {}): Item => ({
  id: { S: id },
  name: { S: `name of ${id}` },
  ...more,
});

async function declared(maxReceives: number): Promise<void> {
  queue = await sqs.queue({ maxReceives });
  made = await project({
    pipeline: 'users-sample',
    connections: { prod: dynamodbConnection(), dev: database.connection, inbox: queue.connection },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: from },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table: 'users' },
        rejects: { limit: 5 },
      },
    ],
  });
}

async function mend(): Promise<void> {
  const text = await readFile(made.file, 'utf8');
  await writeFile(made.file, text.replace('"table": "users"', '"table": "users", "extra": "ignore"'));
}

const reasons = async () => {
  const { events, stderr } = await made.command('rejects');
  expect(stderr).not.toContain('could not be read');
  return events.map(({ reason }) => reason).sort();
};

function onlyStep(run: CliRun, status: number): unknown {
  if (run.status !== status) throw new Error(`exit ${run.status}\n${run.stderr}\n${run.stdout}`);
  return (run.events.at(-1) as { steps: readonly unknown[] }).steps[0];
}

const names = async () => (await database.query('SELECT id FROM users ORDER BY id')).map(([id]) => id);

it('what cannot be written goes aside, blocks nothing, and is sent again once the declaration is mended', async () => {
  await declared(5);
  await putItems(from, [user('a'), user('b', { odd: { S: 'x' } }), user('c'), user('d')]);
  await sqs.send(queue.url, ['this is no message of ours']);
  expect(onlyStep(await made.command('run'), 3)).toMatchObject({ read: 5, written: 3, rejected: 2 });
  expect(await names()).toEqual(['a', 'c', 'd']);
  expect(await sqs.drain(queue.url)).toEqual([]);
  expect(await reasons()).toEqual(['attribute_unknown', 'message_unfit']);
  expect(onlyStep(await made.command('replay'), 3)).toMatchObject({ written: 0, rejected: 2 });
  // Another machine has no reject files: what lies on the redrive queue is enough.
  await rm(join(made.folder, '.sluice'), { recursive: true });
  expect(await reasons()).toEqual(['attribute_unknown', 'message_unfit']);
  await mend();
  expect(onlyStep(await made.command('replay'), 3)).toMatchObject({ written: 1, rejected: 1 });
  expect(await names()).toEqual(['a', 'b', 'c', 'd']);
  expect(onlyStep(await made.command('replay'), 3)).toMatchObject({ written: 0, rejected: 1 });
  expect(await reasons()).toEqual(['message_unfit']);
  expect(onlyStep(await made.command('replay', '--discard'), 0)).toMatchObject({ discarded: 1 });
  expect(await reasons()).toEqual([]);
  expect(await sqs.drain(queue.redrive?.url ?? '')).toEqual([]);
}, 120_000);

it('what the service set aside by itself is listed and sent again', async () => {
  await declared(1);
  await putItems(from, [user('a')]);
  expect(onlyStep(await made.command('run', '--only', 'send'), 0)).toMatchObject({ written: 1 });
  expect(await sqs.call('ReceiveMessage', { QueueUrl: queue.url, VisibilityTimeout: 0 })).toMatchObject({
    Messages: [{}],
  });
  expect(await sqs.call('ReceiveMessage', { QueueUrl: queue.url, VisibilityTimeout: 0 })).not.toMatchObject({
    Messages: [{}],
  });
  expect(await reasons()).toEqual(['received_too_often']);
  expect(onlyStep(await made.command('replay'), 0)).toMatchObject({ written: 1, rejected: 0 });
  expect(await names()).toEqual(['a']);
  expect(await reasons()).toEqual([]);
}, 60_000);
