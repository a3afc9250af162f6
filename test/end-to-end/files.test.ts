/** Files as sources: what a copy wrote comes back as it was, in every format. */
import { readdir } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalMysql, startMysql } from '../../src/local/mysql.js';
import { copyOnce, type Project, project } from '../fixtures/cli.js';
import { checksum, differences, hexRows } from '../fixtures/compare.js';
import { allItems, createTable, dynamodbConnection, putItems, tableName } from '../fixtures/dynamodb.js';
import { comparableItems, everyItem } from '../fixtures/every-item.js';
import { type TestFolder, testFolder } from '../fixtures/files.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { testS3 } from '../fixtures/s3.js';
import { typeSamples } from './type-samples.js';

let server: LocalMysql;
let database: TestDatabase;
let folder: TestFolder;
const projects: Project[] = [];

beforeAll(async () => {
  server = await startMysql();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await testDatabase('files', server);
  folder = await testFolder();
});
afterEach(async () => {
  await Promise.all([database.drop(), folder.remove(), ...projects.splice(0).map((made) => made.remove())]);
});

const files = () => ({ kind: 'files', path: folder.path });

/** A date that does not exist, which Parquet has no moment for. */
const noMoment = /^'\d{4}-(?:00|\d\d-00)/;

/** Every edge of every type, and a row of nothing but NULL. */
async function fill(keeps: (type: string, edge: string) => boolean): Promise<number> {
  const columns = typeSamples.map(({ name, sql }) => `\`${name}\` ${sql} NULL DEFAULT NULL`);
  await database.execute("SET SESSION sql_mode = '', time_zone = '+00:00'");
  await database.execute(
    `CREATE OR REPLACE TABLE there (id INT PRIMARY KEY, ${columns.join(', ')}) ROW_FORMAT=DYNAMIC`,
  );
  await database.execute('CREATE OR REPLACE TABLE back LIKE there');
  const edges = typeSamples.map((sample) => sample.edges.filter((edge) => keeps(sample.sql, edge)));
  const rows = Math.max(...edges.map((all) => all.length));
  for (let id = 0; id < rows; id++) {
    const cells = edges.map((all) => all[id % all.length] ?? 'NULL');
    await database.execute(`INSERT INTO there VALUES (${id}, ${cells.join(', ')})`);
  }
  await database.execute(`INSERT INTO there (id) VALUES (${rows})`);
  return rows + 1;
}

const formats = [
  ['csv', { format: 'csv' }],
  ['csv.gz', { format: 'csv', compression: 'gzip' }],
  ['jsonl', { format: 'jsonl' }],
  ['parquet', { format: 'parquet' }],
] as const;

describe('every MySQL type, MySQL → files → MySQL', () => {
  it.each(formats)('keeps its edges as %s', async (_, form) => {
    const isMoment = (type: string) => /^(?:DATETIME|TIMESTAMP)/.test(type);
    const isParquet = form.format === 'parquet';
    const rows = await fill((type, edge) => !isParquet || !isMoment(type) || !noMoment.test(edge));
    const connections = { shop: database.connection, out: files() };
    const write = await project({
      pipeline: 'write',
      connections,
      steps: [
        {
          copy: 'write',
          from: { connection: 'shop', table: 'there' },
          to: { connection: 'out', table: 'every', ...form },
        },
      ],
    });
    projects.push(write);
    expect((await write.run()).steps[0]).toMatchObject({ read: rows, written: rows, rejected: 0 });
    expect((await write.command('verify')).status).toBe(0);
    const back = await copyOnce(connections, {
      from: { connection: 'out', table: 'every', format: form.format },
      to: { connection: 'shop', table: 'back', mode: 'append' },
    });
    expect(back).toMatchObject({ read: rows, written: rows, rejected: 0 });
    const cells = (table: string) => hexRows(database, table, typeSamples, 'id');
    expect(differences(await cells('there'), await cells('back'), typeSamples)).toEqual([]);
    expect(await checksum(database, 'back')).toBe(await checksum(database, 'there'));
    const before = await folder.fingerprint();
    await database.execute('INSERT INTO there (id) VALUES (4711)');
    expect((await write.command('verify')).status).toBe(5);
    // An export is whole: a row that is missing is no export of its own.
    expect((await write.command('repair', '--yes')).status).toBe(2);
    expect(await folder.fingerprint()).toBe(before);
    await database.execute(
      'UPDATE there SET int_s = 4711 WHERE id = 1; DELETE FROM there WHERE id IN (2, 4711)',
    );
    expect((await write.command('verify')).status).toBe(5);
  });
});

describe('a bucket', () => {
  it.each([formats[1], formats[3]])('gives back what was put there as %s', async (_, form) => {
    await database.execute(
      'CREATE TABLE there (id INT PRIMARY KEY, t TEXT, b BLOB); CREATE TABLE back LIKE there',
    );
    await database.execute(
      "INSERT INTO there SELECT seq, IF(seq % 7, CONCAT('\\n\"', seq), NULL), UNHEX(SHA2(seq, 256)) FROM seq_1_to_3000",
    );
    const s3 = await testS3();
    try {
      const bucket = await s3.bucket();
      const { endpoint, region } = s3;
      const connections = {
        shop: database.connection,
        lake: { kind: 's3', bucket, prefix: 'exports/', endpoint, region },
      };
      await copyOnce(connections, {
        from: { connection: 'shop', table: 'there' },
        to: { connection: 'lake', table: 'all', ...form, file: { rows: 1100 } },
      });
      const load = await project({
        pipeline: 'load',
        connections,
        steps: [
          {
            copy: 'load',
            from: { connection: 'lake', table: 'all', format: form.format },
            to: { connection: 'shop', table: 'back', mode: 'append' },
          },
        ],
      });
      projects.push(load);
      expect((await load.run()).steps[0]).toMatchObject({ read: 3000, written: 3000 });
      expect(await checksum(database, 'back')).toBe(await checksum(database, 'there'));
      const left = await readdir(load.folder, { recursive: true });
      expect(left.filter((name) => /fetched|parquet/.test(name))).toEqual([]);
    } finally {
      await s3.stop();
    }
  });
});

describe('items of DynamoDB', () => {
  it('come back from JSON Lines with every attribute', async () => {
    const [from, to] = [tableName('from'), tableName('to')];
    for (const table of [from, to]) await createTable(table, ['id', 'S']);
    const few = Array.from({ length: 30 }, (_, id) => ({
      id: { S: `item ${id}` },
      [`only in ${id}`]: { N: String(id) },
    }));
    await putItems(from, [everyItem, ...few]);
    const connections = { dy: dynamodbConnection(), out: files() };
    const wrote = await copyOnce(connections, {
      from: { connection: 'dy', table: from },
      to: { connection: 'out', table: 'items', format: 'jsonl', compression: 'gzip' },
    });
    expect(wrote).toMatchObject({ read: 31, written: 31 });
    await copyOnce(connections, {
      from: { connection: 'out', table: 'items', format: 'jsonl' },
      to: { connection: 'dy', table: to },
    });
    expect(comparableItems(await allItems(to))).toEqual(comparableItems(await allItems(from)));
  });

  it('come from an export of DynamoDB’s own', async () => {
    const to = tableName('own');
    await createTable(to, ['id', 'S']);
    const lines = `${JSON.stringify({ Item: everyItem })}\n{"Item":{"id":{"S":"b"},"x":{"SS":["a"]}}}\n`;
    await folder.write('AWSDynamoDB/0123-abc/data/x.json', lines);
    await folder.write('AWSDynamoDB/0123-abc/_started', '');
    await copyOnce(
      { dy: dynamodbConnection(), out: files() },
      {
        from: { connection: 'out', table: 'AWSDynamoDB/0123-abc/data', format: 'jsonl' },
        to: { connection: 'dy', table: to, key: { partition: 'id' } },
      },
    );
    const { id, ...rest } = everyItem;
    expect(comparableItems(await allItems(to))).toEqual(
      comparableItems([
        { id: id ?? { S: '' }, ...rest },
        { id: { S: 'b' }, x: { SS: ['a'] } },
      ]),
    );
  });
});

describe('plain files', () => {
  async function made(from: object, to: object): Promise<Project> {
    const connections = { shop: database.connection, in: files() };
    const declared = await project({
      pipeline: 'plain',
      connections,
      steps: [
        {
          copy: 'load',
          from: { connection: 'in', ...from },
          to: { connection: 'shop', ...to },
          rejects: { limit: 2 },
        },
      ],
    });
    projects.push(declared);
    return declared;
  }

  it('of CSV go into the types of the table, and what does not fit is a reject with its line', async () => {
    await database.execute('CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(5) NULL, born DATE NULL)');
    await folder.write(
      'people.csv',
      'born,id,name\n2000-01-31,1,""\n,2,\n,3,Robert\n,4,a,b\n1999-12-31,5,"a\nb"\n',
    );
    const load = await made(
      { table: 'people', format: 'csv', columns: { id: 'int' } },
      { table: 'people', mode: 'upsert' },
    );
    const summary = await load.run(3);
    expect(summary.steps[0]).toMatchObject({ read: 5, written: 3, rejected: 2 });
    expect((await load.rejects()).map(({ reason, message }) => `${reason} ${message}`).sort()).toEqual([
      expect.stringMatching(/^value_too_long /),
      'value_type people.csv line 5: 4 fields where the header has 3',
    ]);
    expect(await database.query('SELECT id, name, born FROM people ORDER BY id')).toEqual([
      ['1', '', '2000-01-31'],
      ['2', null, null],
      ['5', 'a\nb', '1999-12-31'],
    ]);
    expect((await load.command('replay')).status).not.toBe(1);
    expect((await load.rejects()).length).toBeGreaterThan(0);
  });

  it('are compared with the table that they were loaded into', async () => {
    await database.execute('CREATE TABLE numbers (id INT PRIMARY KEY, n DECIMAL(20,3) NULL)');
    const lines = Array.from({ length: 5000 }, (_, id) => `${id},${id / 8}\n`);
    await folder.write('numbers/a.csv', `id,n\n${lines.slice(0, 3000).join('')}`);
    await folder.write('numbers/b.csv', `id,n\n${lines.slice(3000).join('')}`);
    const load = await made(
      { table: 'numbers', format: 'csv', columns: { id: 'int', n: 'decimal' } },
      { table: 'numbers', mode: 'replace' },
    );
    expect((await load.run()).steps[0]).toMatchObject({ read: 5000, written: 5000 });
    expect((await load.command('verify')).status).toBe(0);
    await database.execute(
      'UPDATE numbers SET n = n + 0.001 WHERE id = 4711; DELETE FROM numbers WHERE id = 2',
    );
    const found = await load.command('verify');
    expect(found.status).toBe(5);
    expect(found.events.at(-1)).toMatchObject({ steps: [{ changed: 1, missing: 1, extra: 0 }] });
    expect((await load.command('repair', '--yes')).status).toBe(0);
    expect(await database.query('SELECT n FROM numbers WHERE id IN (2, 4711) ORDER BY id')).toEqual([
      ['0.250'],
      ['588.875'],
    ]);
  });
});
