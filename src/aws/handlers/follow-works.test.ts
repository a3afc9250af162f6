/** The function of a replicate as Lambda calls it, from one event to the next. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  createTable,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../../../test/fixtures/dynamodb.js';
import { declaredMetrics, emittedMetrics } from '../../../test/fixtures/metrics.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { streamRecords } from '../../../test/fixtures/stream-event.js';
import { registry } from '../../connectors/registry.js';
import { parseDeclaration } from '../../declare/load.js';
import { HANDED_RUN } from '../../flow/handed/handed-run.js';
import { openRejects } from '../../flow/rejects.js';
import { FolderState } from '../../journal/files/folder-state.js';
import { followWorks } from './follow-works.js';
import { handlerOf } from './handler.js';

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await testDatabase('works');
  folder = await mkdtemp(join(tmpdir(), 'sluice-works-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

const hit = (id: number, hits: string): Item => ({ id: { S: `h${id}` }, hits: { S: hits } });

it('loads what it is handed, names where it failed, and its rejects are found', async () => {
  const table = tableName('hits');
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute('CREATE TABLE hits (id VARCHAR(20), hits INT)');
  const declared = (limit: number) => ({
    pipeline: 'web',
    connections: { site: dynamodbConnection(), report: database.connection },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table },
        to: { connection: 'report', table: 'hits', mode: 'append' },
        parse: ['hits'],
        map: { only: { id: 'id', hits: 'hits.n' } },
        rejects: { limit },
      },
    ],
  });
  const env = {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    ...process.env,
    SLUICE_STEP: 'hits',
  };
  const state = new FolderState(join(folder, 'state'), 'web');
  const lines: string[] = [];
  const handler = async (limit: number) => {
    const declaration = await parseDeclaration(JSON.stringify(declared(limit)), 'p.yaml', {
      env,
      cwd: folder,
    });
    const load = async (kind: keyof typeof registry) => await registry[kind].load();
    const time = {
      until: new AbortController().signal,
      signal: new AbortController().signal,
      close: () => undefined,
    };
    const open = async () => ({ declaration, state, env, load });
    const called = handlerOf(open, followWorks, {
      write: (line) => void lines.push(line),
      timeOf: () => time,
    });
    return (event: object) => called(event as never, { getRemainingTimeInMillis: () => 60_000 });
  };
  await putItems(table, [hit(0, '{"n":0}'), hit(1, '{"n":1}'), hit(2, '{cut'), hit(3, '{"n":3}')]);
  const records = await streamRecords(table);
  const strict = await handler(0);
  expect(await strict({ Records: records.slice(0, 2) })).toEqual({ batchItemFailures: [] });
  const itemIdentifier = records[2]?.dynamodb.SequenceNumber;
  expect(await strict({ Records: records })).toEqual({ batchItemFailures: [{ itemIdentifier }] });
  // Nothing of what is handed over could be done: the call itself has failed.
  await expect(strict({ Records: records.slice(2) })).rejects.toMatchObject({ name: 'rejects_exceeded' });
  // However often it comes again, as long as nobody mends it.
  await expect(strict({ Records: records.slice(2) })).rejects.toMatchObject({ name: 'rejects_exceeded' });
  await expect(strict({ Records: records.slice(2, 3) })).rejects.toMatchObject({ name: 'rejects_exceeded' });
  expect(await state.rejects(HANDED_RUN).read('hits')).toHaveLength(1);
  const patient = await handler(5);
  expect(await patient({ Records: records.slice(2) })).toEqual({ batchItemFailures: [] });
  expect(await database.query('SELECT id, hits FROM hits ORDER BY id')).toEqual([
    ['h0', '0'],
    ['h1', '1'],
    ['h3', '3'],
  ]);
  const [open, ...others] = await openRejects({ state });
  expect(others).toEqual([]);
  expect(open?.records.map(({ reason, key }) => [reason, key])).toEqual([
    ['parse_failed', { id: { attribute: { S: 'h2' } } }],
  ]);
  const log = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(log.some(({ Written, Step }) => Written === 2 && Step === 'hits')).toBe(true);
  expect(log.every(({ level, step, pipeline }) => level && step === 'hits' && pipeline === 'web')).toBe(true);
  expect(emittedMetrics(lines)).toEqual(declaredMetrics('web', [['replicate', 'hits']], { runs: false }));
  // By whoever was done with it.
  expect(log.flatMap(({ Rejected }) => Rejected ?? [])).toEqual([0, 0, 0, 0, 0, 1]);
  const behind = log.flatMap(({ Waiting, Lag }) =>
    Waiting === undefined ? [] : [[Waiting, Lag !== undefined]],
  );
  expect(behind).toEqual([
    [0, true],
    [2, true],
    // Nothing of it is done: its lag is not known.
    [2, false],
    [2, false],
    [1, false],
    [0, true],
  ]);
  expect(lines.join('')).not.toContain('{cut');
}, 120_000);
