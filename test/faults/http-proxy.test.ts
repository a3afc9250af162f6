import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { allItems, createTable, type Item, tableName } from '../fixtures/dynamodb.js';
import type { HttpFault, HttpProxy } from './http-proxy.js';
import { startHttpProxy } from './http-proxy.js';

let proxy: HttpProxy;
let table: string;

beforeAll(async () => {
  proxy = await startHttpProxy(inject('dynamodb').endpoint, [], 7);
});
afterAll(() => proxy.stop());
beforeEach(async () => {
  proxy.plan.use([]);
  table = tableName('proxy');
  await createTable(table, ['id', 'N']);
});

async function call(action: string, body: object): Promise<Response> {
  return await fetch(proxy.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDB_20120810.${action}`,
      authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/${inject('dynamodb').region}/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
      'x-amz-date': '20260101T000000Z',
    },
    body: JSON.stringify(body),
  });
}

const item = (id: number): Item => ({ id: { N: String(id) } });
const write = (from: number, to: number) => ({
  RequestItems: {
    [table]: Array.from({ length: to - from }, (_, index) => ({ PutRequest: { Item: item(from + index) } })),
  },
});
const strike = (on: string, fault: HttpFault) => proxy.plan.use([{ on, fault, times: 1 }]);
const stored = async () => (await allItems(table)).map((one) => Number((one['id'] as { N: string }).N));

describe('the HTTP fault proxy', () => {
  it('forwards calls and answers unchanged, and logs what was accepted', async () => {
    const response = await call('BatchWriteItem', write(0, 3));
    const text = await response.text();
    expect(JSON.parse(text)).toEqual({ UnprocessedItems: {} });
    expect(response.headers.get('x-amz-crc32')).toBe(String(crc32(text)));
    expect((await stored()).sort()).toEqual([0, 1, 2]);
    expect(proxy.events.at(-1)).toMatchObject({ action: 'BatchWriteItem', table, items: 3, accepted: 3 });
    const scan = await (await call('Scan', { TableName: table })).json();
    expect(scan).toMatchObject({ Count: 3 });
    expect(proxy.events.at(-1)).toMatchObject({ action: 'Scan', accepted: 3, fault: undefined });
  });

  it('throttles and fails without forwarding', async () => {
    strike('BatchWriteItem', { kind: 'throttle' });
    const throttled = await call('BatchWriteItem', write(0, 3));
    expect(throttled.status).toBe(400);
    expect(await throttled.text()).toContain('ProvisionedThroughputExceededException');
    strike('BatchWriteItem', { kind: 'error', status: 503, type: 'ServiceUnavailable' });
    expect((await call('BatchWriteItem', write(0, 3))).status).toBe(503);
    expect(await stored()).toEqual([]);
    expect((await call('BatchWriteItem', write(0, 3))).status).toBe(200);
  });

  it('holds back a share of a batch write and stores exactly the others', async () => {
    strike('BatchWriteItem', { kind: 'partial', share: 0.5 });
    const answer = (await (await call('BatchWriteItem', write(0, 25))).json()) as {
      UnprocessedItems: Record<string, { PutRequest: { Item: { id: { N: string } } } }[]>;
    };
    const held = (answer.UnprocessedItems[table] ?? []).map((one) => Number(one.PutRequest.Item.id.N));
    expect(held.length).toBeGreaterThan(3);
    expect(held.length).toBeLessThan(22);
    const all = [...held, ...(await stored())].sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 25 }, (_, index) => index));
    expect(proxy.events.at(-1)).toMatchObject({ items: 25, accepted: 25 - held.length });
  });

  it('holds back keys of a batch read', async () => {
    await call('BatchWriteItem', write(0, 10));
    strike('BatchGetItem', { kind: 'partial', share: 0.5 });
    const keys = Array.from({ length: 10 }, (_, index) => item(index));
    const request = { RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } };
    const answer = (await (await call('BatchGetItem', request)).json()) as {
      Responses: Record<string, Item[]>;
      UnprocessedKeys: Record<string, { Keys: Item[]; ConsistentRead: boolean }>;
    };
    const left = answer.UnprocessedKeys[table];
    expect(left?.ConsistentRead).toBe(true);
    expect((answer.Responses[table]?.length ?? 0) + (left?.Keys.length ?? 0)).toBe(10);
    expect(left?.Keys.length).toBeGreaterThan(0);
  });

  it('resets before the engine has seen the call, or after it has done it', async () => {
    strike('BatchWriteItem', { kind: 'reset before' });
    await expect(call('BatchWriteItem', write(0, 1))).rejects.toThrow();
    expect(await stored()).toEqual([]);
    strike('BatchWriteItem', { kind: 'reset after' });
    await expect(call('BatchWriteItem', write(0, 1))).rejects.toThrow();
    expect(await stored()).toEqual([0]);
  });

  it('tears an answer in the middle, and spoils its checksum', async () => {
    await call('BatchWriteItem', write(0, 20));
    strike('Scan', { kind: 'torn' });
    await expect(call('Scan', { TableName: table }).then((answer) => answer.text())).rejects.toThrow();
    strike('Scan', { kind: 'wrong crc' });
    const spoiled = await call('Scan', { TableName: table });
    expect(spoiled.headers.get('x-amz-crc32')).not.toBe(String(crc32(await spoiled.text())));
  });

  it('strikes by number and by seeded chance, the same way each time', async () => {
    proxy.plan.use([{ on: 'ListTables', nth: [2, 3], fault: { kind: 'throttle' } }]);
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await call('ListTables', {})).status);
    expect(statuses).toEqual([200, 400, 400, 200]);
    const runs = [11, 11].map(async (seed) => {
      const other = await startHttpProxy(inject('dynamodb').endpoint, [], seed);
      other.plan.use([{ on: /./, chance: 0.5, fault: { kind: 'throttle' } }]);
      const struck = Array.from({ length: 40 }, () => other.plan.next('Scan') !== undefined);
      await other.stop();
      return struck.join();
    });
    const [one, two] = await Promise.all(runs);
    expect(one).toBe(two);
    expect(one).toContain('true');
    expect(one).toContain('false');
  });

  it('tells a watcher the moments of each call', async () => {
    const moments: string[] = [];
    proxy.watch((moment, event) => {
      moments.push(`${moment} ${event.action}`);
    });
    await (await call('ListTables', {})).text();
    proxy.watch(undefined);
    expect(moments.slice(0, 2)).toEqual(['before ListTables', 'after ListTables']);
  });
});
