import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CliRun, sluice } from '../fixtures/cli.js';
import { type TestS3, testS3 } from '../fixtures/s3.js';

const TIMEOUT_MS = 300_000;
const CSV = 'id,name\n1,plain\n2,"comma, ""quotes"" and\nlines"\n3,漢字\n';

let folder: string;
let s3: TestS3;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-copy-files-'));
  await writeFile(join(folder, 'items.csv'), CSV);
  s3 = await testS3();
}, TIMEOUT_MS);
afterAll(async () => {
  await s3.stop();
  await rm(folder, { recursive: true, force: true });
});

async function copy(...args: string[]): Promise<CliRun> {
  const env = { AWS_ENDPOINT_URL_S3: s3.endpoint, AWS_REGION: s3.region };
  return await sluice(['copy', ...args, '--json', '--state', join(folder, 'state')], { cwd: folder, env });
}

/** The lines of the one file of the newest export. */
async function newest(table: string): Promise<string> {
  const { export: name } = JSON.parse(await readFile(join(folder, table, 'LATEST.json'), 'utf8')) as {
    export: string;
  };
  const [file, ...others] = (await readdir(join(folder, table, name))).filter((entry) =>
    entry.startsWith('part-'),
  );
  expect(others).toEqual([]);
  return await readFile(join(folder, table, name, file ?? ''), 'utf8');
}

test('a file goes from path to path and to S3 and back, in another format each time', {
  timeout: TIMEOUT_MS,
}, async () => {
  const bucket = await s3.bucket();
  const ways: readonly (readonly string[])[] = [
    ['items.csv', './a/items.jsonl'],
    ['./a/items.jsonl', `s3://${bucket}/lake/items.parquet`],
    [`s3://${bucket}/lake/items`, './b/items.csv', '--format', 'parquet'],
  ];
  for (const way of ways) {
    const { status, stdout, events } = await copy(...way);
    expect([status, stdout.slice(0, status === 0 ? 0 : 4000)]).toEqual([0, '']);
    expect(events.at(-1)).toMatchObject({ steps: [{ read: 3, written: 3, rejected: 0 }] });
  }
  expect(
    (await newest('a/items'))
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  ).toEqual([
    { id: '1', name: 'plain' },
    { id: '2', name: 'comma, "quotes" and\nlines' },
    { id: '3', name: '漢字' },
  ]);
  const keys = await s3.keys(bucket);
  expect(keys.filter((key) => !key.startsWith('lake/items/'))).toEqual([]);
  expect(await newest('b/items')).toContain('漢字');
});

test('types of a file that says none are told by --columns', { timeout: TIMEOUT_MS }, async () => {
  const { status, events } = await copy('items.csv', './typed/items.jsonl', '--columns', 'id:int');
  expect([status, events.at(-1)]).toMatchObject([0, { steps: [{ written: 3 }] }]);
  expect(JSON.parse((await newest('typed/items')).split('\n')[0] ?? '')).toEqual({ id: 1, name: 'plain' });
  const [again, wrong, unknown] = await Promise.all([
    copy('items.csv', './typed/items.csv', '--plan'),
    copy('items.csv', './typed/other.csv', '--columns', 'id'),
    copy('items.csv', './typed/other.csv', '--columns', 'id:number'),
  ]);
  expect(again?.stdout).toContain('items/ holds exports of jsonl, whose place this one of csv takes');
  expect([wrong?.status, wrong?.stdout]).toEqual([2, expect.stringContaining('--columns id:int')]);
  expect([unknown?.status, unknown?.stdout]).toEqual([2, expect.stringContaining('from.columns')]);
});

test('what no end can be is refused with the forms that there are', { timeout: TIMEOUT_MS }, async () => {
  const [noFormat, wrongFormat] = await Promise.all([
    copy('./items', './out/items'),
    copy('items.csv', './out/items.csv', '--format', 'parquet'),
  ]);
  expect([noFormat?.status, noFormat?.stdout]).toEqual([2, expect.stringContaining('--format')]);
  expect([wrongFormat?.status, wrongFormat?.stdout]).toEqual([
    2,
    expect.stringContaining('without an ending'),
  ]);
});
