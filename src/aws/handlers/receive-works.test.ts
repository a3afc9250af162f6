/** The function that a queue is mapped to as Lambda calls it, its state in a table that others share. */
import { afterAll, beforeAll, expect, it } from 'vitest';
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
import { openRejects } from '../../flow/rejects.js';
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

it('writes what it is handed, knows it again in another process, and its rejects are found', async () => {
  const table = tableName('dev');
  await createTable(table, ['id', 'S'], ['kind', 'S']);
  const queue = await sqs.queue({ maxReceives: 5 });
  const declared = {
    pipeline: 'users-sample',
    connections: { prod: dynamodbConnection(), dev: dynamodbConnection(), inbox: queue.connection },
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
  // Each is a process of its own, as far as can be.
  const process_ = () => {
    const load = async (kind: keyof typeof registry) => await registry[kind].load();
    const { signal } = new AbortController();
    const called = handlerOf(async () => ({ declaration, state, env, load }), receiveWorks, {
      write: (line) => void lines.push(line),
      timeOf: () => ({ until: signal, signal, close: () => undefined }),
    });
    return (event: object) => called(event as never, { getRemainingTimeInMillis: () => 60_000 });
  };
  const { context, close } = await testContext({ pipeline: 'users-sample', step: 'users' });
  const sender = openQueue(queue.connection, context);
  let sent = 0;
  const send = async (...items: readonly Item[]) => {
    const columns = ['id', 'kind'].map((name) => ({ name, type: 'attribute' as const, nullable: false }));
    const batch = { columns, rows: items.map(({ id, kind }) => [id, kind]), bytes: 50 };
    const origin = { pipeline: 'users-sample', step: 'users', run: 'r1', readAtMs: Date.now() };
    await sender.send(batch, ['id'], origin, `p0.${sent++}`);
  };
  await send(row('a'), row('odd', { N: '1' }), row('b'));
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

  await send(row('c'));
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
  await sender.close();
  await close();
}, 120_000);
