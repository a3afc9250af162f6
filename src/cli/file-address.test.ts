import { expect, test } from 'vitest';
import { parseEndAddress } from './end-address.js';

test.each([
  ['./out/orders.parquet', { kind: 'files', path: './out' }, 'orders', { format: 'parquet' }],
  ['orders.csv', { kind: 'files', path: './' }, 'orders', { format: 'csv' }],
  ['/data/a b/x.y.NDJSON', { kind: 'files', path: '/data/a b' }, 'x.y', { format: 'jsonl' }],
  ['../orders.jsonl.gz', { kind: 'files', path: '..' }, 'orders', { format: 'jsonl', compression: 'gzip' }],
  ['s3://lake/orders.csv', { kind: 's3', bucket: 'lake' }, 'orders', { format: 'csv' }],
  ['s3://lake/a/b/o.parquet', { kind: 's3', bucket: 'lake', prefix: 'a/b/' }, 'o', { format: 'parquet' }],
])('%s is a place, a table and a format', (address, connection, table, options) => {
  expect(parseEndAddress(address, 'to')).toEqual({ connection, table, options });
});

test.each([
  ['./out/orders', { kind: 'files', path: './out' }, 'orders'],
  ['./out/orders///', { kind: 'files', path: './out' }, 'orders'],
  ['s3://lake/exports/shop.orders/', { kind: 's3', bucket: 'lake', prefix: 'exports/' }, 'shop.orders'],
])('%s takes its format from --format', (address, connection, table) => {
  expect(parseEndAddress(address, 'from', 'csv')).toEqual({ connection, table, options: { format: 'csv' } });
  expect(() => parseEndAddress(address, 'from')).toThrow(/which format/);
});

test('a compressed source is found by what it is', () => {
  expect(parseEndAddress('./a.csv.gz', 'from').options).toEqual({ format: 'csv' });
});

test.each([
  '.',
  '..',
  '/',
  './',
  's3://lake',
  's3://lake/',
  's3:///a.csv',
  'ftp://host/a.csv',
  'mysql:a.csv',
  './a.parquet.gz',
])('%s is no address', (address) => {
  expect(() => parseEndAddress(address, 'from', 'csv')).toThrow(expect.objectContaining({ code: 'usage' }));
});
