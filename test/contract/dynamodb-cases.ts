import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { registry } from '../../src/connectors/registry.js';
import { testContext } from '../fixtures/context.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { CANARY, type ContractCases, type Opened, type SinkCase, type SourceCase } from './cases.js';

interface Store extends Opened {
  readonly table: string;
}

async function open(): Promise<Store> {
  const table = tableName('contract');
  const context = await testContext({
    env: { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: `${CANARY}-secret` },
  });
  const connector = await registry.dynamodb.load();
  const options = registry.dynamodb.connection.parse(dynamodbConnection());
  const connection = connector.connect(options, context.context);
  return {
    table,
    connection,
    context,
    fingerprint: async () => {
      const names = (await tableNames()).filter((name) => name.startsWith(table));
      const contents = await Promise.all(
        names.map(async (name) => [name, ...(await allItems(name)).map(itemText).sort()]),
      );
      return createHash('sha256').update(JSON.stringify(contents)).digest('hex');
    },
    close: async () => {
      await connection.close();
      await context.close();
    },
  };
}

/** The engine gives attributes in any order. */
function itemText(item: Item): string {
  return JSON.stringify(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function tableNames(): Promise<string[]> {
  const names: string[] = [];
  let ExclusiveStartTableName: unknown;
  do {
    const page = await dynamodbCall('ListTables', { ExclusiveStartTableName });
    names.push(...(page['TableNames'] as string[]));
    ExclusiveStartTableName = page['LastEvaluatedTableName'];
  } while (ExclusiveStartTableName !== undefined);
  return names;
}

const number = (value: number) => ({ N: String(value) });

function source(
  name: string,
  make: (table: string) => Promise<void>,
  item: (id: number) => Item,
  options: object,
): SourceCase {
  return {
    name,
    open: async (rows) => {
      const store = await open();
      await make(store.table);
      await putItems(
        store.table,
        Array.from({ length: rows }, (_, id) => ({ label: { S: `${CANARY} ${id}` }, ...item(id) })),
      );
      return {
        ...store,
        options: registry.dynamodb.source.parse({ connection: 'c', table: store.table, ...options }),
      };
    },
  };
}

/** The keys of all items, in a file of the context's own folder; small items in an order of the file's. */
const listed: SourceCase = {
  name: 'listed keys',
  open: async (rows) => {
    const store = await open();
    await createTable(store.table, ['id', 'N']);
    const ids = Array.from({ length: rows }, (_, id) => id);
    await putItems(
      store.table,
      ids.map((id) => ({ id: number(id), label: { S: CANARY } })),
    );
    const file = join(store.context.context.scratch, 'keys.txt');
    await writeFile(file, ids.map((id) => `${id}\n`).join(''));
    return {
      ...store,
      options: registry.dynamodb.source.parse({ connection: 'c', table: store.table, keys: { file } }),
    };
  },
};

async function createIndexed(TableName: string): Promise<void> {
  await dynamodbCall('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'id', AttributeType: 'N' },
      { AttributeName: 'kind', AttributeType: 'S' },
    ],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-kind',
        KeySchema: [{ AttributeName: 'kind', KeyType: 'HASH' }],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  });
}

const numberKey = (table: string) => createTable(table, ['id', 'N']);
const composite = (table: string) => createTable(table, ['p', 'S'], ['id', 'N']);

const sources: SourceCase[] = [
  source('a Scan', numberKey, (id) => ({ id: number(id) }), {}),
  source(
    'a Scan of a composite key',
    composite,
    (id) => ({ p: { S: `p${id % 5}` }, id: number(id), [`only-${id % 9}`]: { BOOL: true } }),
    {},
  ),
  source(
    'a Scan that names attributes',
    numberKey,
    (id) => ({ id: number(id), other: { S: 'x'.repeat(500) } }),
    { columns: ['id', 'label'] },
  ),
  source('a Scan with a filter', numberKey, (id) => ({ id: number(id) }), {
    filter: 'id >= :zero',
    values: { ':zero': 0 },
  }),
  source('a Query', composite, (id) => ({ p: { S: 'all' }, id: number(id) }), {
    query: { partition: 'all' },
  }),
  source('a Query of an index', createIndexed, (id) => ({ id: number(id), kind: { S: 'all' } }), {
    query: { index: 'by-kind', partition: 'all' },
  }),
  source('items behind an index', createIndexed, (id) => ({ id: number(id), kind: { S: 'all' } }), {
    query: { index: 'by-kind', partition: 'all' },
    fetch: 'items',
  }),
  listed,
];

function sink(mode: string, met: SinkCase['met'], others: SinkCase['others'], more: object = {}): SinkCase {
  return {
    name: mode,
    met,
    others,
    open: async (existing) => {
      const store = await open();
      await createTable(store.table, ['id', 'N']);
      const before: Item[] = Array.from({ length: existing }, (_, id) => ({
        id: number(id),
        label: { S: 'before' },
        at: { S: '1999-01-01T00:00:00.000000' },
      }));
      await putItems(store.table, before);
      const options = { connection: 'c', table: store.table, mode, ...more };
      return {
        ...store,
        options: registry.dynamodb.sink.parse(options),
        tables: async () => (await tableNames()).filter((name) => name.includes(store.table)),
        stored: async () => {
          const items = await allItems(store.table);
          const pairs = items.map((item) => [Number(text(item, 'id')), text(item, 'label')] as const);
          return { ids: pairs.map(([id]) => id).sort((a, b) => a - b), labels: new Map(pairs) };
        },
      };
    },
  };
}

function text(item: Item, name: string): string {
  return String(Object.values(item[name] ?? { S: '' })[0]);
}

export const dynamodbCases: Partial<ContractCases> = {
  sources,
  sinks: [
    sink('put', 'overwritten', 'kept'),
    sink('insert', 'kept', 'kept'),
    sink('update', 'overwritten', 'kept'),
    sink('newest', 'overwritten', 'kept', { by: 'at' }),
    sink('mirror', 'overwritten', 'deleted', { deletes: { limit: '100%' } }),
  ],
  broken: [],
};
