/** The feed against the real engine: one shard, whatever the engine has. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createTable,
  dynamodbCall,
  type Item,
  putItems,
  tableName,
} from '../../../../test/fixtures/dynamodb.js';
import { type DynamodbEnds, dynamodbEnds, itemsOf } from '../../../../test/fixtures/dynamodb-ends.js';
import type { Feed, FeedBatch, FeedPlace } from '../../feed.js';

let ends: DynamodbEnds;
let table: string;

beforeEach(async () => {
  table = tableName('feed');
  ends = await dynamodbEnds();
});
afterEach(() => ends.close());

const size = { maxRows: 1000, maxBytes: 1_000_000 };

async function drained(feed: Feed, place: FeedPlace, request = size): Promise<FeedBatch[]> {
  const batches: FeedBatch[] = [];
  for await (const batch of feed.read(place, { ...request, drain: true })) if (batch) batches.push(batch);
  return batches;
}

const remove = (id: string) => dynamodbCall('DeleteItem', { TableName: table, Key: { id: { N: id } } });
const changesOf = (batches: readonly FeedBatch[]) =>
  batches.flatMap(({ batch }) => [...(batch.changes ?? [])]);
const rowsOf = (batches: readonly FeedBatch[]) => itemsOf(batches.map(({ batch }) => batch));

const rich: Item = {
  id: { N: '1' },
  digits: { N: '12345678901234567890123456789012345678' },
  text: { S: 'é"\\\n😀' },
  bytes: { B: 'AAEC/w==' },
  set: { NS: ['1', '2.5'] },
  map: { M: { list: { L: [{ NULL: true }, { BOOL: false }, { B: 'AA==' }] } } },
  __proto: { S: '' },
};

describe('the changes of a table', () => {
  it('are described with their key, and what reading them needs', async () => {
    await createTable(table, ['id', 'N'], ['sort', 'S'], 'NEW_IMAGE');
    const description = await ends.feed({ table }).describe();
    expect(description).toMatchObject({
      name: `changes of table ${table}`,
      key: ['id', 'sort'],
      open: true,
      retentionSeconds: 86_400,
      shards: 1,
      findings: [],
    });
    const source = await ends.source({ table }).describe();
    expect(description.identity).toBe(source.identity);
    expect(description.numbering).toMatch(/:table\/.*\/stream\//);
    const actions = description.permissions.flatMap(({ action, only }) => (only ? [] : [action]));
    expect(actions).toEqual([
      'dynamodb:DescribeTable',
      'dynamodb:DescribeStream',
      'dynamodb:GetShardIterator',
      'dynamodb:GetRecords',
    ]);
    expect(description.permissions[3]?.resource).toMatch(/\/stream\//);
  });

  it('are refused where the table has no stream, or one without items', async () => {
    const unsupported = { code: 'unsupported', hint: expect.stringContaining('update-table') };
    await createTable(table, ['id', 'N']);
    await expect(ends.feed({ table }).describe()).rejects.toMatchObject(unsupported);
    const other = tableName('feed');
    await createTable(other, ['id', 'N'], undefined, 'KEYS_ONLY');
    await expect(ends.feed({ table: other }).begin('oldest')).rejects.toMatchObject(unsupported);
    const none = ends.feed({ table: tableName('none') }).describe();
    await expect(none).rejects.toMatchObject({ code: 'table_missing' });
  });

  it('come as they were made, exactly, and a removal is its key', async () => {
    await createTable(table, ['id', 'N'], undefined, 'NEW_AND_OLD_IMAGES');
    const feed = ends.feed({ table });
    await putItems(table, [rich]);
    await putItems(table, [{ id: { N: '1' }, text: { S: 'later' } }]);
    await remove('1');
    const batches = await drained(feed, await feed.begin('oldest'));
    expect(rowsOf(batches)).toEqual([rich, { id: { N: '1' }, text: { S: 'later' } }, { id: { N: '1' } }]);
    const changes = changesOf(batches);
    expect(changes.map(({ event }) => event)).toEqual(['insert', 'modify', 'remove']);
    expect(changes.map(({ sequence }) => sequence)).toEqual(['1', '2', '3']);
    expect(Date.parse(changes[0]?.changedAt ?? '')).toBeGreaterThan(Date.now() - 600_000);
    expect(Date.parse(changes[0]?.receivedAt ?? '')).toBeGreaterThan(Date.now() - 600_000);
    expect(feed.lag()).toEqual({ seconds: 0, caughtUp: true });
  });

  it('are gone on with from the place after what was taken, and given again as they were', async () => {
    await createTable(table, ['id', 'N'], undefined, 'NEW_IMAGE');
    const feed = ends.feed({ table });
    let place = await feed.begin('oldest');
    const ids = Array.from({ length: 25 }, (_, id): Item => ({ id: { N: String(id) } }));
    await putItems(table, ids);
    const batches = await drained(feed, place, { maxRows: 10, maxBytes: 1_000_000 });
    const [first, second] = batches;
    if (!first || !second) throw new Error('there were fewer batches than rows');
    expect(first.batch.rows.length).toBe(10);
    place = feed.advance(place, [first.stretch]);
    expect(rowsOf(await drained(feed, place))).toEqual(ids.slice(10));
    place = feed.advance(
      place,
      batches.slice(1).map(({ stretch }) => stretch),
    );
    expect(rowsOf(await drained(feed, place))).toEqual([]);
    const other = ends.feed({ table });
    for (const batch of batches.filter(({ stretch }) => stretch.from !== undefined)) {
      const again: FeedBatch[] = [];
      for await (const one of other.again(batch.stretch)) again.push(one);
      expect(again.length).toBe(1);
      expect(rowsOf(again)).toEqual(rowsOf([batch]));
      expect(again[0]?.stretch).toEqual(batch.stretch);
    }
  });

  it('that were made before are left out of the latest', async () => {
    await createTable(table, ['id', 'N'], undefined, 'NEW_IMAGE');
    const feed = ends.feed({ table });
    await putItems(table, [{ id: { N: '1' } }]);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const place = await feed.begin('latest');
    await putItems(table, [{ id: { N: '2' } }]);
    expect(rowsOf(await drained(feed, place))).toEqual([{ id: { N: '2' } }]);
  });

  it('are told to be lost when the stream was switched off and on', async () => {
    await createTable(table, ['id', 'N'], undefined, 'NEW_IMAGE');
    const feed = ends.feed({ table });
    const place = await feed.begin('oldest');
    const update = (spec: object) =>
      dynamodbCall('UpdateTable', { TableName: table, StreamSpecification: spec });
    await update({ StreamEnabled: false });
    await expect(drained(feed, place)).rejects.toMatchObject({ code: 'unsupported' });
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await update({ StreamEnabled: true, StreamViewType: 'NEW_IMAGE' });
    await expect(drained(feed, place)).rejects.toMatchObject({ code: 'changes_lost' });
  });

  it('are waited for until the run is stopped', async () => {
    await createTable(table, ['id', 'N'], undefined, 'NEW_IMAGE');
    const feed = ends.feed({ table });
    const given: FeedBatch[] = [];
    let silences = 0;
    const reading = (async () => {
      const request = { ...size, drain: false };
      for await (const batch of feed.read(await feed.begin('oldest'), request)) {
        if (batch && batch.batch.rows.length > 0) given.push(batch);
        if (!batch && ++silences === 1) await putItems(table, [{ id: { N: '7' } }]);
        if (given.length > 0 && silences > 2) ends.stop();
      }
    })();
    await expect(reading).rejects.toThrow('the test stopped the run');
    expect(rowsOf(given)).toEqual([{ id: { N: '7' } }]);
  });
});
