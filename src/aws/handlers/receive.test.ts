/** The receiving half of a copy as a function: a real queue's messages in Lambda's form, into a real table. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allItems,
  createTable,
  dynamodbCall,
  type Item,
  tableName,
} from '../../../test/fixtures/dynamodb.js';
import { type HandedGround, type HandedOptions, handedGround } from '../../../test/fixtures/handed.js';
import { type TestSqs, testSqs } from '../../../test/fixtures/sqs.js';
import { sqsEvent } from '../../../test/fixtures/sqs-event.js';
import type { SqsRecord } from './events/sqs-event.js';
import { receiveEvent } from './receive.js';

const LIMIT_MS = 120_000;
const never = new AbortController().signal;
let sqs: TestSqs;
const grounds: HandedGround[] = [];

beforeAll(async () => {
  sqs = await testSqs();
});
afterAll(async () => {
  await Promise.all(grounds.map((ground) => ground.close()));
  await sqs.stop();
});

async function ground(options: HandedOptions = {}): Promise<HandedGround> {
  const made = await handedGround(sqs, options);
  grounds.push(made);
  return made;
}

const row = (id: string, value = id): Item => ({ id: { S: id }, value: { S: value } });
const byId = (items: readonly Item[]) =>
  items.map((item) => JSON.stringify(Object.entries(item).sort())).sort();

/** Hands over what is in the queue, and takes off it what the answer does not name, as Lambda does. */
async function deliver(made: HandedGround, count: number, stop = never) {
  const event = await sqsEvent(sqs, made.queue.url, count);
  const receiver = await made.open();
  const told = await receiveEvent(receiver, event, stop);
  await receiver.close();
  const again = told.answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
  return {
    ...told,
    event,
    again,
    bodies: event.Records.filter(({ messageId }) => again.includes(messageId)),
  };
}

describe.concurrent('a function that is handed messages', { timeout: LIMIT_MS }, () => {
  it('writes their rows as they were, and says that none is to come again', async () => {
    const made = await ground();
    const rich: Item = {
      ...row('rich'),
      empty: { S: '' },
      flag: { BOOL: true },
      nothing: { NULL: true },
      digits: { N: '12345678901234567890123456789012345678' },
      set: { SS: ['a', 'b'] },
    };
    await made.send([rich, row('a'), row('b')]);
    const { again, outcome } = await deliver(made, 3);
    expect(again).toEqual([]);
    expect(outcome.counts).toMatchObject({ read: 3, written: 3, unchanged: 0, rejected: 0 });
    expect(byId(await allItems(made.table))).toEqual(byId([rich, row('a'), row('b')]));
  });

  it('writes nothing a second time, and no older row over a newer one', async () => {
    const made = await ground();
    await made.send([row('a', 'old')]);
    const first = await sqsEvent(sqs, made.queue.url, 1);
    await made.send([row('a', 'new')], Date.now() + 1000);
    await deliver(made, 1);
    const receiver = await made.open();
    const late = await receiveEvent(receiver, first, never);
    const twice = await receiveEvent(receiver, first, never);
    await receiver.close();
    expect([late.answer, twice.answer]).toEqual([{ batchItemFailures: [] }, { batchItemFailures: [] }]);
    expect(late.outcome.counts).toMatchObject({ written: 0, unchanged: 1 });
    expect(await allItems(made.table)).toEqual([row('a', 'new')]);
  });

  it('leaves a row to whoever is at work on its key', async () => {
    const made = await ground();
    await made.send([row('a'), row('b')]);
    const other = made.times('another receiver');
    const event = await sqsEvent(sqs, made.queue.url, 2);
    await other.take([made.keyOf('a')]);
    const receiver = await made.open();
    const told = await receiveEvent(receiver, event, never);
    const busy = event.Records.find(({ body }) => body.includes('"S":"a"'))?.messageId;
    expect(told.answer).toEqual({ batchItemFailures: [{ itemIdentifier: busy }] });
    expect(await allItems(made.table)).toEqual([row('b')]);
    await other.release();
    const again = await receiveEvent(receiver, event, never);
    await receiver.close();
    expect(again.answer).toEqual({ batchItemFailures: [] });
    expect(again.outcome.counts).toMatchObject({ written: 1, unchanged: 1 });
  });

  it('sets aside what holds no row of the step, with the reason, and writes the others', async () => {
    const made = await ground();
    await sqs.send(made.queue.url, ['{"v":1,"torn']);
    await made.send([row('a')]);
    const { again, outcome } = await deliver(made, 2);
    expect(again).toEqual([]);
    expect(outcome.counts).toMatchObject({ read: 2, written: 1, rejected: 1 });
    const [aside, ...others] = await sqs.drain(made.queue.redrive?.url ?? '');
    expect(others).toEqual([]);
    expect(aside?.Body).toBe('{"v":1,"torn');
    expect(aside?.MessageAttributes?.['sluice-aside']?.StringValue).toContain('message_unfit');
    expect(made.rejects.map(({ reason }) => reason)).toEqual(['message_unfit']);
  });

  it('keeps its part of the pace, and what it has no time for comes again', async () => {
    const made = await ground({ step: { pace: { items: 4 } }, workers: 2 });
    await made.send(Array.from({ length: 8 }, (_, index) => row(`k${index}`)));
    const stop = new AbortController();
    const began = performance.now();
    const receiver = await made.open();
    const event = await sqsEvent(sqs, made.queue.url, 8);
    const working = receiveEvent(receiver, event, stop.signal);
    let written = 0;
    while (written < 3) written = (await allItems(made.table)).length;
    stop.abort(new Error('time is over'));
    const { answer, outcome } = await working;
    const seconds = (performance.now() - began) / 1000;
    await receiver.close();
    const rows = await allItems(made.table);
    // Two a second for this one of two, and none of the first second's, which another may have spent.
    expect(rows.length).toBeLessThanOrEqual(2 * Math.ceil(seconds));
    expect(seconds).toBeGreaterThan(1.4);
    expect(outcome.failure).toBeDefined();
    expect(answer.batchItemFailures).toHaveLength(8 - rows.length);
    const failed = new Set(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
    const done = event.Records.filter(({ messageId }) => !failed.has(messageId));
    expect(done.map(({ body }) => JSON.parse(body).item.id.S).sort()).toEqual(
      rows.map(({ id }) => (id as { S: string }).S).sort(),
    );
  });

  it('answers exactly what is not in the sink, where the sink fails in the middle', async () => {
    const made = await ground({ step: { patience: 1 } });
    await made.send([row('a'), row('b')]);
    const receiver = await made.open();
    await dynamodbCall('DeleteTable', { TableName: made.table });
    const event = await sqsEvent(sqs, made.queue.url, 2);
    const { answer, outcome } = await receiveEvent(receiver, event, never);
    await receiver.close();
    expect(outcome.failure?.error).toMatchObject({ code: 'table_missing' });
    expect(answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier).sort()).toEqual(
      event.Records.map(({ messageId }) => messageId).sort(),
    );
    await createTable(made.table, ['id', 'S']);
    const next = await made.open();
    const again = await receiveEvent(next, event, never);
    await next.close();
    expect(again.outcome.counts).toMatchObject({ read: 2, written: 2 });
  });

  it('writes nothing of a group behind a message that is to come again', async () => {
    const made = await ground();
    await made.send([row('a', '1')]);
    await made.send([row('a', '2'), row('b', '1')], Date.now() + 1000);
    const { Records } = await sqsEvent(sqs, made.queue.url, 3);
    const grouped = (id: string, value: string): SqsRecord => {
      const found = Records.find(({ body }) => {
        const { item } = JSON.parse(body);
        return item.id.S === id && item.value.S === value;
      });
      if (!found) throw new Error('a message is missing');
      const attributes = { MessageGroupId: id, SequenceNumber: '18849496460467696128' };
      return { ...found, attributes: { ...found.attributes, ...attributes } };
    };
    const [first, second, other] = [grouped('a', '1'), grouped('a', '2'), grouped('b', '1')];
    const damaged = { ...first, md5OfBody: '0'.repeat(32) };
    const receiver = await made.open();
    const torn = await receiveEvent(receiver, { Records: [damaged, second, other] }, never);
    const again = torn.answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);
    expect(again).toEqual([first.messageId, second.messageId]);
    expect(await allItems(made.table)).toEqual([row('b', '1')]);
    const whole = await receiveEvent(receiver, { Records: [first, second] }, never);
    await receiver.close();
    expect(whole.answer.batchItemFailures).toEqual([]);
    expect(byId(await allItems(made.table))).toEqual(byId([row('a', '2'), row('b', '1')]));
  });

  it('reads rows that are too large for a message from their objects, and removes those', async () => {
    const bucket = await sqs.bucket();
    const made = await ground({ large: bucket, attributes: { MaximumMessageSize: '2048' } });
    const large = row('a', 'x'.repeat(5000));
    await made.send([large]);
    expect(await sqs.objects(bucket)).toHaveLength(1);
    const { again } = await deliver(made, 1);
    expect(again).toEqual([]);
    expect(await allItems(made.table)).toEqual([large]);
    expect(await sqs.objects(bucket)).toEqual([]);
  });
});

it('refuses a table that is not there before it is handed anything', async () => {
  const made = await ground({ table: tableName('missing'), create: false });
  await expect(made.open()).rejects.toMatchObject({ code: 'plan_refused' });
});
