import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cell, Row } from '../../../values/cell.js';
import type { Column, LogicalType } from '../../../values/column.js';
import { NULL_START, TextRows } from '../../../values/text-rows.js';
import { type FileBatch, lineOf, type TextPlace } from '../file-batch.js';
import { CsvEncoder } from './encode.js';
import { PeopleCsvEncoder } from './people.js';
import { type CsvShape, readCsv, readHeader } from './read-csv.js';

const BIG = { maxRows: 1_000_000, maxBytes: 1e9 };

function column(name: string, type: LogicalType): Column {
  return { name, type, nullable: true };
}

function shapeOf(columns: readonly Column[]): CsvShape {
  return { columns: columns.map((one, field) => ({ column: one, field })), perRecord: columns.length };
}

/** The bytes in pieces of this size. */
async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

async function batchesOf(
  bytes: Buffer,
  columns: readonly Column[],
  options: { readonly size?: number; readonly request?: typeof BIG; readonly from?: TextPlace } = {},
): Promise<FileBatch<TextPlace>[]> {
  const { size = 7, request = BIG } = options;
  const header = await readHeader('t.csv', pieces(bytes, size));
  if (!header) throw new Error('no header');
  const place = options.from ?? header.place;
  const chunks = pieces(bytes.subarray(place.offset), size);
  const batches: FileBatch<TextPlace>[] = [];
  for await (const batch of readCsv(shapeOf(columns), { where: lineOf('t.csv'), chunks, place, request })) {
    batches.push(batch);
  }
  return batches;
}

const rowsOf = (batches: readonly FileBatch<TextPlace>[]): Row[] => batches.flatMap(({ rows }) => [...rows]);

function fileOf(columns: readonly Column[], rows: readonly Row[]): Buffer {
  const encoder = new CsvEncoder(columns);
  const header = encoder.header();
  const { bytes, refused } = encoder.encode({ columns, rows: [...rows], bytes: 0 });
  expect(refused).toEqual([]);
  return Buffer.concat([header, bytes]);
}

/** The same rows as a source has them that keeps its bytes. */
function asTextRows(columns: readonly Column[], rows: readonly Row[]): TextRows {
  const stride = columns.length + 1;
  const starts = new Int32Array(rows.length * stride);
  const ends = new Int32Array(rows.length * stride);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const [index, row] of rows.entries()) {
    starts[index * stride] = at;
    for (const [field, cell] of row.entries()) {
      const piece = Buffer.from((cell ?? '') as string);
      starts[index * stride + 1 + field] = cell === null ? NULL_START : at;
      pieces.push(piece);
      at += piece.length;
      ends[index * stride + 1 + field] = at;
    }
    ends[index * stride] = at;
  }
  const make = () => {
    throw new Error('from bytes to bytes');
  };
  return new TextRows(
    { bytes: Buffer.concat(pieces), spans: { stride, starts, ends }, make },
    columns.length,
    rows.length,
  );
}

const hostile = [
  '',
  ' ',
  '"',
  '""',
  ',',
  '\n',
  '\r',
  '\r\n',
  '\0',
  '\uFEFF',
  '\\N',
  'NULL',
  '=1+1',
  'ü😀',
  '"\n"',
];
const text = fc.oneof(
  fc.constantFrom(...hostile),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((one) => !/\p{Surrogate}/u.test(one)),
  fc.array(fc.constantFrom(...hostile), { maxLength: 6 }).map((all) => all.join('')),
);
const cells: Readonly<Record<string, fc.Arbitrary<Cell>>> = {
  text,
  json: text,
  int: fc.bigInt().map(String),
  decimal: fc.tuple(fc.bigInt(), fc.nat(999)).map(([whole, part]) => `${whole}.${part}`),
  float: fc.constantFrom('1.5', '-1e-7', '1.7976931348623157e308', '0', '-0'),
  bytes: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
  bool: fc.boolean(),
  date: fc.constantFrom('2026-01-31', '0000-00-00'),
  datetime: fc.constantFrom('2026-01-31 12:34:56', '0000-00-00 00:00:00.000001'),
  timestamp: fc.constant('2026-01-31 12:34:56.5'),
  time: fc.constantFrom('-838:59:59', '00:00:00.000001'),
};
const columns = Object.keys(cells).map((type) => column(`a "${type}",\n`, type as LogicalType));
const row = fc.tuple(
  ...Object.values(cells).map((cell) => fc.option(cell, { freq: 5 })),
) as fc.Arbitrary<Row>;

describe('CSV', () => {
  it('comes back cell by cell, in pieces and batches of any size', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 5 }),
        async (rows, size, maxRows) => {
          const file = fileOf(columns, rows);
          const header = await readHeader('t.csv', pieces(file, size));
          expect(header?.names).toEqual(columns.map(({ name }) => name));
          const batches = await batchesOf(file, columns, { size, request: { ...BIG, maxRows } });
          expect(rowsOf(batches)).toEqual(rows);
          expect(batches.flatMap(({ refused }) => refused)).toEqual([]);
          expect(Math.max(...batches.map(({ rows: some }) => some.length))).toBeLessThanOrEqual(maxRows);
          for (const [index, { place }] of batches.entries()) {
            const rest = await batchesOf(file, columns, { size, from: place });
            expect(rowsOf(rest)).toEqual(rowsOf(batches.slice(index + 1)));
          }
        },
      ),
      { numRuns: 150 },
    ));

  it('is the same from bytes as from cells, and to another reader', () =>
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.option(text), { minLength: 3, maxLength: 3 }), { minLength: 1 }),
        (rows) => {
          const some = ['a', 'b', 'c'].map((name) => column(name, 'text'));
          const slow = new CsvEncoder(some).encode({ columns: some, rows, bytes: 0 }).bytes;
          const fast = new CsvEncoder(some).encode({ columns: some, rows: asTextRows(some, rows), bytes: 0 });
          expect(fast.bytes.equals(slow)).toBe(true);
          const cast = (value: string, { quoting }: { quoting: boolean }) =>
            value === '' && !quoting ? null : value;
          // The other reader drops a first byte order mark and guesses line ends unless told.
          expect(parse(slow, { cast, record_delimiter: '\n' })).toEqual(rows);
        },
      ),
      { numRuns: 300 },
    ));

  it('has one column that is NULL as a line of nothing, and a long cell as it is', async () => {
    const one = [column('a', 'text')];
    const rows: Row[] = [[null], [''], ['x'.repeat(3_000_000)], [`"${'\n'.repeat(100_000)}`], [null]];
    expect(rowsOf(await batchesOf(fileOf(one, rows), one, { size: 65_536 }))).toEqual(rows);
  });

  it('refuses to write half of a surrogate pair', () => {
    const one = [column('a', 'text')];
    const { bytes, refused } = new CsvEncoder(one).encode({
      columns: one,
      rows: [['a'], ['\ud800'], ['b']],
      bytes: 0,
    });
    expect(String(bytes)).toBe('a\nb\n');
    expect(refused).toMatchObject([{ row: 1, code: 'value_inexact', column: 'a' }]);
  });

  it('names the lines that hold no row, and reads the others', async () => {
    const two = [column('id', 'int'), column('b', 'bytes')];
    const lines = ['\uFEFFid,b', '1,aa==', '2', '"3","\n', '",', '4,a', 'x,', '', '007,', '5,', '6,'];
    const wide = Buffer.concat([
      Buffer.from(`${lines.join('\r\n')}`),
      Buffer.from([0xff]),
      Buffer.from('\n7,'),
    ]);
    const batches = await batchesOf(wide, two);
    const refused = batches.flatMap((batch) => batch.refused);
    expect(refused.map(({ row: at, code, message }) => `${at} ${code} ${message}`)).toEqual([
      '1 value_type t.csv line 3: 1 fields where the header has 2',
      '2 value_type t.csv line 4: 3 fields where the header has 2',
      '3 value_type t.csv line 7: b is not base64',
      '4 value_type t.csv line 8: id is not a whole number',
      '5 value_type t.csv line 10: id is not a whole number',
      '7 value_inexact t.csv line 12: not valid UTF-8',
    ]);
    const good = rowsOf(batches).filter((_, index) => !refused.some(({ row: at }) => at === index));
    expect(good).toEqual([
      ['1', Buffer.from('aa==', 'base64')],
      ['5', null],
      ['7', null],
    ]);
  });

  it.each([
    ['a,b\n1,"x\n', 'line 2: the file ends inside of quotes'],
    ['a,b\n1,2\n3,"x"y\n', 'line 3: text behind a closing quote'],
    ['a,b\n1,2"\n', 'line 2: a quote inside a field'],
    ['a,b\n1,2\rx', 'line 2: a carriage return'],
  ])('stops where the end of a row is not certain: %j', async (file, message) => {
    const two = [column('a', 'text'), column('b', 'text')];
    await expect(batchesOf(Buffer.from(file), two)).rejects.toMatchObject({
      code: 'file_torn',
      message: expect.stringContaining(message),
    });
  });

  it('for people makes formulas harmless and leaves numbers alone', () => {
    const some = [column('=id', 'int'), column('t', 'text')];
    const rows: Row[] = [
      ['-5', '=1+1'],
      [null, '+a'],
      ['1', '-a'],
      ['2', '@a'],
      ['3', '\ta'],
      ['4', '\ra'],
      ['5', 'a=1'],
    ];
    const encoder = new PeopleCsvEncoder(some);
    expect(String(encoder.header())).toBe('\uFEFF"\'=id","t"\r\n');
    expect(String(encoder.encode({ columns: some, rows, bytes: 0 }).bytes)).toBe(
      '"-5","\'=1+1"\r\n"","\'+a"\r\n"1","\'-a"\r\n"2","\'@a"\r\n"3","\'\ta"\r\n"4","\'\ra"\r\n"5","a=1"\r\n',
    );
  });
});
