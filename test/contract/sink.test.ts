import { describe, expect, it } from 'vitest';
import type { Sink, Written } from '../../src/connectors/connector.js';
import { SluiceError } from '../../src/errors.js';
import type { Row } from '../../src/values/cell.js';
import { allCases, kindsWithSinks } from './all-cases.js';
import { CANARY, type OpenedSink, type SinkCase } from './cases.js';
import { badRow, batchOf, goodRow, ids, incoming } from './incoming.js';

async function withSink(
  example: SinkCase,
  existing: number,
  test: (opened: OpenedSink) => Promise<void>,
): Promise<void> {
  const opened = await example.open(existing);
  try {
    await test(opened);
  } finally {
    await opened.close();
  }
}

const sinkOf = (opened: OpenedSink): Sink => opened.connection.sink(opened.options, opened.context.context);

/** A sink that has been planned and opened. */
async function ready(opened: OpenedSink, resume = false): Promise<Sink> {
  const sink = sinkOf(opened);
  const plan = await sink.plan(incoming);
  expect(plan.findings.filter((finding) => finding.level === 'refuse')).toEqual([]);
  await sink.open({ resume });
  return sink;
}

/** Plans, opens, writes the batches with two writers side by side, finishes and closes. */
async function copy(opened: OpenedSink, batches: readonly Row[][], token = 'b'): Promise<Written[]> {
  const sink = await ready(opened);
  const writers = [await sink.writer(), await sink.writer()];
  const results = await Promise.all(
    writers.map(async (writer, at) => {
      const mine: Written[] = [];
      for (let index = at; index < batches.length; index += writers.length) {
        mine.push(await writer.write(batchOf(batches[index] ?? []), `${token}-${index}`));
      }
      return mine;
    }),
  );
  for (const writer of writers) await writer.close();
  const all = results.flat();
  await sink.finish({ rejected: all.reduce((sum, one) => sum + one.rejects.length, 0) });
  await sink.close();
  return all;
}

const badOf = ({ bad = badRow }: SinkCase) => (bad === 'none' ? badRow : bad);
const badCodes = ['value_too_long', 'item_too_large', 'value_type', 'value_inexact'];

const counted = (one: Written) => one.written + one.unchanged + one.rejects.length;
const total = (all: readonly Written[], count: (one: Written) => number) =>
  all.reduce((sum, one) => sum + count(one), 0);
const batches = (from: number, to: number, size: number): Row[][] => {
  const rows = ids(from, to).map(goodRow);
  return Array.from({ length: Math.ceil(rows.length / size) }, (_, at) =>
    rows.slice(at * size, (at + 1) * size),
  );
};

describe.each(kindsWithSinks)('the sinks of %s', (kind) => {
  const cases = allCases[kind]?.sinks ?? [];

  it('have cases in test/contract', () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  describe.each(cases)('$name', (example) => {
    it('plans without writing', () =>
      withSink(example, 5, async (opened) => {
        const before = await opened.fingerprint();
        const tables = await opened.tables();
        const sink = sinkOf(opened);
        const plan = await sink.plan(incoming);
        expect(plan).toMatchObject({ exists: true });
        expect(plan.batch.rows).toBeGreaterThan(0);
        expect(plan.maxWriters).toBeGreaterThan(0);
        expect(plan.permissions.length > 0).toBe(!example.free);
        expect(plan.journeys.map((journey) => journey.from)).toEqual(
          incoming.columns.map((column) => column.name),
        );
        await sink.close();
        expect(await opened.fingerprint()).toBe(before);
        expect(await opened.tables()).toEqual(tables);
      }));

    it('writes every row, and its counts add up', () =>
      withSink(example, 0, async (opened) => {
        const all = await copy(opened, batches(0, 230, 25));
        expect(total(all, counted)).toBe(230);
        expect(total(all, (one) => one.rejects.length)).toBe(0);
        const stored = await opened.stored();
        expect(stored.ids).toEqual(ids(0, 230));
        expect(stored.labels.get(7)).toBe(goodRow(7)[1]);
        expect(stored.labels.get(8)).toBe(goodRow(8)[1]);
      }));

    it('meets what is there as its mode says', () =>
      withSink(example, 10, async (opened) => {
        const all = await copy(opened, [ids(5, 15).map(goodRow)]);
        expect(total(all, counted)).toBe(10);
        const { ids: found, labels } = await opened.stored();
        const others = example.others === 'kept' ? ids(0, 5) : [];
        const doubled = example.met === 'added' ? ids(5, 10) : [];
        expect(found).toEqual([...others, ...ids(5, 15), ...doubled].sort((a, b) => a - b));
        if (example.met === 'overwritten') expect(labels.get(5)).toBe(goodRow(5)[1]);
        if (example.met === 'kept' || example.met === 'rejected') expect(labels.get(5)).toBe('before');
        if (example.met === 'rejected') expect(total(all, (one) => one.rejects.length)).toBe(5);
        if (example.met === 'kept') expect(total(all, (one) => one.unchanged)).toBe(5);
        expect(labels.get(12)).toBe(goodRow(12)[1]);
      }));

    it('writes a batch once when its token comes again', () =>
      withSink(example, 0, async (opened) => {
        const sink = await ready(opened);
        const batch = batchOf(ids(0, 20).map(goodRow));
        const writer = await sink.writer();
        await writer.write(batch, 'same');
        const again = await writer.write(batch, 'same');
        expect(counted(again)).toBe(20);
        expect(again.rejects).toEqual([]);
        const other = await sink.writer();
        expect(counted(await other.write(batch, 'same'))).toBe(20);
        await other.write(batchOf(ids(20, 25).map(goodRow)), 'next');
        await writer.close();
        await other.close();
        await sink.finish({ rejected: 0 });
        await sink.close();
        expect((await opened.stored()).ids).toEqual(ids(0, 25));
      }));

    if (example.bad !== 'none') {
      it('has kept what it refuses of a batch before it says that the batch is in', () =>
        withSink(example, 0, async (opened) => {
          const sink = await ready(opened);
          const writer = await sink.writer();
          const batch = batchOf([goodRow(0), badOf(example)(1), goodRow(2)]);
          if (sink.recorded) {
            const lost = new SluiceError('state_unusable', 'the rejects cannot be kept');
            const keep = () => Promise.reject(lost);
            await expect(writer.write(batch, 'kept', keep)).rejects.toBe(lost);
            expect((await sink.recorded(['kept'])).size).toBe(0);
          }
          const kept: number[] = [];
          const written = await writer.write(batch, 'kept', async (refused) => {
            kept.push(...refused.map(({ row }) => row));
          });
          expect(written.rejects.map(({ row }) => row)).toEqual([1]);
          const recorded = await sink.recorded?.(['kept']);
          expect(recorded?.get('kept')?.rejected).toBe(sink.recorded && 1);
          expect(kept).toEqual(sink.recorded ? [1] : []);
          await writer.close();
          await sink.finish({ rejected: 1 });
          await sink.close();
          expect((await opened.stored()).ids).toEqual([0, 2]);
        }));
    }

    it('goes on after a failure: what was written stays, and comes neither twice nor never', () =>
      withSink(example, 0, async (opened) => {
        const [first, second] = [batchOf(ids(0, 20).map(goodRow)), batchOf(ids(20, 30).map(goodRow))];
        const failed = await ready(opened);
        const before = await failed.writer();
        await before.write(first, 'first');
        await before.close();
        await failed.abandon();
        await failed.close();
        const sink = await ready(opened, true);
        const recorded = (await sink.recorded?.(['first', 'second'])) ?? new Map();
        if (sink.recorded) expect([...recorded.keys()]).toEqual(['first']);
        const writer = await sink.writer();
        expect(counted(await writer.write(first, 'first'))).toBe(20);
        expect(counted(await writer.write(second, 'second'))).toBe(10);
        await writer.close();
        await sink.finish({ rejected: 0 });
        await sink.close();
        expect((await opened.stored()).ids).toEqual(ids(0, 30));
      }));

    it('rejects exactly the bad rows of a batch, and names no value', () =>
      withSink(example, 0, async (opened) => {
        const placed = [0, 13, 14, 39];
        const bad = example.bad === 'none' ? [] : placed;
        const rows = ids(0, 40).map((id) => (placed.includes(id) ? badOf(example)(id) : goodRow(id)));
        const [result] = await copy(opened, [rows]);
        const rejects = result?.rejects ?? [];
        expect(rejects.map((one) => one.row).sort((a, b) => a - b)).toEqual(bad);
        for (const { code } of rejects) expect(badCodes).toContain(code);
        expect(JSON.stringify(rejects)).not.toContain(CANARY);
        expect((await opened.stored()).ids).toEqual(ids(0, 40).filter((id) => !bad.includes(id)));
      }));

    it('keeps no row when every row is bad, and the counts still add up', () =>
      withSink(example, 0, async (opened) => {
        const all = await copy(opened, [ids(0, 3).map(badOf(example))]);
        const takesAll = example.bad === 'none';
        expect(all.map((one) => [counted(one), one.rejects.length])).toEqual([[3, takesAll ? 0 : 3]]);
        expect((await opened.stored()).ids).toEqual(takesAll ? ids(0, 3) : []);
      }));

    it('leaves the old rows when it is abandoned, and no debris once another run has finished', () =>
      withSink(example, 5, async (opened) => {
        const before = await opened.tables();
        const sink = await ready(opened);
        await sink.abandon();
        await sink.abandon();
        await sink.close();
        expect((await opened.stored()).ids).toEqual(ids(0, 5));
        const { context } = opened.context;
        const next = { ...opened, context: { ...opened.context, context: { ...context, run: 'another' } } };
        await copy(next, [ids(50, 55).map(goodRow)]);
        const left = (await opened.tables()).filter((name) => !before.includes(name));
        expect(left.filter((name) => !/ledger/.test(name))).toEqual([]);
      }));

    it('leaves nothing but its ledger behind when it has finished', () =>
      withSink(example, 5, async (opened) => {
        const before = await opened.tables();
        await copy(opened, [ids(0, 5).map(goodRow)]);
        const left = (await opened.tables()).filter((name) => !before.includes(name));
        expect(left.filter((name) => !/ledger/.test(name))).toEqual([]);
      }));

    it('closes twice', () =>
      withSink(example, 0, async (opened) => {
        const sink = await ready(opened);
        const writer = await sink.writer();
        await writer.close();
        await writer.close();
        await sink.abandon();
        await sink.close();
        await sink.close();
        await opened.connection.close();
        await opened.connection.close();
      }));

    it('refuses in its plan what lacks the key, without a value', () =>
      withSink(example, 0, async (opened) => {
        const sink = sinkOf(opened);
        const columns = incoming.columns.filter((column) => column.name !== 'id');
        const outcome = await sink.plan({ ...incoming, columns, key: [] }).catch((error: unknown) => error);
        if (example.keyless) expect(outcome).toMatchObject({ findings: [] });
        else if (outcome instanceof SluiceError) expect(outcome.code).toBe('key_missing');
        else expect(JSON.stringify(outcome)).toContain('"refuse"');
        expect(JSON.stringify(outcome)).not.toContain(CANARY);
        await sink.close();
      }));
  });

  it('say that a table is missing, without a secret', async () => {
    const [example] = cases;
    if (!example) throw new Error(`no cases for ${kind}`);
    const opened = await example.open(0);
    const options = { ...opened.options, table: 'not-there-at-all' };
    const sink = opened.connection.sink(options, opened.context.context);
    const outcome = await sink.plan(incoming).catch((caught: unknown) => caught);
    const codes =
      outcome instanceof SluiceError
        ? [outcome.code]
        : (outcome as { findings: { code: string }[] }).findings.map((finding) => finding.code);
    if (example.keyless) expect(outcome).toMatchObject({ exists: false, findings: [] });
    else expect(codes).toContain('table_missing');
    expect(String(outcome) + JSON.stringify(outcome)).not.toContain(CANARY);
    await sink.close();
    await opened.close();
  });
});
