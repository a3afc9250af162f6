import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { openSource, readRows } from '../../../test/fixtures/mysql-source.js';
import type { LogicalType } from '../../values/column.js';
import { logicalTypes } from './columns.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('types');
});
afterAll(() => database.drop());

interface Sample {
  readonly sql: string;
  readonly type: LogicalType;
  /** SQL literals. */
  readonly values: readonly string[];
  /** What the rows must hold: text, or bytes as HEX() spells them. By default what the server casts to text. */
  readonly cells?: readonly string[];
}

const text = (value: string) => `_utf8mb4 0x${Buffer.from(value).toString('hex')}`;
const hostile = ['a', ' a ', "it's", '\\', '\\N', '\0', '\n\r\t', '"', 'ü', '日本', '😀', 'NULL'];

const samples: Readonly<Record<string, Sample>> = {
  tinyint: { sql: 'TINYINT', type: 'int', values: ['-128', '0', '127'] },
  tinyint1: { sql: 'TINYINT(1)', type: 'int', values: ['-128', '0', '1', '127'] },
  utinyint: { sql: 'TINYINT UNSIGNED', type: 'int', values: ['0', '255'] },
  bigint: { sql: 'BIGINT', type: 'int', values: ['-9223372036854775808', '0', '9223372036854775807'] },
  ubigint: { sql: 'BIGINT UNSIGNED', type: 'int', values: ['0', '18446744073709551615'] },
  filled: {
    sql: 'INT(8) ZEROFILL',
    type: 'int',
    values: ['0', '42', '4294967295'],
    cells: ['0', '42', '4294967295'],
  },
  filledbig: {
    sql: 'BIGINT(20) ZEROFILL',
    type: 'int',
    values: ['7', '18446744073709551615'],
    cells: ['7', '18446744073709551615'],
  },
  filleddecimal: {
    sql: 'DECIMAL(10,2) ZEROFILL',
    type: 'decimal',
    values: ['1.5', '0'],
    cells: ['1.50', '0.00'],
  },
  year: { sql: 'YEAR', type: 'int', values: ['0', '1901', '2155'], cells: ['0', '1901', '2155'] },
  decimal: {
    sql: 'DECIMAL(65,30)',
    type: 'decimal',
    values: ['-99999999999999999999999999999999999.999999999999999999999999999999', '0', '0.1'],
  },
  float: {
    sql: 'FLOAT',
    type: 'float',
    values: ['123456789', '0.1', '-1.17549435e-38', '3.40282347e38'],
    cells: ['123456792', '0.10000000149011612', '-1.1754943508222875e-38', '3.4028234663852886e38'],
  },
  floatfixed: { sql: 'FLOAT(7,3)', type: 'float', values: ['1.2'], cells: ['1.2000000476837158'] },
  double: {
    sql: 'DOUBLE',
    type: 'float',
    values: ['0.1', '1.7976931348623157e308', '5e-324', '123456789012345680000'],
    cells: ['0.1', '1.7976931348623157e308', '5e-324', '1.2345678901234568e20'],
  },
  doublefixed: {
    sql: 'DOUBLE(12,2)',
    type: 'float',
    values: ['1.5', '1234567890.12'],
    cells: ['1.5', '1234567890.12'],
  },
  bit: { sql: 'BIT(1)', type: 'bytes', values: ["b'0'", "b'1'"], cells: ['00', '01'] },
  bit64: {
    sql: 'BIT(64)',
    type: 'bytes',
    values: ['~0', '1'],
    cells: ['FFFFFFFFFFFFFFFF', '0000000000000001'],
  },
  bit9: { sql: 'BIT(9)', type: 'bytes', values: ["b'100000001'"], cells: ['0101'] },
  char: { sql: 'CHAR(5)', type: 'text', values: ["''", "'a'", "'a  '", text('日本😀')] },
  varchar: {
    sql: 'VARCHAR(300)',
    type: 'text',
    values: ["''", "'a  '", `REPEAT(${text('é')}, 300)`, ...hostile.map(text)],
  },
  latin: { sql: 'VARCHAR(20) CHARACTER SET latin1', type: 'text', values: [text('é€ÿ'), "'a'"] },
  ucs2: { sql: 'VARCHAR(20) CHARACTER SET ucs2', type: 'text', values: [text('日本é')] },
  tinytext: { sql: 'TINYTEXT', type: 'text', values: ["''", `REPEAT('x', 255)`] },
  longtext: {
    sql: 'LONGTEXT',
    type: 'text',
    values: [`REPEAT('x', 70000)`, `REPEAT(${text('é')}, 8500000)`],
  },
  enumeration: { sql: `ENUM('a', 'it''s', '', 'ü')`, type: 'text', values: ["'a'", "'it''s'", "''", "'ü'"] },
  set: { sql: `SET('a', 'b', 'ü')`, type: 'text', values: ["''", "'a'", "'a,ü'"] },
  json: {
    sql: 'JSON',
    type: 'json',
    values: [`'{"a": [1, 12345678901234567890, 1.10], "é": "\\\\u0000"}'`, "'null'"],
  },
  binary: { sql: 'BINARY(4)', type: 'bytes', values: ["'ab'", "x'00ff'"], cells: ['61620000', '00FF0000'] },
  varbinary: { sql: 'VARBINARY(300)', type: 'bytes', values: ["''", "x'00'", "REPEAT(x'ff', 300)"] },
  charbinary: { sql: 'VARCHAR(9) CHARACTER SET binary', type: 'bytes', values: ["x'c328'"] },
  blob: { sql: 'BLOB', type: 'bytes', values: ["''", "REPEAT(x'00ff', 5000)"] },
  longblob: { sql: 'LONGBLOB', type: 'bytes', values: ["REPEAT(x'fe', 17000000)"] },
  point: { sql: 'POINT', type: 'bytes', values: ['ST_GeomFromText("POINT(1 2)", 4326)'] },
  geometry: { sql: 'GEOMETRY', type: 'bytes', values: ["ST_GeomFromText('LINESTRING(0 0,1 1)')"] },
  date: {
    sql: 'DATE',
    type: 'date',
    values: ["'0000-00-00'", "'2026-02-31'", "'2026-00-01'", "'9999-12-31'"],
  },
  time: { sql: 'TIME', type: 'time', values: ["'-838:59:59'", "'838:59:59'", "'00:00:00'"] },
  time6: { sql: 'TIME(6)', type: 'time', values: ["'-00:00:00.000001'", "'838:59:58.999999'"] },
  datetime: { sql: 'DATETIME', type: 'datetime', values: ["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'"] },
  datetime6: {
    sql: 'DATETIME(6)',
    type: 'datetime',
    values: ["'2026-01-31 12:34:56.123456'", "'1000-01-01 00:00:00.1'"],
  },
  timestamp: {
    sql: 'TIMESTAMP NULL',
    type: 'timestamp',
    values: ["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"],
  },
  timestamp3: {
    sql: 'TIMESTAMP(3) NULL',
    type: 'timestamp',
    values: ["'2026-03-29 01:30:00.5'", "'0000-00-00 00:00:00'"],
  },
  inet: { sql: 'INET6', type: 'text', values: ["'::1'", "'2001:db8::ff00:42:8329'"] },
  uuid: { sql: 'UUID', type: 'text', values: ["'123e4567-e89b-12d3-a456-426655440000'"] },
};

/** In a session at UTC that takes any date, as the checker's own client sets it. */
const SETTINGS = "SET time_zone = '+00:00', sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'";

describe('the cells of', () => {
  it.each(Object.entries(samples))('%s are exactly what the server holds', async (name, sample) => {
    const { sql, type, values } = sample;
    await database.execute(`${SETTINGS}; CREATE TABLE t_${name} (id INT PRIMARY KEY, v ${sql}, w ${sql})`);
    for (const [id, value] of values.entries()) {
      await database.execute(`INSERT INTO t_${name} VALUES (${id}, ${value}, NULL)`);
    }
    const form = type === 'bytes' ? 'HEX(v)' : 'HEX(CONVERT(v USING utf8mb4))';
    const stored = await database.query(`SELECT ${form} FROM t_${name} ORDER BY id`);
    for (const options of [
      { table: `t_${name}` },
      { query: `SELECT id, v, w FROM ${database.name}.t_${name} ORDER BY id` },
    ]) {
      const opened = await openSource(database, options);
      const { columns, findings } = await opened.source.describe();
      expect(findings.filter((finding) => finding.level === 'refuse')).toEqual([]);
      expect(columns.map((column) => column.type)).toEqual(['int', type, type]);
      const rows = await readRows(opened.source);
      const hex = rows.map(([, cell]) => hexOf(cell));
      const wanted = sample.cells
        ? sample.cells.map((cell) =>
            type === 'bytes' ? cell : Buffer.from(cell).toString('hex').toUpperCase(),
          )
        : stored.map(([cell]) => String(cell));
      expect(hex.map(digest)).toEqual(wanted.map(digest));
      expect(rows.map(([, , cell]) => cell)).toEqual(values.map(() => null));
      for (const row of rows) expect(row[1] instanceof Uint8Array).toBe(type === 'bytes');
      await opened.close();
    }
  });
});

function hexOf(cell: unknown): string {
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('hex').toUpperCase();
  return Buffer.from(String(cell), 'utf8').toString('hex').toUpperCase();
}

/** Short enough to be printed when it differs. */
function digest(hex: string): string {
  return hex.length <= 200 ? hex : `${hex.length}:${hex.slice(0, 100)}…${hex.slice(-100)}`;
}

describe('a column', () => {
  it('that is generated or invisible is read like any other, in the order of the table', async () => {
    await database.execute(
      `CREATE TABLE hidden (id INT PRIMARY KEY, a INT INVISIBLE, b INT AS (id * 2) STORED, c INT AS (id * 3) VIRTUAL);
       INSERT INTO hidden (id, a) VALUES (1, 7)`,
    );
    const opened = await openSource(database, { table: 'hidden' });
    const { columns } = await opened.source.describe();
    expect(columns.map((column) => column.name)).toEqual(['id', 'a', 'b', 'c']);
    expect(await readRows(opened.source)).toEqual([['1', '7', '2', '3']]);
    await opened.close();
  });

  it('tells its size, precision, collation and native type', async () => {
    await database.execute(
      `CREATE TABLE sizes (id INT PRIMARY KEY, d DECIMAL(12,3) UNSIGNED NOT NULL,
         v VARCHAR(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, l VARCHAR(10) CHARACTER SET latin1, b BIT(9),
         t TEXT CHARACTER SET latin1, e ENUM('a', 'üü'), s SET('a', 'ü'), vb VARBINARY(7))`,
    );
    const opened = await openSource(database, { table: 'sizes' });
    const { columns } = await opened.source.describe();
    const [, d, v, l, b, t, e, s, vb] = columns;
    expect(d).toEqual({
      name: 'd',
      type: 'decimal',
      nullable: false,
      native: 'decimal(12,3) unsigned',
      precision: 12,
      scale: 3,
    });
    expect(v).toMatchObject({ maxBytes: 40, collation: 'utf8mb4_bin', nullable: true });
    expect([l, b, t, e, s, vb].map((column) => column?.maxBytes)).toEqual([30, 2, 65535 * 3, 4, 5, 7]);
    await opened.close();
  });

  it('of a name that needs quotes is read', async () => {
    await database.execute(
      'CREATE TABLE `odd ``name` (`a``b` INT PRIMARY KEY, `select` TEXT, `x y` TEXT); INSERT INTO `odd ``name` VALUES (1, "s", "xy")',
    );
    const opened = await openSource(database, { table: 'odd `name', columns: ['x y', 'select'] });
    expect(await readRows(opened.source)).toEqual([['xy', 's']]);
    await opened.close();
  });
});

describe('TYPES.md', () => {
  it('lists, for the way out of MySQL, exactly the types that are known and what they are', () => {
    const text = readFileSync(new URL('TYPES.md', import.meta.url), 'utf8');
    const section = text.slice(text.indexOf('## Out of MySQL'), text.indexOf('## Into MySQL'));
    const lines = [...section.matchAll(/^\| ([A-Z][^|]+) \| ([a-z]+) \|/gm)];
    const documented = lines.flatMap(([, names = '', type = '']) =>
      names
        .replace('GEOMETRY and its kinds', geometries.join(', '))
        .split(', ')
        .map((name) => [name.toLowerCase(), type]),
    );
    expect(Object.fromEntries(documented)).toEqual(logicalTypes);
  });
});

const geometries = [
  'GEOMETRY',
  'POINT',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
  'GEOMCOLLECTION',
];
