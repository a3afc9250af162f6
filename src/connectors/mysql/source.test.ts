import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { openSource, readRows } from '../../../test/fixtures/mysql-source.js';
import { mysql } from './index.js';
import { connectionPermissions } from './permissions.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('source');
  await database.execute(
    `CREATE TABLE orders (id INT PRIMARY KEY, status VARCHAR(20), code VARCHAR(20) COLLATE utf8mb4_general_ci,
       n INT, b VARBINARY(9), UNIQUE KEY folded (code), UNIQUE KEY nullable (n), UNIQUE KEY prefix (status(2), id));
     INSERT INTO orders SELECT seq, ELT(1 + seq % 3, 'open', 'paid', 'draft'), CONCAT('c', seq), seq,
       UNHEX(HEX(seq)) FROM seq_1_to_300;
     CREATE TABLE keyless (a VARCHAR(9) COLLATE utf8mb4_general_ci, b INT, c VARBINARY(9));
     INSERT INTO keyless VALUES ('x', 1, 'a'), ('X', 1, 'A'), ('x ', 2, 'b'), (NULL, 2, 'c'), (NULL, 2, 'd'), ('y', NULL, 'a');
     CREATE TABLE aria (id INT PRIMARY KEY) ENGINE=MyISAM; INSERT INTO aria VALUES (1);
     CREATE TABLE twin (a INT NOT NULL, b INT NOT NULL, UNIQUE KEY (b, a)); INSERT INTO twin VALUES (1, 2);
     CREATE VIEW paid AS SELECT id, status FROM orders WHERE status = 'paid'; ANALYZE TABLE orders`,
  );
});
afterAll(() => database.drop());

describe('the description', () => {
  it('of a table names its key, size, consistency and privilege', async () => {
    const opened = await openSource(database, { table: 'orders' });
    const found = await opened.source.describe();
    expect(found).toMatchObject({
      name: `${database.name}.orders`,
      key: ['id'],
      open: false,
      rows: 300,
      consistency: 'one snapshot',
      findings: [],
    });
    expect(found.permissions).toEqual([
      {
        action: 'SELECT',
        resource: `${database.name}.orders`,
        reason: 'reads the rows',
        grantOn: `\`${database.name}\`.\`orders\``,
      },
    ]);
    await opened.close();
  });

  it('estimates what a where leaves', async () => {
    const opened = await openSource(database, { table: 'orders', where: 'id <= 30' });
    const { rows, bytes } = await opened.source.describe();
    expect(rows).toBeGreaterThanOrEqual(20);
    expect(rows).toBeLessThanOrEqual(40);
    expect(bytes).toBeGreaterThan(0);
    await opened.close();
  });

  it('takes a UNIQUE index of NOT NULL columns for a key', async () => {
    const opened = await openSource(database, { table: 'twin' });
    expect((await opened.source.describe()).key).toEqual(['b', 'a']);
    await opened.close();
  });

  it('has no key when a part of it is not read', async () => {
    const opened = await openSource(database, { table: 'twin', columns: ['a'] });
    expect((await opened.source.describe()).key).toEqual([]);
    await opened.close();
  });

  it('says what a table without a key, a view, a query or MyISAM lack', async () => {
    for (const [options, word] of [
      [{ table: 'keyless' }, 'no primary key'],
      [{ table: 'paid' }, 'a view has no primary key'],
      [{ query: 'SELECT * FROM orders' }, 'a query has no primary key'],
      [{ table: 'aria' }, 'has no snapshots'],
    ] as const) {
      const opened = await openSource(database, options);
      const { findings } = await opened.source.describe();
      expect(findings.map((finding) => finding.message).join()).toContain(word);
      expect(findings.every((finding) => finding.level !== 'refuse')).toBe(true);
      await opened.close();
    }
  });

  it('is of the same identity under another name of the host, and of another for another table', async () => {
    const byAddress = await openSource(database, { table: 'orders' });
    const byName = await openSource(database, { table: 'orders' }, {}, { host: 'localhost' });
    const other = await openSource(database, { table: 'keyless' });
    const identities = await Promise.all(
      [byAddress, byName, other].map(async ({ source }) => (await source.describe()).identity),
    );
    expect(identities[0]).toBe(identities[1]);
    expect(identities[0]).not.toBe(identities[2]);
    for (const opened of [byAddress, byName, other]) await opened.close();
  });
});

describe('what the declaration names', () => {
  it.each([
    [{ table: 'nope' }, 'table_missing', 'nope'],
    [{ table: 'orders', columns: ['id', 'nope'] }, 'column_missing', 'nope'],
    [{ table: 'orders', where: 'nope = 1' }, 'column_missing', 'nope'],
    [{ table: 'orders', where: 'this is not SQL' }, 'sql_invalid', 'syntax'],
    [{ table: 'orders', where: '1) OR (1' }, 'sql_invalid', 'where'],
    [{ table: 'orders', where: '1 LIMIT 5' }, 'sql_invalid', 'where'],
    [{ table: 'orders', where: '1; DELETE FROM orders' }, 'sql_invalid', 'where'],
    [{ table: 'orders', where: '1 UNION SELECT 1' }, 'sql_invalid', 'where'],
    [{ table: 'orders', where: '1 /*' }, 'sql_invalid', 'where'],
    [{ table: 'orders', where: '1) -- ' }, 'sql_invalid', 'where'],
    [{ table: 'orders', where: 'SLEEP(1' }, 'sql_invalid', 'where'],
    [{ query: 'DELETE FROM orders' }, 'sql_invalid', 'query'],
    [{ query: 'SELECT 1; SELECT 2' }, 'sql_invalid', 'query'],
    [{ query: 'SELECT 1) AS x, (SELECT 2' }, 'sql_invalid', 'query'],
    [{ query: 'SELECT id, id FROM orders' }, 'sql_invalid', 'id'],
    [{ query: "SELECT 1 INTO OUTFILE '/tmp/never'" }, 'sql_invalid', 'query'],
    [{ query: 'SHOW TABLES' }, 'sql_invalid', 'query'],
    [{ query: 'SELECT * FROM nope' }, 'table_missing', 'nope'],
    [{ query: 'SELECT id FROM orders', columns: ['n'] }, 'column_missing', 'n'],
    [{ table: 'orders', columns: ['id', 'n', 'ID'] }, 'declaration_invalid', 'id'],
  ])('%j is refused as %s, saying %s', async (options, code, word) => {
    const opened = await openSource(database, options);
    await expect(opened.source.describe()).rejects.toMatchObject({
      code,
      retry: 'never',
      message: expect.stringContaining(word),
    });
    await opened.close();
  });

  it('as a where may hold comments, strings, subqueries and OR', async () => {
    const where = `status = "paid" /* yes */ AND id IN (SELECT MAX(id) FROM orders) OR orders.id = 1 -- ends here`;
    const opened = await openSource(database, { table: 'orders', where, consistency: 'part' });
    const ids = (await readRows(opened.source, 4)).map(([id]) => id);
    expect(ids).toEqual(['1']);
    await opened.close();
  });

  it('is not touched: question marks, backslashes and quotes mean what they mean in SQL', async () => {
    const where = `status <> '?' AND 'a\\\\b' LIKE '_\\\\\\\\_' AND "it's" = 'it''s' AND id = 7`;
    for (const options of [{ table: 'orders', where }, { query: `SELECT id FROM orders WHERE ${where}` }]) {
      const opened = await openSource(database, options);
      await opened.source.describe();
      expect((await readRows(opened.source)).map(([id]) => id)).toEqual(['7']);
      expect(await opened.source.unique(['id'])).toBe(options.table ? 'index' : 'counted');
      await opened.close();
    }
  });

  it('as a query may end with a semicolon, and keeps its own order and names', async () => {
    const opened = await openSource(database, {
      query:
        'SELECT status AS s, COUNT(*) AS `how many`, SUM(n) AS total FROM orders GROUP BY status ORDER BY s DESC; ',
    });
    const { columns } = await opened.source.describe();
    expect(columns.map(({ name, type }) => [name, type])).toEqual([
      ['s', 'text'],
      ['how many', 'int'],
      ['total', 'decimal'],
    ]);
    expect(await readRows(opened.source)).toEqual([
      ['paid', '100', '14950'],
      ['open', '100', '15150'],
      ['draft', '100', '15050'],
    ]);
    await opened.close();
  });

  it('as columns gives those, in that order, whatever their case', async () => {
    const opened = await openSource(database, { table: 'orders', columns: ['N', 'id'], where: 'id = 3' });
    expect((await opened.source.describe()).columns.map((column) => column.name)).toEqual(['n', 'id']);
    expect(await readRows(opened.source)).toEqual([['3', '3']]);
    await opened.close();
  });

  it('as a view is read like a table', async () => {
    const opened = await openSource(database, { table: 'paid', where: 'id < 10' });
    expect((await readRows(opened.source)).map(([id]) => id).sort()).toEqual(['1', '4', '7']);
    await opened.close();
  });
});

describe('uniqueness', () => {
  it.each([
    [{ table: 'orders' }, ['id'], 'index'],
    [{ table: 'orders' }, ['status', 'id'], 'index'],
    [{ table: 'orders' }, ['n'], 'counted'],
    [{ table: 'orders' }, ['code'], 'counted'],
    [{ table: 'orders' }, ['b'], 'counted'],
    [{ table: 'orders' }, ['status'], { duplicates: 297 }],
    [{ table: 'orders', where: 'id < 4' }, ['status'], 'counted'],
    [{ table: 'keyless' }, ['a'], 'counted'],
    [{ table: 'keyless' }, ['b'], { duplicates: 3 }],
    [{ table: 'keyless' }, ['c'], { duplicates: 1 }],
    [{ table: 'keyless' }, ['a', 'c'], 'counted'],
    [{ query: 'SELECT status, id FROM orders' }, ['id'], 'counted'],
    [{ query: 'SELECT status, id FROM orders' }, ['status'], { duplicates: 297 }],
    [{ table: 'paid' }, ['status'], { duplicates: 99 }],
  ])('in %j of %j is %j', async (options, columns, expected) => {
    const opened = await openSource(database, options);
    expect(await opened.source.unique(columns)).toEqual(expected);
    await opened.close();
  });
});

describe('patterns', () => {
  it('name base tables, sorted, and no views', async () => {
    const opened = await openSource(database, { table: 'orders' });
    const connection = mysql.connect(database.connection, opened.context.context);
    expect(await connection.tables(['*'])).toEqual(['aria', 'keyless', 'orders', 'twin']);
    expect(await connection.tables(['o*', '?win', 'Orders', 'nope'])).toEqual(['orders', 'twin']);
    expect(await connection.tables(['.*', 'order(s)'])).toEqual([]);
    await connection.close();
    await opened.close();
  });
});

it('names role and secret among the permissions', () => {
  const options = { kind: 'mysql', secret: 'prod/shop', role: 'arn:aws:iam::111122223333:role/r' } as const;
  const found = connectionPermissions(options, { AWS_REGION: 'eu-west-1' });
  expect(found.map(({ action, resource }) => [action, resource])).toEqual([
    ['sts:AssumeRole', 'arn:aws:iam::111122223333:role/r'],
    [
      'secretsmanager:GetSecretValue',
      'arn:aws:secretsmanager:eu-west-1:111122223333:secret:prod/shop-??????',
    ],
  ]);
});
