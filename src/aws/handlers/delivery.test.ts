/** Changes through a delivery stream: a real stream's, forwarded, made lines of, put into a bucket and loaded. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testContext } from '../../../test/fixtures/context.js';
import { type DeployedWorld, deployedWorld, listedRejects } from '../../../test/fixtures/deployed-world.js';
import {
  createTable,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../../../test/fixtures/dynamodb.js';
import { testFirehose } from '../../../test/fixtures/firehose.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type TestS3, testS3 } from '../../../test/fixtures/s3.js';
import { streamEvent, streamRecords } from '../../../test/fixtures/stream-event.js';
import { s3 as s3Connector } from '../../connectors/files/index.js';
import { firehose } from '../../connectors/firehose/index.js';
import type { RejectRecord } from '../../engine/rejects.js';
import { openLoader } from '../../flow/handed/open-loader.js';
import { openMapper } from '../../flow/handed/open-mapper.js';
import { withinLimit } from './events/firehose-event.js';
import { toldObjects } from './events/s3-event.js';
import { forwardEvent } from './forward.js';
import { loadEvent, sweepObjects } from './load.js';
import { transformEvent } from './transform.js';

const LIMIT_MS = 120_000;
const never = new AbortController().signal;
let shared: TestDatabase;
let s3: TestS3;
const closings: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  [shared, s3] = await Promise.all([testDatabase('delivery'), testS3()]);
});
afterAll(async () => {
  await Promise.all(closings.map((close) => close()));
  await Promise.all([shared.drop(), s3.stop()]);
});

const hit = (id: number, payload: string): Item => ({ id: { S: `h${id}` }, payload: { S: payload } });
const base64 = (text: string) => Buffer.from(text).toString('base64');

async function ground(database: TestDatabase = shared) {
  const table = tableName('hits');
  const into = table.replaceAll('-', '_');
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute(
    `CREATE TABLE ${into} (id VARCHAR(20), hits INT, note VARCHAR(200), at TIMESTAMP(6))`,
  );
  const only = { id: 'id', hits: 'payload.hits', note: 'payload.note', at: { meta: 'changedAt' } };
  const deployed: DeployedWorld = await deployedWorld({
    pipeline: 'web',
    connections: { site: dynamodbConnection(), report: database.connection },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table },
        to: { connection: 'report', table: into, mode: 'append' },
        parse: ['payload'],
        map: { only },
      },
    ],
  });
  const [step] = deployed.world.declaration.steps;
  if (step?.kind !== 'replicate') throw new Error('the step is a replicate');
  const rejects: RejectRecord[] = [];
  const { context, close } = await testContext({ pipeline: 'web', step: 'hits' });
  const bucket = await s3.bucket();
  const options = { kind: 's3', bucket, endpoint: s3.endpoint, region: s3.region };
  const store = s3Connector.connect(options, context).store?.(context);
  if (!store) throw new Error('a bucket is a store');
  closings.push(deployed.close, close);
  const mapper = await openMapper(deployed.world, step, listedRejects(rejects));
  const open = () => openLoader(deployed.world, step, { rejects: listedRejects(rejects), store });
  return { table, into, rejects, bucket, context, mapper, open, place: { bucket, prefix: 'lines/' } };
}

type Ground = Awaited<ReturnType<typeof ground>>;

/** What Firehose hands the function, and puts into the bucket. */
async function delivered({ mapper, bucket }: Ground, data: readonly string[], key: string) {
  const records = data.map((one, index) => ({ recordId: `${index}`, data: one }));
  const { answer } = await transformEvent(mapper, { invocationId: 'i', records });
  const lines = answer.records.flatMap(({ result, data: line }) => (result === 'Ok' ? [line] : []));
  await s3.put(bucket, key, lines.map((line) => Buffer.from(line, 'base64').toString('utf8')).join(''));
  return answer.records;
}

/** As the bucket tells of an object, in a message of its queue. */
function messages(bucket: string, ...keys: readonly string[]) {
  return {
    Records: keys.map((key, index) => ({
      messageId: `m${index}`,
      receiptHandle: 'r',
      attributes: {},
      body: JSON.stringify({
        Records: [
          {
            eventVersion: '2.1',
            eventSource: 'aws:s3',
            eventName: 'ObjectCreated:Put',
            s3: {
              bucket: { name: bucket },
              object: {
                key: encodeURIComponent(key).replaceAll('%20', '+'),
                size: 1,
                eTag: 'e',
                sequencer: '0',
              },
            },
          },
        ],
      }),
    })),
  };
}

const notes = ['"quoted", \\ and, comma', 'two\nlines\r\n', 'ends\u2028and\u2029', '', '\\N', 'naïve 🦥'];
const payload = (hits: number, note: string) => JSON.stringify({ hits, note });

describe.concurrent('changes through a delivery stream', { timeout: LIMIT_MS }, () => {
  it('come into the sink as they were, each once, however often they are delivered', async () => {
    const made = await ground();
    await putItems(
      made.table,
      notes.map((note, index) => hit(index, payload(index, note))),
    );
    const stream = await testFirehose();
    closings.push(stream.stop);
    const connection = { kind: 'firehose', endpoint: stream.endpoint, region: 'us-east-1' };
    const delivery = firehose.connect(connection, made.context).delivery?.(made.context);
    if (!delivery) throw new Error('it is a delivery stream');
    const event = streamEvent(await streamRecords(made.table));
    expect(await forwardEvent(delivery, event)).toEqual({ answer: { batchItemFailures: [] }, put: 6 });
    // As after an answer that was lost.
    await forwardEvent(delivery, event);
    await delivery.close();
    expect(stream.taken).toHaveLength(12);
    const [one, other] = ['lines/2026/a b+ü=1.jsonl', 'lines/2026/c.jsonl'];
    await delivered(made, [...stream.taken.slice(0, 6), ...stream.taken.slice(6, 8)], one);
    await delivered(made, stream.taken.slice(8), other);
    const loader = await made.open();
    const first = await loadEvent(loader, made.place, messages(made.bucket, one, one), never);
    expect(first).toMatchObject({
      answer: { batchItemFailures: [] },
      loaded: 2,
      counts: { read: 8, written: 6, unchanged: 2 },
    });
    expect(await s3.keys(made.bucket)).toEqual([other]);
    // No message came of the other.
    expect(await sweepObjects(loader, made.place, never)).toMatchObject({
      loaded: 1,
      counts: { read: 4, written: 0, unchanged: 4 },
    });
    await loader.close();
    const rows = await shared.query(`SELECT id, hits, note FROM ${made.into} ORDER BY id`);
    expect(rows).toEqual(notes.map((note, index) => [`h${index}`, `${index}`, note]));
    expect(await s3.keys(made.bucket)).toEqual([]);
  });

  it('are kept as rejects where they cannot be mapped or loaded, and the others are loaded', async () => {
    const made = await ground();
    await putItems(made.table, [
      hit(0, payload(0, 'good')),
      hit(1, '{cut'),
      hit(2, payload(2, 'x'.repeat(300))),
      hit(3, payload(3, 'good')),
    ]);
    const data = (await streamRecords(made.table)).map((record) => base64(JSON.stringify(record)));
    const key = 'lines/a.jsonl';
    const results = await delivered(made, [...data, base64('no record'), base64('{}')], key);
    expect(results.map(({ result }) => result)).toEqual([
      'Ok',
      'Dropped',
      'Ok',
      'Ok',
      'ProcessingFailed',
      'ProcessingFailed',
    ]);
    expect(results[4]?.data).toBe(base64('no record'));
    const loader = await made.open();
    await loadEvent(loader, made.place, messages(made.bucket, key), never);
    await loader.close();
    expect(made.rejects.map(({ reason, mapped }) => [reason, mapped])).toEqual([
      ['parse_failed', undefined],
      ['value_too_long', true],
    ]);
    expect(await shared.query(`SELECT id FROM ${made.into} ORDER BY id`)).toEqual([['h0'], ['h3']]);
  });

  it('are sent again where the stream did not take them, and only those', async () => {
    const made = await ground();
    await putItems(
      made.table,
      Array.from({ length: 5 }, (_, index) => hit(index, '{}')),
    );
    const stream = await testFirehose((index) => index === 1 || index === 3);
    closings.push(stream.stop);
    const connection = { kind: 'firehose', endpoint: stream.endpoint, region: 'us-east-1' };
    const delivery = firehose.connect(connection, made.context).delivery?.(made.context);
    if (!delivery) throw new Error('it is a delivery stream');
    const told = await forwardEvent(delivery, streamEvent(await streamRecords(made.table)));
    await delivery.close();
    expect(told.answer).toEqual({ batchItemFailures: [] });
    expect(stream.calls).toEqual([5, 2]);
    expect(new Set(stream.taken).size).toBe(5);
  });

  it('come into the sink once where two functions load them at once, also from objects that seem the same', async () => {
    const own = await testDatabase('turns');
    closings.push(own.drop);
    const made = await ground(own);
    await putItems(
      made.table,
      Array.from({ length: 6 }, (_, index) => hit(index, payload(index, 'good'))),
    );
    const data = (await streamRecords(made.table)).map((record) => base64(JSON.stringify(record)));
    const some = (...indexes: readonly number[]) => indexes.map((index) => data[index] ?? '');
    // Both begin and end with the same changes.
    const objects = ['lines/a.jsonl', 'lines/b.jsonl'];
    await delivered(made, some(0, 1, 2, 5), 'lines/a.jsonl');
    await delivered(made, some(0, 3, 4, 5), 'lines/b.jsonl');
    const loaders = [await made.open(), await made.open()];
    await own.execute(`LOCK TABLES ${made.into} READ`);
    const loading = objects.map((key, index) => loaders[index]?.load(key, never));
    await vi.waitFor(
      async () => {
        const waiting = `SELECT COUNT(*) FROM information_schema.processlist WHERE db = '${own.name}' AND state LIKE 'Waiting for table%'`;
        expect(await own.query(waiting)).toEqual([['2']]);
      },
      { timeout: LIMIT_MS / 2, interval: 50 },
    );
    await own.execute('UNLOCK TABLES');
    const counts = (await Promise.all(loading)).map((loaded) => loaded?.counts);
    expect(counts.map((each) => each?.read)).toEqual([4, 4]);
    expect(counts.reduce((sum, each) => sum + (each?.written ?? 0), 0)).toBe(6);
    await Promise.all(loaders.map((loader) => loader.close()));
    const rows = await own.query(`SELECT id FROM ${made.into} ORDER BY id`);
    expect(rows).toEqual(['h0', 'h1', 'h2', 'h3', 'h4', 'h5'].map((id) => [id]));
    expect(await s3.keys(made.bucket)).toEqual([]);
  });

  it('stay in the bucket while they cannot be loaded', async () => {
    const made = await ground();
    await s3.put(made.bucket, 'lines/torn.jsonl', '{"change":{"seq');
    const loader = await made.open();
    const told = await loadEvent(loader, made.place, messages(made.bucket, 'lines/torn.jsonl'), never);
    expect(told.answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm0' }] });
    expect(told.failure?.error).toMatchObject({ code: 'file_torn' });
    const elsewhere = messages(made.bucket, 'other/a.jsonl');
    expect(await loadEvent(loader, made.place, elsewhere, never)).toMatchObject({ loaded: 0 });
    await loader.close();
    expect(await s3.keys(made.bucket)).toEqual(['lines/torn.jsonl']);
  });
});

it('an answer to Firehose stays within what Lambda takes; what has no room goes to the error prefix', () => {
  const results = ['a', 'b', 'c'].map((recordId) => ({
    recordId,
    result: 'Ok' as const,
    data: 'x'.repeat(1000),
  }));
  const kept = withinLimit(results, (recordId) => `${recordId} as it came`, 1700);
  expect(kept.map(({ recordId, result, data }) => [recordId, result, data.length])).toEqual([
    ['a', 'Ok', 1000],
    ['b', 'ProcessingFailed', 12],
    ['c', 'ProcessingFailed', 12],
  ]);
});

it('the event with which a bucket tries its queue out tells of no object', () => {
  const event = { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'b', RequestId: 'r', HostId: 'h' };
  expect(toldObjects(JSON.stringify(event))).toEqual([]);
  expect(() => toldObjects('{}')).toThrow(expect.objectContaining({ code: 'message_unfit' }));
});
