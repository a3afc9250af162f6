import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestContext, testContext } from '../../../test/fixtures/context.js';
import { type QueueOptions, type TestQueue, type TestSqs, testSqs } from '../../../test/fixtures/sqs.js';
import type { Batch } from '../../values/batch.js';
import type { Attribute } from '../../values/cell.js';
import type { Connection } from '../connector.js';
import type { Delivery, Misfit, Queue } from '../queue.js';
import { sqs as connector } from './index.js';

const PATIENCE_MS = 60_000;
const origin = { pipeline: 'sample', step: 'users', run: 'r1', readAtMs: Date.UTC(2026, 10, 1) };

let sqs: TestSqs;
let run: TestContext;

beforeAll(async () => {
  sqs = await testSqs();
  run = await testContext();
});

afterAll(async () => {
  await run.close();
  await sqs.stop();
});

interface Opened {
  readonly queue: Queue;
  readonly at: TestQueue;
}

async function opened(options: QueueOptions = {}, connection: object = {}): Promise<Opened> {
  const at = await sqs.queue(options);
  return { at, queue: open({ ...at.connection, ...connection }) };
}

function open(options: object): Queue {
  const connection: Connection = connector.connect(options, run.context);
  const queue = connection.queue?.(run.context);
  if (queue === undefined) throw new Error('the connection has no queue');
  return queue;
}

const columns = [
  { name: 'pk', type: 'attribute', nullable: false },
  { name: 'data', type: 'attribute', nullable: true },
] as const;

function items(count: number, data: (index: number) => Attribute = (index) => ({ N: `${index}` })): Batch {
  return {
    columns,
    rows: Array.from({ length: count }, (_, index) => [{ S: `k${index}` }, data(index)]),
    bytes: count * 20,
  };
}

async function receiveAll(queue: Queue): Promise<(Delivery | Misfit)[]> {
  const all: (Delivery | Misfit)[] = [];
  for (;;) {
    const received = await queue.receive({ max: 100, waitSeconds: 0 });
    if (received.length === 0) return all;
    all.push(...received);
  }
}

function rowsOf(received: readonly (Delivery | Misfit)[]) {
  return received.map((one) => (one.kind === 'row' ? one.batch.rows.at(0) : one.message));
}

describe('a queue of SQS', { timeout: PATIENCE_MS }, () => {
  it('gives every row that was sent to it, with its key and origin', async () => {
    const { queue } = await opened();
    const sent = await queue.send(items(25), ['pk'], origin, 'p0.1');
    expect(sent).toEqual(Array.from({ length: 25 }, () => 'sent'));
    const received = await receiveAll(queue);
    expect(received).toHaveLength(25);
    expect(new Set(rowsOf(received).map((row) => JSON.stringify(row))).size).toBe(25);
    const first = received.find((one) => one.id === 'r1/p0.1.0');
    expect(first).toMatchObject({ kind: 'row', key: ['pk'], origin, receives: 1 });
    expect(rowsOf(first ? [first] : [])).toEqual([[{ S: 'k0' }, { N: '0' }]]);
    await queue.close();
  });

  it('keeps what was not removed, and loses what was', async () => {
    const { queue, at } = await opened({ attributes: { VisibilityTimeout: '1' } });
    await queue.send(items(3), ['pk'], origin, 't');
    const received = await receiveAll(queue);
    expect(await queue.remove(received.slice(0, 2))).toEqual([]);
    expect(await queue.extend(received.slice(2), 0)).toEqual([]);
    const [again] = await receiveAll(queue);
    expect(again).toMatchObject({ id: received[2]?.id, receives: 2 });
    expect(await queue.describe()).toMatchObject({ name: `queue ${at.name}`, waiting: 0, inFlight: 1 });
    await queue.close();
  });
});
