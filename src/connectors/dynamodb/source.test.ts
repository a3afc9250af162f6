import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createTable,
  dynamodbCall,
  type Item,
  putItems,
  tableName,
} from '../../../test/fixtures/dynamodb.js';
import {
  type DynamodbEnds,
  dynamodbEnds,
  itemsOf,
  readBatches,
} from '../../../test/fixtures/dynamodb-ends.js';
import type { Cost } from '../connector.js';

let ends: DynamodbEnds;
let table: string;

beforeAll(async () => {
  ends = await dynamodbEnds();
});
afterAll(() => ends.close());
beforeEach(() => {
  table = tableName('source');
});

const sorted = (items: readonly Item[]) =>
  items.map((item) => JSON.stringify(Object.entries(item).sort())).sort();

async function fill(count: number, item: (id: number) => Item): Promise<Item[]> {
  const items = Array.from({ length: count }, (_, id) => item(id));
  await putItems(table, items);
  return items;
}

/** Orders by customer, with two indexes: by status and total (keys only), and a local one by total. */
async function orders(): Promise<Item[]> {
  const key = (...names: string[]) =>
    names.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' }));
  await dynamodbCall('CreateTable', {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'customer', AttributeType: 'S' },
      { AttributeName: 'at', AttributeType: 'S' },
      { AttributeName: 'status', AttributeType: 'S' },
      { AttributeName: 'total', AttributeType: 'N' },
    ],
    KeySchema: key('customer', 'at'),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'by-status',
        KeySchema: key('status', 'total'),
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
    LocalSecondaryIndexes: [
      { IndexName: 'by-total', KeySchema: key('customer', 'total'), Projection: { ProjectionType: 'ALL' } },
    ],
  });
  return fill(240, (id) => ({
    customer: { S: `c${id % 3}` },
    at: {
      S: `2026-${String(1 + (id % 12)).padStart(2, '0')}-${String(1 + Math.floor(id / 12)).padStart(2, '0')}`,
    },
    status: { S: id % 2 === 0 ? 'paid' : 'open' },
    total: { N: String((id % 50) + 0.5) },
    order: { S: `order ${id}` },
    'odd name': { BOOL: id % 2 === 0 },
  }));
}

describe('a Scan', () => {
  it.each([1, 2, 7])('gives every item once in %s segments, over many pages', async (parts) => {
    await createTable(table, ['id', 'N']);
    const items = await fill(300, (id) => ({ id: { N: String(id) }, fat: { S: 'x'.repeat(12_000) } }));
    const source = ends.source({ table });
    const batches = await readBatches(source, { parts });
    expect(sorted(itemsOf(batches))).toEqual(sorted(items));
    expect(source.report().units).toBeGreaterThan(300 * 2.5);
  });

  it('goes on through pages that the filter leaves empty', async () => {
    await createTable(table, ['id', 'N']);
    const items = await fill(600, (id) => ({
      id: { N: String(id) },
      hit: { BOOL: id % 250 === 0 },
      fat: { S: 'x'.repeat(12_000) },
    }));
    const source = ends.source({ table, filter: 'hit = :yes', values: { ':yes': true } });
    const found = itemsOf(await readBatches(source));
    expect(sorted(found)).toEqual(
      sorted(items.filter((item) => JSON.stringify(item['hit']) === '{"BOOL":true}')),
    );
  });

  it('grows its columns as attributes appear, each list with its own identity', async () => {
    await createTable(table, ['id', 'N']);
    const items = await fill(500, (id) => ({
      id: { N: String(id) },
      [`a${Math.floor(id / 5)}`]: { S: 'x' },
    }));
    const batches = await readBatches(ends.source({ table }), { maxRows: 50 });
    expect(sorted(itemsOf(batches))).toEqual(sorted(items));
    for (const batch of batches) {
      expect(Object.isFrozen(batch.columns)).toBe(true);
      expect([...batch.rows].every((row) => row.length === batch.columns.length)).toBe(true);
    }
    expect(batches.at(-1)?.columns).toHaveLength(101);
  });

  it('starts a new list of columns when there are more attributes than a list can have', async () => {
    await createTable(table, ['id', 'N']);
    const items = await fill(60, (id) => ({
      id: { N: String(id) },
      ...Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`a${id}-${index}`, { N: '1' }])),
    }));
    const batches = await readBatches(ends.source({ table }));
    expect(sorted(itemsOf(batches))).toEqual(sorted(items));
    expect(batches.length).toBeGreaterThan(2);
    for (const batch of batches) expect(batch.columns.length).toBeLessThanOrEqual(2000);
  });

  it('goes on after any batch, without losing or repeating an item', async () => {
    await createTable(table, ['p', 'S'], ['s', 'N']);
    const items = await fill(230, (id) => ({ p: { S: `p#${id % 4}` }, s: { N: String(id) } }));
    const source = ends.source({ table });
    const [part] = await source.parts(1);
    if (!part) throw new Error('no part');
    const found: Item[] = [];
    let after: string | undefined;
    for (;;) {
      const reading = source.read(part, {
        maxRows: 37,
        maxBytes: 1e6,
        ...(after === undefined ? {} : { after }),
      });
      const { value, done } = await reading[Symbol.asyncIterator]().next();
      if (done) break;
      found.push(...itemsOf([value]));
      after = value.position;
    }
    expect(sorted(found)).toEqual(sorted(items));
  });

  it('reads only the named attributes, reserved words and odd names too, and always the key', async () => {
    const items = await orders();
    const source = ends.source({ table, columns: ['order', 'odd name', 'missing'] });
    const description = await source.describe();
    expect(description).toMatchObject({ open: false, key: ['customer', 'at'] });
    expect(description.columns.map(({ name }) => name)).toEqual([
      'customer',
      'at',
      'order',
      'odd name',
      'missing',
    ]);
    const found = itemsOf(await readBatches(source));
    const wanted = items.map(({ customer, at, order, 'odd name': odd }) => ({
      customer,
      at,
      order,
      'odd name': odd,
    }));
    expect(sorted(found)).toEqual(sorted(wanted as Item[]));
  });

  it('filters with reserved words as names', async () => {
    const items = await orders();
    const found = itemsOf(
      await readBatches(
        ends.source({
          table,
          filter: 'begins_with(order, :o) AND status = :s',
          values: { ':o': 'order 1', ':s': 'paid' },
        }),
      ),
    );
    const wanted = items.filter(
      (item) => /order 1/.test(JSON.stringify(item)) && /paid/.test(JSON.stringify(item)),
    );
    expect(wanted.length).toBeGreaterThan(10);
    expect(sorted(found)).toEqual(sorted(wanted));
  });

  it('is strongly consistent unless it is asked not to be', async () => {
    await createTable(table, ['id', 'N']);
    expect((await ends.source({ table }).describe()).consistency).toContain('strongly');
    expect((await ends.source({ table, consistency: 'eventual' }).describe()).consistency).toContain(
      'eventually',
    );
  });

  it('asks a paced read for less than a second at a time, and says what each page cost', async () => {
    await createTable(table, ['id', 'N']);
    const items = await fill(60, (id) => ({ id: { N: String(id) }, fat: { S: 'x'.repeat(8000) } }));
    const costs: Cost[] = [];
    const paced = await dynamodbEnds({
      readRates: { units: 40 },
      paceRead: async (likely, read, spent) => {
        expect(likely.units).toBeLessThanOrEqual(20);
        const answer = await read();
        costs.push(spent?.(answer) ?? likely);
        return answer;
      },
    });
    const source = paced.source({ table });
    expect(sorted(itemsOf(await readBatches(source)))).toEqual(sorted(items));
    const units = costs.reduce((sum, cost) => sum + (cost.units ?? 0), 0);
    expect(units).toBeCloseTo(source.report().units);
    expect(costs.length).toBeGreaterThan(10);
    await paced.close();
  });
});

describe('a Query', () => {
  const read = async (query: object, more: object = {}) =>
    itemsOf(await readBatches(ends.source({ table, query, ...more }), { maxRows: 20 }));
  const text = (item: Item, name: string) => String(Object.values(item[name] ?? {})[0]);

  it('reads one partition, in order or the other way round', async () => {
    await orders();
    const found = (await read({ partition: 'c1' })).map((item) => text(item, 'at'));
    expect(found).toHaveLength(80);
    expect(found).toEqual([...found].sort());
    const back = await read({ partition: 'c1', descending: true });
    expect(back.map((item) => text(item, 'at'))).toEqual([...found].reverse());
  });

  it('reads from a sort key, taken in, to another, left out', async () => {
    const items = await orders();
    const between = (from: string, to: string) =>
      items.filter(
        (item) => text(item, 'customer') === 'c1' && text(item, 'at') >= from && text(item, 'at') < to,
      );
    for (const [from, to] of [
      ['2026-02', '2026-05'],
      ['2026-02-01', '2026-05-02'],
      ['2026-05-01', '2026-05-01'],
    ] as const) {
      expect(sorted(await read({ partition: 'c1', sort: { from, to } }))).toEqual(sorted(between(from, to)));
    }
    expect(sorted(await read({ partition: 'c1', sort: { from: '2026-11' } }))).toEqual(
      sorted(between('2026-11', '9')),
    );
    expect(sorted(await read({ partition: 'c1', sort: { to: '2026-03' } }))).toEqual(
      sorted(between('', '2026-03')),
    );
    expect(sorted(await read({ partition: 'c1', sort: { beginsWith: '2026-02' } }))).toEqual(
      sorted(between('2026-02', '2026-03')),
    );
    const [first] = between('2026-05', '2026-06');
    expect(await read({ partition: 'c1', sort: { equals: text(first ?? {}, 'at') } })).toHaveLength(1);
  });

  it('reads an index, whose numbers may be written in any way', async () => {
    const items = await orders();
    const wanted = items.filter(
      (item) =>
        text(item, 'status') === 'paid' &&
        Number(text(item, 'total')) >= 10 &&
        Number(text(item, 'total')) < 20.5,
    );
    const query = { index: 'by-status', partition: 'paid', sort: { from: '1e1', to: { N: '20.50' } } };
    const found = await read(query);
    expect(found).toHaveLength(wanted.length);
    expect(new Set(found.flatMap(Object.keys))).toEqual(new Set(['customer', 'at', 'status', 'total']));
  });

  it('fetches the whole items behind a keys-only index, in its order', async () => {
    const items = await orders();
    const wanted = items.filter((item) => text(item, 'status') === 'paid');
    const source = ends.source({ table, query: { index: 'by-status', partition: 'paid' }, fetch: 'items' });
    const found = itemsOf(await readBatches(source, { maxRows: 30 }));
    expect(sorted(found)).toEqual(sorted(wanted));
    const totals = found.map((item) => Number(text(item, 'total')));
    expect(totals).toEqual([...totals].sort((a, b) => a - b));
    expect(
      (await source.describe()).permissions.map(({ action, resource }) => [
        action,
        resource.replace(/^.*:table/, ''),
      ]),
    ).toEqual([
      ['dynamodb:DescribeTable', `/${table}`],
      ['dynamodb:BatchGetItem', `/${table}`],
      ['dynamodb:Query', `/${table}/index/by-status`],
      ['dynamodb:Query', `/${table}`],
    ]);
    const named = ends.source({
      table,
      query: { index: 'by-status', partition: 'paid' },
      fetch: 'items',
      columns: ['order'],
    });
    expect(Object.keys(itemsOf(await readBatches(named))[0] ?? {}).sort()).toEqual([
      'at',
      'customer',
      'order',
    ]);
  });

  it('goes on after any batch of an index', async () => {
    await orders();
    const source = ends.source({ table, query: { index: 'by-status', partition: 'paid' }, fetch: 'items' });
    const [part] = await source.parts(3);
    if (!part) throw new Error('no part');
    const all = await readBatches(source, { maxRows: 17 });
    const rest = [];
    const after = all[2]?.position ?? '';
    for await (const batch of source.read(part, { maxRows: 17, maxBytes: 1e6, after })) rest.push(batch);
    expect(itemsOf(rest)).toEqual(itemsOf(all.slice(3)));
  });

  it('is one part, and its table key is unique', async () => {
    await orders();
    const source = ends.source({ table, query: { index: 'by-total', partition: 'c1' } });
    expect(await source.parts(8)).toHaveLength(1);
    expect(await source.unique(['at', 'customer', 'x'])).toBe('index');
    expect(await source.unique(['customer', 'total'])).toBe('unknown');
  });

  it.each<[string, object, string]>([
    ['an index that is not there', { query: { index: 'nope', partition: 'x' } }, 'declaration_invalid'],
    [
      'strong reads of a global index',
      { query: { index: 'by-status', partition: 'x' }, consistency: 'strong' },
      'unsupported',
    ],
    [
      'a text for a number key',
      { query: { index: 'by-status', partition: 'paid', sort: { from: 'a' } } },
      'key_type',
    ],
    ['a bool for a key', { query: { partition: true } }, 'key_type'],
    [
      'beginsWith on a number',
      { query: { index: 'by-status', partition: 'paid', sort: { beginsWith: '1' } } },
      'declaration_invalid',
    ],
    ['a filter that is none', { filter: 'order ==== :o', values: { ':o': 1 } }, 'declaration_invalid'],
    [
      'a value that is not used',
      { filter: 'attribute_exists(order)', values: { ':o': 1 } },
      'declaration_invalid',
    ],
    ['fetch without an index', { query: { partition: 'c1' }, fetch: 'items' }, 'declaration_invalid'],
  ])('refuses %s before anything is read', async (_, options, code) => {
    await orders();
    await expect(ends.source({ table, ...options }).describe()).rejects.toMatchObject({
      code,
      retry: 'never',
    });
  });
});

it('finds tables by patterns, over all pages of the list', async () => {
  const names = Array.from({ length: 3 }, (_, index) => `${table}.${index}-a`);
  for (const name of names) await createTable(name, ['id', 'N']);
  expect(await ends.connection.tables([`${table}.*`])).toEqual(names);
  expect(await ends.connection.tables([`${table}.?-a`, `${table}.1-*`])).toEqual(names);
  expect(await ends.connection.tables([`${table}?`, `${table}x*`])).toEqual([]);
});

it('says that a table is missing', async () => {
  await expect(ends.source({ table: 'no-such-table' }).describe()).rejects.toMatchObject({
    code: 'table_missing',
  });
});
