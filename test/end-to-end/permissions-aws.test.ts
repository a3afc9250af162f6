/** What a plan says that must be allowed, against what runs do: every call is granted, every grant is used (invariant 9). */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
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
import { expectAgreement, granted } from '../fixtures/planned-grants.js';
import { type Recorder, startRecorder } from '../fixtures/request-recorder.js';
import { secretOf } from '../fixtures/secret-database.js';
import { type TestSqs, testSqs } from '../fixtures/sqs.js';

let database: TestDatabase;
let sqs: TestSqs;
let recorder: Recorder;
const region = () => inject('dynamodb').region;
const before = process.env['AWS_ENDPOINT_URL'];

beforeAll(async () => {
  database = await testDatabase('permissions');
  sqs = await testSqs();
  recorder = await startRecorder({
    dynamodb: dynamodbConnection().endpoint,
    sqs: sqs.endpoint,
    region: region(),
    secrets: { 'prod/shop': secretOf(database) },
  });
  process.env['AWS_ENDPOINT_URL'] = recorder.endpoint;
});
afterAll(async () => {
  if (before === undefined) delete process.env['AWS_ENDPOINT_URL'];
  else process.env['AWS_ENDPOINT_URL'] = before;
  await recorder.stop();
  await sqs.stop();
  await database.drop();
});

const role = (name: string) => `arn:aws:iam::000000000000:role/${name}`;
const item = (id: string, more: Item = {}): Item => ({ id: { S: id }, ...more });
const dynamodb = (name?: string) => ({
  kind: 'dynamodb',
  region: region(),
  ...(name === undefined ? {} : { role: role(name) }),
});

it('a table goes through a stage that is still to be made, is verified, and a function hears of it', async () => {
  await database.execute(
    `CREATE TABLE orders (id INT PRIMARY KEY, name VARCHAR(9)); INSERT INTO orders VALUES (1, 'a'), (2, 'b');
     CREATE TABLE report LIKE orders`,
  );
  const table = tableName('stage');
  const made = await pipeline({
    pipeline: 'nightly',
    connections: {
      shop: { kind: 'mysql', secret: 'prod/shop', region: region(), role: role('shop') },
      stage: dynamodb('stage'),
      report: database.connection,
    },
    steps: [
      {
        copy: 'out',
        from: { connection: 'shop', table: 'orders' },
        to: { connection: 'stage', table, mode: 'mirror', create: true },
      },
      {
        copy: 'in',
        from: { connection: 'stage', table },
        to: { connection: 'report', table: 'report', mode: 'upsert' },
      },
      { verify: 'agree', of: 'out' },
      {
        call: 'tell',
        function: `arn:aws:lambda:${region()}:000000000000:function:tell`,
        region: region(),
        role: role('tell'),
      },
    ],
  });
  const grants = await granted(made);
  recorder.take();
  const ran = await made.run({ json: true });
  expect(ran.status, ran.out).toBe(0);
  // Only where sides differ is what differs looked at again.
  await dynamodbCall('DeleteItem', { TableName: table, Key: { id: { N: '1' } } });
  expect((await made.verify()).status).toBe(5);
  expectAgreement(grants, recorder.take());
});

it('tables by a pattern go from role to role, and nothing but listing is wide', async () => {
  const prefix = tableName('many');
  for (const name of [`${prefix}-a`, `${prefix}-b`]) {
    await createTable(name, ['id', 'S']);
    await putItems(name, [item('1')]);
    await createTable(`to-${name}`, ['id', 'S']);
  }
  const made = await pipeline({
    pipeline: 'many',
    connections: { from: dynamodb('reader'), to: dynamodb() },
    steps: [
      {
        copy: 'all',
        from: { connection: 'from', tables: [`${prefix}-*`] },
        to: { connection: 'to', table: 'to-{table}' },
      },
    ],
  });
  const grants = await granted(made);
  recorder.take();
  expect((await made.run({ json: true })).status).toBe(0);
  expectAgreement(grants, recorder.take());
});

it('an index and the items behind it are read, and rows are written in every mode', async () => {
  const table = tableName('indexed');
  const key = { AttributeName: 'id', KeyType: 'HASH' };
  await dynamodbCall('CreateTable', {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'id', AttributeType: 'S' },
      { AttributeName: 'status', AttributeType: 'S' },
    ],
    KeySchema: [key],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-status',
        KeySchema: [{ AttributeName: 'status', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
  await putItems(table, [item('1', { status: { S: 'paid' }, at: { N: '1' } })]);
  const modes = [{ mode: 'put' }, { mode: 'insert' }, { mode: 'update' }, { mode: 'newest', by: 'at' }];
  const steps = await Promise.all(
    modes.map(async (mode) => {
      const sink = tableName(mode.mode);
      await createTable(sink, ['id', 'S']);
      return {
        copy: mode.mode,
        from: { connection: 'from', table, query: { index: 'by-status', partition: 'paid' }, fetch: 'items' },
        to: { connection: `to-${mode.mode}`, table: sink, ...mode },
      };
    }),
  );
  const sinks = Object.fromEntries(modes.map(({ mode }) => [`to-${mode}`, dynamodb(`to-${mode}`)]));
  const made = await pipeline({
    pipeline: 'index',
    connections: { from: dynamodb('reader'), ...sinks },
    steps,
  });
  const grants = await granted(made, { for: ['verify'] });
  recorder.take();
  expect((await made.run({ json: true })).status).toBe(0);
  for (const { to } of steps)
    await dynamodbCall('DeleteItem', { TableName: to.table, Key: { id: { S: '1' } } });
  expect((await made.verify()).status).toBe(5);
  expect((await made.trace('{"id":"1"}')).status).toBe(5);
  expectAgreement(grants, recorder.take());
});

it('chosen items go through a queue and a bucket, a message that is none is set aside', async () => {
  const [from, list, to] = [tableName('from'), tableName('list'), tableName('to')];
  for (const name of [from, list, to]) await createTable(name, ['id', 'S']);
  const ids = ['1', '2', '3', '4'];
  await putItems(
    from,
    ids.map((id) => item(id, { text: { S: 'x'.repeat(2000) } })),
  );
  await putItems(
    list,
    ids.map((id) => item(id)),
  );
  const attributes = { VisibilityTimeout: '2', MaximumMessageSize: '2048' };
  const queue = await sqs.queue({ maxReceives: 5, attributes });
  const bucket = await sqs.bucket();
  const made = await pipeline({
    pipeline: 'chosen',
    connections: {
      prod: dynamodb('prod'),
      keys: dynamodb('keys'),
      inbox: { kind: 'sqs', queue: queue.name, region: sqs.region, role: role('inbox'), large: { bucket } },
      dev: dynamodb('dev'),
    },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: from, keys: { connection: 'keys', table: list } },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table: to },
        pace: { items: 1 },
        rejects: { limit: 1 },
      },
    ],
  });
  const grants = await granted(made);
  recorder.take();
  await sqs.send(queue.url, ['none of ours']);
  expect((await made.run({ json: true, only: 'send' })).status).toBe(0);
  // Written at their pace, messages are held for longer than the queue hides them.
  const received = await made.run({ json: true, only: 'receive', drain: true });
  expect(received.status, received.out).toBe(3);
  expectAgreement(grants, recorder.take());
});

it('each half of a queue needs its own', async () => {
  const [from, to] = [tableName('from'), tableName('to')];
  for (const name of [from, to]) await createTable(name, ['id', 'S']);
  await putItems(from, [item('1')]);
  const queue = await sqs.queue({ maxReceives: 5 });
  const made = await pipeline({
    pipeline: 'halves',
    connections: {
      prod: dynamodb('prod'),
      inbox: { kind: 'sqs', queue: queue.name, redrive: `${queue.name}-redrive`, region: sqs.region },
      dev: dynamodb('dev'),
    },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: from },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table: to },
      },
    ],
  });
  const sending = await granted(made, { only: 'send' });
  recorder.take();
  expect((await made.run({ json: true, only: 'send' })).status).toBe(0);
  expectAgreement(sending, recorder.take());
  const receiving = await granted(made, { only: 'receive' });
  expect(receiving.filter(({ holder }) => holder === role('prod'))).toEqual([]);
});

it('changes are followed behind a copy', async () => {
  const [from, to] = [tableName('from'), tableName('to')];
  await createTable(from, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await createTable(to, ['id', 'S']);
  await putItems(from, [item('1')]);
  const made = await pipeline({
    pipeline: 'live',
    connections: { from: dynamodb('live'), to: dynamodb() },
    steps: [
      {
        replicate: 'rows',
        first: 'copy',
        from: { connection: 'from', table: from },
        to: { connection: 'to', table: to, mode: 'mirror' },
      },
    ],
  });
  const grants = await granted(made);
  recorder.take();
  expect((await made.run({ json: true, drain: true })).status).toBe(0);
  await putItems(from, [item('2')]);
  expect((await made.run({ json: true, drain: true })).status).toBe(0);
  expectAgreement(grants, recorder.take());
});

it('changes are added to a bucket, and only in their own folder', async () => {
  const from = tableName('from');
  await createTable(from, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  const bucket = await sqs.bucket();
  const made = await pipeline({
    pipeline: 'log',
    connections: {
      from: dynamodb('log'),
      lake: { kind: 's3', bucket, prefix: 'out/', region: region(), role: role('lake') },
    },
    steps: [
      {
        replicate: 'rows',
        from: { connection: 'from', table: from },
        to: { connection: 'lake', table: 'rows', mode: 'append', format: 'jsonl' },
      },
    ],
  });
  const grants = await granted(made);
  expect(grants.filter(({ action }) => /Object/.test(action))).toMatchObject([
    { action: 's3:PutObject', resource: `arn:aws:s3:::${bucket}/out/rows/changes/*` },
  ]);
  recorder.take();
  for (const id of ['1', '2']) {
    await putItems(from, [item(id)]);
    expect((await made.run({ json: true, drain: true })).status).toBe(0);
  }
  expectAgreement(grants, recorder.take());
});

it('a bucket is written by one role and read by another', async () => {
  await database.execute(
    `CREATE TABLE exported (id INT PRIMARY KEY, name VARCHAR(9)); INSERT INTO exported VALUES (1, 'a'), (2, 'b');
     CREATE TABLE imported LIKE exported`,
  );
  const bucket = await sqs.bucket();
  const lake = (name: string) => ({
    kind: 's3',
    bucket,
    prefix: 'out/',
    region: region(),
    role: role(name),
  });
  const made = await pipeline({
    pipeline: 'lake',
    connections: { shop: database.connection, writer: lake('writer'), reader: lake('reader') },
    steps: [
      {
        copy: 'out',
        from: { connection: 'shop', table: 'exported' },
        to: { connection: 'writer', table: 'rows', format: 'csv' },
      },
    ],
  });
  recorder.take();
  const writing = await granted(made);
  // Twice: the second removes what the first has left.
  for (let time = 0; time < 2; time++) expect((await made.run({ json: true })).status).toBe(0);
  // What a killed run has left there is nothing of.
  const ofLeftovers = ['s3:AbortMultipartUpload', 's3:ListBucketMultipartUploads'];
  const usual = writing.filter(({ action }) => !ofLeftovers.includes(action));
  expect(writing.length - usual.length).toBe(ofLeftovers.length);
  expectAgreement(usual, recorder.take());
  const back = await pipeline({
    pipeline: 'lake',
    connections: { report: database.connection, reader: lake('reader') },
    steps: [
      {
        copy: 'in',
        from: { connection: 'reader', table: 'rows', format: 'csv' },
        to: { connection: 'report', table: 'imported', mode: 'upsert' },
      },
    ],
  });
  const reading = await granted(back);
  expect((await back.run({ json: true })).status).toBe(0);
  expectAgreement(reading, recorder.take());
});
