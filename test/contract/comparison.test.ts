import { describe, expect, it } from 'vitest';
import type { ComparableRow, Comparison, Expected } from '../../src/connectors/comparison.js';
import type { Sink } from '../../src/connectors/connector.js';
import { allCases, kindsWithComparisons } from './all-cases.js';
import type { OpenedSink, SinkCase } from './cases.js';
import { badRow, batchOf, goodRow, ids, incoming } from './incoming.js';

/** A sink that holds copied rows, and a second one, planned only, that compares. */
async function compared(
  example: SinkCase,
  rows: number,
  test: (comparison: Comparison, opened: OpenedSink) => Promise<void>,
): Promise<void> {
  const opened = await example.open(0);
  const sinkOf = (): Sink => opened.connection.sink(opened.options, opened.context.context);
  try {
    const sink = sinkOf();
    await sink.plan(incoming);
    await sink.open({ resume: false });
    const writer = await sink.writer();
    await writer.write(batchOf(ids(0, rows).map(goodRow)), 'b');
    await writer.close();
    await sink.finish({ rejected: 0 });
    await sink.close();
    const other = sinkOf();
    await other.plan(incoming);
    await test(await other.comparison(), opened);
    await other.close();
  } finally {
    await opened.close();
  }
}

async function actualRows(comparison: Comparison): Promise<ComparableRow[]> {
  const rows: ComparableRow[] = [];
  for (const stream of comparison.actual(3)) for await (const some of stream) rows.push(...some);
  return rows;
}

const rowsOf = (expected: readonly Expected[]) => expected.filter((row) => !('refused' in row));
const inOrder = (rows: readonly (ComparableRow | Expected)[]) =>
  rows.map((row) => JSON.stringify(row)).sort();

describe.each(kindsWithComparisons)('comparing with the sinks of %s', (kind) => {
  describe.each(allCases[kind]?.sinks ?? [])('$name', (example) => {
    it('spells the rows that are there as those that come, and finds each by its key', () =>
      compared(example, 25, async (comparison) => {
        const expected = rowsOf(comparison.expected(batchOf(ids(0, 25).map(goodRow)))) as ComparableRow[];
        expect(inOrder(await actualRows(comparison))).toEqual(inOrder(expected));
        if (!comparison.keyed) return;
        expect(new Set(expected.map(({ key }) => key)).size).toBe(25);
        const found = await comparison.fetch(expected.map(({ key }) => key));
        expect(inOrder([...found.values()])).toEqual(inOrder(expected));
        for (const row of expected) {
          expect(comparison.differences(row, found.get(row.key) ?? { key: '', content: '' })).toEqual([]);
        }
        expect(comparison.keyValues(expected[7]?.key ?? '')).toEqual({ id: '7' });
      }));

    it('says which rows a copy would refuse', () =>
      compared(example, 1, async (comparison) => {
        const expected = comparison.expected(batchOf([goodRow(1), badRow(2), goodRow(3)]));
        expect(expected.map((row) => 'refused' in row)).toEqual([false, true, false]);
        expect(expected[1]).toMatchObject({ refused: { row: 1 } });
      }));

    it('leaves everything as it is, and deletes the rows it is told to, and no others', () =>
      compared(example, 10, async (comparison, opened) => {
        const before = await opened.fingerprint();
        const rows = await actualRows(comparison);
        const keys = rows.map(({ key }) => key);
        await comparison.fetch(comparison.keyed ? keys : []);
        expect(await opened.fingerprint()).toBe(before);
        expect(comparison.extras).toBe(example.others === 'deleted' ? 'different' : 'allowed');
        if (!comparison.keyed) return;
        const gone = keys.filter((key) => Number(comparison.keyValues(key)['id']) % 3 === 0);
        expect(await comparison.remove(gone)).toBe(gone.length);
        expect(await comparison.remove(gone)).toBe(0);
        expect((await opened.stored()).ids).toEqual([1, 2, 4, 5, 7, 8]);
      }));
  });
});
