/** Nothing is lost, nothing is doubled and the counts are right when answers fail. The proxy's engine is the truth. */
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import type { Rule } from '../../../test/faults/fault-plan.js';
import { type HttpFault, type HttpProxy, startHttpProxy } from '../../../test/faults/http-proxy.js';
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
  itemsOf,
  readBatches,
  writeAll,
} from '../../../test/fixtures/dynamodb-ends.js';
import { retry } from '../../engine/retry.js';
import { SluiceError } from '../../errors.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import type { Context } from '../connector.js';

const columns: readonly Column[] = Object.freeze([
  { name: 'id', type: 'int', nullable: false },
  { name: 'v', type: 'text', nullable: true },
]);

let proxy: HttpProxy;
let ends: DynamodbEnds;
let table: string;

/** Patient as a run is, but for its waits: how long 90 % of unprocessed items take is a matter of chance. */
async function tireless<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.retry === 'never') throw error;
    }
  }
}

async function start(rules: readonly Rule<HttpFault>[], patienceMs?: number): Promise<void> {
  proxy = await startHttpProxy(inject('dynamodb').endpoint, rules, 7);
  const never = new AbortController().signal;
  const patient: Context['retry'] = (call) =>
    patienceMs === undefined ? tireless(call) : retry(call, patienceMs, never);
  ends = await dynamodbEnds({ retry: patient }, proxy.endpoint);
}

beforeEach(async () => {
  table = tableName('faults');
  await createTable(table, ['id', 'N']);
});
afterEach(async () => {
  await ends.close();
  await proxy.stop();
});

const rows = (count: number): Row[] => Array.from({ length: count }, (_, id) => [String(id), `v${id}`]);
const ids = async () =>
  (await allItems(table)).map((item) => Number(Object.values(item['id'] ?? {})[0])).sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, id) => id);

const faults: [string, HttpFault, number][] = [
  ['30 % unprocessed', { kind: 'partial', share: 0.3 }, 1],
  ['60 % unprocessed', { kind: 'partial', share: 0.6 }, 1],
  ['90 % unprocessed', { kind: 'partial', share: 0.9 }, 1],
  ['throttles', { kind: 'throttle' }, 0.4],
  ['status 500', { kind: 'error', status: 500, type: 'InternalServerError' }, 0.4],
  ['resets before the call', { kind: 'reset before' }, 0.3],
  ['resets after the call', { kind: 'reset after' }, 0.3],
  ['torn answers', { kind: 'torn' }, 0.3],
  ['wrong checksums', { kind: 'wrong crc' }, 0.3],
  ['slow answers', { kind: 'slow', ms: 200 }, 0.2],
];

describe('writing through', () => {
  it.each(faults)('%s puts every row, and counts it once', async (_, fault, chance) => {
    await start([{ on: 'BatchWriteItem', fault, chance }]);
    const result = await writeAll(ends.sink({ table }), incomingOf(columns), [rows(200)]);
    expect(result).toMatchObject({ written: 200, unchanged: 0, rejects: [] });
    expect(await ids()).toEqual(upTo(200));
    expect(proxy.plan.struck()[0]).toBeGreaterThan(0);
  });

  it.each(['insert', 'newest', 'update'])(
    'lost answers tells %s rows that it wrote itself from those that were there',
    async (mode) => {
      await putItems(table, [{ id: { N: '0' }, v: { S: 'was there' } }]);
      await start([{ on: /PutItem|UpdateItem/, fault: { kind: 'reset after' }, chance: 0.4 }]);
      const result = await writeAll(
        ends.sink({ table, mode, ...(mode === 'newest' ? { by: 'v' } : {}) }),
        incomingOf(columns),
        [rows(60)],
      );
      const kept = mode === 'update' ? 0 : 1;
      expect(result).toMatchObject({ written: 60 - kept, unchanged: kept, rejects: [] });
      expect(await ids()).toEqual(upTo(60));
    },
  );

  it.each(faults.filter(([name]) => /unprocessed|throttles|after/.test(name)))(
    '%s deletes exactly what is gone',
    async (_, fault, chance) => {
      await putItems(
        table,
        Array.from({ length: 215 }, (_item, id) => ({ id: { N: String(id) } })),
      );
      const on = fault.kind === 'partial' ? 'BatchWriteItem' : /BatchWriteItem|Scan/;
      await start([{ on, fault, chance }]);
      const result = await writeAll(ends.sink({ table, mode: 'mirror' }), incomingOf(columns), [rows(200)]);
      expect(result).toMatchObject({ written: 200, finished: { deleted: 15 } });
      expect(await ids()).toEqual(upTo(200));
    },
  );
});

describe('out of patience', () => {
  it('the rows that were not taken are rejects, and only those', async () => {
    await start(
      [
        {
          on: 'BatchWriteItem',
          fault: { kind: 'throttle' },
          nth: Array.from({ length: 500 }, (_, n) => n + 3),
        },
      ],
      300,
    );
    const result = await writeAll(ends.sink({ table }), incomingOf(columns), [rows(100)]);
    expect(result.written).toBe(50);
    expect(result.rejects).toHaveLength(50);
    for (const reject of result.rejects) expect(reject.code).toBe('retries_exhausted');
    const written = upTo(100).filter((id) => !result.rejects.some(({ row }) => row === id));
    expect(await ids()).toEqual(written);
  });

  it('a mirror whose deletes fail says so', async () => {
    await putItems(table, [{ id: { N: '500' } }]);
    await start(
      [
        {
          on: 'BatchWriteItem',
          fault: { kind: 'throttle' },
          nth: Array.from({ length: 500 }, (_, n) => n + 2),
        },
      ],
      300,
    );
    const sink = ends.sink({ table, mode: 'mirror', deletes: { limit: 5 } });
    await expect(writeAll(sink, incomingOf(columns), [rows(20)])).rejects.toMatchObject({
      code: 'throttled',
    });
  });

  it('a failure that will not pass stops the copy', async () => {
    await start([
      { on: 'BatchWriteItem', fault: { kind: 'error', status: 400, type: 'AccessDeniedException' } },
    ]);
    await expect(writeAll(ends.sink({ table }), incomingOf(columns), [rows(100)])).rejects.toMatchObject({
      code: 'access_denied',
    });
    expect(proxy.count('BatchWriteItem')).toBeLessThanOrEqual(4);
  });
});

describe('reading through', () => {
  it.each(faults)('%s gives every item once, by Scan and by fetch', async (_, fault, chance) => {
    await dynamodbCall('DeleteTable', { TableName: table });
    await dynamodbCall('CreateTable', {
      TableName: table,
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
    const items = upTo(120).map(
      (id): Item => ({ id: { N: String(id) }, kind: { S: 'k' }, v: { S: 'x'.repeat(100) } }),
    );
    await putItems(table, items);
    const on = fault.kind === 'partial' ? 'BatchGetItem' : /Scan|Query|BatchGetItem/;
    await start([{ on, fault, chance }]);
    for (const query of [{}, { query: { index: 'by-kind', partition: 'k' }, fetch: 'items' }]) {
      const found = itemsOf(await readBatches(ends.source({ table, ...query }), { parts: 3, maxRows: 40 }));
      expect(found).toHaveLength(120);
      expect(new Set(found.map((item) => JSON.stringify(item['id']))).size).toBe(120);
      expect(found.every((item) => 'v' in item)).toBe(true);
    }
  });

  it('a failure that will not pass is thrown, also of a page that was read ahead', async () => {
    await putItems(
      table,
      upTo(100).map((id) => ({ id: { N: String(id) }, v: { S: 'x'.repeat(30_000) } })),
    );
    await start([
      { on: 'Scan', fault: { kind: 'error', status: 400, type: 'AccessDeniedException' }, nth: 2 },
    ]);
    const reading = readBatches(ends.source({ table }));
    await expect(reading).rejects.toBeInstanceOf(SluiceError);
    await expect(reading).rejects.toMatchObject({ code: 'access_denied' });
  });
});
