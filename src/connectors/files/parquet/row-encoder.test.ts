import fc from 'fast-check';
import { expect, test } from 'vitest';
import { segmentRows } from '../../../../test/fixtures/file-sink.js';
import { AttributeRows, cellKinds, ESCAPED, type Spans, WIDE } from '../../../values/attribute-rows.js';
import type { Attribute, Cell, Row } from '../../../values/cell.js';
import type { Column, LogicalType } from '../../../values/column.js';
import { NULL_START, TextRows } from '../../../values/text-rows.js';
import type { FileOptions } from '../format.js';
import { type ParquetColumn, parquetColumn } from './parquet-column.js';
import { ParquetRowEncoder } from './row-encoder.js';

const columnOf = (name: string, type: LogicalType, more: Partial<Column> = {}): Column => ({
  name,
  type,
  nullable: true,
  ...more,
});

const columns: readonly Column[] = Object.freeze([
  columnOf('tiny', 'int', { native: 'tinyint(4)' }),
  columnOf('int', 'int', { native: 'int(11)' }),
  columnOf('unsigned', 'int', { native: 'int(10) unsigned' }),
  columnOf('big', 'int', { native: 'bigint(20)' }),
  columnOf('huge', 'int', { native: 'bigint(20) unsigned' }),
  columnOf('money', 'decimal', { native: 'decimal(10,2)', precision: 10, scale: 2 }),
  columnOf('whole', 'decimal', { native: 'decimal(5,0)', precision: 5, scale: 0 }),
  columnOf('small', 'decimal', { native: 'decimal(3,3)', precision: 3, scale: 3 }),
  columnOf('wide', 'decimal', { native: 'decimal(65,30)', precision: 65, scale: 30 }),
  columnOf('double', 'float', { native: 'double' }),
  columnOf('text', 'text', { native: 'varchar(100)' }),
  columnOf('json', 'json', { native: 'json' }),
  columnOf('bytes', 'bytes', { native: 'blob' }),
  columnOf('date', 'date', { native: 'date' }),
  columnOf('time', 'time', { native: 'time' }),
  columnOf('at', 'datetime', { native: 'datetime(6)' }),
  columnOf('instant', 'timestamp', { native: 'timestamp' }),
]);
const digits = (least: number, most: number) =>
  fc.bigInt({ min: 10n ** BigInt(least - 1), max: 10n ** BigInt(most) - 1n }).map(String);
const integer = fc.oneof(
  fc.bigInt({ min: -(1n << 66n), max: 1n << 66n }).map(String),
  fc.constantFrom('0', '-1', '999999999', '-2147483648', '2147483647', '2147483648', '4294967296'),
  fc.constantFrom(
    '9223372036854775807',
    '-9223372036854775808',
    '9223372036854775808',
    '99999999999999999999',
  ),
);
const decimal = fc.oneof(
  fc
    .tuple(fc.constantFrom('', '-'), fc.oneof(fc.constant('0'), digits(1, 12)), fc.option(digits(1, 4)))
    .map(([sign, whole, fraction]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}`),
  fc.constantFrom(
    '0.00',
    '-0.5',
    '0.123',
    '1.123',
    '-0.999',
    '12345',
    '123456',
    '99999999.99',
    '100000000.00',
  ),
);
const double = fc.oneof(
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (Object.is(value, -0) ? '-0' : String(value))),
  fc.constantFrom('5e20', '1e400', '0.1234567890123456789', '1.2345678901234568e20', '-0'),
);
const moment = fc.oneof(
  fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 19).replace('T', ' ')),
  fc.constantFrom(
    '0000-00-00 00:00:00',
    '2026-00-01 00:00:00',
    '2026-02-29 00:00:00',
    '2024-02-29 23:59:59.999999',
  ),
  fc.constantFrom(
    '2026-02-31 00:00:00',
    '0000-01-01 00:00:00',
    '1900-02-29 00:00:00',
    '2000-02-29 00:00:00.1',
  ),
);
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '',
    '"',
    '""',
    '\\N',
    '\0',
    '\r\n',
    ',',
    'a"b',
    'x'.repeat(160),
    'é'.repeat(81),
    'x'.repeat(70_000),
  ),
);
const anyOf: Readonly<Partial<Record<LogicalType, fc.Arbitrary<Cell>>>> = {
  int: integer,
  decimal,
  float: double,
  text,
  json: text,
  bytes: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  date: fc.constantFrom('2026-01-31', '0000-00-00'),
  time: fc.constantFrom('-838:59:59', '12:34:56.123456'),
  datetime: moment,
  timestamp: moment,
};

const row = fc.tuple(
  ...columns.map(({ type }) => fc.option(anyOf[type] ?? fc.constant(null), { freq: 8 })),
) as fc.Arbitrary<Row>;

function textRowsOf(rows: readonly Row[]): TextRows {
  const pieces: Buffer[] = [];
  const stride = columns.length + 1;
  const starts = new Int32Array(rows.length * stride);
  const ends = new Int32Array(rows.length * stride);
  let at = 0;
  for (const [index, cells] of rows.entries()) {
    const offset = index * stride;
    starts[offset] = at;
    for (const [place, cell] of cells.entries()) {
      const bytes = cell === null ? Buffer.alloc(0) : Buffer.from(cell as string | Uint8Array);
      starts[offset + 1 + place] = cell === null ? NULL_START : at;
      at += bytes.length;
      ends[offset + 1 + place] = at;
      pieces.push(bytes);
    }
    ends[offset] = at;
  }
  const make = (_bytes: Buffer, _start: number, _end: number, _spans: object, place: number) => [
    ...(rows[(place - 1) / stride] ?? []),
  ];
  return new TextRows(
    { bytes: Buffer.concat(pieces), spans: { stride, starts, ends }, make },
    columns.length,
    rows.length,
  );
}

function encoded(
  rows: TextRows | AttributeRows | readonly Row[],
  of: readonly Column[],
  extra?: FileOptions['extra'],
) {
  const encoder = new ParquetRowEncoder(of.map(parquetColumn), extra);
  const { buffers, ...rest } = encoder.encode({ columns: of, rows: rows as Row[], bytes: 0 });
  return { ...rest, bytes: Buffer.concat(buffers).toString('latin1') };
}

test('bytes of a database become the values that their cells become', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 20 }), (rows) => {
      expect(encoded(textRowsOf(rows), columns)).toEqual(encoded(rows, columns));
    }),
    { numRuns: 300 },
  );
});

test('a row that one column refuses is in none', async () => {
  const of = Object.freeze([
    columnOf('a', 'text'),
    columnOf('b', 'int', { native: 'int' }),
    columnOf('c', 'bool'),
  ]);
  const encoder = new ParquetRowEncoder(of.map(parquetColumn), undefined);
  const rows: Row[] = [
    ['one', '1', true],
    ['two', 'many', null],
    ['three', null, 'x'],
    ['\ud800', '4', false],
    ['five', '5', false],
  ];
  const made = encoder.encode({ columns: of, rows, bytes: 0 });
  expect(made.refused.map(({ row: at, column }) => [at, column])).toEqual([
    [1, 'b'],
    [2, 'c'],
    [3, 'a'],
  ]);
  expect(made.rows).toBe(2);
  expect(await segmentRows(made.buffers)).toEqual([
    ['one', '1', 'true'],
    ['five', '5', 'false'],
  ]);
});

const attribute = fc.oneof<fc.Arbitrary<Attribute | undefined>[]>(
  fc.constant(undefined),
  fc.constant({ NULL: true }),
  fc.boolean().map((BOOL) => ({ BOOL })),
  fc.string({ unit: 'grapheme' }).map((S) => ({ S })),
  fc.constantFrom(
    { N: '1' },
    { N: '-1.5e10' },
    { B: 'AAEC' },
    { SS: ['a', '"'] },
    { M: { 'a,b': { S: '\n' } } },
  ),
);

/** As a page of DynamoDB's has it. */
function attributeRowsOf(rows: readonly (Attribute | undefined)[][]): AttributeRows {
  const width = rows[0]?.length ?? 0;
  const pieces: Buffer[] = [];
  const spans: Spans = {
    stride: width,
    kinds: new Uint8Array(rows.length * width),
    starts: new Int32Array(rows.length * width),
    ends: new Int32Array(rows.length * width),
  };
  let at = 0;
  for (const [place, cell] of rows.flat().entries()) {
    const [kind, text] = spanOf(cell);
    // Around it stand the quotes that JSON has.
    const bytes = Buffer.from(`"${text}"`);
    spans.kinds[place] = kind;
    spans.starts[place] = at + 1;
    spans.ends[place] = at + bytes.length - 1;
    at += bytes.length;
    pieces.push(bytes);
  }
  return new AttributeRows(Buffer.concat(pieces), spans, width, rows.length);
}

function spanOf(cell: Attribute | undefined): [kind: number, text: string] {
  if (cell === undefined) return [cellKinds.absent, ''];
  if ('NULL' in cell) return [cellKinds.null, ''];
  if ('BOOL' in cell) return [cell.BOOL ? cellKinds.true : cellKinds.false, ''];
  if ('N' in cell) return [cellKinds.number, cell.N];
  if ('B' in cell) return [cellKinds.bytes, cell.B];
  if (!('S' in cell)) return [cellKinds.other, JSON.stringify(cell)];
  const spelled = JSON.stringify(cell.S).slice(1, -1);
  const flags =
    (spelled.includes('\\') ? ESCAPED : 0) + (Buffer.byteLength(spelled) > spelled.length ? WIDE : 0);
  return [cellKinds.text + flags, spelled];
}

test('bytes of DynamoDB become the values that their attributes become', () => {
  const open = Object.freeze([columnOf('pk', 'attribute'), columnOf('more', 'attribute')]);
  fc.assert(
    fc.property(fc.array(fc.tuple(attribute, attribute), { minLength: 1, maxLength: 4 }), (rows) => {
      expect(encoded(attributeRowsOf(rows), open)).toEqual(encoded(rows as Row[], open));
    }),
    { numRuns: 300 },
  );
});

const refusals: readonly (readonly [name: string, column: Column, cell: Cell, code: string])[] = [
  ['a date of zeros', columnOf('a', 'datetime'), '0000-00-00 00:00:00', 'value_range'],
  ['a day that no month has', columnOf('a', 'timestamp'), '2026-02-31 00:00:00', 'value_range'],
  ['an hour that no day has', columnOf('a', 'datetime'), '2026-01-01 24:00:00', 'value_range'],
  ['an integer that is too large', columnOf('a', 'int', { native: 'int' }), '2147483648', 'value_range'],
  ['a number with a fraction for an integer', columnOf('a', 'int'), '1.5', 'value_inexact'],
  [
    'too many digits after the point',
    columnOf('a', 'decimal', { precision: 5, scale: 1 }),
    '1.25',
    'value_inexact',
  ],
  [
    'too many digits before the point',
    columnOf('a', 'decimal', { precision: 3, scale: 1 }),
    '123.4',
    'value_range',
  ],
  ['a number that no DOUBLE is', columnOf('a', 'float'), '0.12345678901234567890', 'value_inexact'],
  ['half of a surrogate pair', columnOf('a', 'text'), 'a\ud800', 'value_type'],
  ['a word for a number', columnOf('a', 'decimal'), 'many', 'value_type'],
  ['a map for a text', columnOf('a', 'text'), { M: {} }, 'value_type'],
];

test.each(refusals)('%s is a reject', (_name, column, cell, code) => {
  const { refused, rows, bytes } = encoded([[cell]], [column]);
  expect(refused).toMatchObject([{ row: 0, code, column: 'a' }]);
  expect([rows, bytes]).toEqual([0, '']);
});

const extras: readonly (readonly [
  extra: FileOptions['extra'],
  rows: readonly (readonly (string | null)[])[],
  refused: readonly string[],
])[] = [
  [undefined, [['1']], ['attribute_unknown']],
  ['reject', [['1']], ['attribute_unknown']],
  ['ignore', [['1'], ['2']], []],
  [
    { into: 'rest' },
    [
      ['1', null],
      ['2', '{"b":{"N":"3"}}'],
    ],
    [],
  ],
];

test.each(extras)(
  'with extra %j an attribute without a column goes where it is said to',
  async (extra, rows, refused) => {
    const known: ParquetColumn[] = [columnOf('a', 'text')].map(parquetColumn);
    if (typeof extra === 'object') known.push(parquetColumn(columnOf('rest', 'json')));
    const encoder = new ParquetRowEncoder(known, extra);
    const given = [columnOf('a', 'text'), columnOf('b', 'attribute')];
    const made = encoder.encode({
      columns: given,
      rows: [
        ['1', undefined],
        ['2', { N: '3' }],
      ],
      bytes: 0,
    });
    expect(await segmentRows(made.buffers)).toEqual(rows);
    expect(made.refused.map(({ code }) => code)).toEqual(refused);
  },
);
