import { allItems, createTable, dynamodbCall, putItems, tableName } from '../fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import type { CopyVariant, Direction } from './fault-kind.js';

/** What all trials share: the sources, which are only read, and what an undisturbed copy leaves. */
export interface FaultGround {
  readonly database: TestDatabase;
  /** The DynamoDB table with the source's items; MySQL's is `origin`. */
  readonly items: string;
  /** The rows that the copy must leave in its sink, sorted. */
  expected(direction: Direction, variant: CopyVariant): readonly string[];
  /** The rows of a sink, sorted. */
  rows(direction: Direction, sink: string): Promise<string[]>;
  remove(): Promise<void>;
}

/** Three batches from MySQL; from DynamoDB at least one for each of the segments. */
const ROWS = 2_100;
/** Every so many a value that is no number. */
const ODD_EVERY = 50;

interface Row {
  readonly id: number;
  readonly v: string;
  readonly odd: string;
}

const rows: readonly Row[] = Array.from({ length: ROWS }, (_, index) => ({
  id: index + 1,
  v: `row ${index + 1} ${'x'.repeat(100)}`,
  odd: (index + 1) % ODD_EVERY === 0 ? 'odd' : String(index),
}));

export async function makeGround(): Promise<FaultGround> {
  const database = await testDatabase('faults');
  const items = tableName('faults');
  await database.execute(
    `CREATE TABLE origin (id INT PRIMARY KEY, v VARCHAR(500), odd VARCHAR(20));
     INSERT INTO origin VALUES ${rows.map(({ id, v, odd }) => `(${id}, '${v}', '${odd}')`).join(', ')}`,
  );
  await createTable(items, ['id', 'N']);
  await putItems(
    items,
    rows.map(({ id, v, odd }) => ({ id: { N: String(id) }, v: { S: v }, odd: { S: odd } })),
  );
  return {
    database,
    items,
    expected: (_direction, { step }) =>
      texts(rows.filter(({ odd }) => !(step && 'map' in step) || odd !== 'odd')),
    rows: (direction, sink) => (direction === 'from MySQL' ? itemsOf(sink) : rowsOf(database, sink)),
    remove: async () => {
      await dynamodbCall('DeleteTable', { TableName: items });
      await database.drop();
    },
  };
}

function texts(some: readonly Row[]): string[] {
  return some.map(({ id, v, odd }) => [id, v, odd].join('|')).sort();
}

async function rowsOf(database: TestDatabase, sink: string): Promise<string[]> {
  return (await database.query(`SELECT id, v, odd FROM ${sink}`)).map((row) => row.join('|')).sort();
}

async function itemsOf(sink: string): Promise<string[]> {
  const items = await allItems(sink);
  const text = (attribute: object | undefined) => String(Object.values(attribute ?? { NULL: 'absent' })[0]);
  return items.map(({ id, v, odd }) => [id, v, odd].map(text).join('|')).sort();
}
