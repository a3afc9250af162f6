import { expect, test } from 'vitest';
import type { Latest } from '../../connectors/manifest.js';
import type { Column } from '../../values/column.js';
import { asStored, type Exports } from '../exports.js';
import { snowflakeType } from './column-type.js';
import type { SnowflakeOptions } from './names.js';
import { bodyText, snowflakeName, snowflakeText, stagePath, typedName } from './quote.js';
import { snowflakeStatements } from './statements.js';

const columns: readonly Column[] = [
  { name: 'id', type: 'int', native: 'bigint(20) unsigned', nullable: false },
  { name: 'total', type: 'decimal', precision: 10, scale: 2, nullable: true },
  { name: 'note', type: 'text', nullable: true },
  { name: 'made', type: 'datetime', nullable: true },
];

const orders: Exports = {
  pipeline: 'orders-parquet',
  step: 'orders',
  place: { kind: 's3', bucket: 'lake', prefix: 'exports/', region: 'eu-west-1' },
  format: 'parquet',
  keep: 1,
  folders: [{ name: 'orders/', tables: [{ source: 'shop.orders', target: 'orders', columns }] }],
};

const options: SnowflakeOptions = { schedule: '60 MINUTE', times: 'typed', upper: false };

const golden = (name: string) => `../../../test/fixtures/warehouse/${name}`;

test('a copy into a bucket has its stage, table, procedure and task', async () => {
  const text = snowflakeStatements(orders, {
    ...options,
    role: 'arn:aws:iam::111122223333:role/snowflake',
    database: 'analytics',
    schema: 'shop',
    warehouse: 'load_wh',
  });
  await expect(`${text}\n`).toMatchFileSnapshot(golden('snowflake-copy.sql'));
});

test("a snapshot's export has all its tables in one transaction, with columns as its files have them", async () => {
  const names = ['shop.orders', 'shop.customers'];
  const latest = {
    tables: names.map((name) => ({
      name,
      files: [{ name: `nightly-2026-11-21-21-00/shop/${name}/1/part-0.gz.parquet` }],
    })),
  } as unknown as Latest;
  const tables = names.map((source) => ({ source, target: source.slice('shop.'.length) }));
  const text = snowflakeStatements(
    { ...orders, pipeline: 'nightly', step: 'mysnapshot', folders: [{ name: '', tables, latest }] },
    {
      ...options,
      integration: 'lake',
      stage: 'Lake Stage',
      schedule: 'USING CRON 0 6 * * * Europe/Dublin',
      upper: true,
    },
  );
  await expect(`${text}\n`).toMatchFileSnapshot(golden('snowflake-export.sql'));
});

test('a folder of this machine is refused, and columns that nobody knows', () => {
  const local = { ...orders, place: { kind: 'files', path: '/out' } as const };
  expect(() => snowflakeStatements(local, options)).toThrow(/cannot read the folders of this machine/);
  const folders = [{ name: 'orders/', tables: [{ source: 'shop.orders', target: 'orders' }] }];
  expect(() => snowflakeStatements({ ...orders, folders }, options)).toThrow(
    /nobody knows the columns of shop.orders/,
  );
});

test('names that are one in upper case are refused with --upper only', () => {
  const twice: readonly Column[] = ['id', 'ID'].map((name) => ({ name, type: 'text', nullable: true }));
  const folders = [{ name: '', tables: [{ source: 'a', target: 'a', columns: twice }] }];
  expect(() => snowflakeStatements({ ...orders, folders }, { ...options, upper: true })).toThrow(
    /two columns of a would be named ID/,
  );
  expect(snowflakeStatements({ ...orders, folders }, options)).toContain('"id" VARCHAR,\n  "ID" VARCHAR');
});

test('names and texts are what they are, whatever they hold', () => {
  expect(snowflakeName('a"b')).toBe('"a""b"');
  expect(snowflakeText("it's \\N")).toBe(String.raw`'it''s \\N'`);
  expect(typedName('load_wh')).toBe('load_wh');
  expect(typedName('Load WH')).toBe('"Load WH"');
  expect(typedName('"load"')).toBe('"load"');
  expect(typedName('a"; DROP TABLE x')).toBe('"a""; DROP TABLE x"');
  expect(stagePath('S', 'orders/LATEST.json')).toBe('@S/orders/LATEST.json');
  expect(stagePath('S', "o'brien/LATEST.json")).toBe("'@S/o''brien/LATEST.json'");
  expect(bodyText('BEGIN END;')).toBe('$$\nBEGIN END;\n$$');
  expect(bodyText("x = '$$'")).toBe("'\nx = ''$$''\n'");
});

test('a hostile declaration adds no statement: all that it names stands in quotes', () => {
  const evil = `x'; DROP TABLE y; --"$$\\`;
  const text = snowflakeStatements(
    {
      ...orders,
      place: { kind: 's3', bucket: 'lake', prefix: `${evil}/` },
      folders: [
        {
          name: `${evil}/`,
          tables: [{ source: evil, target: evil, columns: [{ name: evil, type: 'text', nullable: true }] }],
        },
      ],
    },
    { ...options, role: evil, schedule: evil },
  );
  expect(statementsOf(text).map((statement) => statement.split(/\s+/).slice(0, 3).join(' '))).toEqual([
    'CREATE STORAGE INTEGRATION',
    'DESC STORAGE INTEGRATION',
    'CREATE OR REPLACE',
    'CREATE OR REPLACE',
    'CREATE STAGE IF',
    'CREATE TABLE IF',
    'CREATE TABLE IF',
    'CREATE OR REPLACE',
    'CREATE OR REPLACE',
    'ALTER TASK SLUICE_TASK_ORDERS_PARQUET_ORDERS',
    'CALL SLUICE_LOAD_ORDERS_PARQUET_ORDERS();',
  ]);
});

/** Cuts a text into statements by Snowflake's own rules of quotes, comments and `$$`. */
function statementsOf(text: string): string[] {
  const token = /--[^\n]*\n|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"]|"")*"|\$\$[\s\S]*?\$\$|;|[^;]/gy;
  const statements = [''];
  for (const [piece] of text.matchAll(token)) {
    if (piece.startsWith('--')) continue;
    statements.push((statements.pop() ?? '') + piece);
    if (piece === ';') statements.push('');
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

test('items of DynamoDB are one column, which no manifest lists', () => {
  const stored = asStored('jsonl', [{ name: 'id', type: 'attribute', nullable: false }]);
  const folders = [{ name: '', tables: [{ source: 'a', target: 'a', ...stored }] }];
  const text = snowflakeStatements({ ...orders, format: 'jsonl', folders }, options);
  expect(text).toContain('CREATE TABLE IF NOT EXISTS "a" (\n  "Item" VARIANT NOT NULL\n);');
  expect(text).not.toContain('RAISE columns_differ');
});

test('documents of JSON Lines are values of their own', () => {
  expect(snowflakeType({ name: 'c', nullable: true, type: 'json' }, 'jsonl', 'typed')).toBe('VARIANT');
});

test.each(['csv', 'jsonl'] as const)('%s has a file format in which only NULL is NULL', (format) => {
  const text = snowflakeStatements({ ...orders, format }, options);
  const [statement] = /CREATE OR REPLACE FILE FORMAT SLUICE_(CSV|JSONL)[^;]*;/.exec(text) ?? [];
  expect(statement).toMatch(/ NULL_IF = \(\)/);
});

test.each<[Partial<Column>, string, string]>([
  [{ type: 'int', native: 'tinyint(1)' }, 'NUMBER(3, 0)', 'NUMBER(3, 0)'],
  [{ type: 'int', native: 'mediumint unsigned' }, 'NUMBER(8, 0)', 'NUMBER(8, 0)'],
  [{ type: 'int', native: 'bigint(20) unsigned' }, 'NUMBER(20, 0)', 'NUMBER(20, 0)'],
  [{ type: 'int' }, 'NUMBER(38, 0)', 'NUMBER(38, 0)'],
  [{ type: 'decimal', precision: 38, scale: 30 }, 'NUMBER(38, 30)', 'NUMBER(38, 30)'],
  [{ type: 'decimal', precision: 65, scale: 30 }, 'VARCHAR', 'VARCHAR'],
  [{ type: 'decimal' }, 'VARCHAR', 'VARCHAR'],
  [{ type: 'float' }, 'FLOAT', 'FLOAT'],
  [{ type: 'bytes' }, 'BINARY', 'BINARY'],
  [{ type: 'bool' }, 'BOOLEAN', 'BOOLEAN'],
  [{ type: 'date' }, 'DATE', 'VARCHAR'],
  [{ type: 'datetime' }, 'TIMESTAMP_NTZ(6)', 'VARCHAR'],
  [{ type: 'timestamp' }, 'TIMESTAMP_NTZ(6)', 'VARCHAR'],
  [{ type: 'time' }, 'VARCHAR', 'VARCHAR'],
  [{ type: 'json' }, 'VARCHAR', 'VARCHAR'],
  [{ type: 'attribute' }, 'VARCHAR', 'VARCHAR'],
])('%j is %s in Snowflake', (column, typed, text) => {
  const whole = { name: 'c', nullable: true, type: 'text', ...column } as const;
  expect([snowflakeType(whole, 'parquet', 'typed'), snowflakeType(whole, 'csv', 'text')]).toEqual([
    typed,
    text,
  ]);
});
