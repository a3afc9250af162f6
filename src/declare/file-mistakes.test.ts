import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderWith } from '../../test/fixtures/declaration-files.js';
import { problemsOf } from '../../test/fixtures/declarations.js';
import { loadDeclaration } from './load.js';

const declared = (
  to: string,
  from = '{ connection: shop, table: orders }',
  out = '{ kind: files, path: ./out }',
) => `pipeline: p
connections:
  shop: { kind: mysql, host: 127.0.0.1, user: u, database: d }
  out: ${out}
steps:
  - copy: c
    from: ${from}
    to: ${to}
`;

const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'two steps that write to one folder, however its path is spelled',
    `${declared('{ connection: out, format: csv }')}  - copy: again
    from: { connection: shop, table: lines }
    to: { connection: same, table: orders, format: parquet }
  - copy: beside
    from: { connection: shop, tables: [orders] }
    to: { connection: same, table: "{table}-2", format: parquet }
`.replace('steps:', '  same: { kind: files, path: out/ }\nsteps:'),
    [
      '12:9 steps[1].to the step c writes its exports to this folder already: a reader finds one there (conflict) → a folder of its own for each: table: orders-again',
    ],
  ],
  [
    'a sink without a format',
    declared('{ connection: out }'),
    ['8:5 steps[0].to.format `format` is missing (missing_field) → parquet, csv, or jsonl (JSON Lines).'],
  ],
  [
    'a format that is none',
    declared('{ connection: out, format: xml }'),
    ['8:36 steps[0].to.format unknown format "xml" (wrong_value) → one of: parquet, csv, jsonl'],
  ],
  [
    'a mode that adds',
    declared('{ connection: out, format: csv, mode: append }'),
    [
      '8:47 steps[0].to.mode into files `mode: append` goes with a step `replicate` only (conflict) → leave `mode` out: a copy writes a whole new export',
    ],
  ],
  [
    'a mode that is none',
    declared('{ connection: out, format: csv, mode: upsert }'),
    [
      '8:47 steps[0].to.mode "upsert" is not a mode of files (wrong_value) → they cannot be changed in place; a copy writes a whole new export (replace), a replicate adds its changes as files (append)',
    ],
  ],
  [
    'snappy for CSV',
    declared('{ connection: out, format: csv, compression: snappy }'),
    ['8:54 steps[0].to.compression snappy goes with Parquet only (conflict) → say gzip or none'],
  ],
  [
    'zstd for JSON Lines',
    declared('{ connection: out, format: jsonl, compression: zstd }'),
    ['8:56 steps[0].to.compression zstd goes with Parquet only (conflict) → say gzip or none'],
  ],
  [
    'row groups of JSON Lines',
    declared('{ connection: out, format: jsonl, rowGroup: 5000 }'),
    [
      '8:53 steps[0].to.rowGroup `rowGroup` goes with `format: parquet` only (conflict) → leave `rowGroup` out',
    ],
  ],
  [
    'Parquet for people',
    declared('{ connection: out, format: parquet, for: people }'),
    ['8:50 steps[0].to.for `for` goes with `format: csv` only (conflict) → leave `for` out'],
  ],
  [
    'the layout of RDS without a database',
    declared('{ connection: out, format: parquet, layout: rds }'),
    [
      '8:9 steps[0].to with `layout: rds` the table is called DATABASE.TABLE (conflict) → table: shop.orders, or with `tables`: "shop.{table}"',
    ],
  ],
  [
    'a table that leads out of the folder',
    declared('{ connection: out, format: csv, table: ../t }'),
    [
      '8:48 steps[0].to.table "../t" is not the name of a folder (wrong_value) → up to ten names parted by /, none empty or beginning with a dot',
    ],
  ],
  [
    'a format of a database',
    declared('{ connection: shop, table: t, format: csv }'),
    [
      '8:39 steps[0].to.format unknown field "format" (unknown_field) → fields here: connection, table, mode, create, extra, deletes, duplicates, ttlDeletes, triggers, foreignKeys',
    ],
  ],
  [
    'a folder without a path',
    declared('{ connection: out, format: csv }', undefined, '{ kind: files }'),
    [
      '4:3 connections.out.path `path` is missing (missing_field) → The folder, from this file’s folder: ./out. It is made when it is missing. From the environment only an absolute one.',
    ],
  ],
  [
    'a bucket with a prefix that is no folder',
    declared('{ connection: out, format: csv }', undefined, '{ kind: s3, bucket: lake, prefix: exports }'),
    [
      '4:42 connections.out.prefix a prefix ends with / and does not begin with it (wrong_value) → one looks like sluice/',
    ],
  ],
];

describe('of the mistakes in files', () => {
  test.each(mistakes)('%s is named with its place', async (_name, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});

test('a folder is meant from the folder of the declaration', async () => {
  const folder = await folderWith({
    'p.yaml': declared(
      '{ connection: out, format: parquet, layout: rds, table: shop.orders, keep: 3, file: { rows: 1000, mib: 5 } }',
    ),
  });
  const { connections, steps } = await loadDeclaration(resolve(folder, 'p.yaml'), { env: {} });
  expect(connections['out']).toEqual({ kind: 'files', path: resolve(folder, 'out') });
  expect(steps[0]).toMatchObject({ to: { table: 'shop.orders', layout: 'rds', keep: 3 } });
});
