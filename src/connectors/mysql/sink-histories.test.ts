import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type ChangedRow, column, type OpenedSink, planSink } from '../../../test/fixtures/mysql-sink.js';
import type { Written } from '../connector.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase('histories');
});
afterAll(() => database.drop());

const columns = [column('id', 'text'), column('name', 'text')];
const tables = { apply: 'applied', ignore: 'ignored' } as const;

/** What a change makes of its item. `bad` is refused by the program, `refused` by the server. */
const made = fc.constantFrom('a', 'b', 'c', 'bad', 'refused', 'remove', 'remove', 'expire');
type Made = ReturnType<typeof made.generate>['value'];

interface Delivered {
  readonly item: number;
  /** Of the item, from 0. */
  readonly order: number;
  readonly made: Made;
}

/** Histories of few items, hot ones among them; delivered in order, with repeats and latecomers, or in any order at all. */
const deliveries = fc
  .array(fc.tuple(fc.constantFrom(0, 0, 0, 1, 1, 2, 3), made), { minLength: 1, maxLength: 30 })
  .map((history) => {
    const orders = new Map<number, number>();
    return history.map(([item, what]): Delivered => {
      const order = orders.get(item) ?? 0;
      orders.set(item, order + 1);
      return { item, order, made: what };
    });
  })
  .chain((history) => {
    const some = fc.subarray(history);
    const late = fc
      .tuple(some, fc.array(fc.nat({ max: 40 }), { minLength: 30, maxLength: 30 }))
      .map(([again, places]) => {
        const all = [...history];
        for (const [index, one] of again.entries()) all.splice(places[index] ?? 0, 0, one);
        return all;
      });
    return fc.oneof(fc.constant(history), late, fc.shuffledSubarray(history, { minLength: history.length }));
  });

/** Where a batch ends, and how often it is sent in all, because the program is killed before it has noted it. */
const cuts = fc.array(fc.record({ size: fc.integer({ min: 1, max: 9 }), sent: fc.constantFrom(1, 1, 2) }), {
  minLength: 60,
  maxLength: 60,
});

/** As long as the service makes them, so that the doubles of neighbours are one. */
const sequenceOf = (order: number) => String(1_234_500_000_000_000_000_000_000_000_098n + BigInt(order));

function changeOf({ item, order, made: what }: Delivered, history: number): ChangedRow {
  const sequence = sequenceOf(order);
  const id = `${history}.${item}`;
  if (what === 'remove') return [[id, undefined], { event: 'remove', sequence }];
  if (what === 'expire') return [[id, undefined], { event: 'remove', sequence, expired: true }];
  const name = what === 'bad' ? 'x'.repeat(21) : what;
  return [[id, name], { sequence, event: order === 0 ? 'insert' : 'modify' }];
}

/** By the last change of each item that is good, whenever it came. */
function stateAfter(delivered: readonly Delivered[], ttlDeletes: keyof typeof tables): string[] {
  const last = new Map<number, Delivered>();
  for (const one of delivered) {
    if (one.made === 'bad' || one.made === 'refused') continue;
    if (one.made === 'expire' && ttlDeletes === 'ignore') continue;
    if (one.order >= (last.get(one.item)?.order ?? 0)) last.set(one.item, one);
  }
  const there = [...last.values()].filter(({ made: what }) => what !== 'remove' && what !== 'expire');
  return there.map(({ item, made: what }) => `${item}|${what}`).sort();
}

let histories = 0;

async function deliver(
  sink: OpenedSink,
  delivered: readonly Delivered[],
  sizes: readonly { readonly size: number; readonly sent: number }[],
): Promise<{ readonly state: string[]; readonly total: number; readonly rejected: Delivered[] }> {
  const history = histories++;
  let total = 0;
  const rejected: Delivered[] = [];
  for (let start = 0, place = 0; start < delivered.length; place++) {
    const { size, sent } = sizes[place] ?? { size: 1, sent: 1 };
    const batch = delivered.slice(start, start + size);
    const changed = batch.map((one) => changeOf(one, history));
    const outcomes: Written[] = [];
    for (let time = 0; time < sent; time++) {
      outcomes.push(await sink.writeChanges(changed, `${history}.${place}`));
    }
    const [outcome = { written: 0, unchanged: 0, rejects: [] }] = outcomes;
    for (const other of outcomes) expect(other).toEqual(outcome);
    total += outcome.written + outcome.unchanged + outcome.rejects.length;
    rejected.push(...outcome.rejects.flatMap(({ row }) => batch[row] ?? []));
    start += size;
  }
  const rows = await database.query(
    `SELECT SUBSTRING_INDEX(id, '.', -1), name FROM ${sink.plan.name} WHERE id LIKE '${history}.%'`,
  );
  return { state: rows.map((row) => row.join('|')).sort(), total, rejected };
}

describe.each(['apply', 'ignore'] as const)('random histories of changes, ttlDeletes: %s', (ttlDeletes) => {
  it('in random batches, in any order and repeated, leave what the last good change of each item says', async () => {
    const table = tables[ttlDeletes];
    await database.execute(
      `CREATE TABLE ${table} (id VARCHAR(30) PRIMARY KEY, name VARCHAR(20) CHECK (name <> 'refused')) COLLATE utf8mb4_bin`,
    );
    const options = { table, mode: 'mirror', ttlDeletes };
    const sink = await planSink(database, { options, columns, key: ['id'], changes: true });
    const property = fc.asyncProperty(deliveries, cuts, async (delivered, sizes) => {
      const { state, total, rejected } = await deliver(sink, delivered, sizes);
      expect(state).toEqual(stateAfter(delivered, ttlDeletes));
      expect(total).toBe(delivered.length);
      expect(rejected.filter(({ made: what }) => what !== 'bad' && what !== 'refused')).toEqual([]);
    });
    await fc.assert(property, { numRuns: 150, seed: 20261121, endOnFailure: true });
    await sink.close();
  }, 240_000);
});
