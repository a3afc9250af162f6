import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type LocalMysql, startMysql } from '../../src/local/mysql.js';
import type { Attribute } from '../../src/values/cell.js';
import { canonicalNumber } from '../../src/values/decimal.js';
import { copyOnce } from '../fixtures/cli.js';
import { checksum, differences, hexRows } from '../fixtures/compare.js';
import { allItems, dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { typeSamples } from './type-samples.js';
import keptSeeds from './types.seeds.json' with { type: 'json' };

/** Where the server and the program think that they are. A zone must change nothing. */
const zones = [
  { server: '+00:00', client: 'UTC' },
  { server: '+05:45', client: 'America/New_York' },
  { server: '-11:00', client: 'Asia/Kolkata' },
  { server: 'SYSTEM', client: 'Pacific/Apia' },
];

const edgeRows = Math.max(...typeSamples.map((sample) => sample.edges.length));
const randomRow = fc.tuple(...typeSamples.map((sample) => fc.option(sample.any, { freq: 9, nil: 'NULL' })));

let server: LocalMysql;
let database: TestDatabase;

beforeAll(async () => {
  server = await startMysql();
});
afterAll(() => server.stop());
beforeEach(async () => {
  database = await testDatabase('types', server);
});
afterEach(() => database.drop());

/** Every edge of every type, and a row of nothing but NULL. */
function rowsOfEdges(): string[][] {
  const rows = Array.from({ length: edgeRows }, (_, row) =>
    typeSamples.map(({ edges }) => edges[row % edges.length] ?? 'NULL'),
  );
  return [...rows, typeSamples.map(() => 'NULL')];
}

async function fill(rows: readonly (readonly string[])[]): Promise<void> {
  const columns = typeSamples.map(({ name, sql }) => `\`${name}\` ${sql} NULL DEFAULT NULL`);
  await database.execute("SET SESSION sql_mode = '', time_zone = '+00:00'");
  await database.execute(
    `CREATE OR REPLACE TABLE there (id INT PRIMARY KEY, ${columns.join(', ')}) ROW_FORMAT=DYNAMIC`,
  );
  await database.execute('CREATE OR REPLACE TABLE back LIKE there');
  for (const [id, row] of rows.entries()) {
    await database.execute(`INSERT INTO there VALUES (${id}, ${row.join(', ')})`);
  }
}

/** there → DynamoDB → back, by two runs of the program. */
async function roundTrip(rows: number, clientZone: string): Promise<string> {
  const table = tableName('types');
  const connections = { shop: database.connection, stage: dynamodbConnection() };
  const options = { env: { TZ: clientZone } };
  const out = await copyOnce(
    connections,
    {
      from: { connection: 'shop', table: 'there' },
      to: { connection: 'stage', table, create: true, mode: 'put' },
    },
    options,
  );
  expect(out).toMatchObject({ read: rows, written: rows, rejected: 0 });
  const back = await copyOnce(
    connections,
    { from: { connection: 'stage', table }, to: { connection: 'shop', table: 'back', mode: 'append' } },
    options,
  );
  expect(back).toMatchObject({ read: rows, written: rows, rejected: 0 });
  return table;
}

/** Both tables hold the same bytes, by the server's own words. */
async function expectEqualTables(): Promise<void> {
  const cells = (table: string) => hexRows(database, table, typeSamples, 'id');
  expect(differences(await cells('there'), await cells('back'), typeSamples)).toEqual([]);
  expect(await checksum(database, 'back')).toBe(await checksum(database, 'there'));
}

/** The raw attributes are those of the table in DESIGN.md 5. */
async function expectEncoding(table: string): Promise<void> {
  const wanted = typeSamples.map((sample) => sample.expected(`\`${sample.name}\``));
  const rows = await database.query(`SELECT id, ${wanted.join(', ')} FROM there`);
  const items = new Map((await allItems(table)).map((item) => [textOf(item['id']), item]));
  const wrong: string[] = [];
  for (const [id, ...cells] of rows) {
    const item = items.get(String(id));
    for (const [at, { name, attribute }] of typeSamples.entries()) {
      const cell = cells[at] ?? null;
      const right = cell === null ? 'NULL true' : `${attribute} ${comparable(attribute, String(cell))}`;
      const found = item?.[name];
      const [kind, value] = Object.entries(found ?? { nothing: '' })[0] ?? [];
      const had = `${kind} ${comparable(kind, kind === 'B' ? hex(value) : String(value))}`;
      if (had !== right) wrong.push(`row ${id} ${name}: ${had} instead of ${right}`);
    }
  }
  expect(wrong).toEqual([]);
}

const textOf = (attribute: Attribute | undefined) => (attribute && 'N' in attribute ? attribute.N : '');
const hex = (base64: unknown) => Buffer.from(String(base64), 'base64').toString('hex').toUpperCase();
/** DynamoDB spells a number in its own way; equal numbers are compared as such. */
const comparable = (kind: string | undefined, text: string) => (kind === 'N' ? canonicalNumber(text) : text);

describe('every MySQL type, MySQL → DynamoDB → MySQL', () => {
  it.each(zones)('keeps its edges with the server at $server and the program in $client', async (zone) => {
    await database.execute(`SET GLOBAL time_zone = '${zone.server}'`);
    const rows = rowsOfEdges();
    await fill(rows);
    const table = await roundTrip(rows.length, zone.client);
    await expectEqualTables();
    await expectEncoding(table);
  });

  it('keeps its edges where the server forbids LOAD DATA LOCAL', async () => {
    await database.execute('SET GLOBAL local_infile = OFF');
    try {
      const rows = rowsOfEdges();
      await fill(rows);
      await roundTrip(rows.length, 'UTC');
      await expectEqualTables();
    } finally {
      await database.execute('SET GLOBAL local_infile = ON');
    }
  });

  const fresh = Number(process.env['SLUICE_SEED'] ?? Date.now() % 2 ** 31);
  it.each([...keptSeeds, fresh])(
    'keeps any values (a failing seed belongs into types.seeds.json): %i',
    async (seed) => {
      await database.execute("SET GLOBAL time_zone = '+09:30'");
      const property = fc.asyncProperty(
        fc.array(randomRow, { minLength: 40, maxLength: 40 }),
        async (rows) => {
          await fill(rows);
          const table = await roundTrip(rows.length, 'Europe/Dublin');
          await expectEqualTables();
          await expectEncoding(table);
        },
      );
      // One run of 40 rows of every type; shrinking would take a run of the program for each step.
      await fc.assert(property, { seed, numRuns: 1, endOnFailure: true });
    },
  );
});
