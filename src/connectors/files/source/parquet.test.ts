import { readFileSync } from 'node:fs';
import { truncate } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFiles, withFileSource } from '../../../../test/fixtures/file-source.js';
import { type TestFolder, testFolder } from '../../../../test/fixtures/files.js';
import { pyarrow } from '../../../../test/fixtures/pyarrow.js';
import { piecesOf } from './parquet-pieces.js';
import { parquetReading } from './parquet-types.js';

let folder: TestFolder;
beforeEach(async () => {
  folder = await testFolder();
});
afterEach(() => folder.remove());

const table = { table: 't', format: 'parquet' } as const;

/** Python that writes columns of three rows, the last of them NULL, with a row group for each row. */
const writing = (columns: string) => `
import sys, datetime, decimal, uuid, struct
import pyarrow as pa
import pyarrow.parquet as pq
D = decimal.Decimal
columns = {${columns}}
pq.write_table(pa.table(columns), sys.argv[1], row_group_size=1, **(eval(sys.argv[2]) if len(sys.argv) > 2 else {}))
`;

/** Each type: how pyarrow writes it, what it is read as, and its cells. */
const exact: readonly [name: string, python: string, type: string, cells: readonly unknown[]][] = [
  ['bool', 'pa.array([True, False, None])', 'bool', [true, false]],
  ['int8', 'pa.array([-128, 127, None], pa.int8())', 'int', ['-128', '127']],
  ['int16', 'pa.array([-32768, 0, None], pa.int16())', 'int', ['-32768', '0']],
  ['int32', 'pa.array([-2**31, 1, None], pa.int32())', 'int', ['-2147483648', '1']],
  [
    'int64',
    'pa.array([-2**63, 2**63-1, None], pa.int64())',
    'int',
    ['-9223372036854775808', '9223372036854775807'],
  ],
  ['uint8', 'pa.array([255, 0, None], pa.uint8())', 'int', ['255', '0']],
  ['uint32', 'pa.array([2**32-1, 0, None], pa.uint32())', 'int', ['4294967295', '0']],
  ['uint64', 'pa.array([2**64-1, 0, None], pa.uint64())', 'int', ['18446744073709551615', '0']],
  ['decimal9', "pa.array([D('-1.50'), D('0.00'), None], pa.decimal128(9, 2))", 'decimal', ['-1.50', '0.00']],
  [
    'fraction',
    "pa.array([D('-0.5'), D('0'), None], pa.decimal128(38, 38))",
    'decimal',
    [`-0.5${'0'.repeat(37)}`, `0.${'0'.repeat(38)}`],
  ],
  [
    'decimal38',
    "pa.array([D('9'*38), D('-1'), None], pa.decimal128(38, 0))",
    'decimal',
    ['9'.repeat(38), '-1'],
  ],
  ['float', 'pa.array([0.1, -0.0, None], pa.float32())', 'float', ['0.10000000149011612', '-0']],
  ['double', 'pa.array([1e-7, 1.7976931348623157e308, None])', 'float', ['1e-7', '1.7976931348623157e308']],
  ['whole', 'pa.array([1.0, 1e20, None])', 'float', ['1', '100000000000000000000']],
  ['string', "pa.array(['', 'a\\0\"\\n,\\u00fc\\U0001F600', None])", 'text', ['', 'a\0"\n,ü😀']],
  ['dictionary', "pa.array(['x', 'y', None]).dictionary_encode()", 'text', ['x', 'y']],
  ['large', "pa.array(['x', '', None], pa.large_string())", 'text', ['x', '']],
  ['binary', "pa.array([b'', b'\\x00\\xff', None])", 'bytes', [Buffer.alloc(0), Buffer.from([0, 255])]],
  [
    'fixed',
    "pa.array([b'abcd', b'\\0\\0\\0\\0', None], pa.binary(4))",
    'bytes',
    [Buffer.from('abcd'), Buffer.alloc(4)],
  ],
  [
    'date',
    'pa.array([datetime.date(1, 1, 1), datetime.date(9999, 12, 31), None])',
    'date',
    ['0001-01-01', '9999-12-31'],
  ],
  ['time32', "pa.array([1, 86399999, None], pa.time32('ms'))", 'time', ['00:00:00.001', '23:59:59.999']],
  [
    'time64',
    "pa.array([1, 86399999999, None], pa.time64('us'))",
    'time',
    ['00:00:00.000001', '23:59:59.999999'],
  ],
  [
    'millis',
    "pa.array([1, -1, None], pa.timestamp('ms'))",
    'datetime',
    ['1970-01-01 00:00:00.001', '1969-12-31 23:59:59.999'],
  ],
  [
    'micros',
    "pa.array([1, 0, None], pa.timestamp('us'))",
    'datetime',
    ['1970-01-01 00:00:00.000001', '1970-01-01 00:00:00'],
  ],
  [
    'utc',
    "pa.array([1, 0, None], pa.timestamp('us', 'Asia/Tokyo'))",
    'timestamp',
    ['1970-01-01 00:00:00.000001', '1970-01-01 00:00:00'],
  ],
  [
    'uuid',
    'pa.array([uuid.UUID(int=1).bytes, uuid.UUID(int=2**128-1).bytes, None], pa.uuid())',
    'text',
    ['00000000-0000-0000-0000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  ],
  ['json', "pa.array(['{\"a\": 1.50}', 'null', None], pa.json_())", 'json', ['{"a": 1.50}', 'null']],
  ['list', 'pa.array([[1, None], [], None], pa.list_(pa.uint64()))', 'json', ['[1,null]', '[]']],
  [
    'struct',
    "pa.array([{'a': 2**63-1, 'b': '\"'}, {'a': None, 'b': ''}, None])",
    'json',
    ['{"a":9223372036854775807,"b":"\\""}', '{"a":null,"b":""}'],
  ],
  [
    'map',
    "pa.array([[('k', 0.5)], [], None], pa.map_(pa.string(), pa.float64()))",
    'json',
    ['{"k":0.5}', '{}'],
  ],
  [
    'nested',
    "pa.array([[{'d': D('12345678901234567.89')}], [], None], pa.list_(pa.struct([('d', pa.decimal128(20, 2))])))",
    'json',
    ['[{"d":12345678901234567.89}]', '[]'],
  ],
];

/** What no cell can hold exactly. */
const inexact: readonly [name: string, python: string][] = [
  ['nanoseconds', "pa.array([1, 2, None], pa.timestamp('ns'))"],
  ['nanoseconds of a day', "pa.array([1, 2, None], pa.time64('ns'))"],
  ['76 digits', "pa.array([D('1'), D('2'), None], pa.decimal256(76, 2))"],
  ['nested 76 digits', "pa.array([[D('1')], [], None], pa.list_(pa.decimal256(76, 2)))"],
  ['nested fractions', "pa.array([[D('0.5')], [], None], pa.list_(pa.decimal128(38, 38)))"],
  ['nested bytes', "pa.array([[b'1'], [], None])"],
  ['nested nanoseconds', "pa.array([[1], [], None], pa.list_(pa.timestamp('ns')))"],
  ['a map with numbers for keys', 'pa.array([[(1, 2)], [], None], pa.map_(pa.int64(), pa.int64()))'],
];

describe('Parquet that pyarrow wrote', () => {
  it('is read type by type, with the cells that are in it', async (context) => {
    const python = await pyarrow(context);
    const columns = exact.map(([name, value]) => `'${name}': ${value}`).join(',\n');
    await python(writing(columns), `${folder.path}/t.parquet`, "{'compression': 'zstd', 'version': '2.6'}");
    const { description, rows, refused } = await readFiles(folder.path, table);
    expect(refused).toEqual([]);
    expect(description.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(
      exact.map(([name, , type]) => `${name} ${type}`),
    );
    expect(rows).toEqual([
      Object.fromEntries(exact.map(([name, , , [cell]]) => [name, cell])),
      Object.fromEntries(exact.map(([name, , , [, cell]]) => [name, cell])),
      Object.fromEntries(exact.map(([name]) => [name, null])),
    ]);
    expect(description).toMatchObject({ rows: 3 });
    expect(description.columns.find(({ name }) => name === 'decimal9')).toMatchObject({
      precision: 9,
      scale: 2,
    });
  });

  it('is refused at plan time where it cannot be read exactly, column by column', async (context) => {
    const python = await pyarrow(context);
    const columns = inexact.map(([name, value]) => `'${name}': ${value}`).join(',\n');
    await python(
      writing(`'id': pa.array([1, 2, 3]), 'a': pa.array(['x', '', None]), ${columns}`),
      `${folder.path}/t.parquet`,
    );
    await python(
      writing("'at': pa.array([1, 2, None], pa.timestamp('us'))"),
      `${folder.path}/u.parquet`,
      "{'use_deprecated_int96_timestamps': True}",
    );
    const refusals = async (name: string) =>
      await withFileSource(folder.path, { ...table, table: name }, async (source) => {
        const { findings } = await source.describe();
        return findings.map(({ level, code, path }) => `${level} ${code} ${path}`);
      });
    expect(await refusals('t')).toEqual(inexact.map(([name]) => `refuse type_refused ${name}`));
    expect(await refusals('u')).toEqual(['refuse type_refused at']);
  });

  it('has cells that are no numbers or moments as rejects', async (context) => {
    const python = await pyarrow(context);
    const columns = [
      "'id': pa.array([1, 2, 3])",
      "'x': pa.array([float('nan'), float('inf'), 1.5])",
      "'at': pa.array([0, 0, 253402300800000000 + 1], pa.timestamp('us'))",
    ];
    await python(writing(columns.join(', ')), `${folder.path}/t.parquet`);
    const { rows, refused } = await readFiles(folder.path, table);
    expect(rows).toEqual([]);
    expect(refused).toEqual([
      'value_type t.parquet row 1: x is not a number',
      'value_type t.parquet row 2: x is not a number',
      'value_type t.parquet row 3: at is not a time like 2026-01-31 12:34:56.5',
    ]);
  });

  it('takes the types that a manifest, or the declaration, has for its text', async (context) => {
    const python = await pyarrow(context);
    const columns = [
      "'id': pa.array([D(2**64-1), D(0), None], pa.decimal128(20, 0))",
      "'day': pa.array(['0000-00-00', '2026-01-31', None])",
      "'at': pa.array([100000, 1, None], pa.timestamp('us'))",
      "'now': pa.array([0, 1, None], pa.timestamp('us', 'UTC'))",
      "'b': pa.array([b'1', b'', None])",
    ];
    await python(writing(columns.join(', ')), `${folder.path}/t.parquet`);
    await folder.write('u/run-1/a.parquet', '');
    await python(writing(columns.join(', ')), `${folder.path}/u/run-1/a.parquet`);
    const native = (name: string, type: string, text: string) =>
      ({ name, type, nullable: true, native: text }) as never;
    await folder.publish('u', {
      format: 'parquet',
      columns: [
        native('id', 'int', 'bigint unsigned'),
        native('day', 'date', 'date'),
        native('at', 'datetime', 'datetime(1)'),
        native('now', 'timestamp', 'timestamp'),
        native('b', 'bytes', 'blob'),
      ],
      files: { 'run-1/a.parquet': 3 },
    });
    const exported = await readFiles(folder.path, { table: 'u', format: 'parquet' });
    expect(exported.rows[0]).toEqual({
      id: '18446744073709551615',
      day: '0000-00-00',
      at: '1970-01-01 00:00:00.1',
      now: '1970-01-01 00:00:00',
      b: Buffer.from('1'),
    });
    const declared = await readFiles(folder.path, { ...table, columns: { id: 'int', day: 'date' } });
    expect(declared.rows[0]).toMatchObject({ id: '18446744073709551615', day: '0000-00-00' });
    const text = await readFiles(folder.path, { ...table, columns: { b: 'text' } });
    expect(text.rows.map(({ b }) => b)).toEqual(['1', '', null]);
    await expect(readFiles(folder.path, { ...table, columns: { day: 'bytes' } })).rejects.toMatchObject({
      code: 'type_refused',
    });
    await expect(readFiles(folder.path, { ...table, columns: { c: 'text' } })).rejects.toMatchObject({
      code: 'column_missing',
    });
  });

  it('is read over many row groups, in order, and goes on behind any row', async (context) => {
    const python = await pyarrow(context);
    const script = writing(
      "'id': pa.array(range(250001)), 's': pa.array(['text %d' % i for i in range(250001)])",
    );
    await python(script.replace('row_group_size=1', 'row_group_size=60000'), `${folder.path}/t.parquet`);
    await withFileSource(folder.path, table, async (source) => {
      const [part] = await source.parts(1);
      if (!part) throw new Error('no part');
      let next = 0;
      const positions: { readonly after: string; readonly id: number }[] = [];
      for await (const batch of source.read(part, { maxRows: 70_000, maxBytes: 1e8 })) {
        for (const [id] of batch.rows)
          if (id !== String(next++)) throw new Error(`row ${next} has another id`);
        positions.push({ after: batch.position ?? '', id: next });
      }
      expect(next).toBe(250_001);
      for (const { after, id } of positions.slice(0, -1)) {
        for await (const batch of source.read(part, { after, maxRows: 1, maxBytes: 1, atMost: 1 })) {
          expect(batch.rows.at(0)).toEqual([String(id), `text ${id}`]);
        }
      }
    });
  });

  it('is an error where it was cut short', async (context) => {
    const python = await pyarrow(context);
    await python(writing("'id': pa.array(range(9))"), `${folder.path}/t.parquet`);
    await truncate(`${folder.path}/t.parquet`, 300);
    await expect(readFiles(folder.path, table)).rejects.toMatchObject({ code: 'file_torn' });
  });
});

describe('TYPES.md', () => {
  it('says what each type of Parquet becomes', () => {
    const markdown = readFileSync(new URL('../TYPES.md', import.meta.url), 'utf8');
    const section = markdown.split('## Parquet, read')[1]?.split('\n## ')[0] ?? '';
    const rows = [...section.matchAll(/^\| (.+?) \| `(.+?)` \| (.+?) \|/gm)];
    expect(rows.length).toBeGreaterThan(25);
    for (const [, , type = '', becomes] of rows) {
      const reading = parquetReading({ name: 'a', type, inexact: undefined });
      expect([type, typeof reading === 'string' ? 'refused' : reading.type]).toEqual([type, becomes]);
    }
  });
});

describe('the pieces of a Parquet file', () => {
  const mib = 1024 * 1024;

  it.each([
    [[{ rows: 10, bytes: 1 }], 0, 10, [[0, 10]]],
    [
      [
        { rows: 10, bytes: 1 },
        { rows: 10, bytes: 1 },
      ],
      0,
      20,
      [[0, 20]],
    ],
    [
      [
        { rows: 10, bytes: 20 * mib },
        { rows: 10, bytes: 1 },
      ],
      0,
      20,
      [
        [0, 10],
        [10, 20],
      ],
    ],
    [
      [
        { rows: 10, bytes: 20 * mib },
        { rows: 10, bytes: 20 * mib },
      ],
      15,
      18,
      [[15, 18]],
    ],
    [
      [{ rows: 10, bytes: 600 * mib }],
      0,
      10,
      [
        [0, 4],
        [4, 8],
        [8, 10],
      ],
    ],
    [[{ rows: 10, bytes: 1 }], 10, 10, []],
    [[], 0, 0, []],
  ])('%j from %i to %i', (groups, begin, end, pieces) => {
    expect(piecesOf({ groups }, begin, end).map((piece) => [piece.start, piece.end])).toEqual(pieces);
  });
});
