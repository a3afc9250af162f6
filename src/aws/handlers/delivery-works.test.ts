/** The three functions of a delivery stream as their services call them, from a real stream to a real table. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { testAurora } from '../../../test/fixtures/aurora.js';
import { createTable, dynamodbConnection, putItems, tableName } from '../../../test/fixtures/dynamodb.js';
import { type TestFirehose, testFirehose } from '../../../test/fixtures/firehose.js';
import { declaredMetrics, emittedMetrics } from '../../../test/fixtures/metrics.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type TestS3, testS3 } from '../../../test/fixtures/s3.js';
import { streamRecords } from '../../../test/fixtures/stream-event.js';
import { registry } from '../../connectors/registry.js';
import { parseDeclaration } from '../../declare/load.js';
import { openRejects } from '../../flow/rejects.js';
import { FolderState } from '../../journal/files/folder-state.js';
import type { Works } from './deployed.js';
import type { FirehoseAnswer } from './events/firehose-event.js';
import { forwardWorks } from './forward-works.js';
import { type Handler, handlerOf } from './handler.js';
import { loadWorks } from './load-works.js';
import { transformWorks } from './transform-works.js';

let database: TestDatabase;
let s3: TestS3;
let stream: TestFirehose;
let folder: string;

beforeAll(async () => {
  [database, s3, stream] = await Promise.all([testDatabase('stages'), testS3(), testFirehose()]);
  folder = await mkdtemp(join(tmpdir(), 'sluice-works-'));
});
afterAll(async () => {
  await Promise.all([database.drop(), s3.stop(), stream.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const lines: string[] = [];

/** As Lambda has it. */
async function functions(table: string, bucket: string, sink: object = {}) {
  const declared = {
    pipeline: 'web',
    connections: {
      site: dynamodbConnection(),
      delivery: { kind: 'firehose', endpoint: stream.endpoint, region: 'us-east-1' },
      report: { ...database.connection, ...sink },
    },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table },
        via: { connection: 'delivery' },
        to: { connection: 'report', table: 'hits', mode: 'append' },
        parse: ['hits'],
        map: { only: { id: 'id', hits: 'hits.n' } },
      },
    ],
  };
  const env = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: s3.region,
    AWS_ENDPOINT_URL_S3: s3.endpoint,
    ...process.env,
    SLUICE_STEP: 'hits',
    SLUICE_DELIVERIES: bucket,
  };
  const declaration = await parseDeclaration(JSON.stringify(declared), 'p.yaml', { env, cwd: folder });
  const state = new FolderState(join(folder, 'state'), 'web');
  const load = async (kind: keyof typeof registry) => await registry[kind].load();
  const { signal } = new AbortController();
  const time = { until: signal, signal, close: () => undefined };
  const called = (works: Works) => {
    const write = (line: string) => void lines.push(line);
    const open = async () => ({ declaration, state, env, load });
    const handler: Handler = handlerOf(open, works, { write, timeOf: () => time });
    return (event: object) => handler(event as never, { getRemainingTimeInMillis: () => 60_000 });
  };
  return {
    state,
    forward: called(forwardWorks),
    transform: called(transformWorks),
    load: called(loadWorks),
  };
}

const HOUR_MS = 3_600_000;

/** The line of a change that was made two hours ago. */
function aged(line: string): string {
  const changedAt = new Date(Date.now() - 2 * HOUR_MS).toISOString();
  return line.replace(/"changedAt":"[^"]*"/, `"changedAt":"${changedAt}"`);
}

function told(bucket: string, ...keys: readonly string[]): object {
  const Records = keys.map((key) => ({ s3: { bucket: { name: bucket }, object: { key } } }));
  return { Records: [{ messageId: 'm', body: JSON.stringify({ Records }) }] };
}

it('hand over, make lines and load; what no message tells of is swept, and what is refused is kept', async () => {
  const table = tableName('hits');
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute('CREATE TABLE hits (id VARCHAR(20), hits INT)');
  const bucket = await s3.bucket();
  const { state, forward, transform, load } = await functions(table, bucket);
  const item = (id: number, hits: string) => ({ id: { S: `h${id}` }, hits: { S: hits } });
  await putItems(table, [item(0, '{"n":0}'), item(1, '{cut'), item(2, '{"n":2}')]);
  expect(await forward({ Records: await streamRecords(table) })).toEqual({ batchItemFailures: [] });
  const records = stream.taken.map((data, index) => ({ recordId: `r${index}`, data }));
  const answer = (await transform({ invocationId: 'i', records })) as FirehoseAnswer;
  expect(answer.records.map(({ result }) => result)).toEqual(['Ok', 'Dropped', 'Ok']);
  const [first = '', , last = ''] = answer.records.map(({ data }) => Buffer.from(data, 'base64').toString());
  const keys = ['10', '11', '12'].map((hour) => `changes/hits/2026/11/20/${hour}/sluice-web-hits.jsonl`);
  const now = new Date().toISOString().slice(0, 13).replaceAll(/[-T]/g, '/');
  const young = `changes/hits/${now}/sluice-web-hits.jsonl`;
  await s3.put(bucket, keys[0] ?? '', aged(first));
  expect(await load(told(bucket, keys[0] ?? '', keys[0] ?? ''))).toEqual({ batchItemFailures: [] });
  await s3.put(bucket, keys[1] ?? '', last);
  await s3.put(bucket, young, `${last}${aged(first)}`);
  await s3.put(bucket, 'errors/hits/processing-failed/2026/11/20/10/x', 'no line');
  expect(await load({ do: 'sweep' })).toEqual({ loaded: 1 });
  // Its message is still to come.
  expect(await s3.keys(bucket)).toEqual([young, 'errors/hits/processing-failed/2026/11/20/10/x'].sort());
  expect(await load(told(bucket, young))).toEqual({ batchItemFailures: [] });
  expect(await database.query('SELECT id, hits FROM hits ORDER BY id')).toEqual([
    ['h0', '0'],
    ['h2', '2'],
  ]);
  const [open] = await openRejects({ state });
  expect(open?.records.map(({ reason }) => reason)).toEqual(['parse_failed']);
  await s3.put(bucket, keys[2] ?? '', '{"change":');
  await expect(load(told(bucket, keys[2] ?? ''))).rejects.toMatchObject({ name: 'file_torn' });
  await expect(load({ do: 'sweep' })).rejects.toMatchObject({ name: 'file_torn' });
  expect(lines.join('')).not.toContain('{cut');
  expect(emittedMetrics(lines)).toEqual(declaredMetrics('web', [['delivered', 'hits']], { runs: false }));
  // By the newest that was loaded; where nothing was, nobody knows.
  const lags = lines.map((line) => (JSON.parse(line) as { Lag?: number }).Lag);
  expect(lags.filter((lag) => lag !== undefined).map((lag) => lag >= 2 * HOUR_MS)).toEqual([
    true,
    false,
    false,
  ]);
}, 120_000);

it('load what a stream has put by objects of their own, where Aurora is to read them', async () => {
  const aurora = await testAurora();
  const table = tableName('hits');
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute(
    'DROP TABLE IF EXISTS hits, sluice_ledger; CREATE TABLE hits (id VARCHAR(20), hits INT)',
  );
  const bucket = await s3.bucket();
  const { forward, transform, load } = await functions(table, bucket, aurora.connection);
  const item = (id: number, hits: string) => ({ id: { S: `h${id}` }, hits: { S: hits } });
  await putItems(table, [item(0, '{"n":0}'), item(1, '{"n":1.5}'), item(2, '{"n":2}')]);
  const before = stream.taken.length;
  expect(await forward({ Records: await streamRecords(table) })).toEqual({ batchItemFailures: [] });
  const records = stream.taken.slice(before).map((data, index) => ({ recordId: `r${index}`, data }));
  const answer = (await transform({ invocationId: 'i', records })) as FirehoseAnswer;
  const key = 'changes/hits/2026/11/20/10/sluice-web-hits.jsonl';
  const lines = answer.records.map(({ data }) => Buffer.from(data, 'base64').toString()).join('');
  for (const turn of [1, 2]) {
    await s3.put(bucket, key, lines);
    expect(await load(told(bucket, key)), `turn ${turn}`).toEqual({ batchItemFailures: [] });
  }
  expect(await database.query('SELECT id, hits FROM hits ORDER BY id')).toEqual([
    ['h0', '0'],
    ['h2', '2'],
  ]);
  expect(aurora.proxy.count(/^LOAD DATA FROM S3/)).toBe(1);
  expect(await aurora.keys()).toEqual([]);
  await aurora.stop();
}, 120_000);
