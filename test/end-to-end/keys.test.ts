/** Primary keys of every kind, MySQL → DynamoDB → MySQL: all tables by one pattern there, and by one back. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { project, type Summary } from '../fixtures/cli.js';
import { checksum } from '../fixtures/compare.js';
import { allItems, dynamodbCall, dynamodbConnection, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';

interface KeySample {
  readonly name: string;
  /** The key's columns, and the rows' values for them. */
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  /** The types of DynamoDB's partition and sort key. */
  readonly types: readonly ('S' | 'N' | 'B')[];
}

const ci = 'VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci';
const keys: readonly KeySample[] = [
  { name: 'bigint', columns: ['BIGINT UNSIGNED'], rows: ['0', '1', '18446744073709551615'], types: ['N'] },
  { name: 'negative', columns: ['BIGINT'], rows: ['-9223372036854775808', '-1', '0'], types: ['N'] },
  { name: 'decimal', columns: ['DECIMAL(38,10)'], rows: ['-0.0000000001', '0', '1.5', '10'], types: ['N'] },
  {
    name: 'wide',
    columns: ['DECIMAL(65,30)'],
    rows: ['-0.1', '0', '123456789012345678901234567890'],
    types: ['S'],
  },
  {
    name: 'folding',
    columns: [ci],
    rows: ["'a'", "'B'", "'ä b'", "'1'", "'1.0'", "'x\\'\\\\'"],
    types: ['S'],
  },
  { name: 'latin', columns: ['CHAR(20) CHARACTER SET latin1'], rows: ["'é'", "'z'"], types: ['S'] },
  { name: 'bytes', columns: ['VARBINARY(40)'], rows: ["x'00'", "x'0000'", "x'ff5c27'", "' '"], types: ['B'] },
  { name: 'enum', columns: ["ENUM('b','a','0')"], rows: ["'b'", "'a'", "'0'"], types: ['S'] },
  { name: 'date', columns: ['DATE'], rows: ["'2024-02-29'", "'9999-12-31'"], types: ['S'] },
  {
    name: 'moment',
    columns: ['TIMESTAMP(6)'],
    rows: ["'2026-03-29 01:30:00.000001'", "'2038-01-19 03:14:07'"],
    types: ['S'],
  },
  {
    name: 'pair',
    columns: [ci, 'DATETIME(3)'],
    rows: ["'a', '2026-01-01'", "'a', '2026-01-01 00:00:00.001'", "'b', '2026-01-01'"],
    types: ['S', 'S'],
  },
  {
    name: 'mixed',
    columns: ['INT', 'VARBINARY(9)'],
    rows: ["1, x'01'", "1, x'0100'", "-1, x'01'"],
    types: ['N', 'B'],
  },
];

let there: TestDatabase;
let back: TestDatabase;

beforeAll(async () => {
  [there, back] = await Promise.all([testDatabase('keys'), testDatabase('keys')]);
  for (const database of [there, back]) {
    await database.execute("SET time_zone = '+00:00'");
    for (const { name, columns } of keys) {
      const names = columns.map((_, at) => `k${at}`);
      const declared = columns.map((type, at) => `k${at} ${type} NOT NULL`);
      await database.execute(
        `CREATE TABLE key_${name} (${declared.join(', ')}, v VARCHAR(20), PRIMARY KEY (${names.join(', ')}))`,
      );
    }
  }
  for (const { name, rows } of keys) {
    const values = rows.map((row, at) => `(${row}, 'row ${at}')`);
    await there.execute(`INSERT INTO key_${name} VALUES ${values.join(', ')}`);
  }
});
afterAll(async () => {
  await Promise.all([there.drop(), back.drop()]);
});

async function run(connections: object, from: object, to: object): Promise<Summary> {
  const made = await project({ pipeline: 'keys', connections, steps: [{ copy: 'copy', from, to }] });
  try {
    return await made.run();
  } finally {
    await made.remove();
  }
}

describe('primary keys of every kind', () => {
  const prefix = tableName('keys');

  it('come back with the same checksum', async () => {
    const stage = dynamodbConnection();
    const out = await run(
      { shop: there.connection, stage },
      { connection: 'shop', tables: ['key_*'] },
      { connection: 'stage', table: `${prefix}-{table}`, create: true },
    );
    expect(out.steps.length).toBe(keys.length);
    await run(
      { stage, report: back.connection },
      { connection: 'stage', tables: [`${prefix}-*`] },
      { connection: 'report', table: '{match}', mode: 'upsert' },
    );
    const sums = (database: TestDatabase) =>
      Promise.all(keys.map(async ({ name }) => [name, await checksum(database, `key_${name}`)]));
    expect(await sums(back)).toEqual(await sums(there));
  });

  it('are found by a pattern, for which the plan names the permission', async () => {
    const made = await project({
      pipeline: 'keys',
      connections: { stage: dynamodbConnection(), report: back.connection },
      steps: [
        {
          copy: 'all',
          from: { connection: 'stage', tables: [`${prefix}-*`] },
          to: { connection: 'report', table: '{match}', mode: 'upsert' },
        },
      ],
    });
    const { events } = await made.command('plan');
    await made.remove();
    const permissions = events.flatMap((event) => (event['permissions'] ?? []) as { action: string }[]);
    expect(permissions.find(({ action }) => action === 'dynamodb:ListTables')).toMatchObject({
      resource: '*',
    });
  });

  it.each(keys)('$name is $types in DynamoDB, a key for each row', async ({ name, types, rows }) => {
    const TableName = `${prefix}-key_${name}`;
    const { Table } = await dynamodbCall('DescribeTable', { TableName });
    const { AttributeDefinitions } = Table as {
      AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
    };
    const found = new Map(AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));
    expect(types.map((_, at) => found.get(`k${at}`))).toEqual(types);
    expect((await allItems(TableName)).length).toBe(rows.length);
  });
});
