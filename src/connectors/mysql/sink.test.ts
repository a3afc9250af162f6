import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { column, planSink, type SinkRequest } from '../../../test/fixtures/mysql-sink.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('sink');
});
afterAll(() => database.drop());

beforeEach(async () => {
  await database.execute(`
    DROP TABLE IF EXISTS t;
    CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(20), code VARCHAR(10) UNIQUE, n TINYINT UNSIGNED NOT NULL DEFAULT 7)`);
});

const columns = [column('id', 'int'), column('name', 'text'), column('code', 'text')];
const stored = async () =>
  (await database.query('SELECT id, name, code FROM t ORDER BY id')).map((row) => row.join('|'));

function open(options: object, more: Partial<SinkRequest> = {}) {
  return planSink(database, { options: { table: 't', ...options }, columns, key: ['id'], ...more });
}

describe('upsert', () => {
  it('inserts new rows, changes others and leaves equal ones', async () => {
    const sink = await open({ mode: 'upsert' });
    expect(
      await sink.write([
        ['1', 'a', 'x'],
        ['2', 'b', null],
      ]),
    ).toEqual({ written: 2, unchanged: 0, rejects: [], units: 0 });
    expect(
      await sink.write([
        ['1', 'a', 'x'],
        ['2', 'B', null],
        ['3', 'c', 'z'],
      ]),
    ).toMatchObject({ written: 2, unchanged: 1, rejects: [] });
    expect(await stored()).toEqual(['1|a|x', '2|B|', '3|c|z']);
    await sink.finish();
    await sink.close();
  });

  it('rejects the bad rows of a batch, wherever they are, and writes all others', async () => {
    const sink = await open({ mode: 'upsert' });
    const rows = Array.from({ length: 1000 }, (_, id) => [String(id), `row ${id}`, null as string | null]);
    rows[17] = ['17', 'x'.repeat(21), null];
    rows[500] = ['nine', 'y', null];
    rows[999] = [null as never, 'y', null];
    const written = await sink.write(rows);
    expect(written.written).toBe(997);
    expect(written.rejects.map(({ row, code, column: name }) => [row, code, name])).toEqual([
      [17, 'value_too_long', 'name'],
      [500, 'value_type', 'id'],
      [999, 'key_empty', 'id'],
    ]);
    expect(await database.query('SELECT COUNT(*) FROM t')).toEqual([['997']]);
    await sink.close();
  });

  it('rejects a row that clashes with another in a second UNIQUE index, and changes neither', async () => {
    await database.execute("INSERT INTO t (id, name, code) VALUES (1, 'old', 'x')");
    const sink = await open({ mode: 'upsert' });
    const written = await sink.write([
      ['2', 'thief', 'x'],
      ['3', 'c', 'y'],
      ['4', 'd', 'y'],
      ['5', 'e', null],
    ]);
    expect(written).toMatchObject({ written: 2, unchanged: 0 });
    expect(written.rejects.map(({ row, code }) => [row, code])).toEqual([
      [0, 'unique_clash'],
      [2, 'unique_clash'],
    ]);
    expect(await stored()).toEqual(['1|old|x', '3|c|y', '5|e|']);
    await sink.close();
  });

  it('lets rows hand on a value of a UNIQUE index, in whatever order they come', async () => {
    await database.execute("INSERT INTO t (id, code) VALUES (1, 'a'), (2, 'b'), (3, 'c'), (4, 'd')");
    const sink = await open({ mode: 'upsert' });
    const up = await sink.write([
      ['1', null, 'b'],
      ['2', null, 'c'],
      ['3', null, 'd'],
      ['4', null, 'e'],
    ]);
    expect(up).toMatchObject({ written: 4, rejects: [] });
    const down = await sink.write([
      ['4', null, 'd'],
      ['3', null, 'c'],
      ['2', null, 'b'],
      ['1', null, 'a'],
    ]);
    expect(down).toMatchObject({ written: 4, rejects: [] });
    await sink.close();
  });

  it('keeps the last of equal keys in a batch and counts the others as unchanged', async () => {
    const sink = await open({ mode: 'upsert', duplicates: 'last' });
    expect(sink.plan.maxWriters).toBe(1);
    const written = await sink.write([
      ['1', 'a', null],
      ['2', 'b', null],
      ['1', 'c', null],
      ['1', 'd', null],
    ]);
    expect(written).toMatchObject({ written: 2, unchanged: 2, rejects: [] });
    expect(await stored()).toEqual(['1|d|', '2|b|']);
    await sink.close();
  });

  it('returns what it recorded when a token comes again, and writes nothing', async () => {
    const sink = await open({ mode: 'upsert' });
    const first = await sink.write(
      [
        ['1', 'a', null],
        ['2', 'x'.repeat(30), null],
      ],
      'p.0',
    );
    const again = await sink.write(
      [
        ['1', 'other', null],
        ['9', 'x', null],
      ],
      'p.0',
    );
    expect(again).toEqual(first);
    expect(await stored()).toEqual(['1|a|']);
    expect(await sink.sink.recorded?.(['p.0', 'p.1'])).toEqual(
      new Map([['p.0', { written: 1, unchanged: 0, rejected: 1, units: 0 }]]),
    );
    await sink.finish(1);
    await sink.close();
    const { run } = sink.context.context;
    expect(await database.query(`SELECT COUNT(*) FROM sluice_ledger WHERE run = '${run}'`)).toEqual([['0']]);
  });
});

describe('append', () => {
  it('adds every row of a table without key, also equal ones', async () => {
    await database.execute('DROP TABLE t; CREATE TABLE t (id INT, name VARCHAR(20), code VARCHAR(10))');
    const sink = await open({ mode: 'append' });
    expect(sink.plan).toMatchObject({ key: [], appends: true });
    await sink.write([
      ['1', 'a', null],
      ['1', 'a', null],
    ]);
    await sink.write([['1', 'a', null]]);
    expect(await stored()).toEqual(['1|a|', '1|a|', '1|a|']);
    await sink.close();
  });

  it('rejects rows whose key is there', async () => {
    await database.execute("INSERT INTO t (id, name) VALUES (1, 'old')");
    const sink = await open({ mode: 'append' });
    const written = await sink.write([
      ['1', 'new', null],
      ['2', 'b', null],
      ['2', 'c', null],
    ]);
    expect(written.written).toBe(1);
    expect(written.rejects.map(({ row, code }) => [row, code])).toEqual([
      [0, 'unique_clash'],
      [2, 'unique_clash'],
    ]);
    expect(await stored()).toEqual(['1|old|', '2|b|']);
    await sink.close();
  });
});

describe('keys that a collation folds', () => {
  const keyed = [column('k', 'text'), column('v', 'text')];
  it.each([
    ['case', 'abc', 'ABC'],
    ['accent', 'resume', 'résumé'],
    ['a space at the end', 'a', 'a '],
  ])('are rejects where they differ only by %s', async (_, one, other) => {
    await database.execute(
      'DROP TABLE IF EXISTS f; CREATE TABLE f (k VARCHAR(20) PRIMARY KEY, v VARCHAR(5)) COLLATE utf8mb4_unicode_ci',
    );
    const sink = await planSink(database, { options: { table: 'f' }, columns: keyed, key: ['k'] });
    expect(
      (
        await sink.write([
          [one, '1'],
          [other, '2'],
        ])
      ).rejects,
    ).toMatchObject([{ row: 1, code: 'key_folds' }]);
    expect(
      (
        await sink.write([
          [other, '3'],
          [one, '4'],
        ])
      ).rejects,
    ).toMatchObject([{ row: 0, code: 'key_folds' }]);
    expect(await database.query('SELECT k, v FROM f')).toEqual([[one, '4']]);
    await sink.close();
  });
});
