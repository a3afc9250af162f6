import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { copyOnce, project } from '../fixtures/cli.js';
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
  database = await testDatabase('modes');
  connections = { my: database.connection, dy: dynamodbConnection() };
});
afterAll(() => database.drop());
beforeEach(() => {
  table = tableName('modes');
});

async function sortedItems(name = table): Promise<Item[]> {
  const number = (item: Item) => Number(item['id'] && 'N' in item['id'] ? item['id'].N : 0);
  return (await allItems(name)).sort((a, b) => number(a) - number(b));
}

const item = (id: number, more: Item = {}): Item => ({ id: { N: String(id) }, ...more });

describe('into DynamoDB', () => {
  /** 1 is older there, 2 newer there, 3 only there; the source brings 1, 2 and 4. */
  beforeEach(async () => {
    await createTable(table, ['id', 'N']);
    await putItems(table, [
      item(1, { v: { S: 'there' }, at: { S: '2026-01-01' }, own: { BOOL: true } }),
      item(2, { v: { S: 'there' }, at: { S: '2026-12-31' }, own: { BOOL: true } }),
      item(3, { v: { S: 'there' }, at: { S: '2026-06-01' } }),
    ]);
    await database.execute(
      `CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, v TEXT, at DATE);
       INSERT INTO t VALUES (1, 'came', '2026-06-15'), (2, 'came', '2026-06-15'), (4, 'came', '2026-06-15')`,
    );
  });

  const came = (id: number) => item(id, { v: { S: 'came' }, at: { S: '2026-06-15' } });
  const own = { own: { BOOL: true } };
  const there2 = item(2, { v: { S: 'there' }, at: { S: '2026-12-31' }, ...own });
  const there3 = item(3, { v: { S: 'there' }, at: { S: '2026-06-01' } });
  const there1 = item(1, { v: { S: 'there' }, at: { S: '2026-01-01' }, ...own });

  it.each([
    { mode: 'put', more: {}, items: [came(1), came(2), there3, came(4)], written: 3 },
    { mode: 'insert', more: {}, items: [there1, there2, there3, came(4)], written: 1 },
    {
      mode: 'update',
      more: {},
      items: [{ ...came(1), ...own }, { ...came(2), ...own }, there3, came(4)],
      written: 3,
    },
    { mode: 'newest', more: { by: 'at' }, items: [came(1), there2, there3, came(4)], written: 2 },
    { mode: 'mirror', more: { deletes: { limit: 1 } }, items: [came(1), came(2), came(4)], written: 3 },
  ])('$mode', async ({ mode, more, items, written }) => {
    const step = await copyOnce(connections, {
      from: { connection: 'my', table: 't' },
      to: { connection: 'dy', table, mode, ...more },
    });
    expect(step).toMatchObject({ read: 3, written, unchanged: 3 - written, rejected: 0 });
    expect(await sortedItems()).toEqual(items);
  });

  it('mirror stops before it deletes more than its limit, and deletes nothing', async () => {
    await copyOnce(
      connections,
      {
        from: { connection: 'my', table: 't', where: 'id = 1' },
        to: { connection: 'dy', table, mode: 'mirror' },
      },
      { expected: 4 },
    );
    expect((await sortedItems()).length).toBe(3);
  });

  it('joins the columns of a key by name, and refuses to guess a key of three', async () => {
    await database.execute(
      `CREATE OR REPLACE TABLE t (a INT, b VARCHAR(9), c INT, v INT, PRIMARY KEY (a, b, c));
       INSERT INTO t VALUES (1, 'x', 2, 5), (1, 'y', 2, 6)`,
    );
    const other = tableName('modes');
    const from = { connection: 'my', table: 't' };
    const made = await project({
      pipeline: 'keys',
      connections,
      steps: [{ copy: 'c', from, to: { connection: 'dy', table: other, create: true } }],
    });
    expect((await made.command('run')).status).toBe(2);
    await made.remove();
    await copyOnce(connections, {
      from,
      to: { connection: 'dy', table: other, create: true, key: { partition: ['a', 'b'], sort: 'c' } },
    });
    const items = await allItems(other);
    expect(items.map((one) => one['v'])).toEqual(expect.arrayContaining([{ N: '5' }, { N: '6' }]));
    expect(items.every((one) => one['a'] && one['b'] && one['c'])).toBe(true);
  });
});

describe('into MySQL', () => {
  beforeEach(async () => {
    await createTable(table, ['id', 'N']);
    await putItems(
      table,
      [1, 2, 4].map((id) => item(id, { v: { S: 'came' } })),
    );
    await database.execute(
      `CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v VARCHAR(20));
       INSERT INTO back VALUES (1, 'there'), (2, 'came'), (3, 'there')`,
    );
  });

  const rows = () => database.query('SELECT id, v FROM back ORDER BY id');
  const all = [
    ['1', 'came'],
    ['2', 'came'],
    ['4', 'came'],
  ];

  it.each([
    { mode: 'upsert', more: {}, expected: [...all.slice(0, 2), ['3', 'there'], ...all.slice(2)] },
    { mode: 'replace', more: {}, expected: all },
    { mode: 'mirror', more: { deletes: { limit: '40%' } }, expected: all },
  ])('$mode', async ({ mode, more, expected }) => {
    const step = await copyOnce(connections, {
      from: { connection: 'dy', table },
      to: { connection: 'my', table: 'back', mode, ...more },
    });
    expect(step).toMatchObject({ read: 3, rejected: 0 });
    expect(await rows()).toEqual(expected);
  });

  it('append rejects the rows whose key is there, and adds the others', async () => {
    const step = await copyOnce(
      connections,
      {
        from: { connection: 'dy', table },
        to: { connection: 'my', table: 'back', mode: 'append' },
        rejects: { limit: 2 },
      },
      { expected: 3 },
    );
    expect(step).toMatchObject({ read: 3, written: 1, rejected: 2 });
    expect(await rows()).toEqual([
      ['1', 'there'],
      ['2', 'came'],
      ['3', 'there'],
      ['4', 'came'],
    ]);
  });

  it('append to a table without a key adds every row once', async () => {
    await database.execute('CREATE OR REPLACE TABLE back (id INT, v VARCHAR(20))');
    const step = {
      from: { connection: 'dy', table },
      to: { connection: 'my', table: 'back', mode: 'append' },
    };
    expect(await copyOnce(connections, step)).toMatchObject({ written: 3 });
    expect(await rows()).toEqual(all);
    expect(await copyOnce(connections, step)).toMatchObject({ written: 3 });
    expect((await rows()).length).toBe(6);
  });

  it('rejects an item with an attribute that has no column, unless told what to do with it', async () => {
    await putItems(table, [item(4, { v: { S: 'came' }, more: { L: [{ N: '1' }] } })]);
    const step = {
      from: { connection: 'dy', table },
      to: { connection: 'my', table: 'back', mode: 'replace' },
    };
    const rejected = await copyOnce(connections, { ...step, rejects: { limit: 1 } }, { expected: 3 });
    expect(rejected).toMatchObject({ written: 2, rejected: 1 });
    await copyOnce(connections, { ...step, to: { ...step.to, extra: 'ignore' } });
    expect(await rows()).toEqual(all);
    await database.execute('CREATE OR REPLACE TABLE back (id INT PRIMARY KEY, v TEXT, rest JSON)');
    await copyOnce(connections, { ...step, to: { ...step.to, extra: { into: 'rest' } } });
    const kept = (await database.query('SELECT rest FROM back ORDER BY id')).map(([rest]) => rest);
    expect(kept.slice(0, 2)).toEqual([null, null]);
    expect(JSON.parse(String(kept[2]))).toEqual({ more: [1] });
  });

  it('makes a missing table when create is asked for', async () => {
    await database.execute(
      "CREATE OR REPLACE TABLE t (id BIGINT UNSIGNED PRIMARY KEY, v VARCHAR(9) COLLATE utf8mb4_bin, d DECIMAL(9,2), w TIMESTAMP(3) NULL); INSERT INTO t VALUES (18446744073709551615, 'ä', -0.10, '2026-01-01 00:00:00.125')",
    );
    await database.execute('DROP TABLE IF EXISTS made');
    await copyOnce(connections, {
      from: { connection: 'my', table: 't' },
      to: { connection: 'my', table: 'made', mode: 'append', create: true },
    });
    expect(await database.query('SELECT * FROM made')).toEqual(await database.query('SELECT * FROM t'));
  });
});

describe('between the same kinds', () => {
  it('copies MySQL to MySQL, generated and invisible columns included', async () => {
    const columns =
      'id INT PRIMARY KEY, v VARCHAR(99) COLLATE utf8mb4_general_ci, g INT AS (id * 2) STORED, h INT AS (id + 1) VIRTUAL, i INT INVISIBLE DEFAULT 5, b BLOB, n DOUBLE';
    await database.execute(`CREATE OR REPLACE TABLE t (${columns}); CREATE OR REPLACE TABLE back LIKE t`);
    await database.execute(
      "INSERT INTO t (id, v, i, b, n) SELECT seq, CONCAT(seq, '\\\\\\'\"\\n'), seq % 7, UNHEX(HEX(seq)), seq / 3 FROM seq_1_to_5000",
    );
    const step = await copyOnce(connections, {
      from: { connection: 'my', table: 't' },
      to: { connection: 'my', table: 'back', mode: 'upsert' },
      parallel: 3,
    });
    expect(step).toMatchObject({ read: 5000, written: 5000 });
    const sums = await database.query('CHECKSUM TABLE t, back');
    expect(sums[0]?.[1]).toBe(sums[1]?.[1]);
    const differ = await database.query(
      'SELECT COUNT(*) FROM t JOIN back b USING (id) WHERE t.i <> b.i OR t.g <> b.g',
    );
    expect(differ).toEqual([['0']]);
  });

  it('copies DynamoDB to DynamoDB, every attribute as it is', async () => {
    await createTable(table, ['id', 'N']);
    const items = Array.from({ length: 300 }, (_, id) =>
      item(id, { [`x${id % 50}`]: { M: { n: { N: '0.1' }, l: { L: [{ S: '' }, { NULL: true }] } } } }),
    );
    await putItems(table, items);
    const copy = tableName('modes');
    const step = await copyOnce(connections, {
      from: { connection: 'dy', table },
      to: { connection: 'dy', table: copy, create: true },
      parallel: 4,
    });
    expect(step).toMatchObject({ read: 300, written: 300 });
    expect(await sortedItems(copy)).toEqual(items);
  });
});

describe('what happens to rows on the way', () => {
  beforeEach(async () => {
    await database.execute(
      `CREATE OR REPLACE TABLE t (id INT PRIMARY KEY, flag TINYINT(1), tags SET('a','b'), doc JSON, empty VARCHAR(9), nothing INT);
       INSERT INTO t VALUES (1, 1, 'a,b', '{"n": 12345678901234567890, "l": [true, null]}', '', NULL)`,
    );
  });

  const into = (more: object) =>
    copyOnce(connections, {
      from: { connection: 'my', table: 't' },
      to: { connection: 'dy', table, create: true },
      ...more,
    });

  it('empty: null and nulls: omit', async () => {
    await into({ empty: 'null', nulls: 'omit', map: { only: ['id', 'empty', 'nothing', 'flag'] } });
    expect(await allItems(table)).toEqual([{ id: { N: '1' }, flag: { N: '1' } }]);
  });

  it('map: as, rename, drop, add', async () => {
    await into({
      map: {
        rename: { yes: 'flag' },
        drop: ['nothing', 'empty'],
        add: { origin: 'shop', version: 3, kept: null },
        as: { yes: 'bool', tags: 'stringSet', doc: 'document' },
      },
    });
    expect((await allItems(table)).map((one) => ({ ...one, tags: null }))).toEqual([
      {
        id: { N: '1' },
        yes: { BOOL: true },
        tags: null,
        doc: { M: { n: { N: '12345678901234567890' }, l: { L: [{ BOOL: true }, { NULL: true }] } } },
        origin: { S: 'shop' },
        version: { N: '3' },
        kept: { NULL: true },
      },
    ]);
  });

  it('a row function of a TypeScript declaration sees exact values and may change them', async () => {
    const made = await project(
      `import { copy, pipeline } from 'sluice';
export default pipeline({
  pipeline: 'row',
  connections: ${JSON.stringify(connections)},
  steps: [
    copy({
      copy: 'c',
      from: { connection: 'my', table: 't' },
      to: { connection: 'dy', table: '${table}', create: true },
      row: (row) => ({ id: row.id, twice: (row.id as bigint) * 9007199254740993n, was: typeof row.flag, doc: row.doc }),
    }),
  ],
});
`,
      'row.ts',
    );
    const summary = await made.run();
    await made.remove();
    expect(summary.steps).toMatchObject([{ read: 1, written: 1 }]);
    expect(await allItems(table)).toEqual([
      {
        id: { N: '1' },
        twice: { N: '9007199254740993' },
        was: { S: 'bigint' },
        doc: { S: '{"n": 12345678901234567890, "l": [true, null]}' },
      },
    ]);
  });
});
