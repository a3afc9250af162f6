import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('attributes');
});
afterAll(() => database.drop());

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

describe('an attribute that no item has had yet', () => {
  it('is NULL, as it is once an item had it: the default of a column that takes NULL is not used', async () => {
    await database.execute(`DROP TABLE IF EXISTS late;
      CREATE TABLE late (id INT PRIMARY KEY, n INT NULL DEFAULT 5, at DATETIME NULL DEFAULT CURRENT_TIMESTAMP, plain INT, g INT AS (id + 1))`);
    const columns = [column('id', 'attribute')];
    const sink = await planSink(database, { options: { table: 'late' }, columns, key: ['id'], open: true });
    const late = [...columns, column('n', 'attribute')];
    const writer = await sink.writer();
    await writer.write({ columns, rows: [[{ N: '1' }]], bytes: 10 }, 'p.0');
    await writer.write(
      {
        columns: late,
        rows: [
          [{ N: '2' }, { N: '9' }],
          [{ N: '3' }, undefined],
        ],
        bytes: 20,
      },
      'p.1',
    );
    await writer.close();
    await sink.close();
    expect(await database.query('SELECT id, n, at, plain FROM late ORDER BY id')).toEqual([
      ['1', null, null, null],
      ['2', '9', null, null],
      ['3', null, null, null],
    ]);
  });

  it('leaves the default to rows of a source whose columns are known', async () => {
    await database.execute(
      'DROP TABLE IF EXISTS closed; CREATE TABLE closed (id INT PRIMARY KEY, n INT NULL DEFAULT 5)',
    );
    const columns = [column('id', 'int')];
    const sink = await planSink(database, { options: { table: 'closed' }, columns, key: ['id'] });
    await sink.write([['1']]);
    await sink.close();
    expect(await database.query('SELECT id, n FROM closed')).toEqual([['1', '5']]);
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
