import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sluice } from '../fixtures/cli.js';
import { folderWith } from '../fixtures/declaration-files.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { type TestS3, testS3 } from '../fixtures/s3.js';

let database: TestDatabase;
let s3: TestS3;
let bucket: string;
let instance: DuckDBInstance;
let duckdb: DuckDBConnection;

beforeAll(async () => {
  [database, s3] = await Promise.all([testDatabase('warehouse'), testS3()]);
  bucket = await s3.bucket();
  await database.execute(`CREATE TABLE orders (id BIGINT UNSIGNED PRIMARY KEY, total DECIMAL(10,2) NOT NULL, made DATETIME(3));
    INSERT INTO orders VALUES (1, 1.10, '2026-01-31 12:34:56.789'), (18446744073709551615, -0.01, NULL)`);
  const offline = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };
  instance = await DuckDBInstance.create(':memory:', offline);
  duckdb = await instance.connect();
});

afterAll(async () => {
  duckdb.closeSync();
  instance.closeSync();
  await Promise.all([database.drop(), s3.stop()]);
});

/** A folder with a declaration `p.yaml` of these steps; `here` is its folder `out`, `lake` the bucket. */
async function declared(...steps: readonly object[]): Promise<string> {
  const lake = { kind: 's3', bucket, prefix: 'exports/', endpoint: s3.endpoint, region: s3.region };
  const connections = { shop: database.connection, here: { kind: 'files', path: './out' }, lake };
  return await folderWith({ 'p.yaml': JSON.stringify({ pipeline: 'p', connections, steps }) });
}

function copyTo(connection: string, to: object = {}): object {
  return {
    copy: 'orders',
    from: { connection: 'shop', table: 'orders' },
    to: { connection, table: 'orders', format: 'parquet', ...to },
  };
}

async function stdoutOf(cwd: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await sluice(args, { cwd });
  expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

async function read(query: string): Promise<unknown[]> {
  return (await duckdb.runAndReadAll(query)).getRowObjectsJson();
}

test.each(['parquet', 'csv', 'jsonl'])(
  'DuckDB reads what a copy has published as %s, each time the newest',
  async (format) => {
    const cwd = await declared(copyTo('here', { format }));
    await stdoutOf(cwd, 'run', 'p.yaml', '--quiet');
    await duckdb.run(await stdoutOf(cwd, 'duckdb', 'p.yaml'));
    const made = '2026-01-31 12:34:56.789';
    expect(await read('SELECT id, total, CAST(made AS VARCHAR) AS made FROM orders ORDER BY id')).toEqual([
      { id: '1', total: '1.10', made },
      { id: '18446744073709551615', total: '-0.01', made: null },
    ]);
    await database.execute('INSERT INTO orders VALUES (2, 2.00, NULL)');
    await stdoutOf(cwd, 'run', 'p.yaml', '--quiet');
    await duckdb.run(await stdoutOf(cwd, 'duckdb', 'p.yaml'));
    expect(await read('SELECT COUNT(*) AS n, SUM(total) AS total FROM orders')).toEqual([
      { n: '3', total: '3.09' },
    ]);
    await database.execute('DELETE FROM orders WHERE id = 2');
  },
);

test('Snowflake has columns of the plan before the first run, and of LATEST.json after it', async () => {
  const cwd = await declared(copyTo('lake', { table: 'snow' }));
  const columns =
    '  "id" NUMBER(20, 0) NOT NULL,\n  "total" NUMBER(10, 2) NOT NULL,\n  "made" TIMESTAMP_NTZ(6)\n';
  const before = await stdoutOf(cwd, 'snowflake', 'p.yaml');
  expect(before).toContain(`CREATE TABLE IF NOT EXISTS "snow" (\n${columns}`);
  expect(before).toContain(`URL = 's3://${bucket}/exports/'`);
  await stdoutOf(cwd, 'run', 'p.yaml', '--quiet');
  expect(await stdoutOf(cwd, 'snowflake', 'p.yaml')).toBe(before);
});

test('Athena has the folder of the newest export, and needs one', async () => {
  const cwd = await declared(copyTo('lake', { table: 'shop.orders', layout: 'rds' }));
  expect(await sluice(['athena', 'p.yaml'], { cwd })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('there is no shop.orders/LATEST.json yet'),
  });
  await stdoutOf(cwd, 'run', 'p.yaml', '--quiet');
  const [key = ''] = (await s3.keys(bucket)).filter(
    (name) => name.endsWith('.parquet') && name.includes('shop.orders/1/'),
  );
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  expect(await stdoutOf(cwd, 'athena', 'p.yaml', '--switch')).toContain(
    `ALTER TABLE \`orders\` SET LOCATION 's3://${bucket}/${folder}';`,
  );
});

test('what no warehouse could read is refused', async () => {
  const copies = [copyTo('here'), { ...copyTo('here', { table: 'other/orders' }), copy: 'again' }];
  const people = { ...copyTo('here', { table: 'people', format: 'csv', for: 'people' }), copy: 'people' };
  const cwd = await declared(...copies, people);
  const refused = async (...args: readonly string[]) => {
    const { status, stderr } = await sluice(args, { cwd });
    expect(status).toBe(2);
    return stderr;
  };
  expect(await refused('duckdb', 'p.yaml', '--table', 'orders')).toContain(
    'the steps orders and again both write a table named orders',
  );
  expect(await refused('duckdb', 'p.yaml', '--step', 'none')).toContain('these do: orders, again, people');
  expect(await refused('duckdb', 'p.yaml', '--step', 'again', '--table', 'x')).toContain(
    'no step writes a table named x',
  );
  expect(await refused('snowflake', 'p.yaml', '--step', 'again')).toContain(
    'cannot read the folders of this machine',
  );
  expect(await refused('duckdb', 'p.yaml', '--step', 'people')).toContain(
    'are for people: they are not exact',
  );
  expect(await refused('snowflake', 'p.yaml', '--times', 'x')).toContain('--times is typed or text');
});
