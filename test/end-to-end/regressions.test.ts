/** DESIGN.md 11: faults of the systems that Sluice replaces. Each must stay away, by its letter. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyOnce } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

let database: TestDatabase;
let table: string;
let connections: Record<string, object>;

beforeAll(async () => {
  database = await testDatabase('regressions');
  connections = { my: database.connection, dy: dynamodbConnection() };
});
afterAll(() => database.drop());
beforeEach(() => {
  table = tableName('regressions');
});

const byId = (items: Item[]) =>
  new Map(items.map((item) => [item['id'] && 'N' in item['id'] ? item['id'].N : '', item]));

const out = (from: object = {}, to: object = {}) =>
  copyOnce(connections, {
    from: { connection: 'my', table: 't', ...from },
    to: { connection: 'dy', table, create: true, mode: 'put', ...to },
  });

const home = (to: object = {}) =>
  copyOnce(connections, {
    from: { connection: 'dy', table },
    to: { connection: 'my', table: 'back', mode: 'append', ...to },
  });

describe('fault a', () => {
  it("keeps '' apart from NULL, both ways", async () => {
    await database.execute(
      "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO t VALUES (1, ''), (2, NULL)",
    );
    await database.execute('CREATE OR REPLACE TABLE back LIKE t');
    await out();
    const items = byId(await allItems(table));
    expect([items.get('1')?.['v'], items.get('2')?.['v']]).toEqual([{ S: '' }, { NULL: true }]);
    await home();
    expect(await database.query('SELECT id, v FROM back ORDER BY id')).toEqual([
      ['1', ''],
      ['2', null],
    ]);
  });

  it('carries TIME, also beyond a day and below zero', async () => {
    await database.execute(
      "CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, v TIME(3)); INSERT INTO t VALUES (1, '12:34:56.789'), (2, '-838:59:59'), (3, '25:00:00')",
    );
    await database.execute('CREATE OR REPLACE TABLE back LIKE t');
    expect(await out()).toMatchObject({ written: 3 });
    await home();
    expect(await database.query('SELECT v FROM back ORDER BY id')).toEqual([
      ['12:34:56.789'],
      ['-838:59:59.000'],
      ['25:00:00.000'],
    ]);
  });

  it('reads beyond the first page of 1 MB', async () => {
    await createTable(table, ['id', 'N']);
    // Several pages for each of the four segments of a Scan.
    const items = Array.from({ length: 200 }, (_, id) => ({
      id: { N: String(id) },
      v: { S: 'x'.repeat(50_000) },
    }));
    for (let start = 0; start < items.length; start += 10)
      await putItems(table, items.slice(start, start + 10));
    await database.execute('CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v MEDIUMTEXT)');
    expect(await home()).toMatchObject({ read: 200, written: 200 });
    expect(await database.query('SELECT COUNT(*), SUM(LENGTH(v)) FROM back')).toEqual([['200', '10000000']]);
  });
});

describe('fault b', () => {
  const gone = async (mode: string) => {
    await createTable(table, ['id', 'N']);
    await putItems(table, [{ id: { N: '1' }, v: { S: 'new' } }]);
    await database.execute(
      "CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v VARCHAR(9)); INSERT INTO back VALUES (1, 'old'), (2, 'gone')",
    );
    await home({ mode, ...(mode === 'mirror' ? { deletes: { limit: '60%' } } : {}) });
    expect(await database.query('SELECT id, v FROM back')).toEqual([['1', 'new']]);
  };

  it('replace leaves nothing that the source lacks', () => gone('replace'));
  it('mirror deletes what the source lacks', () => gone('mirror'));
});

describe('fault c', () => {
  it('keeps fractions and 38 digits on their way to MySQL', async () => {
    const numbers = ['-1.5', '-0.1', '99999999999999999999999999999999999999', '0.00000000000000000001'];
    await createTable(table, ['id', 'N']);
    await putItems(
      table,
      numbers.map((N, id) => ({ id: { N: String(id) }, v: { N } })),
    );
    await database.execute('CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v DECIMAL(58,20))');
    expect(await home()).toMatchObject({ written: 4, rejected: 0 });
    expect(await database.query('SELECT v FROM back ORDER BY id')).toEqual([
      ['-1.50000000000000000000'],
      ['-0.10000000000000000000'],
      ['99999999999999999999999999999999999999.00000000000000000000'],
      ['0.00000000000000000001'],
    ]);
  });

  it('never rounds: what does not fit is a reject', async () => {
    await createTable(table, ['id', 'N']);
    await putItems(table, [
      { id: { N: '1' }, v: { N: '-1.5' } },
      { id: { N: '2' }, v: { N: '2' } },
    ]);
    await database.execute('CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v INT)');
    const step = await copyOnce(
      connections,
      {
        from: { connection: 'dy', table },
        to: { connection: 'my', table: 'back', mode: 'append' },
        rejects: { limit: 5 },
      },
      { expected: 3 },
    );
    expect(step).toMatchObject({ read: 2, written: 1, rejected: 1 });
    expect(await database.query('SELECT id, v FROM back')).toEqual([['2', '2']]);
  });

  it('carries sets and binary, DynamoDB to DynamoDB untouched, and binary into MySQL', async () => {
    const item: Item = {
      id: { N: '1' },
      ss: { SS: ['a', 'b'] },
      ns: { NS: ['1', '2.5'] },
      bs: { BS: ['AAE=', '/w=='] },
      b: { B: 'AP9cJw==' },
      n: { N: '12345678901234567890123456789012345678' },
      m: { M: { l: { L: [{ NULL: true }, { BOOL: true }, { M: {} }] } } },
    };
    await createTable(table, ['id', 'N']);
    await putItems(table, [item]);
    const copy = tableName('regressions');
    await copyOnce(connections, {
      from: { connection: 'dy', table },
      to: { connection: 'dy', table: copy, create: true, mode: 'put' },
    });
    expect((await allItems(copy)).map(setsSorted)).toEqual([setsSorted(item)]);
    await database.execute('CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, b VARBINARY(9))');
    await home({ extra: 'ignore' });
    expect(await database.query('SELECT HEX(b) FROM back')).toEqual([['00FF5C27']]);
  });
});

describe('fault d', () => {
  it('carries true, false and null, alone and inside others', async () => {
    const items: Item[] = [{ BOOL: true as const }, { BOOL: false as const }, { NULL: true as const }].map(
      (v, id) => ({ id: { N: String(id) }, v, m: { M: { v, l: { L: [v, { M: { v } }] } } } }),
    );
    await createTable(table, ['id', 'N']);
    await putItems(table, items);
    const copy = tableName('regressions');
    await copyOnce(connections, {
      from: { connection: 'dy', table },
      to: { connection: 'dy', table: copy, create: true, mode: 'put' },
    });
    expect(byId(await allItems(copy))).toEqual(byId(items));
  });
});

describe('fault e', () => {
  it('carries every attribute, not those that somebody named by hand', async () => {
    const names = Array.from({ length: 60 }, (_, index) => `attribute_${index}`);
    await createTable(table, ['id', 'N']);
    const items = names.map(
      (name, id): Item => ({ id: { N: String(id) }, [name]: { S: name }, ['1 odd.näme']: { BOOL: false } }),
    );
    await putItems(table, items);
    const copy = tableName('regressions');
    await copyOnce(connections, {
      from: { connection: 'dy', table },
      to: { connection: 'dy', table: copy, create: true, mode: 'put' },
    });
    expect(byId(await allItems(copy))).toEqual(byId(items));
  });

  it('leaves out what the map leaves out, and nothing else', async () => {
    await database.execute(
      'CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, a INT, b INT, `c d` INT); INSERT INTO t VALUES (1, 2, 3, 4)',
    );
    await copyOnce(connections, {
      from: { connection: 'my', table: 't' },
      to: { connection: 'dy', table, create: true },
      map: { drop: ['b'] },
    });
    expect(await allItems(table)).toEqual([{ id: { N: '1' }, a: { N: '2' }, 'c d': { N: '4' } }]);
  });
});

/** DynamoDB gives the members of a set in any order. */
function setsSorted(item: Item): Item {
  const entries = Object.entries(item).map(([name, value]) => {
    const [kind, members] = Object.entries(value)[0] ?? [];
    return [
      name,
      kind?.endsWith('S') && Array.isArray(members) ? { [kind]: [...members].sort() } : value,
    ] as const;
  });
  return Object.fromEntries(entries) as Item;
}
