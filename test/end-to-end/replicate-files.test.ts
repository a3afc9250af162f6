/** Changes of a real engine's table, followed into files of every format, here and in a bucket, and read back. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { duckdbRows, parquetList } from '../fixtures/file-sink.js';
import { type Pipeline, pipeline } from '../fixtures/in-process.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { type TestS3, testS3 } from '../fixtures/s3.js';

let database: TestDatabase;
let s3: TestS3;
beforeAll(async () => {
  [database, s3] = await Promise.all([testDatabase('replicate_files'), testS3()]);
});
afterAll(() => Promise.all([database.drop(), s3.stop()]));

const item = (id: number, text: string): Item => ({
  id: { N: `${id}` },
  name: { S: text },
  other: { SS: ['x'] },
});
const big = '12345678901234567890123456789012345678';

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return paths.sort();
}

async function textBelow(folder: string): Promise<string> {
  return (await Promise.all((await filesBelow(folder)).map((path) => readFile(path, 'utf8')))).join('');
}

function summary(out: string): Record<string, Record<string, unknown>> {
  const last = JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as { steps: { name: string }[] };
  return Object.fromEntries(last.steps.map((step) => [step.name, step]));
}

const typed = {
  only: { id: 'id', name: 'name', event: { meta: 'event' } },
  as: { id: 'decimal', name: 'text' },
};

it('an append into files is a row for each change, exact in every format, and reads back', async () => {
  const source = tableName('log');
  await createTable(source, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
  const bucket = await s3.bucket();
  const { endpoint, region } = s3;
  const step = (name: string, to: object, more: object = {}) => ({
    replicate: name,
    from: { connection: 'site', table: source, events: ['insert', 'modify', 'remove'] },
    to: { table: `in/${name}`, mode: 'append', ...to },
    map: typed,
    ...more,
  });
  const out = { connection: 'out' };
  const connections = {
    site: dynamodbConnection(),
    out: { kind: 'files', path: './out' },
    lake: { kind: 's3', bucket, prefix: 'lake/', endpoint, region },
    report: database.connection,
  };
  const following = {
    pipeline: 'p',
    connections,
    steps: [
      {
        parallel: [
          step('csv', { ...out, format: 'csv', load: { rows: 2 } }),
          step('parquet', { ...out, format: 'parquet' }),
          step('jsonl', { ...out, format: 'jsonl' }, { map: { only: typed.only } }),
          step('gz', { connection: 'lake', format: 'jsonl', compression: 'gzip' }),
        ],
      },
    ],
  };
  const { folder, run, runAs, plan } = await pipeline(following);
  const said = await plan({});
  expect(said.out).toMatch(/makes: a folder of changes, \S+\/out\/in\/csv\/changes\//);
  expect(said.out).not.toContain('every other attribute');
  await putItems(source, [item(1, 'one, "1"'), { id: { N: big }, name: { S: 'é\n漢' } }]);
  await putItems(source, [item(1, '')]);
  await dynamodbCall('DeleteItem', { TableName: source, Key: { id: { N: '1' } } });
  const first = await run({ drain: true, json: true });
  expect(first.status, first.err).toBe(0);
  for (const counts of Object.values(summary(first.out)))
    expect(counts).toMatchObject({ read: 4, written: 4, rejected: 0 });
  // Nothing has changed: nothing is added.
  expect((await run({ drain: true, json: true })).status).toBe(0);
  const below = (name: string) => join(folder, 'out', 'in', name, 'changes');
  expect(await filesBelow(below('csv'))).toHaveLength(2);
  await putItems(source, [item(2, 'two')]);
  expect((await run({ drain: true, json: true })).status).toBe(0);
  const csv = `1,"one, ""1""",insert ${big},"é\n漢",insert 1,"",modify 1,,remove 2,two,insert`;
  const header = /id,name,event\n/g;
  const text = (await textBelow(below('csv'))).replaceAll(header, '');
  // Changes of one item are in their order; which shard comes first nobody says.
  expect([...text.trim().split(/\n(?=\d)/)].sort()).toEqual(csv.split(/ (?=\d)/).sort());
  expect(text.indexOf('insert')).toBeLessThan(text.indexOf('modify'));
  const parquet = await duckdbRows(
    `SELECT id, name, event FROM read_parquet(${parquetList(await filesBelow(below('parquet')))}) ORDER BY ALL`,
  );
  expect(parquet).toEqual([
    ['1', '', 'modify'],
    ['1', 'one, "1"', 'insert'],
    ['1', null, 'remove'],
    [big, 'é\n漢', 'insert'],
    ['2', 'two', 'insert'],
  ]);
  const items = (await textBelow(below('jsonl')))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(items).toContainEqual({ Item: { id: { N: big }, name: { S: 'é\n漢' }, event: { S: 'insert' } } });
  expect(items).toContainEqual({ Item: { id: { N: '1' }, event: { S: 'remove' } } });
  expect(items).toHaveLength(5);
  const keys = await s3.keys(bucket);
  expect(keys).toHaveLength(2);
  for (const key of keys)
    expect(key).toMatch(
      /^lake\/in\/gz\/changes\/\d{4}\/\d\d\/\d\d\/\d{8}t\d{9}-[0-9a-f]{8}-[0-9a-f]{8}-\d{9}\.jsonl\.gz$/,
    );
  const lines = await Promise.all(
    keys.map(async (key) => gunzipSync((await s3.get(bucket, key)) ?? '').toString()),
  );
  expect(lines.join('').trim().split('\n').sort()).toEqual(
    [
      '{"id":1,"name":"","event":"modify"}',
      '{"id":1,"name":"one, \\"1\\"","event":"insert"}',
      '{"id":1,"event":"remove"}',
      `{"id":${big},"name":"é\\n漢","event":"insert"}`,
      '{"id":2,"name":"two","event":"insert"}',
    ].sort(),
  );
  await readBack({ runAs, connections });
}, 240_000);

/** By a copy of the folder, as any folder of files. */
async function readBack({
  runAs,
  connections,
}: Pick<Pipeline, 'runAs'> & { connections: object }): Promise<void> {
  await database.execute('CREATE TABLE back (id DECIMAL(38) NOT NULL, name TEXT, event TEXT)');
  const columns = { id: 'decimal', name: 'text', event: 'text' };
  const { status, err } = await runAs({
    pipeline: 'back',
    connections,
    steps: [
      {
        copy: 'csv',
        from: { connection: 'out', table: 'in/csv/changes', format: 'csv', columns },
        to: { connection: 'report', table: 'back', mode: 'append' },
      },
      {
        copy: 'gz',
        from: { connection: 'lake', table: 'in/gz', format: 'jsonl', columns },
        to: { connection: 'report', table: 'back', mode: 'append' },
      },
    ],
  });
  expect(status, err).toBe(0);
  const rows = await database.query('SELECT id, name, event, COUNT(*) FROM back GROUP BY 1, 2, 3');
  expect(rows.map(([id, name, event, count]) => `${id} ${name} ${event} ${count}`).sort()).toEqual(
    [
      '1  modify 2',
      '1 null remove 2',
      '1 one, "1" insert 2',
      `${big} é\n漢 insert 2`,
      '2 two insert 2',
    ].sort(),
  );
}

it('a change that a file cannot hold is a reject, and its replay is a file of its own', async () => {
  const source = tableName('log');
  await createTable(source, ['id', 'N'], undefined, 'NEW_IMAGE');
  const declared = (as: object) => ({
    pipeline: 'p',
    connections: { site: dynamodbConnection(), out: { kind: 'files', path: './out' } },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table: source },
        to: { connection: 'out', table: 'hits', mode: 'append', format: 'parquet' },
        map: { only: ['id', 'name'], as },
        rejects: { limit: 9 },
      },
    ],
  });
  const { folder, run, replay, rejects, verify } = await pipeline(declared({ id: 'int', name: 'datetime' }));
  await putItems(source, [item(1, '2026-11-21T10:00:00'), item(2, '2026-02-31T10:00:00'), item(3, 'never')]);
  const { status, err } = await run({ drain: true, json: true });
  expect(status, err).toBe(3);
  expect((await rejects()).map(({ reason }) => reason)).toHaveLength(2);
  expect(await filesBelow(join(folder, 'out'))).toHaveLength(1);
  expect((await replay(declared({ id: 'int', name: 'text' }))).out).toMatch(/hits\s+2\s+0\s+0/);
  expect((await replay()).out).toBe('no rejects: nothing to send again');
  const files = await filesBelow(join(folder, 'out', 'hits', 'changes'));
  expect(files).toHaveLength(3);
  const rows = await duckdbRows(
    `SELECT id, name::VARCHAR FROM read_parquet(${parquetList(files)}, union_by_name = true) ORDER BY 1`,
  );
  expect(rows.map(([id, name]) => [Number(id), name])).toEqual([
    [1, expect.stringMatching(/^2026-11-21 10:00:00/)],
    [2, '2026-02-31T10:00:00'],
    [3, 'never'],
  ]);
  await expect(verify()).rejects.toThrow(/there is nothing to compare it with/);
}, 120_000);
