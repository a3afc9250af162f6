import { expect, test } from 'vitest';
import type { Latest, ManifestTable } from '../../connectors/manifest.js';
import type { Column } from '../../values/column.js';
import type { Exports } from '../exports.js';
import { athenaNames, athenaText } from './names.js';
import { athenaStatements } from './statements.js';

const columns: readonly Column[] = [
  { name: 'id', type: 'int', native: 'int(11)', nullable: false },
  { name: 'number', type: 'int', native: 'bigint unsigned', nullable: false },
  { name: 'total', type: 'decimal', precision: 10, scale: 2, nullable: true },
  { name: 'wide', type: 'decimal', precision: 65, scale: 30, nullable: true },
  { name: 'day', type: 'date', nullable: true },
  { name: 'made', type: 'datetime', nullable: true },
  { name: 'changed', type: 'timestamp', nullable: true },
  { name: 'length', type: 'time', nullable: true },
  { name: 'raw', type: 'bytes', nullable: true },
  { name: 'rate', type: 'float', nullable: true },
  { name: 'paid', type: 'bool', nullable: true },
];

function exportsOf(
  table: Partial<ManifestTable> & { readonly target?: string },
  file: string,
  keep = 2,
): Exports {
  const { target = 'orders', name = 'shop.orders', columns: known = columns } = table;
  const tables = [{ name, files: [{ name: file, bytes: 1, version: '1' }] }];
  const latest = { export: 'nightly-2026-11-21-21-00', tables } as unknown as Latest;
  return {
    pipeline: 'nightly',
    step: 'nightly',
    place: { kind: 's3', bucket: 'lake', prefix: 'exports/' },
    format: 'parquet',
    keep,
    folders: [{ name: '', tables: [{ source: name, target, columns: known }], latest }],
  };
}

const file = 'nightly-2026-11-21-21-00/shop/shop.orders/1/part-00000.gz.parquet';

test('a table has the types of its files, and the folder of the newest export', async () => {
  const text = athenaStatements(exportsOf({}, file), { database: 'shop', switchOnly: false });
  await expect(`${text}\n`).toMatchFileSnapshot('../../../test/fixtures/warehouse/athena.sql');
});

test('after a run, a table is pointed to the new export by one statement', () => {
  expect(athenaStatements(exportsOf({}, file), { switchOnly: true })).toMatch(
    /LATEST\.json\n-- Athena takes one statement at a time\.\n\n-- After [^\n]*\nALTER TABLE `orders` SET LOCATION 's3:\/\/lake\/exports\/nightly-2026-11-21-21-00\/shop\/shop\.orders\/1\/';$/,
  );
});

test('who keeps one export is told that tables are empty until the switch', () => {
  expect(athenaStatements(exportsOf({}, file, 1), { switchOnly: true })).toContain('Keep two.');
});

test('a column whose name Athena does not take is found by its place', () => {
  const odd: readonly Column[] = ['Order Id', "it's", 'plain'].map((name) => ({
    name,
    type: 'text',
    nullable: true,
  }));
  const text = athenaStatements(exportsOf({ columns: odd }, file), { switchOnly: false });
  expect(text).toContain(
    "  `order_id` string COMMENT 'Order Id',\n  `it_s` string COMMENT 'it\\'s',\n  `plain` string\n",
  );
  expect(text).toContain("'parquet.column.index.access' = 'true'");
});

test('files beside manifest.json are refused, since Athena would read it too', () => {
  const beside = exportsOf({}, 'nightly-2026-11-21-21-00/part-0.parquet');
  expect(() => athenaStatements(beside, { switchOnly: false })).toThrow(/take manifest.json for rows/);
});

test('a table without rows and files is pointed to a folder that holds none', () => {
  const exports = exportsOf({}, file);
  const folders = exports.folders.map((folder) => ({
    ...folder,
    latest: { ...folder.latest, tables: [{ name: 'shop.orders', files: [] }] } as unknown as Latest,
  }));
  expect(athenaStatements({ ...exports, folders }, { switchOnly: true })).toContain(
    '/no-files-of-shop.orders/',
  );
});

test('what Athena cannot read exactly is refused', () => {
  const exports = exportsOf({}, file);
  expect(() => athenaStatements({ ...exports, format: 'csv' }, { switchOnly: false })).toThrow(
    /NULL and '' are the same/,
  );
  expect(() =>
    athenaStatements({ ...exports, place: { kind: 'files', path: '/out' } }, { switchOnly: false }),
  ).toThrow(/folders of this machine/);
  const folders = exports.folders.map(({ name, tables }) => ({ name, tables }));
  expect(() => athenaStatements({ ...exports, folders }, { switchOnly: false })).toThrow(
    /no LATEST.json yet/,
  );
});

test('names that become the same are told apart, texts escape what ends them', () => {
  expect(athenaNames(['Id', 'id', 'i d', 'ID!'])).toEqual(['id', 'id_2', 'i_d', 'id_']);
  expect(athenaText("o'brien\\")).toBe(String.raw`'o\'brien\\'`);
});
