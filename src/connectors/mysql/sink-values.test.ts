import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink, type SinkRequest } from '../../../test/fixtures/mysql-sink.js';
import { startMysql } from '../../local/mysql.js';
import type { Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import type { Refused } from '../connector.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('values');
});
afterAll(() => database.drop());

/** LOAD DATA, and INSERT as if the server had local_infile=0. */
const ways = ['LOAD DATA', 'INSERT'] as const;

async function open(
  way: (typeof ways)[number],
  table: string,
  columns: readonly Column[],
  more: Partial<SinkRequest> = {},
) {
  const mode = more.key ? 'upsert' : 'append';
  const sink = await planSink(database, { options: { table, mode }, columns, ...more });
  if (way === 'INSERT') {
    const server = await sink.connections.server(sink.context.context);
    Object.assign(server, { localInfile: false });
  }
  return sink;
}

const fixed = [
  '',
  ' ',
  '\\',
  '\\\\',
  '\\N',
  '\\n',
  'NULL',
  '"',
  '""',
  '"\\"',
  "'",
  "''",
  ',',
  '\n',
  '\r\n',
  '\t',
  '\0',
  '\x1a',
  '\b',
  'a,b',
  '"a","b"',
  'a\\',
  '\\"',
  '%',
  '_',
  '\\%',
  'é',
  '日本語',
  '😀',
  '👩‍👩‍👧',
  '\ufeff',
  '\u2028',
  '\ufffd',
  '\uffff',
  '\u{10ffff}',
  'a\0b',
  "'); DROP TABLE t; --",
];
const alphabet = [
  '\\',
  '"',
  "'",
  ',',
  '\n',
  '\r',
  '\t',
  '\0',
  '\x1a',
  'N',
  'n',
  '0',
  'a',
  ' ',
  'é',
  '字',
  '😀',
  '%',
];
const hostile = fc.oneof(
  fc.array(fc.constantFrom(...alphabet), { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

describe.each(ways)('hostile strings by %s', (way) => {
  it('all come back as they went', async () => {
    await database.execute(
      'DROP TABLE IF EXISTS s; CREATE TABLE s (id INT PRIMARY KEY, a LONGTEXT, b LONGTEXT) COLLATE utf8mb4_bin',
    );
    const strings = [...fixed, ...fc.sample(hostile, { numRuns: 20_000, seed: 20261120 })].filter(
      (text) => !/\p{Surrogate}/u.test(text),
    );
    const sink = await open(way, 's', [column('id', 'int'), column('a', 'text'), column('b', 'text')]);
    const rows = strings.map((text, id) => [String(id), text, strings[strings.length - 1 - id] ?? '']);
    expect(await sink.write(rows)).toMatchObject({ written: strings.length, rejects: [] });
    const found = await database.query('SELECT CAST(id AS CHAR), HEX(a), HEX(b) FROM s ORDER BY id');
    const wrong = found.filter(
      ([, a, b], id) => String(a) !== hexOf(rows[id]?.[1]) || String(b) !== hexOf(rows[id]?.[2]),
    );
    expect(found).toHaveLength(strings.length);
    expect(wrong).toEqual([]);
    await sink.close();
  }, 120_000);
});

function hexOf(text: string | undefined): string {
  return Buffer.from(text ?? '', 'utf8')
    .toString('hex')
    .toUpperCase();
}

interface Case {
  readonly type: string;
  readonly from: LogicalType;
  /** The cell, and what `CAST(… AS CHAR)` or, for bytes, HEX() says of it; or the code of its reject. */
  readonly cells: readonly (readonly [Cell, string | { code: string } | null])[];
}

const no = (code: string) => ({ code });
const bytes = (hex: string) => Buffer.from(hex, 'hex');
const point = '000000000101000000000000000000F03F0000000000000040';

const cases: readonly Case[] = [
  {
    type: 'TINYINT',
    from: 'int',
    cells: [
      ['-128', '-128'],
      ['127', '127'],
      ['0', '0'],
      ['128', no('value_range')],
      ['-129', no('value_range')],
      [null, null],
    ],
  },
  {
    type: 'TINYINT UNSIGNED',
    from: 'int',
    cells: [
      ['255', '255'],
      ['-1', no('value_range')],
      ['256', no('value_range')],
    ],
  },
  {
    type: 'INT',
    from: 'attribute',
    cells: [
      [{ N: '1e3' }, '1000'],
      [{ S: '12' }, '12'],
      [{ S: '' }, no('value_type')],
      [{ N: '1.5' }, no('value_inexact')],
      [{ BOOL: true }, '1'],
      [{ NULL: true }, null],
      [{ M: {} }, no('value_type')],
      [undefined, null],
    ],
  },
  {
    type: 'BIGINT',
    from: 'int',
    cells: [
      ['-9223372036854775808', '-9223372036854775808'],
      ['9223372036854775807', '9223372036854775807'],
      ['9223372036854775808', no('value_range')],
    ],
  },
  {
    type: 'BIGINT UNSIGNED',
    from: 'int',
    cells: [
      ['18446744073709551615', '18446744073709551615'],
      ['18446744073709551616', no('value_range')],
    ],
  },
  {
    type: 'DECIMAL(65,30)',
    from: 'decimal',
    cells: [
      [
        '-99999999999999999999999999999999999.999999999999999999999999999999',
        '-99999999999999999999999999999999999.999999999999999999999999999999',
      ],
      ['0.000000000000000000000000000001', '0.000000000000000000000000000001'],
      ['1e-31', no('value_inexact')],
      ['1e35', no('value_range')],
    ],
  },
  {
    type: 'DECIMAL(5,2) UNSIGNED',
    from: 'attribute',
    cells: [
      [{ N: '1.5' }, '1.50'],
      [{ N: '999.99' }, '999.99'],
      [{ S: '1.500' }, '1.50'],
      [{ N: '1.505' }, no('value_inexact')],
      [{ N: '1000' }, no('value_range')],
      [{ N: '-1' }, no('value_range')],
      [{ S: 'x' }, no('value_type')],
    ],
  },
  {
    type: 'DOUBLE',
    from: 'float',
    cells: [
      ['1.7976931348623157e308', '1.7976931348623157e308'],
      ['5e-324', '5e-324'],
      ['0.1', '0.1'],
      ['0.10000000000000001', '0.1'],
      ['0.100000000000000011', no('value_inexact')],
      ['9007199254740993', no('value_inexact')],
      ['-0', no('value_folds')],
      ['1e309', no('value_range')],
      ['1e-400', no('value_inexact')],
    ],
  },
  {
    type: 'FLOAT',
    from: 'float',
    cells: [
      ['0.10000000149011612', '0.1'],
      ['16777216', '16777200'],
      ['0.1', no('value_inexact')],
      ['1e39', no('value_range')],
      ['3.4028234663852886e38', '3.40282e38'],
    ],
  },
  {
    type: 'DOUBLE(8,3)',
    from: 'float',
    cells: [
      ['99999.999', '99999.999'],
      ['1.0005', no('value_inexact')],
      ['100000', no('value_range')],
    ],
  },
  {
    type: 'FLOAT(7,4)',
    from: 'float',
    cells: [
      ['999.0001220703125', '999.0001'],
      ['999.00006103515625', no('value_inexact')],
    ],
  },
  {
    type: 'YEAR',
    from: 'int',
    cells: [
      ['0', '0000'],
      ['1901', '1901'],
      ['2155', '2155'],
      ['1900', no('value_range')],
      ['70', no('value_range')],
    ],
  },
  {
    type: 'BIT(10)',
    from: 'bytes',
    cells: [
      [bytes('03ff'), '03FF'],
      [bytes('0000'), '0000'],
      [bytes('0400'), no('value_range')],
      [bytes('ff'), no('value_folds')],
      [bytes('000000'), no('value_too_long')],
    ],
  },
  {
    type: 'BIT(1)',
    from: 'attribute',
    cells: [
      [{ BOOL: true }, '01'],
      [{ BOOL: false }, '00'],
      [{ B: 'AQ==' }, '01'],
    ],
  },
  { type: 'BIT(64)', from: 'bytes', cells: [[bytes('ffffffffffffffff'), 'FFFFFFFFFFFFFFFF']] },
  {
    type: 'CHAR(4)',
    from: 'text',
    cells: [
      ['abcd', 'abcd'],
      ['', ''],
      ['ab ', no('value_folds')],
      ['abcde', no('value_too_long')],
      ['😀😀😀😀', '😀😀😀😀'],
    ],
  },
  {
    type: 'VARCHAR(3)',
    from: 'text',
    cells: [
      ['a  ', 'a  '],
      ['😀😀😀', '😀😀😀'],
      ['😀😀😀😀', no('value_too_long')],
      ['a   ', no('value_too_long')],
      ['\ud800', no('value_type')],
    ],
  },
  {
    type: 'VARCHAR(3) CHARACTER SET utf8mb3',
    from: 'text',
    cells: [
      ['日本語', '日本語'],
      ['😀', no('value_type')],
    ],
  },
  {
    type: 'VARCHAR(30) CHARACTER SET latin1',
    from: 'text',
    cells: [
      ['é€ÿ\x81\x9d', 'é€ÿ\x81\x9d'],
      ['ă', no('value_type')],
    ],
  },
  {
    type: 'VARCHAR(30) CHARACTER SET ascii',
    from: 'text',
    cells: [
      ['a~', 'a~'],
      ['é', no('value_type')],
    ],
  },
  {
    type: 'VARCHAR(30) CHARACTER SET sjis',
    from: 'text',
    cells: [
      ['日本', '日本'],
      ['é', no('value_type')],
    ],
  },
  { type: 'VARCHAR(3) CHARACTER SET utf16', from: 'text', cells: [['日😀', '日😀']] },
  {
    type: 'TINYTEXT',
    from: 'text',
    cells: [
      ['x'.repeat(255), 'x'.repeat(255)],
      ['x'.repeat(256), no('value_too_long')],
      ['é'.repeat(128), no('value_too_long')],
      ['é'.repeat(127), 'é'.repeat(127)],
    ],
  },
  {
    type: 'TINYTEXT CHARACTER SET latin1',
    from: 'text',
    cells: [
      ['é'.repeat(255), 'é'.repeat(255)],
      ['é'.repeat(256), no('value_too_long')],
    ],
  },
  {
    type: 'TEXT',
    from: 'attribute',
    cells: [
      [{ S: 'a' }, 'a'],
      [{ N: '1.50' }, '1.50'],
      [{ BOOL: true }, no('value_type')],
      [{ L: [] }, no('value_type')],
      [{ B: 'AA==' }, no('value_type')],
    ],
  },
  {
    type: String.raw`ENUM('a','b c','it''s','1','\\n')`,
    from: 'text',
    cells: [
      ['a', 'a'],
      ["it's", "it's"],
      ['1', '1'],
      ['\\n', '\\n'],
      ['A', no('value_range')],
      ['2', no('value_range')],
      ['', ''],
    ],
  },
  {
    type: "SET('a','b','c')",
    from: 'attribute',
    cells: [
      [{ S: '' }, ''],
      [{ S: 'a,c' }, 'a,c'],
      [{ SS: ['c', 'a'] }, 'a,c'],
      [{ S: 'c,a' }, no('value_folds')],
      [{ S: 'a,a' }, no('value_folds')],
      [{ S: 'x' }, no('value_range')],
      [{ S: '1' }, no('value_range')],
    ],
  },
  {
    type: 'BINARY(2)',
    from: 'bytes',
    cells: [
      [bytes('0020'), '0020'],
      [bytes('ff'), no('value_folds')],
      [bytes('000000'), no('value_too_long')],
    ],
  },
  {
    type: 'VARBINARY(3)',
    from: 'attribute',
    cells: [
      [{ B: '' }, ''],
      [{ B: 'AAEC' }, '000102'],
      [{ B: 'AAECAw==' }, no('value_too_long')],
      [{ S: 'a' }, no('value_type')],
    ],
  },
  { type: 'LONGBLOB', from: 'bytes', cells: [[bytes('5c0a222c0d00ff'), '5C0A222C0D00FF']] },
  {
    type: 'POINT',
    from: 'bytes',
    cells: [
      [bytes(point), point],
      [bytes(point.slice(0, 40)), no('value_type')],
      [bytes(`${point.slice(0, 8)}00${point.slice(10)}`), no('value_folds')],
    ],
  },
  {
    type: 'DATE',
    from: 'date',
    cells: [
      ['0000-00-00', '0000-00-00'],
      ['2026-02-30', '2026-02-30'],
      ['9999-12-31', '9999-12-31'],
      ['2026-00-31', '2026-00-31'],
      ['2026-13-01', no('value_type')],
      ['2026-01-32', no('value_type')],
    ],
  },
  {
    type: 'DATETIME(6)',
    from: 'attribute',
    cells: [
      [{ S: '2026-01-31T12:34:56.123456' }, '2026-01-31 12:34:56.123456'],
      [{ S: '2026-01-31 12:34:56' }, '2026-01-31 12:34:56.000000'],
      [{ S: '0000-00-00T00:00:00.000000' }, '0000-00-00 00:00:00.000000'],
      [{ S: '2026-01-31T12:34:56Z' }, no('value_type')],
      [{ S: '2026-01-31T24:00:00' }, no('value_type')],
    ],
  },
  {
    type: 'DATETIME(3)',
    from: 'datetime',
    cells: [
      ['2026-01-31 12:34:56.120', '2026-01-31 12:34:56.120'],
      ['2026-01-31 12:34:56.120000', '2026-01-31 12:34:56.120'],
      ['2026-01-31 12:34:56.1234', no('value_inexact')],
    ],
  },
  {
    type: 'TIMESTAMP(6) NULL',
    from: 'timestamp',
    cells: [
      ['1970-01-01 00:00:01.000000', '1970-01-01 00:00:01.000000'],
      ['2038-01-19 03:14:07.999999', '2038-01-19 03:14:07.999999'],
      ['0000-00-00 00:00:00.000000', '0000-00-00 00:00:00.000000'],
      ['2038-01-19 03:14:08', no('value_range')],
      ['1970-01-01 00:00:00', no('value_range')],
      ['2026-02-29 00:00:00', no('value_type')],
      [null, null],
    ],
  },
  {
    type: 'TIMESTAMP NULL',
    from: 'attribute',
    cells: [
      [{ S: '2026-01-31T12:34:56Z' }, '2026-01-31 12:34:56'],
      [{ S: '2026-01-31T12:34:56' }, no('value_type')],
      [{ S: '2026-01-31T12:34:56.5Z' }, no('value_inexact')],
    ],
  },
  {
    type: 'TIME(6)',
    from: 'time',
    cells: [
      ['838:59:59.000000', '838:59:59.000000'],
      ['-838:59:59.000000', '-838:59:59.000000'],
      ['-00:00:00.000001', '-00:00:00.000001'],
      ['839:00:00', no('value_range')],
      ['-00:00:00', no('value_folds')],
      ['1:00:00', no('value_type')],
    ],
  },
  {
    type: 'JSON',
    from: 'attribute',
    cells: [
      [{ S: '{"a": [1, 2]}' }, '{"a": [1, 2]}'],
      [
        {
          M: { a: { L: [{ N: '12345678901234567890.5' }, { S: 'x"\\' }, { BOOL: false }, { NULL: true }] } },
        },
        '{"a":[12345678901234567890.5,"x\\"\\\\",false,null]}',
      ],
      [{ N: '1.5' }, '1.5'],
      [{ S: '{broken' }, no('check_violated')],
      [{ M: { s: { SS: ['a'] } } }, no('value_type')],
      [{ L: [{ B: 'AA==' }] }, no('value_type')],
    ],
  },
  {
    type: 'UUID',
    from: 'text',
    cells: [
      ['123e4567-e89b-12d3-a456-426655440000', '123e4567-e89b-12d3-a456-426655440000'],
      ['123E4567-e89b-12d3-a456-426655440000', no('value_type')],
    ],
  },
  {
    type: 'INET6',
    from: 'text',
    cells: [
      ['::1', '::1'],
      ['2001:db8::ff00:42:8329', '2001:db8::ff00:42:8329'],
      ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
      ['2001:DB8::1', no('value_type')],
    ],
  },
];

describe.each(ways)('values by %s', (way) => {
  it.each(cases.map((entry) => [`${entry.type} from ${entry.from}`, entry] as const))(
    '%s are exact or rejects, straight into the table and by the stage',
    async (_, { type, from, cells }) => {
      await database.execute(`DROP TABLE IF EXISTS v; CREATE TABLE v (id INT PRIMARY KEY, c ${type})`);
      const sink = await open(way, 'v', [column('id', 'int'), column('c', from)], { key: ['id'] });
      expect(sink.plan.findings.filter(({ level }) => level === 'refuse')).toEqual([]);
      const rows = cells.map(([cell], id) => [String(id), cell]);
      const count = cells.filter(([, expected]) => expected === null || typeof expected === 'string').length;
      const outcomes = async (rejects: readonly Refused[]) => {
        const rejected = new Map(rejects.map(({ row, code }) => [row, code]));
        const found = await database.query(`SELECT CAST(id AS CHAR), ${shown(type)} FROM v ORDER BY id`);
        const stored = new Map(
          found.map(([id, value]) => [Number(id), value === null ? null : String(value)]),
        );
        return cells.map((__, id) => (rejected.has(id) ? no(rejected.get(id) ?? '') : stored.get(id)));
      };
      const expected = cells.map(([, value]) => value);
      const direct = await sink.write(rows);
      expect(await outcomes(direct.rejects)).toEqual(expected);
      expect(await sink.write(rows)).toEqual({ ...direct, written: 0, unchanged: count });
      await database.execute('DELETE FROM v WHERE id % 2 = 0; UPDATE v SET c = NULL');
      const staged = await sink.write(rows);
      expect(await outcomes(staged.rejects)).toEqual(expected);
      await sink.close();
    },
  );
});

function shown(type: string): string {
  return /^(BIT|BINARY|VARBINARY|LONGBLOB|POINT)/.test(type) ? hexShown(type) : 'CONVERT(c USING utf8mb4)';
}

function hexShown(type: string): string {
  const bits = /BIT\((\d+)\)/.exec(type)?.[1];
  return bits === undefined ? 'HEX(c)' : `LPAD(HEX(c), ${2 * Math.ceil(Number(bits) / 8)}, '0')`;
}

describe('a server that forbids LOCAL', () => {
  it('is written to by INSERT, and the plan says so', async () => {
    const server = await startMysql({ extraArgs: ['--local-infile=0'] });
    const { host, port, user, password } = server;
    try {
      const admin = await createConnection({ host, port, user, password, multipleStatements: true });
      await admin.query('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY, name VARCHAR(5))');
      const sink = await planSink(database, {
        options: { table: 't' },
        columns: [column('id', 'int'), column('name', 'text')],
        key: ['id'],
        connection: { port, database: 'd' },
      });
      expect(sink.plan.findings).toMatchObject([
        { level: 'note', message: expect.stringContaining('local_infile=0') },
      ]);
      expect(
        await sink.write([
          ['1', 'a'],
          ['2', 'toolong'],
          ['3', null],
        ]),
      ).toMatchObject({ written: 2, rejects: [{ row: 1 }] });
      expect(
        await sink.write([
          ['1', 'b'],
          ['4', 'd'],
        ]),
      ).toMatchObject({ written: 2 });
      const [rows] = await admin.query({ sql: 'SELECT id, name FROM d.t ORDER BY id', rowsAsArray: true });
      expect(rows).toEqual([
        [1, 'b'],
        [3, null],
        [4, 'd'],
      ]);
      await sink.close();
      await admin.end();
    } finally {
      await server.stop();
    }
  });
});

describe('a server that logs by statement', () => {
  it('is refused, since its replicas would not get what is loaded', async () => {
    const server = await startMysql({
      extraArgs: ['--log-bin=log', '--binlog-format=STATEMENT', '--server-id=7'],
    });
    const { host, port, user, password } = server;
    try {
      const admin = await createConnection({ host, port, user, password, multipleStatements: true });
      await admin.query('CREATE DATABASE d; CREATE TABLE d.t (id INT PRIMARY KEY)');
      const sink = await planSink(database, {
        options: { table: 't' },
        columns: [column('id', 'int')],
        key: ['id'],
        connection: { port, database: 'd' },
      });
      expect(sink.plan.findings).toMatchObject([{ level: 'refuse', code: 'unsupported' }]);
      await sink.close();
      await admin.end();
    } finally {
      await server.stop();
    }
  });
});

describe.each(ways)('a long text by %s', (way) => {
  it('goes in whole, beyond the size of a packet, or is a reject', async () => {
    await database.execute('DROP TABLE IF EXISTS l; CREATE TABLE l (id INT PRIMARY KEY, c LONGTEXT)');
    const sink = await open(way, 'l', [column('id', 'int'), column('c', 'text')], { key: ['id'] });
    const long = 'é"\\\n'.repeat(4_000_000);
    expect(
      await sink.write([
        ['1', long],
        ['2', 'b'],
      ]),
    ).toMatchObject({ written: 2, rejects: [] });
    expect(await database.query('SELECT id, LENGTH(c), MD5(c) FROM l WHERE id = 1')).toEqual([
      ['1', String(Buffer.byteLength(long)), createHash('md5').update(long).digest('hex')],
    ]);
    await sink.close();
  });
});

describe('absent attributes', () => {
  it('become NULL, or the default where NULL is not taken, or a reject', async () => {
    await database.execute(`DROP TABLE IF EXISTS a;
      CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, n INT DEFAULT 5, d INT NOT NULL DEFAULT 7, u CHAR(36) NOT NULL DEFAULT (CONCAT('u', 1)), need INT NOT NULL)`);
    const columns = ['id', 'n', 'd', 'u', 'need'].map((name) => column(name, 'attribute'));
    const sink = await planSink(database, { options: { table: 'a' }, columns, key: ['id'], open: true });
    const n = (value: number) => ({ N: String(value) });
    const rows = [
      [n(1), n(1), n(1), { S: 'x' }, n(1)],
      [n(2), undefined, undefined, undefined, n(2)],
      [n(3), n(3), n(3), { S: 'y' }, undefined],
      [n(4), n(4), { NULL: true as const }, { S: 'y' }, n(4)],
      [undefined, n(5), n(5), { S: 'y' }, n(5)],
    ];
    const first = await sink.write(rows);
    expect(first.rejects.map(({ row, code }) => [row, code])).toEqual([
      [2, 'value_null'],
      [3, 'value_null'],
      [4, 'key_empty'],
    ]);
    expect(first.written).toBe(2);
    const second = await sink.write(rows.slice(0, 2));
    expect(second).toMatchObject({ written: 0, unchanged: 2 });
    expect(await database.query('SELECT id, n, d, u, need FROM a ORDER BY id')).toEqual([
      ['1', '1', '1', 'x', '1'],
      ['2', null, '7', 'u1', '2'],
    ]);
    await sink.close();
  });
});

describe('attributes without a column', () => {
  const columns = [column('id', 'attribute'), column('x', 'attribute'), column('y', 'attribute')];
  const rows = [
    [{ N: '1' }, { S: 'a' }, undefined],
    [{ N: '2' }, undefined, undefined],
    [{ N: '3' }, undefined, { M: { z: { N: '1.0' } } }],
  ];
  beforeAll(() => database.execute('CREATE TABLE extra (id INT PRIMARY KEY, more JSON)'));

  it.each([
    ['reject', [['2', null]], [0, 2]],
    [
      'ignore',
      [
        ['1', null],
        ['2', null],
        ['3', null],
      ],
      [],
    ],
    [
      { into: 'more' },
      [
        ['1', '{"x":"a"}'],
        ['2', null],
        ['3', '{"y":{"z":1.0}}'],
      ],
      [],
    ],
  ])('%j', async (extra, expected, rejected) => {
    await database.execute('TRUNCATE TABLE extra');
    const sink = await planSink(database, {
      options: { table: 'extra', extra },
      columns: columns.slice(0, 1),
      key: ['id'],
      open: true,
    });
    const writer = await sink.writer();
    const written = await writer.write({ columns, rows, bytes: 100 }, 'p.0');
    expect(written.rejects.map(({ row }) => row)).toEqual(rejected);
    const found = await database.query('SELECT id, CONVERT(more USING utf8mb4) FROM extra ORDER BY id');
    expect(found.map(([id, more]) => [id, more === null ? null : String(more)])).toEqual(expected);
    await writer.close();
    await sink.close();
  });
});
