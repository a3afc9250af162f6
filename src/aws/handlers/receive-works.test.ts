/** The function that a queue is mapped to as Lambda calls it, its state in a table that others share. */
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startHttpProxy } from '../../../test/faults/http-proxy.js';
import { project, sluice } from '../../../test/fixtures/cli.js';
import { testContext } from '../../../test/fixtures/context.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../../../test/fixtures/dynamodb.js';
import { declaredMetrics, emittedMetrics } from '../../../test/fixtures/metrics.js';
import { openQueue } from '../../../test/fixtures/queues.js';
import { type TestSqs, testSqs } from '../../../test/fixtures/sqs.js';
import { sqsEvent } from '../../../test/fixtures/sqs-event.js';
import { type TableStates, tableStates } from '../../../test/fixtures/states.js';
import { registry } from '../../connectors/registry.js';
import { parseDeclaration } from '../../declare/load.js';
import { rowKey } from '../../engine/via/row-key.js';
import { SluiceError } from '../../errors.js';
import { openRejects } from '../../flow/rejects.js';
import { stateAddress } from '../../journal/aws/state-address.js';
import { handlerOf } from './handler.js';
import { receiveWorks } from './receive-works.js';

let sqs: TestSqs;
let ground: TableStates;

beforeAll(async () => {
  [sqs, ground] = await Promise.all([testSqs(), tableStates()]);
});
afterAll(async () => {
  await Promise.all([sqs.stop(), ground.close()]);
});

const row = (id: string, kind: Item[string] = { S: 'plain' }): Item => ({ id: { S: id }, kind });

const names = ['id', 'kind', 'more'];
const columns = names.map((name) => ({ name, type: 'attribute' as const, nullable: name === 'more' }));
const batchOf = (items: readonly Item[]) => ({
  columns,
  rows: items.map((item) => names.map((name) => item[name])),
  bytes: 50,
});
let sent = 0;

/** A pipeline with a queue, a table behind it, and the function that the queue is mapped to. */
async function pipeline(sink: object = dynamodbConnection(), until = new AbortController().signal) {
  const table = tableName('dev');
  await createTable(table, ['id', 'S'], ['kind', 'S']);
  const queue = await sqs.queue({ maxReceives: 5, attributes: { VisibilityTimeout: '3600' } });
  const declared = {
    pipeline: 'users-sample',
    connections: { prod: dynamodbConnection(), dev: sink, inbox: queue.connection },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: 'unseen' },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table, mode: 'put' },
      },
    ],
  };
  const env = { ...process.env, SLUICE_STEP: 'users', SLUICE_WORKERS: '2' };
  const declaration = await parseDeclaration(JSON.stringify(declared), 'p.yaml', { env, cwd: '/' });
  const lines: string[] = [];
  const state = ground.open('users-sample');
  return {
    table,
    queue,
    declared,
    state,
    lines,
    /** Each is a process of its own, as far as can be. */
    process: () => {
      const load = async (kind: keyof typeof registry) => await registry[kind].load();
      const { signal } = new AbortController();
      const called = handlerOf(async () => ({ declaration, state, env, load }), receiveWorks, {
        write: (line) => void lines.push(line),
        timeOf: () => ({ until, signal, close: () => undefined }),
      });
      return (event: object) => called(event as never, { getRemainingTimeInMillis: () => 60_000 });
    },
    send: async (items: readonly Item[], readAtMs = Date.now()) => {
      const { context, close } = await testContext({ pipeline: 'users-sample', step: 'users' });
      const sender = openQueue(queue.connection, context);
      const origin = { pipeline: 'users-sample', step: 'users', run: 'r1', readAtMs };
      await sender.send(batchOf(items), ['id'], origin, `p0.${sent++}`);
      await sender.close();
      await close();
    },
  };
}

it('writes what it is handed, knows it again in another process, and its rejects are found', async () => {
  const { table, queue, state, lines, process: process_, send } = await pipeline();
  await send([row('a'), row('odd', { N: '1' }), row('b')]);
  await sqs.send(queue.url, ['{"v":1,"torn']);
  const event = await sqsEvent(sqs, queue.url, 4);
  const one = process_();
  expect(await one(event)).toEqual({ batchItemFailures: [] });
  expect(await one({ Records: [] })).toEqual({ batchItemFailures: [] });
  expect((await allItems(table)).map(({ id }) => id?.['S' as never]).sort()).toEqual(['a', 'b']);
  const [open, ...others] = await openRejects({ state });
  expect(others).toEqual([]);
  expect(open?.records.map(({ step, received }) => [step, received])).toEqual([['users', 'row']]);
  expect(await sqs.drain(queue.redrive?.url ?? '')).toHaveLength(2);

  // Somebody has edited it since: the message that comes twice is older than what was written of it.
  const edited = { ...row('a'), more: { S: 'edited' } };
  await putItems(table, [edited]);
  const again = { Records: event.Records.filter(({ body }) => body.includes('"S":"a"')) };
  expect(again.Records).toHaveLength(1);
  expect(await process_()(again)).toEqual({ batchItemFailures: [] });
  expect(await allItems(table)).toContainEqual(edited);

  await send([row('c')]);
  const last = await sqsEvent(sqs, queue.url, 1);
  await dynamodbCall('DeleteTable', { TableName: table });
  await expect(one(last)).rejects.toMatchObject({ name: 'table_missing' });
  await createTable(table, ['id', 'S'], ['kind', 'S']);
  // It opens everything anew.
  expect(await one(last)).toEqual({ batchItemFailures: [] });
  expect(await allItems(table)).toEqual([row('c')]);
  const log = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(log.filter(({ message }) => message === 'received')).toContainEqual(
    expect.objectContaining({ read: 4, written: 2, rejected: 2, again: 0 }),
  );
  expect(emittedMetrics(lines)).toEqual(
    declaredMetrics('users-sample', [['received', 'users']], { runs: false }),
  );
  expect(lines.join('')).not.toContain('torn');
}, 120_000);

/** As SQS was told by whoever gave them back: after the first receive it is half a minute. */
async function expectGivenBack(name: string, count: number): Promise<void> {
  const hidden = await sqs.hiddenSeconds(name);
  expect(hidden).toHaveLength(count);
  for (const seconds of hidden) expect(seconds).toBeLessThan(31);
}

it('gives back what it is handed while its sink is away', async () => {
  const { table, queue, process: process_, send } = await pipeline();
  await send([row('a'), row('b')]);
  await dynamodbCall('DeleteTable', { TableName: table });
  const event = await sqsEvent(sqs, queue.url, 2);
  const one = process_();
  await expect(one(event)).rejects.toMatchObject({ name: 'plan_refused' });
  await expectGivenBack(queue.name, 2);
  await createTable(table, ['id', 'S'], ['kind', 'S']);
  expect(await one(event)).toEqual({ batchItemFailures: [] });
  expect(await allItems(table)).toHaveLength(2);
}, 120_000);

it('gives back what it is handed when its time is over before its sink answers', async () => {
  const until = new AbortController();
  const silent = await startHttpProxy(inject('dynamodb').endpoint);
  silent.watch(() => {
    until.abort(new SluiceError('timeout', 'time is over', { retry: 'later' }));
    return new Promise(() => undefined);
  });
  const connection = { ...dynamodbConnection(), endpoint: silent.endpoint };
  const { queue, process: process_, send } = await pipeline(connection, until.signal);
  await send([row('a')]);
  const event = await sqsEvent(sqs, queue.url, 1);
  await expect(process_()(event)).rejects.toMatchObject({ name: 'timeout' });
  await expectGivenBack(queue.name, 1);
  await silent.stop();
}, 120_000);

it('and a machine with its state know what the other wrote, and leave each other what is at work', async () => {
  const { table, queue, declared, state, process: process_, send } = await pipeline();
  const now = Date.now();
  const version = (id: string, text: string): Item => ({ ...row(id), more: { S: text } });
  await send([version('seen', 'new')], now);
  expect(await process_()(await sqsEvent(sqs, queue.url, 1))).toEqual({ batchItemFailures: [] });
  const function_ = state.sharedTimes({
    step: 'users',
    owner: 'function',
    holdMs: 600_000,
    retentionSeconds: 345_600,
  });
  const keyOf = (id: string) => rowKey(batchOf([row(id)]), 0, ['id', 'kind']);
  await function_.take([keyOf('busy')]);
  await send([version('seen', 'old')], now - 1000);
  await send([row('busy'), row('own')], now);
  const made = await project(declared);
  const address = stateAddress(ground.place);
  const args = ['run', made.file, '--only', 'receive', '--json', '--state', address];
  const children: ChildProcess[] = [];
  const running = sluice(args, { started: (child) => void children.push(child) });
  await expect.poll(async () => (await sqs.hiddenSeconds(queue.name)).some((left) => left < 31)).toBe(true);
  await expect.poll(async () => (await allItems(table)).length).toBe(2);
  for (const child of children) child.kill('SIGTERM');
  const { status, events, stderr } = await running;
  expect([status, stderr]).toEqual([143, expect.anything()]);
  expect(events.at(-1)).toMatchObject({ steps: [{ written: 1, unchanged: 1, rejected: 0 }] });
  expect(await allItems(table)).toEqual(expect.arrayContaining([version('seen', 'new'), row('own')]));
  // And what the machine wrote, the function knows.
  await function_.take([keyOf('own')]);
  expect([now, now + 1].map((at) => function_.isOld(keyOf('own'), at))).toEqual([true, false]);
  await made.remove();
}, 120_000);
