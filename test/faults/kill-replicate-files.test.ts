/** The program is killed at moments of its work on disk and of its talk with S3 while changes become files, and run again. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createTable, dynamodbConnection, type Item, putItems, tableName } from '../fixtures/dynamodb.js';
import { type TestS3, testS3 } from '../fixtures/s3.js';
import { type DiskMoments, diskMoments } from './disk-moments.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type Scenario, sweep, type Wire } from './kill-sweep.js';
import { sweepExtent } from './sweep-extent.js';

const extent = sweepExtent(2);
/** Of a sweep whose moments take longer. */
const single = sweepExtent(1);
const ITEMS = 120;
const source = tableName('kill');

let dynamodb: HttpProxy;
let store: TestS3;
let s3: HttpProxy;
let disk: DiskMoments;
let folder: string;

beforeAll(async () => {
  dynamodb = await startHttpProxy(inject('dynamodb').endpoint);
  store = await testS3();
  s3 = await startHttpProxy(store.endpoint);
  folder = await mkdtemp(join(tmpdir(), 'sluice-files-'));
  disk = await diskMoments(/sluice-files-|\/scratch\//);
  await writeHistory();
}, 600_000);

afterAll(async () => {
  await Promise.all([dynamodb.stop(), s3.stop(), disk.remove()]);
  await store.stop();
  await rm(folder, { recursive: true, force: true });
});

/** Every 20th cannot be carried. */
async function writeHistory(): Promise<void> {
  await createTable(source, ['id', 'N'], undefined, 'NEW_IMAGE');
  const ids = Array.from({ length: ITEMS }, (_, id) => id);
  for (const value of ['first', 'second']) {
    const item = (id: number): Item => ({
      id: { N: `${id}` },
      v: id % 20 === 0 ? { SS: ['a', 'b'] } : { S: value },
    });
    await putItems(source, ids.map(item));
  }
}

const fileName = /^hits\/changes\/\d{4}\/\d\d\/\d\d\/\d{8}t\d{9}-[0-9a-f]{8}-[0-9a-f]{8}-\d{9}\.csv$/;

function scenario(
  out: object,
  reset: () => Promise<void>,
  files: () => Promise<Map<string, string>>,
): Scenario {
  return {
    status: 3,
    options: ['--drain'],
    declaration: {
      pipeline: 'kill',
      connections: { site: { ...dynamodbConnection(), endpoint: dynamodb.endpoint }, out },
      steps: [
        {
          replicate: 'hits',
          from: { connection: 'site', table: source },
          to: { connection: 'out', table: 'hits', mode: 'append', format: 'csv', load: { rows: 60 } },
          map: { only: { id: 'id', v: 'v', at: { meta: 'sequence' } }, as: { id: 'int', v: 'text' } },
          rejects: { limit: 1000 },
        },
      ],
    },
    reset,
    // Which changes come together is not the same in every run; which are there is.
    dump: async () => {
      const found = await files();
      const lines = [...found.values()].flatMap((text) => text.trim().split('\n').slice(1));
      return [lines.length, lines.sort(), [...found.keys()].filter((name) => !fileName.test(name))];
    },
  };
}

function intoFolder(): Scenario {
  const out = join(folder, 'out');
  const files = async () => {
    const entries = await readdir(out, { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    const texts = paths.map(
      async (path) => [path.slice(out.length + 1), await readFile(path, 'utf8')] as const,
    );
    return new Map(await Promise.all(texts));
  };
  return scenario({ kind: 'files', path: out }, () => rm(out, { recursive: true, force: true }), files);
}

async function intoBucket(): Promise<Scenario> {
  const bucket = await store.bucket();
  const { region } = store;
  const keys = () => store.keys(bucket);
  const reset = async () => {
    for (const key of await keys()) await store.remove(bucket, key);
  };
  const files = async () => {
    const texts = (await keys()).map(
      async (key) => [key, (await store.get(bucket, key))?.toString() ?? ''] as const,
    );
    return new Map(await Promise.all(texts));
  };
  return scenario({ kind: 's3', bucket, region, endpoint: s3.endpoint }, reset, files);
}

async function swept(made: Scenario, wire: Wire, only?: RegExp): Promise<void> {
  const result = await sweep(made, wire, only ? single : extent, only);
  expect(result.failures).toEqual([]);
  expect(result.killed).toBeGreaterThanOrEqual(result.tried / 2);
}

test('killed at any moment of its work on disk and run again, a replicate into a folder leaves each change once', async () => {
  await swept(intoFolder(), { disk });
}, 7_200_000);

test('killed at any moment of its talk and run again, a replicate into a bucket leaves each change once', async () => {
  await swept(await intoBucket(), { dynamodb, s3 }, extent.isWhole ? undefined : /PutObject|PUT/);
}, 7_200_000);
