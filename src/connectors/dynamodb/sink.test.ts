import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  allItems,
  createTable,
  dynamodbCall,
  type Item,
  putItems,
  tableName,
} from '../../../test/fixtures/dynamodb.js';
import {
  type DynamodbEnds,
  dynamodbEnds,
  incomingOf,
  writeAll,
} from '../../../test/fixtures/dynamodb-ends.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';

const columns: readonly Column[] = Object.freeze([
  { name: 'id', type: 'int', nullable: false },
  { name: 'v', type: 'text', nullable: true },
  { name: 'at', type: 'timestamp', nullable: true },
]);
const incoming = incomingOf(columns);

let ends: DynamodbEnds;
let table: string;

beforeAll(async () => {
  ends = await dynamodbEnds();
});
afterAll(() => ends.close());
beforeEach(async () => {
  table = tableName('sink');
  await createTable(table, ['id', 'N']);
});

const row = (id: number, v: string | null | undefined, at = '2026-01-31 00:00:00'): Row => [
  String(id),
  v,
  at,
];

async function stored(): Promise<Record<string, Item>> {
  const items = await allItems(table);
  return Object.fromEntries(items.map((item) => [Object.values(item['id'] ?? {})[0], item]));
}

const write = (options: object, batches: readonly Row[][]) =>
  writeAll(ends.sink({ table, ...options }), incoming, batches);

describe('put', () => {
  it('writes any number of rows, with NULL as NULL, absent as absent and empty text as it is', async () => {
    const rows = Array.from({ length: 1013 }, (_, id) => row(id, [null, undefined, '', 'x'][id % 4]));
    const result = await write({}, [rows]);
    expect(result).toMatchObject({ written: 1013, unchanged: 0, rejects: [] });
    expect(result.units).toBeGreaterThanOrEqual(1013);
    const items = await stored();
    expect(Object.keys(items)).toHaveLength(1013);
    expect([items['0'], items['1'], items['2']].map((item) => item?.['v'])).toEqual([
      { NULL: true },
      undefined,
      { S: '' },
    ]);
    expect(items['7']).toEqual({ id: { N: '7' }, v: { S: 'x' }, at: { S: '2026-01-31T00:00:00Z' } });
  });

  it('keeps the last of the rows of a batch that have the same key', async () => {
    const rows = [row(1, 'first'), row(2, 'only'), row(1, 'second'), row(1, 'x'.repeat(410_000))];
    const result = await write({}, [rows]);
    expect(result).toMatchObject({ written: 2, unchanged: 1 });
    expect(result.rejects).toEqual([expect.objectContaining({ row: 3, code: 'item_too_large' })]);
    expect((await stored())['1']?.['v']).toEqual({ S: 'second' });
  });

  it('replaces whole items', async () => {
    await putItems(table, [{ id: { N: '1' }, old: { S: 'gone' } }]);
    await write({}, [[row(1, 'new')]]);
    expect((await stored())['1']).not.toHaveProperty('old');
  });

  it('takes an item of 400 KB and rejects one that is a byte larger', async () => {
    const room = 400 * 1024 - 'id'.length - 2 - 'v'.length - 'at'.length - '2026-01-31T00:00:00Z'.length;
    const result = await write({}, [
      [row(1, 'x'.repeat(room)), row(2, 'ä'.repeat(room / 2)), row(3, 'x'.repeat(room + 1))],
    ]);
    expect(result.written).toBe(2);
    expect(result.rejects).toEqual([
      { row: 2, code: 'item_too_large', message: 'the item is larger than 400 KB' },
    ]);
    expect(Object.keys(await stored())).toEqual(['1', '2']);
  });

  it('writes items that are large together', async () => {
    const rows = Array.from({ length: 60 }, (_, id) => row(id, String(id).padEnd(300_000, 'x')));
    expect(await write({}, [rows])).toMatchObject({ written: 60, rejects: [] });
    expect(Object.keys(await stored())).toHaveLength(60);
  });

  it('rejects by row what DynamoDB refuses, and writes the rest of its call', async () => {
    await dynamodbCall('DeleteTable', { TableName: table });
    await dynamodbCall('CreateTable', {
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'id', AttributeType: 'N' },
        { AttributeName: 'v', AttributeType: 'S' },
      ],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-v',
          KeySchema: [{ AttributeName: 'v', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    });
    const rows = Array.from({ length: 30 }, (_, id) => row(id, id % 7 === 3 ? null : `v${id}`));
    const result = await write({}, [rows]);
    expect(result.rejects.map((reject) => reject.row)).toEqual([3, 10, 17, 24]);
    for (const { code, message } of result.rejects) {
      expect(code).toBe('write_refused');
      expect(message).toContain('v');
    }
    expect(result.written).toBe(26);
    expect(Object.keys(await stored())).toHaveLength(26);
  });
});

describe('insert', () => {
  it('keeps what is there, also of this copy', async () => {
    await putItems(table, [{ id: { N: '1' }, v: { S: 'old' } }]);
    const result = await write({ mode: 'insert' }, [[row(1, 'new'), row(2, 'first'), row(2, 'second')]]);
    expect(result).toMatchObject({ written: 1, unchanged: 2, rejects: [] });
    const items = await stored();
    expect(items['1']).toEqual({ id: { N: '1' }, v: { S: 'old' } });
    expect(items['2']?.['v']).toEqual({ S: 'first' });
  });
});

describe('update', () => {
  it('sets what the row has and touches nothing else', async () => {
    await putItems(table, [{ id: { N: '1' }, v: { S: 'old' }, other: { SS: ['a'] } }]);
    const result = await write({ mode: 'update' }, [
      [
        row(1, undefined, '2026-02-01 00:00:00'),
        row(2, null),
        ['3', undefined, undefined],
        row(4, 'a'),
        row(4, undefined),
      ],
    ]);
    expect(result).toMatchObject({ written: 5, unchanged: 0, rejects: [] });
    const items = await stored();
    expect(items['1']).toEqual({
      id: { N: '1' },
      v: { S: 'old' },
      other: { SS: ['a'] },
      at: { S: '2026-02-01T00:00:00Z' },
    });
    expect(items['2']?.['v']).toEqual({ NULL: true });
    expect(items['3']).toEqual({ id: { N: '3' } });
    expect(items['4']?.['v']).toEqual({ S: 'a' });
  });

  it('sets as many attributes as one update can, and rejects more', async () => {
    const wide = (count: number): Column[] => [
      { name: 'id', type: 'int', nullable: false },
      ...Array.from({ length: count }, (_, index) => ({
        name: `c ${index}`,
        type: 'int' as const,
        nullable: true,
      })),
    ];
    for (const count of [300, 301]) {
      const of = wide(count);
      const sink = ends.sink({ table, mode: 'update' });
      const result = await writeAll(sink, incomingOf(of), [[['1', ...of.slice(1).map(() => '5')]]]);
      expect(result.written).toBe(count === 300 ? 1 : 0);
    }
    expect(Object.keys((await stored())['1'] ?? {})).toHaveLength(301);
  });
});

describe('newest', () => {
  it('writes over what is older and keeps what is newer or as new', async () => {
    const there = (id: number, at: string): Item => ({
      id: { N: String(id) },
      v: { S: 'old' },
      at: { S: at },
    });
    await putItems(table, [
      there(1, '2026-01-30T23:59:59Z'),
      there(2, '2026-01-31T00:00:00Z'),
      there(3, '2026-02-01T00:00:00Z'),
      { id: { N: '4' }, v: { S: 'undated' } },
    ]);
    const rows = [1, 2, 3, 4, 5].map((id) => row(id, 'new'));
    const result = await write({ mode: 'newest', by: 'at' }, [rows]);
    expect(result).toMatchObject({ written: 3, unchanged: 2, rejects: [] });
    const items = await stored();
    expect([1, 2, 3, 4, 5].map((id) => items[id]?.['v'])).toEqual([
      { S: 'new' },
      { S: 'old' },
      { S: 'old' },
      { S: 'new' },
      { S: 'new' },
    ]);
  });

  it('keeps the newest of several rows of a batch, in whatever order they come', async () => {
    const rows = [
      row(1, 'b', '2026-01-02 00:00:00'),
      row(1, 'c', '2026-01-03 00:00:00'),
      row(1, 'a', '2026-01-01 00:00:00'),
    ];
    expect(await write({ mode: 'newest', by: 'at' }, [rows])).toMatchObject({ written: 2, unchanged: 1 });
    expect((await stored())['1']?.['v']).toEqual({ S: 'c' });
  });

  it('rejects a row that does not say how new it is, or not in the same type', async () => {
    await putItems(table, [{ id: { N: '3' }, at: { N: '20260131' } }]);
    const rows: Row[] = [['1', 'v', null], ['2', 'v', undefined], row(3, 'v')];
    const result = await write({ mode: 'newest', by: 'at' }, [rows]);
    expect(result.rejects.map(({ row: at, code, column }) => [at, code, column])).toEqual([
      [0, 'value_null', 'at'],
      [1, 'value_null', 'at'],
      [2, 'value_type', 'at'],
    ]);
    expect(Object.keys(await stored())).toEqual(['3']);
  });
});

describe('every mode', () => {
  it.each(['put', 'insert', 'update', 'newest', 'mirror'])('%s rejects keys that cannot be', async (mode) => {
    await dynamodbCall('DeleteTable', { TableName: table });
    await createTable(table, ['p', 'S'], ['s', 'S']);
    const named: Column[] = [
      { name: 'p', type: 'text', nullable: false },
      { name: 's', type: 'text', nullable: true },
      { name: 'at', type: 'int', nullable: false },
    ];
    const rows: Row[] = [
      ['', 's', '1'],
      ['p', null, '1'],
      ['p', undefined, '1'],
      ['x'.repeat(2049), 's', '1'],
      ['p', 'x'.repeat(1025), '1'],
      ['p', 's', '1'],
    ];
    const sink = ends.sink({ table, mode, ...(mode === 'newest' ? { by: 'at' } : {}) });
    const result = await writeAll(sink, incomingOf(named, { key: ['p', 's'] }), [rows]);
    expect(result.written).toBe(1);
    expect(result.rejects.map(({ row: at, code, column }) => [at, code, column])).toEqual([
      [0, 'key_empty', 'p'],
      [1, 'key_empty', 's'],
      [2, 'key_empty', 's'],
      [3, 'key_too_long', 'p'],
      [4, 'key_too_long', 's'],
    ]);
  });
});
