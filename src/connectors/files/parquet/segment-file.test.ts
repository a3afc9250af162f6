import { expect, test } from 'vitest';
import { segmentRows } from '../../../../test/fixtures/file-sink.js';
import type { Column, LogicalType } from '../../../values/column.js';
import { parquetColumn } from './parquet-column.js';
import { ParquetRowEncoder } from './row-encoder.js';

const columnOf = (name: string, type: LogicalType, more: Partial<Column> = {}): Column => ({
  name,
  type,
  nullable: true,
  ...more,
});

const edges: readonly (readonly [column: Column, cells: readonly string[]])[] = [
  [columnOf('a', 'int', { native: 'int' }), ['0', '-2147483648', '2147483647', '-1', '999999999']],
  [
    columnOf('a', 'int', { native: 'bigint' }),
    ['0', '-9223372036854775808', '9223372036854775807', '-1', '-999999999999999', '9007199254740993'],
  ],
  [
    columnOf('a', 'int', { native: 'bigint unsigned' }),
    ['0', '18446744073709551615', '9223372036854775808', '4294967296', '4294967295', '1'],
  ],
  [columnOf('a', 'decimal', { precision: 9, scale: 2 }), ['0.00', '-9999999.99', '9999999.99', '-0.01']],
  [
    columnOf('a', 'decimal', { precision: 18, scale: 3 }),
    ['0.000', '-999999999999999.999', '999999999999999.999', '-0.001', '-4294967.296', '4294967.295'],
  ],
  [
    columnOf('a', 'decimal', { precision: 38, scale: 10 }),
    [
      '0.0000000000',
      '-9999999999999999999999999999.9999999999',
      '9999999999999999999999999999.9999999999',
      '-0.0000000001',
      '-42949.6729600000',
      '1844674407.3709551616',
    ],
  ],
  [
    columnOf('a', 'datetime'),
    [
      '1970-01-01 00:00:00',
      '1969-12-31 23:59:59.999999',
      '0001-01-01 00:00:00',
      '9999-12-31 23:59:59.999999',
      '2024-02-29 12:34:56.7',
      '1900-03-01 00:00:00',
      '2000-02-29 00:00:00.000001',
      '2255-06-05 23:47:34.740993',
    ],
  ],
  [columnOf('a', 'text'), ['', ' ', 'é\0\n"', 'x'.repeat(70_000), '\u{1F600}']],
];

test.each(edges)('of %j all values are what they were', async (column, cells) => {
  const of = Object.freeze([column]);
  const rows = [...cells, null, ...cells].map((cell) => [cell]);
  const encoder = new ParquetRowEncoder(of.map(parquetColumn), undefined);
  const { buffers, refused } = encoder.encode({ columns: of, rows, bytes: 0 });
  expect(refused).toEqual([]);
  expect(await segmentRows(buffers)).toEqual(rows);
});

test('any time of any day is what it was', async () => {
  const of = Object.freeze([columnOf('a', 'datetime')]);
  const days = 3_651_000; // from year 1 on, into the last one
  const rows = Array.from({ length: 20_000 }, (_, index) => {
    const day = new Date(-62_135_596_800_000 + ((index * 7919 * 25) % days) * 86_400_000 + index * 4_294_967);
    return [`${day.toISOString().slice(0, 23).replace('T', ' ')}`];
  });
  const encoder = new ParquetRowEncoder(of.map(parquetColumn), undefined);
  const { buffers } = encoder.encode({ columns: of, rows, bytes: 0 });
  const texts = (await segmentRows(buffers)).map(([text]) => String(text));
  expect(texts.map((text) => Date.parse(`${text.replace(' ', 'T')}Z`))).toEqual(
    rows.map(([text = '']) => Date.parse(`${text.replace(' ', 'T')}Z`)),
  );
});
