import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Latest } from '../../connectors/manifest.js';
import type { Column } from '../../values/column.js';
import { asStored, type ExportFolder, type Exports } from '../exports.js';
import { duckdbName, duckdbText } from './quote.js';
import { duckdbStatements } from './statements.js';

let folder: string;
let instance: DuckDBInstance;
let duckdb: DuckDBConnection;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-duckdb-'));
  const offline = { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' };
  instance = await DuckDBInstance.create(':memory:', offline);
  duckdb = await instance.connect();
});

afterEach(async () => {
  duckdb.closeSync();
  instance.closeSync();
  await rm(folder, { recursive: true, force: true });
});

/** Writes one export with a file for each query, and LATEST.json that names them. */
async function publish(name: string, tables: Readonly<Record<string, readonly string[]>>): Promise<void> {
  const written: Latest['tables'][number][] = [];
  for (const [table, queries] of Object.entries(tables)) {
    const files = queries.map((_, index) => ({
      name: `${name}/part-${index}.${table}.parquet`,
      bytes: 1,
      version: '1',
    }));
    for (const [index, query] of queries.entries()) {
      const path = join(folder, files[index]?.name ?? '');
      await mkdir(dirname(path), { recursive: true });
      await duckdb.run(`COPY (${query}) TO ${duckdbText(path)} (FORMAT parquet)`);
    }
    written.push({ name: table, files });
  }
  const latest = { sluice: 1, export: name, format: 'parquet', tables: written, others: [], kept: [name] };
  await writeFile(join(folder, 'LATEST.json'), JSON.stringify(latest));
}

function exportsOf(...targets: readonly (readonly [source: string, target: string])[]): Exports {
  const tables = targets.map(([source, target]) => ({ source, target }));
  const place = { kind: 'files', path: folder } as const;
  return { pipeline: 'p', step: 's', place, format: 'parquet', keep: 1, folders: [{ name: '', tables }] };
}

async function rows(query: string): Promise<unknown[]> {
  return (await duckdb.runAndReadAll(query)).getRowObjectsJson();
}

test('a table of which there is no file is left out: nothing tells its columns', async () => {
  await publish('first', { orders: ['SELECT 1 AS id'], empty: [] });
  const latest = JSON.parse(await readFile(join(folder, 'LATEST.json'), 'utf8')) as Latest;
  const known = (...names: string[]) => {
    const exports = exportsOf(...names.map((name) => [name, name] as const));
    return { ...exports, folders: exports.folders.map((one) => ({ ...one, latest })) };
  };
  const statements = duckdbStatements(known('orders', 'empty'));
  await duckdb.run(statements);
  expect(await rows('SELECT * FROM orders')).toEqual([{ id: 1 }]);
  expect(statements).toContain('-- left out: empty has no rows in the newest export');
  expect(() => duckdbStatements(known('empty'))).toThrow(/nobody knows the columns of empty/);
});

test('the views read the files that LATEST.json names, and no others', async () => {
  await publish('first', { orders: ['SELECT 1 AS id', 'SELECT 2 AS id'], customers: ['SELECT 7 AS id'] });
  await publish('second', { orders: ['SELECT 3 AS id', 'SELECT 4 AS id'], customers: ['SELECT 8 AS id'] });
  await duckdb.run(duckdbStatements(exportsOf(['orders', 'orders'], ['customers', 'customers'])));
  expect(await rows('SELECT * FROM orders ORDER BY id')).toEqual([{ id: 3 }, { id: 4 }]);
  expect(await rows('SELECT * FROM customers')).toEqual([{ id: 8 }]);
});

test('a file that was pruned since is an error, never missing rows', async () => {
  await publish('first', { orders: ['SELECT 1 AS id', 'SELECT 2 AS id'] });
  await duckdb.run(duckdbStatements(exportsOf(['orders', 'orders'])));
  await rm(join(folder, 'first/part-1.orders.parquet'));
  await expect(rows('SELECT * FROM orders')).rejects.toThrow(/No files found|Cannot open/);
});

test('a table that LATEST.json does not know is an error, not an empty view', async () => {
  await publish('first', { orders: ['SELECT 1 AS id'] });
  await expect(duckdb.run(duckdbStatements(exportsOf(['other', 'other'])))).rejects.toThrow();
});

const hostile = [
  "o'brien",
  'back\\slash',
  'double"quote',
  'star*?[a]',
  'key=value',
  '$$; DROP TABLE x; --',
  'ünïcode 名',
  '--',
  '/* */',
];

test.each(hostile)('names are names, whatever they hold: %s', async (name) => {
  const pathLike = name.replaceAll('/', ':');
  await publish(pathLike, { [pathLike]: [`SELECT 5 AS ${duckdbName(name)}`] });
  await duckdb.run(duckdbStatements(exportsOf([pathLike, name])));
  expect(await rows(`SELECT * FROM ${duckdbName(name)}`)).toEqual([{ [name]: 5 }]);
});

const columns: readonly Column[] = [
  { name: 'id', type: 'int', native: 'bigint unsigned', nullable: false },
  { name: 'total', type: 'decimal', precision: 12, scale: 2, nullable: true },
  { name: 'no"te', type: 'text', nullable: true },
  { name: 'made', type: 'datetime', nullable: true },
  { name: 'raw', type: 'bytes', nullable: true },
];

/** The same rows as lines of a format. */
async function publishLines(format: 'csv' | 'jsonl', text: string): Promise<Exports> {
  await writeFile(join(folder, 'part-0'), text);
  const files = [{ name: 'part-0', bytes: 1, version: '1' }];
  await writeFile(join(folder, 'LATEST.json'), JSON.stringify({ tables: [{ name: 'orders', files }] }));
  const tables = [{ source: 'orders', target: 'orders', columns }];
  return { ...exportsOf(), format, folders: [{ name: '', tables }] };
}

const read = [
  { id: '18446744073709551615', total: '-0.10', 'no"te': '', made: '0000-00-00 00:00:00', raw: '\\x00\\x01' },
  { id: '1', total: null, 'no"te': 'NULL, \\N', made: null, raw: null },
];

test('CSV is read with the types of its columns, NULL told from the empty text', async () => {
  const csv = `id,total,"no""te",made,raw\n18446744073709551615,-0.10,"",0000-00-00 00:00:00,AAE=\n1,,"NULL, \\N",,\n`;
  await duckdb.run(duckdbStatements(await publishLines('csv', csv)));
  expect(await rows('SELECT * FROM orders')).toEqual(read);
});

test('CSV whose columns nobody knows is text', async () => {
  const { folders, ...rest } = await publishLines('csv', 'a,b\n007,""\n');
  const [first] = folders;
  await duckdb.run(
    duckdbStatements({
      ...rest,
      folders: [{ name: '', ...first, tables: [{ source: 'orders', target: 'orders' }] }],
    }),
  );
  expect(await rows('SELECT * FROM orders')).toEqual([{ a: '007', b: '' }]);
});

test('JSON Lines are read with the types of their columns', async () => {
  const lines = [
    '{"id":18446744073709551615,"total":-0.10,"no\\"te":"","made":"0000-00-00 00:00:00","raw":"AAE="}',
    '{"id":1,"total":null,"no\\"te":"NULL, \\\\N","made":null,"raw":null}',
  ];
  await duckdb.run(duckdbStatements(await publishLines('jsonl', `${lines.join('\n')}\n`)));
  expect(await rows('SELECT * FROM orders')).toEqual(read);
});

test('lines of DynamoDB are items, with every digit of their numbers', async () => {
  const item = '{"id":{"N":"12345678901234567890123456789012345678"},"tags":{"SS":["a"]}}';
  const items = await publishLines('jsonl', `{"Item":${item}}\n`);
  const given: readonly Column[] = [{ name: 'id', type: 'attribute', nullable: false }];
  const tables = [{ source: 'orders', target: 'orders', ...asStored('jsonl', given) }];
  await duckdb.run(duckdbStatements({ ...items, folders: [{ name: '', tables }] }));
  expect(await rows('SELECT * FROM orders')).toEqual([{ Item: item }]);
});

test('a decimal that DuckDB would round on its way from JSON is refused', () => {
  const wide: Column = { name: 'price', type: 'decimal', precision: 16, scale: 2, nullable: true };
  const folders = [{ name: '', tables: [{ source: 'a', target: 'a', columns: [wide] }] }];
  expect(() => duckdbStatements({ ...exportsOf(), format: 'jsonl', folders })).toThrow(
    /DuckDB would round price/,
  );
});

test('comments stay comments: a line break in a name ends none', () => {
  const [first, second] = duckdbStatements({
    ...exportsOf(['orders', 'orders']),
    step: 'a\nDROP TABLE x;\u2028y',
  }).split('\n');
  expect(first).toBe('-- DuckDB: what step a\\nDROP TABLE x;\\u2028y of pipeline p has published last');
  expect(second).toMatch(/^-- orders: /);
});

test('another service that speaks S3 is found at its endpoint', () => {
  const endpoint = 'http://127.0.0.1:9000';
  const place = { kind: 's3', bucket: 'lake', prefix: '', endpoint } as const;
  expect(duckdbStatements({ ...exportsOf(['a', 'a']), place })).toContain(
    "(TYPE s3, PROVIDER credential_chain, ENDPOINT '127.0.0.1:9000', URL_STYLE 'path', USE_SSL false, SCOPE 's3://lake/')",
  );
});

test('a bucket is read by an extension, with the region of its connection', () => {
  const folders: ExportFolder[] = [{ name: 'orders/', tables: [{ source: 'orders', target: 'orders' }] }];
  const place = { kind: 's3', bucket: 'lake', prefix: 'exports/', region: 'eu-west-1' } as const;
  const text = duckdbStatements({ pipeline: 'p', step: 's', place, format: 'parquet', keep: 1, folders });
  expect(text).toMatchInlineSnapshot(`
    "-- DuckDB: what step s of pipeline p has published last
    -- orders: s3://lake/exports/orders/LATEST.json

    INSTALL httpfs;
    LOAD httpfs;
    INSTALL aws;
    LOAD aws;
    CREATE OR REPLACE TEMPORARY SECRET sluice (TYPE s3, PROVIDER credential_chain, REGION 'eu-west-1', SCOPE 's3://lake/exports/');

    SET VARIABLE "sluice files of s 1" = (
      SELECT list(regexp_replace('s3://lake/exports/orders/' || file.name, '([*?[])', '[\\1]', 'g') ORDER BY file.name)
      FROM (
        SELECT unnest(one.files) AS file
        FROM (
          SELECT unnest(tables) AS one
          FROM read_json('s3://lake/exports/orders/LATEST.json', maximum_object_size = 268435456,
            columns = {tables: 'STRUCT(name VARCHAR, files STRUCT(name VARCHAR)[])[]'})
        )
        WHERE one.name = 'orders'
      )
    );
    CREATE OR REPLACE TEMPORARY VIEW "orders" AS
      SELECT * FROM read_parquet(getvariable('sluice files of s 1'), hive_partitioning = false);"
  `);
});
