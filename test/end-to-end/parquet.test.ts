import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Project, project, sluice } from '../fixtures/cli.js';
import { createTable, dynamodbConnection, putItems, tableName } from '../fixtures/dynamodb.js';
import { duckdbRows, parquetList } from '../fixtures/file-sink.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let database: TestDatabase;
let made: Project | undefined;
beforeAll(async () => {
  database = await testDatabase('parquet_runs');
});
afterAll(() => database.drop());
afterEach(() => made?.remove());

const out = { kind: 'files', path: './out' };

/** Runs one copy into Parquet; gives its files as DuckDB reads them. `status`: 3 where rows were refused within the limit. */
async function copied(
  step: object,
  status = 0,
  then: readonly object[] = [],
): Promise<{ rows: string; summary: object }> {
  const connections = { shop: database.connection, stage: dynamodbConnection(), out };
  made = await project({ pipeline: 'p', connections, steps: [{ copy: 'c', ...step }, ...then] });
  const { steps } = await made.run(status);
  const folder = join(made.folder, 'out', 't');
  const latest = JSON.parse(await readFile(join(folder, 'LATEST.json'), 'utf8'));
  const paths = latest.tables[0].files.map(({ name }: { name: string }) => join(folder, name));
  return { rows: `read_parquet(${parquetList(paths)})`, summary: steps[0] ?? {} };
}

const from = { connection: 'shop', table: 'people' };
const to = { connection: 'out', table: 't', format: 'parquet' };

async function fillPeople(): Promise<void> {
  await database.execute(`SET SESSION sql_mode = '';
    CREATE OR REPLACE TABLE people (id INT PRIMARY KEY, name VARCHAR(40), email VARCHAR(60), note TEXT,
      active TINYINT(1), born DATETIME NULL, secret TEXT);
    INSERT INTO people VALUES (1, 'Ann "A"', 'ann@example.com', '', 1, '2000-02-29 01:02:03', 'x'),
      (2, 'Béa', NULL, NULL, 0, NULL, 'y'), (3, '', 'c@example.com', 'N', 1, '0000-00-00 00:00:00', 'z')`);
}

it('maps, masks and empties on the way into Parquet, and sets aside what does not fit', async () => {
  await fillPeople();
  const step = {
    from,
    to,
    map: {
      drop: ['secret'],
      rename: { label: 'name' },
      as: { active: 'bool' },
      add: { origin: 'shop', level: 7 },
    },
    mask: { email: 'redact' },
    empty: 'null',
    rejects: { limit: 1 },
  };
  const { rows, summary } = await copied(step, 3);
  expect(summary).toMatchObject({ read: 3, written: 2, rejected: 1 });
  expect(await made?.rejects()).toMatchObject([{ reason: 'value_range', column: 'born' }]);
  expect(await duckdbRows(`SELECT * EXCLUDE (born, email), born::VARCHAR FROM ${rows} ORDER BY id`)).toEqual([
    [1, 'Ann "A"', null, true, 'shop', 7n, '2000-02-29 01:02:03'],
    [2, 'Béa', null, false, 'shop', 7n, null],
  ]);
  const masked = await duckdbRows(`SELECT count(*) FROM ${rows} WHERE email LIKE '%ann%'`);
  expect(masked).toEqual([[0n]]);
});

it('has the columns of DynamoDB that are named, by their types, and the rest as one text', async () => {
  const table = tableName('parquet');
  await createTable(table, ['id', 'S']);
  await putItems(table, [
    {
      id: { S: 'a' },
      total: { N: '12345678901234567890.25' },
      tags: { SS: ['x', 'y'] },
      born: { S: '2026-01-31T12:34:56Z' },
    },
    { id: { S: 'b' }, total: { NULL: true }, paid: { BOOL: true } },
  ]);
  const source = { connection: 'stage', table };
  const only = {
    only: ['id', 'total', 'tags', 'born'],
    as: { id: 'text', total: 'decimal', born: 'timestamp' },
  };
  // The folder is not there when the run is planned: whether its rows differ in the key is counted before that step.
  const back = {
    copy: 'back',
    from: { connection: 'out', table: 't', format: 'parquet' },
    to: { connection: 'stage', table: tableName('back'), create: true, key: { partition: 'id' } },
  };
  const { rows } = await copied({ from: source, to, map: only }, 0, [back]);
  expect(await duckdbRows(`SELECT id, total, tags, epoch(born)::VARCHAR FROM ${rows} ORDER BY id`)).toEqual([
    ['a', '12345678901234567890.25', '{"SS":["x","y"]}', '1769862896.0'],
    ['b', null, null, null],
  ]);
  await made?.remove();
  const whole = await copied({ from: source, to: { ...to, extra: { into: 'rest' } } });
  const [found] = await duckdbRows(`SELECT id, rest FROM ${whole.rows} WHERE id = '{"S":"b"}'`);
  expect(found?.[0]).toBe('{"S":"b"}');
  // Attributes have no order.
  expect(JSON.parse(String(found?.[1]))).toEqual({ total: { NULL: true }, paid: { BOOL: true } });
});

it('refuses to guess the columns of a DynamoDB table', async () => {
  const table = tableName('parquet');
  await createTable(table, ['id', 'S']);
  made = await project({
    pipeline: 'p',
    connections: { stage: dynamodbConnection(), out },
    steps: [{ copy: 'c', from: { connection: 'stage', table }, to }],
  });
  const { status, stdout, stderr } = await made.command('run');
  expect(status).toBe(2);
  expect(stdout + stderr).toContain('map: { only');
  expect(await readdir(made.folder)).not.toContain('out');
});

it('exports each table into a folder of its own, as an RDS export lies', async () => {
  await database.execute(
    'CREATE OR REPLACE TABLE one (id INT PRIMARY KEY); CREATE OR REPLACE TABLE oner LIKE one',
  );
  await database.execute('INSERT INTO one VALUES (1), (2)');
  made = await project({
    pipeline: 'p',
    connections: { shop: database.connection, out },
    steps: [
      {
        copy: 'all',
        from: { connection: 'shop', tables: ['one*'] },
        to: { connection: 'out', table: 'shop.{table}', format: 'parquet', layout: 'rds' },
      },
    ],
  });
  const { steps } = await made.run();
  expect(steps.map(({ name, written }) => [name, written])).toEqual([
    ['all.one', 2],
    ['all.oner', 0],
  ]);
  expect((await readdir(join(made.folder, 'out'))).sort()).toEqual(['shop.one', 'shop.oner']);
  const glob = join(made.folder, 'out', 'shop.one', '*', 'shop', 'shop.one', '1', '*.gz.parquet');
  expect(await duckdbRows(`SELECT id FROM read_parquet('${glob}') ORDER BY id`)).toEqual([[1], [2]]);
});

it('says before it writes that Parquet needs a package which is not installed', async () => {
  await fillPeople();
  made = await project({
    pipeline: 'p',
    connections: { shop: database.connection, out },
    steps: [{ copy: 'c', from, to }],
  });
  const hook = `import Module from 'node:module';
    const resolve = Module._resolveFilename;
    Module._resolveFilename = (name, ...rest) => {
      if (name === '@duckdb/node-api') throw Object.assign(new Error('gone'), { code: 'MODULE_NOT_FOUND' });
      return resolve(name, ...rest);
    };`;
  const url = `data:text/javascript,${encodeURIComponent(hook)}`;
  const run = await sluice(['run', made.file, '--json'], {
    cwd: made.folder,
    env: { NODE_OPTIONS: `--import ${url}` },
  });
  expect(run.status).toBe(2);
  expect(run.stdout).toContain('"package_missing"');
  expect(run.stdout).toContain('npm install @duckdb/node-api');
  expect(await readdir(made.folder)).not.toContain('out');
});
