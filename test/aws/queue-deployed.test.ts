/** F2 on an emulated AWS whose policies are enforced: sent by the state machine or from here, received by functions. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type EmulatedData, emulatedData } from '../fixtures/emulated-data.js';
import { type EmulatedPipeline, emulatedPipeline } from '../fixtures/emulated-pipeline.js';
import { type TestAccount, type TestMinistack, testMinistack } from '../fixtures/ministack.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

const USERS = 60;
const place = { kind: 'dynamodb', region: 'eu-west-1' };

let ministack: TestMinistack;
let account: TestAccount;
let data: EmulatedData;
let users: EmulatedPipeline;
/** The same pipeline, whose queue is not received from; and a copy without a queue. */
let tapped: Project;
let here: Project;
beforeAll(async () => {
  ministack = await testMinistack({ enforced: true });
  account = ministack.account('111122223333');
  data = emulatedData(account);
  users = await emulatedPipeline(declared(40));
  const step = { copy: 'users', from: { connection: 'place', table: 'users', keys: './keys.txt' } };
  tapped = await project({
    pipeline: 'users-sample',
    connections: { place, tap: { kind: 'sqs', queue: 'tap', region: 'eu-west-1' } },
    steps: [
      { ...step, via: { connection: 'tap' }, to: { connection: 'place', table: 'copies', mode: 'put' } },
    ],
  });
  here = await project({
    pipeline: 'here',
    connections: { place },
    steps: [
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
  await Promise.all([ministack?.stop(), users?.remove(), tapped?.remove(), here?.remove()]);
});

/** Every second user, and one that is not there. */
const keys = [...Array.from({ length: USERS / 2 }, (_, index) => `user ${2 * index}`), 'nobody'];

function declared(pace: number): object {
  const queue = (name: string) => ({ kind: 'sqs', queue: name, region: 'eu-west-1', create: true });
  return {
    pipeline: 'users-sample',
    connections: { place, inbox: queue('users-inbox'), orders: queue('orders-inbox') },
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
    ],
  };
}

const command = (verb: string, ...args: string[]) => users.command(account, verb, ...args);

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

/** As the program here has sent it. */
async function message(): Promise<string> {
  await data.sqs('CreateQueue', { QueueName: 'tap' });
  const sent = await sluice(['run', tapped.file, '--only', 'send', '--json'], { env: account.env });
  expect(sent, sent.stdout + sent.stderr).toMatchObject({ status: 0 });
  const received = await data.sqs('ReceiveMessage', { QueueUrl: await data.urlOf('tap') });
  return (received['Messages'] as { Body: string }[])[0]?.Body ?? '';
}

const reasons = ({ events }: CliRun) => events.map(({ step, reason }) => [step, reason]).toSorted();

it('is deployed, sends and receives with exactly the permissions that its roles have, is updated and taken away', async () => {
  for (const name of ['users', 'copies', 'orders', 'order-copies']) await data.table(name);
  for (let index = 0; index < USERS; index++) await data.put('users', user(index));
  const order = { id: { S: 'o1' } };
  await data.put('orders', order);
  const before = await command('plan');
  expect(before).toMatchObject({ status: 2 });
  expect(before.stdout).toContain('sluice deploy makes it');

  await users.deploy(account);
  // The message of the second step fails while others are looked at, as often as the policy allows: once.
  const redrive = `arn:aws:sqs:eu-west-1:${account.id}:orders-inbox-redrive`;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: redrive, maxReceiveCount: 1 });
  await data.sqs('SetQueueAttributes', {
    QueueUrl: await data.urlOf('orders-inbox'),
    Attributes: { RedrivePolicy, VisibilityTimeout: '5' },
  });
  await data.dynamodb('DeleteTable', { TableName: 'order-copies' });

  const ran = await command('run', '--on', 'aws');
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 3 });
  expect(ran.events.at(-1)).toMatchObject({
    outcome: 'rejects',
    steps: [
      { name: 'users', read: keys.length, written: keys.length - 1, rejected: 1 },
      { name: 'orders', read: 1, written: 1 },
    ],
  });
  const local = await sluice(['run', here.file, '--json'], { env: account.env });
  expect(local, local.stdout + local.stderr).toMatchObject({ status: 3 });
  const wanted = await data.dump('users-here');
  expect(wanted).toHaveLength(keys.length - 1);
  await expect.poll(() => data.dump('copies')).toEqual(wanted);

  const body = await message();
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
  const aside = await command('rejects', '--on', 'aws');
  expect(reasons(aside)).toEqual([
    ['orders', 'received_too_often'],
    ['users', 'key_missing'],
    ['users', 'message_unfit'],
  ]);
  await data.table('order-copies');
  const replayed = await command('replay', '--on', 'aws', '--step', 'orders');
  expect(replayed, replayed.stdout + replayed.stderr).toMatchObject({ status: 0 });
  expect(await data.dump('order-copies')).toEqual(await data.dump('orders'));
  const given = await command('replay', '--on', 'aws', '--discard', '--where', 'reason=message_unfit');
  expect(given.events.at(-1)).toMatchObject({ steps: [{ name: 'users', discarded: 1 }] });
  expect(reasons(await command('rejects', '--on', 'aws'))).toEqual([['users', 'key_missing']]);

  await users.declare(declared(0.5));
  const updated = await users.deploy(account);
  expect(updated.events.at(-1)).toMatchObject({ stacks: [{ result: 'unchanged' }, { result: 'updated' }] });
  const mappings = await account.rest('lambda', '/2015-03-31/event-source-mappings/');
  const { EventSourceMappings } = (await mappings.json()) as { EventSourceMappings: { BatchSize: number }[] };
  expect(EventSourceMappings.map(({ BatchSize }) => BatchSize).toSorted()).toEqual([100, 7]);

  const gone = await command('destroy', '--yes');
  expect(gone, gone.stdout + gone.stderr).toMatchObject({ status: 0 });
  const { QueueUrls = [] } = await data.sqs('ListQueues', {});
  expect((QueueUrls as string[]).map((url) => url.split('/').at(-1))).toEqual(['tap']);
  expect(await data.tables()).toEqual(['copies', 'order-copies', 'orders', 'users', 'users-here']);
});
