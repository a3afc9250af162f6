import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { openSource } from '../../../test/fixtures/mysql-source.js';
import { startMysql } from '../../local/mysql.js';
import { tableNamed } from './identifier.js';
import { describeRelations } from './relations.js';
import { describeTable, membersOf, type Table } from './schema.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('schema');
});
afterAll(() => database.drop());

async function described(table: string): Promise<Table> {
  const opened = await openSource(database, { table });
  const { context } = opened.context;
  const server = await opened.connections.server(context);
  try {
    return await opened.connections.withConnection(context, (session) =>
      describeTable(session, server, { database: database.name, table }),
    );
  } finally {
    await opened.close();
  }
}

describe('the description of a table', () => {
  it('has every column with its type, default and peculiarities', async () => {
    await database.execute(
      `CREATE TABLE every (id INT UNSIGNED ZEROFILL NOT NULL AUTO_INCREMENT PRIMARY KEY, a DECIMAL(10,2) NOT NULL DEFAULT 1.5,
         v VARCHAR(10) CHARACTER SET latin1 NOT NULL, j JSON, t TEXT CHECK (json_valid(t)), e ENUM('x') NOT NULL DEFAULT 'x',
         g INT AS (a + 1) STORED, w INT GENERATED ALWAYS AS (a + 2) VIRTUAL, i INT INVISIBLE, d DATETIME(3) NOT NULL)`,
    );
    const table = await described('every');
    const column = (name: string) => table.columns.find((found) => found.name === name);
    expect(table).toMatchObject({ view: false, engine: 'InnoDB', primaryKey: ['id'] });
    expect(column('id')).toMatchObject({
      unsigned: true,
      zerofill: true,
      autoIncrement: true,
      hasDefault: false,
    });
    expect(column('a')).toMatchObject({ precision: 10, scale: 2, hasDefault: true, nullable: false });
    expect(column('v')).toMatchObject({ charset: 'latin1', maxChars: 10, maxBytes: 10, hasDefault: false });
    expect(column('j')).toMatchObject({ json: true, nullable: true, hasDefault: true });
    expect(column('t')).toMatchObject({ json: true });
    expect(column('e')).toMatchObject({ json: false, members: ['x'], hasDefault: true });
    expect(column('g')).toMatchObject({ generated: true, invisible: false });
    expect(column('w')).toMatchObject({ generated: true });
    expect(column('i')).toMatchObject({ generated: false, invisible: true });
    expect(column('d')).toMatchObject({ fraction: 3 });
  });

  it('has the members of ENUM and SET as they are, whatever characters they have', async () => {
    const members = [
      '',
      'a',
      "it's",
      'b\\s',
      'n\nl',
      'r\rt',
      'q"',
      'x,y) unsigned zerofill',
      'ü',
      '日本',
      '\t',
    ];
    const list = members.map((member) => (member === '' ? "''" : `0x${Buffer.from(member).toString('hex')}`));
    await database.execute(`CREATE TABLE listed (e ENUM(${list.join(', ')}) CHARACTER SET utf8mb4)`);
    const [column] = (await described('listed')).columns;
    expect(column).toMatchObject({ members, unsigned: false, zerofill: false });
    for (const [index, member] of (column?.members ?? []).entries()) {
      await database.execute(`INSERT INTO listed VALUES (${index + 1})`);
      const [[hex] = []] = await database.query(`SELECT HEX(e) FROM listed WHERE e + 0 = ${index + 1}`);
      expect(Buffer.from(member).toString('hex').toUpperCase()).toBe(hex);
    }
  });

  it('has all indexes with their columns and prefixes', async () => {
    await database.execute(
      `CREATE TABLE indexed (a INT, b VARCHAR(99), c INT NOT NULL, PRIMARY KEY (c, a), UNIQUE KEY u (b(7), c), KEY k (b))`,
    );
    expect((await described('indexed')).indexes).toEqual([
      {
        name: 'PRIMARY',
        unique: true,
        parts: [
          { column: 'c', prefix: undefined, nullable: false },
          { column: 'a', prefix: undefined, nullable: false },
        ],
      },
      { name: 'k', unique: false, parts: [{ column: 'b', prefix: undefined, nullable: true }] },
      {
        name: 'u',
        unique: true,
        parts: [
          { column: 'b', prefix: 7, nullable: true },
          { column: 'c', prefix: undefined, nullable: false },
        ],
      },
    ]);
  });

  it('tells a view, and refuses a table that is missing or that the user may not read', async () => {
    await database.execute('CREATE VIEW seen AS SELECT 1 AS one');
    expect(await described('seen')).toMatchObject({
      view: true,
      engine: undefined,
      indexes: [],
      rows: undefined,
    });
    await expect(described('absent')).rejects.toMatchObject({ code: 'table_missing' });
  });

  it('tells foreign keys in both directions, and triggers', async () => {
    await database.execute(
      `CREATE TABLE parent (a INT, b INT, PRIMARY KEY (a, b));
       CREATE TABLE child (id INT PRIMARY KEY, x INT, y INT, CONSTRAINT fk FOREIGN KEY (x, y) REFERENCES parent (a, b) ON DELETE CASCADE);
       CREATE TRIGGER before_child BEFORE INSERT ON child FOR EACH ROW SET NEW.x = 1`,
    );
    const opened = await openSource(database, { table: 'child' });
    const { context } = opened.context;
    const relations = (table: string) =>
      opened.connections.withConnection(context, (session) =>
        describeRelations(session, { database: database.name, table }),
      );
    const key = {
      name: 'fk',
      from: { database: database.name, table: 'child' },
      columns: ['x', 'y'],
      to: { database: database.name, table: 'parent' },
      toColumns: ['a', 'b'],
      onUpdate: 'RESTRICT',
      onDelete: 'CASCADE',
    };
    expect(await relations('child')).toEqual({
      foreignKeys: [key],
      referencedBy: [],
      triggers: [{ name: 'before_child', event: 'INSERT', timing: 'BEFORE', isOthers: false }],
    });
    expect(await relations('parent')).toEqual({ foreignKeys: [], referencedBy: [key], triggers: [] });
    await opened.close();
  });
});

describe('a source on a server', () => {
  it('that folds names of tables is the same under either spelling', async () => {
    const server = await startMysql({ extraArgs: ['--lower-case-table-names=1'] });
    const folding = await testDatabase('folding', server);
    try {
      await folding.execute('CREATE TABLE Orders (id INT PRIMARY KEY); INSERT INTO Orders VALUES (1)');
      const identities: string[] = [];
      for (const table of ['orders', 'ORDERS']) {
        const opened = await openSource(folding, { table });
        identities.push((await opened.source.describe()).identity);
        await opened.close();
      }
      expect(identities[0]).toBe(identities[1]);
    } finally {
      await folding.drop();
      await server.stop();
    }
  });

  it('is refused when the user may not read one of the columns, unless others are named', async () => {
    await database.execute(
      `CREATE TABLE guarded (id INT PRIMARY KEY, open INT, secret INT); INSERT INTO guarded VALUES (1, 2, 3);
       CREATE OR REPLACE USER narrow IDENTIFIED BY 'pw'; GRANT SELECT (id, open) ON ${database.name}.guarded TO narrow`,
    );
    const as = { user: 'narrow', password: { env: 'NARROW' } };
    const env = { env: { NARROW: 'pw' } };
    const all = await openSource(database, { table: 'guarded' }, env, as);
    await expect(all.source.describe()).rejects.toMatchObject({ code: 'access_denied' });
    await all.close();
    const some = await openSource(database, { table: 'guarded', columns: ['open', 'id'] }, env, as);
    expect((await some.source.describe()).columns.map((column) => column.name)).toEqual(['open', 'id']);
    await some.close();
    await database.execute('DROP USER narrow');
  });
});

describe('names', () => {
  it('of members are taken out of their quotes', () => {
    expect(membersOf("enum('a','it''s','b\\\\s','n\\nl','q\\'q','')")).toEqual([
      'a',
      "it's",
      'b\\s',
      'n\nl',
      "q'q",
      '',
    ]);
  });

  it('of tables need a database', () => {
    expect(tableNamed('a.b', 'shop')).toEqual({ database: 'shop', table: 'a.b' });
    expect(tableNamed('a.b.c', undefined)).toEqual({ database: 'a', table: 'b.c' });
    expect(() => tableNamed('orders', undefined)).toThrow('is in no database');
  });
});
