import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { startHttpProxy } from '../../../test/faults/http-proxy.js';
import { allItems, createTable, dynamodbCall, putItems, tableName } from '../../../test/fixtures/dynamodb.js';
import { type DynamodbEnds, dynamodbEnds, incomingOf } from '../../../test/fixtures/dynamodb-ends.js';
import { type ChangedRow, changesBatch } from '../../../test/fixtures/mysql-sink.js';
import type { Attribute } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import type { Incoming, Sink, Written } from '../connector.js';

const attribute = (name: string): Column => ({ name, type: 'attribute', nullable: true });
const columns: readonly Column[] = Object.freeze(['id', 'v'].map(attribute));

let ends: DynamodbEnds;
let table: string;
beforeAll(async () => {
  ends = await dynamodbEnds();
});
afterAll(() => ends.close());
beforeEach(async () => {
  table = tableName('changes');
  await createTable(table, ['id', 'S']);
});

const put = (id: string, v: string, sequence: string): ChangedRow => [[{ S: id }, { S: v }], { sequence }];
const remove = (id: string, sequence: string, more: object = {}): ChangedRow => [
  [{ S: id }, undefined],
  { event: 'remove', sequence, ...more },
];

/** Beyond what a number may be. */
const bad = (id: string, sequence: string): ChangedRow => [[{ S: id }, { N: '1e999' }], { sequence }];

interface Opened {
  write(changed: readonly ChangedRow[]): Promise<Written>;
  close(): Promise<void>;
}

async function planned(sink: Sink, more: Partial<Incoming> = {}) {
  return await sink.plan(incomingOf(columns, { open: true, changes: true, ...more }));
}

async function open(options: object = {}, given = ends): Promise<Opened> {
  const sink = given.sink({ table, mode: 'mirror', ...options });
  const plan = await planned(sink);
  expect(plan.findings.filter(({ level }) => level === 'refuse')).toEqual([]);
  await sink.open({ resume: false });
  const writer = await sink.writer();
  let batches = 0;
  return {
    write: (changed) => writer.write(changesBatch(columns, changed), `0.${batches++}`),
    close: async () => {
      await writer.close();
      expect(await sink.finish({ rejected: 0 })).toEqual({ deleted: 0, findings: [] });
      await sink.close();
    },
  };
}

const stored = async () =>
  (await allItems(table))
    .map(({ id, v }) => [id, v].map((one) => Object.values(one ?? {})[0]).join('|'))
    .sort();

describe('a mirror of changes', () => {
  it('puts and deletes, of each key the last change, and counts every change', async () => {
    await putItems(table, [{ id: { S: 'copied' }, v: { S: 'x' } }]);
    const sink = await open();
    const many = Array.from({ length: 130 }, (_, id) => put(`many ${id}`, 'a', '1'));
    expect(await sink.write(many)).toMatchObject({ written: 130, unchanged: 0 });
    const batch = [
      put('a', 'old', '1'),
      put('a', 'new', '10'),
      put('a', 'older', '9'),
      remove('copied', '1'),
      ...many.map((_, id) => remove(`many ${id}`, '2')),
      put('b', 'gone', '2'),
      remove('b', '3'),
    ];
    expect(await sink.write(batch)).toMatchObject({ written: 133, unchanged: 3, rejects: [] });
    expect(await stored()).toEqual(['a|new']);
    await sink.close();
  });

  it('leaves removes of expired items out where they are to be ignored', async () => {
    const sink = await open({ ttlDeletes: 'ignore' });
    await sink.write([put('a', 'x', '1'), put('b', 'x', '1')]);
    expect(await sink.write([remove('a', '2', { expired: true }), remove('b', '2')])).toMatchObject({
      written: 1,
      unchanged: 1,
    });
    expect(await stored()).toEqual(['a|x']);
    await sink.close();
  });

  it('keeps the last good change where the service refuses the newest', async () => {
    const indexed = tableName('indexed');
    await dynamodbCall('CreateTable', {
      TableName: indexed,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['id', 'v'].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'by-v',
          KeySchema: [{ AttributeName: 'v', KeyType: 'HASH' }],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    });
    table = indexed;
    const sink = await open();
    await sink.write([put('c', 'there', '1')]);
    const refused = (id: string, sequence: string): ChangedRow => [[{ S: id }, { N: '1' }], { sequence }];
    const written = await sink.write([
      put('a', 'good', '1'),
      refused('a', '2'),
      refused('a', '3'),
      remove('c', '2'),
      refused('c', '3'),
      put('d', 'fine', '4'),
    ]);
    expect(written).toMatchObject({ written: 3, unchanged: 0 });
    expect(written.rejects).toMatchObject([1, 2, 4].map((row) => ({ row, code: 'write_refused' })));
    expect(await stored()).toEqual(['a|good', 'd|fine']);
    await sink.close();
  });

  it('stops rather than rejecting what the service has not taken in time, and takes it all when it goes on', async () => {
    const proxy = await startHttpProxy(inject('dynamodb').endpoint, [
      { on: 'BatchWriteItem', fault: { kind: 'partial', share: 0.5 }, nth: 1 },
      {
        on: 'BatchWriteItem',
        fault: { kind: 'throttle' },
        nth: Array.from({ length: 100 }, (_, n) => n + 1),
      },
    ]);
    const impatient = await dynamodbEnds({ retry: (call) => call() }, proxy.endpoint);
    const sink = await open({}, impatient);
    const batch = [...Array.from({ length: 20 }, (_, id) => put(`${id}`, 'x', '1')), remove('19', '2')];
    await expect(sink.write(batch)).rejects.toMatchObject({ code: 'throttled' });
    proxy.plan.use([{ on: 'BatchWriteItem', fault: { kind: 'partial', share: 0.5 }, nth: [1, 2] }]);
    expect(await sink.write(batch)).toMatchObject({ written: 20, unchanged: 1, rejects: [] });
    expect(await stored()).toHaveLength(19);
    await sink.close();
    await impatient.close();
    await proxy.stop();
  }, 600_000);

  it('tells what will be refused: of removes the key alone is looked at', async () => {
    const sink = ends.sink({ table, mode: 'mirror' });
    await planned(sink);
    const changes = [remove('a', '1'), bad('a', '2'), remove('', '3')];
    expect(sink.trial(changesBatch(columns, changes))).toMatchObject([
      { row: 1, code: 'value_range' },
      { row: 2, code: 'key_empty' },
    ]);
  });

  it('of random histories, in order, in random batches that may be sent again, is what the last good change says', async () => {
    const sink = await open();
    const made = fc.constantFrom('a', 'b', 'bad', 'remove');
    const history = fc.array(fc.tuple(fc.constantFrom(0, 0, 1, 2), made), { minLength: 1, maxLength: 25 });
    const cuts = fc.array(
      fc.record({ size: fc.integer({ min: 1, max: 9 }), sent: fc.integer({ min: 1, max: 2 }) }),
      {
        minLength: 25,
        maxLength: 25,
      },
    );
    let histories = 0;
    const property = fc.asyncProperty(history, cuts, async (events, sizes) => {
      const name = `h${histories++}`;
      const changes = events.map(([item, what], index): ChangedRow => {
        const sequence = String(10n ** 38n + BigInt(index));
        const id = `${name}.${item}`;
        if (what === 'remove') return remove(id, sequence);
        return what === 'bad' ? bad(id, sequence) : put(id, what, sequence);
      });
      let rejected = 0;
      for (let start = 0, place = 0; start < changes.length; place++) {
        const { size, sent } = sizes[place] ?? { size: 1, sent: 1 };
        const batch = changes.slice(start, start + size);
        const outcomes = [];
        for (let time = 0; time < sent; time++) outcomes.push(await sink.write(batch));
        for (const { written, unchanged, rejects } of outcomes) {
          expect(written + unchanged + rejects.length).toBe(batch.length);
        }
        rejected += outcomes[0]?.rejects.length ?? 0;
        start += size;
      }
      const last = new Map<number, string>();
      for (const [item, what] of events) if (what !== 'bad') last.set(item, what);
      const expected = [...last].flatMap(([item, what]) =>
        what === 'remove' ? [] : [`${name}.${item}|${what}`],
      );
      expect((await stored()).filter((one) => one.startsWith(`${name}.`))).toEqual(expected.sort());
      expect(rejected).toBeLessThanOrEqual(events.filter(([, what]) => what === 'bad').length);
    });
    await fc.assert(property, { numRuns: 60, seed: 20261121, endOnFailure: true });
    await sink.close();
  }, 120_000);
});

describe('an append of changes', () => {
  const wide = Object.freeze(['id', 'sequence', 'v'].map(attribute));
  const change = (id: string, sequence: string, v: string): ChangedRow => {
    const cells: (Attribute | undefined)[] = [{ S: id }, { N: sequence }, { S: v }];
    return [cells, { sequence }];
  };

  it('is an item for each; the same again is none, and another in its place a reject', async () => {
    table = tableName('appended');
    await createTable(table, ['id', 'S'], ['sequence', 'N']);
    const sink = ends.sink({ table, mode: 'append', key: { partition: 'id', sort: 'sequence' } });
    const plan = await sink.plan(incomingOf(wide, { open: true, changes: true }));
    expect(plan.findings.filter(({ level }) => level === 'refuse')).toEqual([]);
    await sink.open({ resume: false });
    const writer = await sink.writer();
    const changes = [change('a', '1', 'x'), change('a', '2', 'y'), change('b', '1', 'z')];
    expect(await writer.write(changesBatch(wide, changes), '0')).toMatchObject({ written: 3, unchanged: 0 });
    const again = [...changes, change('b', '1', 'another')];
    expect(await writer.write(changesBatch(wide, again), '1')).toMatchObject({
      written: 0,
      unchanged: 3,
      rejects: [{ row: 3, code: 'unique_clash' }],
    });
    expect(await allItems(table)).toHaveLength(3);
    await sink.close();
  });
});

describe('the plan of a sink of changes', () => {
  const refusals = async (options: object, more: Partial<Incoming> = {}, given = ends) => {
    const plan = await planned(given.sink({ table, ...options }), more);
    return plan.findings.filter(({ level }) => level === 'refuse');
  };

  it('refuses the modes that are for copies, and append where rows come', async () => {
    for (const mode of ['put', 'insert', 'update', undefined]) {
      expect(await refusals({ mode })).toMatchObject([
        { path: 'to.mode', hint: expect.stringContaining('mirror') },
      ]);
    }
    const rows = ends.sink({ table, mode: 'append' });
    expect((await rows.plan(incomingOf(columns))).findings).toContainEqual(
      expect.objectContaining({ level: 'refuse', path: 'to.mode' }),
    );
  });

  it('refuses a key other than the source’s for a mirror, and the source’s for an append', async () => {
    expect(await refusals({ mode: 'mirror' }, { key: ['id', 'v'] })).toMatchObject([{ code: 'key_missing' }]);
    expect(await refusals({ mode: 'append' })).toMatchObject([{ code: 'key_not_unique' }]);
  });

  it('refuses to replay rejects of a mirror, since it could not tell what is older', async () => {
    const replaying = await dynamodbEnds({ replay: true });
    expect(await refusals({ mode: 'mirror' }, {}, replaying)).toMatchObject([
      { code: 'unsupported', hint: expect.stringContaining('repair') },
    ]);
    await replaying.close();
  });

  it('writes with one writer, reads no keys, and can be compared', async () => {
    const sink = ends.sink({ table, mode: 'mirror' });
    const plan = await planned(sink);
    expect(plan.maxWriters).toBe(1);
    expect(plan.permissions.flatMap(({ action, only }) => (only ? [] : [action]))).toEqual([
      'dynamodb:DescribeTable',
      'dynamodb:BatchWriteItem',
    ]);
    expect(await sink.comparison()).toMatchObject({ keyed: true, extras: 'different' });
  });
});
