/** F2 on an emulated AWS whose policies are enforced: sent by the state machine or from here, received by functions. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type EmulatedData, emulatedData } from '../fixtures/emulated-data.js';
import { type EmulatedPipeline, emulatedPipeline } from '../fixtures/emulated-pipeline.js';
import { type EnforcedAws, enforcedAws } from '../fixtures/enforced-aws.js';
import { disagreement, stackTemplate } from '../fixtures/granted.js';
import { countedOtherwise } from '../fixtures/logged-lines.js';
import type { TestAccount } from '../fixtures/ministack.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { operatorFor, type TestPerson } from '../fixtures/people.js';
import { secretOf } from '../fixtures/secret-database.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

/** Some dozen programs, one after the other, on a slow machine. */
const LONG_MS = 900_000;
const USERS = 60;
const PEOPLE = 8;
const place = { kind: 'dynamodb', region: 'eu-west-1' };
const report = { kind: 'mysql', secret: 'prod/report', region: 'eu-west-1', tls: 'off' };

let aws: EnforcedAws;
/** Whoever runs it, and whoever may replay, too: they have what `synth --permissions` says. */
let operator: TestPerson;
let mending: TestPerson;
let account: TestAccount;
let data: EmulatedData;
let database: TestDatabase;
let users: EmulatedPipeline;
/** The same pipeline, whose queue is not received from; and a copy without a queue. */
let tapped: Project;
let here: Project;
beforeAll(async () => {
  [aws, database] = await Promise.all([enforcedAws(), testDatabase('received')]);
  account = aws.account('111122223333');
  data = emulatedData(account);
  await account.json('secretsmanager', 'secretsmanager.CreateSecret', {
    Name: 'prod/report',
    SecretString: JSON.stringify(secretOf(database)),
  });
  const columns = 'id VARCHAR(20) PRIMARY KEY, version INT, note VARCHAR(40)';
  await database.execute(`CREATE TABLE people (${columns}); CREATE TABLE people_here (${columns})`);
  users = await emulatedPipeline(declared(40));
  const step = { copy: 'users', from: { connection: 'place', table: 'users', keys: './keys.txt' } };
  tapped = await project({
    pipeline: 'users-sample',
    connections: { place, report, tap: tapOf('tap'), other: tapOf('tap-people') },
    steps: [
      { ...step, via: { connection: 'tap' }, to: { connection: 'place', table: 'copies', mode: 'put' } },
      { ...people('people'), via: { connection: 'other' } },
    ],
  });
  here = await project({
    pipeline: 'here',
    connections: { place, report },
    steps: [
      people('people_here'),
      {
        ...step,
        to: { connection: 'place', table: 'users-here', mode: 'put', create: true },
        rejects: { limit: 1 },
      },
    ],
  });
  for (const { folder } of [users, here]) await writeFile(join(folder, 'keys.txt'), keys.join('\n'));
  await writeFile(join(tapped.folder, 'keys.txt'), 'user 0');
});
afterAll(async () => {
  await Promise.all([aws?.stop(), database?.drop(), users?.remove(), tapped?.remove(), here?.remove()]);
});

/** Every second user, and one that is not there. */
const keys = [...Array.from({ length: USERS / 2 }, (_, index) => `user ${2 * index}`), 'nobody'];

const tapOf = (queue: string) => ({ kind: 'sqs', queue, region: 'eu-west-1' });

/** Into MySQL, where the functions are in its network. */
function people(table: string): object {
  const from = { connection: 'place', table: 'people' };
  return { copy: 'people', from, to: { connection: 'report', table, mode: 'upsert' } };
}

function declared(pace: number): object {
  const queue = (name: string) => ({ kind: 'sqs', queue: name, region: 'eu-west-1', create: true });
  return {
    pipeline: 'users-sample',
    deploy: { vpc: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'] } },
    connections: {
      place,
      report,
      inbox: queue('users-inbox'),
      orders: queue('orders-inbox'),
      lane: queue('people-inbox.fifo'),
    },
    steps: [
      {
        copy: 'users',
        from: { connection: 'place', table: 'users', keys: './keys.txt' },
        via: { connection: 'inbox' },
        to: { connection: 'place', table: 'copies', mode: 'put' },
        pace: { items: pace },
        rejects: { limit: 1 },
      },
      {
        copy: 'orders',
        from: { connection: 'place', table: 'orders' },
        via: { connection: 'orders' },
        to: { connection: 'place', table: 'order-copies', mode: 'put' },
      },
      { ...people('people'), via: { connection: 'lane' } },
    ],
  };
}

const command = (verb: string, ...args: string[]) => users.command(account, verb, ...args);
/** Of what is deployed. */
const onAws = ({ account: own }: TestPerson, verb: string, ...args: string[]) =>
  users.command(own, verb, '--on', 'aws', ...args);

const user = (index: number) => ({
  id: { S: `user ${index}` },
  n: { N: `${index}.25` },
  tags: { SS: ['a', 'b'] },
  none: { NULL: true },
  empty: { S: '' },
  deep: { M: { flag: { BOOL: false } } },
});

const send = async (body: string) =>
  data.sqs('SendMessage', { QueueUrl: await data.urlOf('users-inbox'), MessageBody: body });

/** Of `user 0` and of `p1`, as the program here has sent them. */
async function messages(): Promise<readonly string[]> {
  const taps = ['tap', 'tap-people'];
  for (const QueueName of taps) await data.sqs('CreateQueue', { QueueName });
  const sent = await sluice(['run', tapped.file, '--only', 'send', '--json'], { env: account.env });
  expect(sent, sent.stdout + sent.stderr).toMatchObject({ status: 0 });
  const received = taps.map(async (tap) => {
    const QueueUrl = await data.urlOf(tap);
    const { Messages } = await data.sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    const bodies = (Messages as { Body: string }[]).map(({ Body }) => Body);
    return bodies.find((body) => /"S":"(?:user 0|p1)"/.test(body)) ?? '';
  });
  return await Promise.all(received);
}

const person = (index: number, version: number) =>
  data.put('people', {
    id: { S: `p${index}` },
    version: { N: `${version}` },
    note: { S: index % 2 ? '' : '"quoted", \\' },
  });

const inMySql = async (table: string) =>
  (await database.query(`SELECT * FROM ${table} ORDER BY id`)).map((row) => JSON.stringify(row));

interface Mapping {
  readonly BatchSize: number;
  readonly EventSourceArn: string;
  readonly FunctionArn: string;
  readonly MaximumBatchingWindowInSeconds?: number;
  readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
}

async function mappings(): Promise<readonly Mapping[]> {
  const answer = await account.rest('lambda', '/2015-03-31/event-source-mappings/');
  return ((await answer.json()) as { EventSourceMappings: readonly Mapping[] }).EventSourceMappings;
}

/** What is not in the sink yet, and is not written again by what comes late. */
async function expectOrder(old: string): Promise<void> {
  const QueueUrl = await data.urlOf('people-inbox.fifo');
  for (const version of [2, 3]) {
    await person(1, version);
    const sent = await command('run', '--only', 'send', '--step', 'people');
    expect(sent, sent.stdout + sent.stderr).toMatchObject({ status: 0 });
  }
  for (const MessageDeduplicationId of ['once', 'twice']) {
    await data.sqs('SendMessage', {
      QueueUrl,
      MessageBody: old,
      MessageGroupId: 'g',
      MessageDeduplicationId,
    });
  }
  const local = await sluice(['run', here.file, '--step', 'people', '--json'], { env: account.env });
  expect(local, local.stdout + local.stderr).toMatchObject({ status: 0 });
  await expect.poll(() => data.waiting('people-inbox.fifo')).toBe(0);
  expect(await inMySql('people')).toEqual(await inMySql('people_here'));
  expect(await database.query("SELECT version FROM people WHERE id = 'p1'")).toEqual([['3']]);
}

/** A run that is stopped, large rejects, a queue whose messages all came through. */
const noOccasion = [
  /: states:StopExecution /,
  /: s3:GetObject /,
  /: sqs:ChangeMessageVisibility .*:people-inbox-redrive\.fifo$/,
];

const operatorsCalls = async () =>
  (await aws.called(account)).filter(({ holder }) => holder === operator.arn);

const reasons = ({ events }: CliRun) => events.map(({ step, reason }) => [step, reason]).toSorted();

it('is deployed with queues that burn no receives, and nothing that an audit finds', {
  timeout: LONG_MS,
}, async () => {
  for (const name of ['users', 'copies', 'orders', 'order-copies', 'people']) await data.table(name);
  for (let index = 0; index < PEOPLE; index++) await person(index, 1);
  for (let index = 0; index < USERS; index++) await data.put('users', user(index));
  const order = { id: { S: 'o1' } };
  await data.put('orders', order);
  const before = await command('plan');
  expect(before).toMatchObject({ status: 2 });
  expect(before.stdout).toContain('sluice deploy makes it');

  await users.deploy(account);
  const all = await mappings();
  expect(all).toHaveLength(3);
  for (const { EventSourceArn, FunctionArn, MaximumBatchingWindowInSeconds = 0, ScalingConfig } of all) {
    const name = FunctionArn.split(':').at(-1) ?? '';
    const { Configuration } = (await (
      await account.rest('lambda', `/2015-03-31/functions/${name}`)
    ).json()) as { readonly Configuration: { readonly Timeout: number } };
    const hidden = await data.attribute(EventSourceArn.split(':').at(-1) ?? '', 'VisibilityTimeout');
    expect(Number(hidden)).toBeGreaterThanOrEqual(6 * Configuration.Timeout + MaximumBatchingWindowInSeconds);
    // Concurrency is bounded where messages are fetched: what a function refuses has been received.
    expect(ScalingConfig?.MaximumConcurrency).toBeGreaterThanOrEqual(2);
  }
});

it('sends and receives with exactly the permissions that its roles have, is updated and taken away', {
  timeout: LONG_MS,
}, async () => {
  operator = await operatorFor(aws, account, users.file, 'operator');
  mending = await operatorFor(aws, account, users.file, 'mending', 'repair');
  // The message of the second step fails while others are looked at, as often as the policy allows: once.
  const redrive = `arn:aws:sqs:eu-west-1:${account.id}:orders-inbox-redrive`;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: redrive, maxReceiveCount: 1 });
  await data.sqs('SetQueueAttributes', {
    QueueUrl: await data.urlOf('orders-inbox'),
    Attributes: { RedrivePolicy, VisibilityTimeout: '5' },
  });
  await data.dynamodb('DeleteTable', { TableName: 'order-copies' });

  const ran = await onAws(operator, 'run');
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 3 });
  expect(ran.events.at(-1)).toMatchObject({
    outcome: 'rejects',
    steps: [
      { name: 'users', read: keys.length, written: keys.length - 1, rejected: 1 },
      { name: 'orders', read: 1, written: 1 },
      { name: 'people', read: PEOPLE, written: PEOPLE },
    ],
  });
  const local = await sluice(['run', here.file, '--json'], { env: account.env });
  expect(local, local.stdout + local.stderr).toMatchObject({ status: 3 });
  const wanted = await data.dump('users-here');
  expect(wanted).toHaveLength(keys.length - 1);
  await expect.poll(() => data.dump('copies')).toEqual(wanted);

  const [body = '', old = ''] = await messages();
  await expectOrder(old);
  for (const each of [body, body]) await send(each);
  await expect.poll(() => data.waiting('users-inbox')).toBe(0);
  expect(await data.dump('copies')).toEqual(wanted);
  // What is in the sink since then is not written over by a message that is no newer.
  const edited = { ...user(0), edited: { BOOL: true } };
  await data.put('copies', edited);
  for (const each of [body, '{"v":1,"torn']) await send(each);
  await expect.poll(() => data.waiting('users-inbox')).toBe(0);
  expect(await data.dump('copies')).toContain(JSON.stringify(Object.entries(edited).toSorted()));

  await expect.poll(() => data.waiting('orders-inbox-redrive'), { timeout: 120_000 }).toBe(1);
  await expect.poll(() => data.waiting('orders-inbox')).toBe(0);
  const aside = await onAws(operator, 'rejects');
  expect(reasons(aside)).toEqual([
    ['orders', 'received_too_often'],
    ['users', 'key_missing'],
    ['users', 'message_unfit'],
  ]);
  await data.table('order-copies');
  const replayed = await onAws(mending, 'replay', '--step', 'orders');
  expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ status: 0 });
  expect(await data.dump('order-copies')).toEqual(await data.dump('orders'));
  const given = await onAws(mending, 'replay', '--discard', '--where', 'reason=message_unfit');
  expect(given.events.at(-1)).toMatchObject({ steps: [{ name: 'users', discarded: 1 }] });
  expect(reasons(await onAws(operator, 'rejects'))).toEqual([['users', 'key_missing']]);

  const { ungranted, unused } = disagreement(operator.grants, await operatorsCalls());
  const without = unused.filter((text) => !noOccasion.some((rare) => rare.test(text)));
  expect({ ungranted, unused: without }).toEqual({ ungranted: [], unused: [] });

  const template = await stackTemplate(join(users.folder, 'cdk.out'), 'sluice-users-sample');
  expect(await countedOtherwise(account, template)).toEqual({ notShown: [], notCounted: [] });

  await users.declare(declared(0.5));
  const updated = await users.deploy(account);
  expect(updated.events.at(-1)).toMatchObject({ stacks: [{ result: 'unchanged' }, { result: 'updated' }] });
  expect((await mappings()).map(({ BatchSize }) => BatchSize).toSorted()).toEqual([10, 100, 7]);

  const gone = await command('destroy', '--yes');
  expect(gone, gone.stdout + gone.stderr).toMatchObject({ status: 0 });
  const { QueueUrls = [] } = await data.sqs('ListQueues', {});
  expect((QueueUrls as string[]).map((url) => url.split('/').at(-1))).toEqual(['tap', 'tap-people']);
  expect(await data.tables()).toEqual(['copies', 'order-copies', 'orders', 'people', 'users', 'users-here']);
});
