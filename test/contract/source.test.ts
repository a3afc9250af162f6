import { describe, expect, it } from 'vitest';
import type { Part, ReadRequest, Source, Stretch } from '../../src/connectors/connector.js';
import { restoredKey } from '../../src/engine/trace/key.js';
import { SluiceError } from '../../src/errors.js';
import type { Batch, Position } from '../../src/values/batch.js';
import { allCases, kindsWithSources } from './all-cases.js';
import { CANARY, type SourceCase } from './cases.js';
import { ids } from './incoming.js';

const ROWS = 157;
const BIG = { maxRows: 1000, maxBytes: 1_000_000 };

/** The `id` of each row of the batch, whatever form the cells have. */
function idsOf(batch: Batch): number[] {
  const at = batch.columns.findIndex((column) => column.name === 'id');
  return batch.rows.map((row) => {
    const cell = row[at];
    if (typeof cell === 'string') return Number(cell);
    if (cell && typeof cell === 'object' && 'N' in cell) return Number(cell.N);
    throw new Error('a row without its id');
  });
}

async function readAll(source: Source, wanted: number, request = BIG): Promise<number[]> {
  const found: number[] = [];
  for (const part of await source.parts(wanted)) {
    for await (const batch of source.read(part, request)) found.push(...idsOf(batch));
  }
  return found;
}

/** The cells of the batch's first row, absent ones left out. */
function rowOf({ columns, rows }: Batch): object {
  const cells = columns.map(({ name }, index) => [name, rows.at(0)?.[index]] as const);
  return Object.fromEntries(cells.filter(([, cell]) => cell !== undefined));
}

/** From after the batch before this one to its own end. */
function stretch(part: Part, batches: readonly Batch[], index: number): Stretch {
  const [after, through] = [batches[index - 1]?.position, batches[index]?.position];
  return { part, ...(after === undefined ? {} : { after }), ...(through === undefined ? {} : { through }) };
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

async function withSource(
  example: SourceCase,
  rows: number,
  test: (source: Source, opened: Awaited<ReturnType<SourceCase['open']>>) => Promise<void>,
): Promise<void> {
  const opened = await example.open(rows);
  const source = opened.connection.source(opened.options, opened.context.context);
  try {
    await test(source, opened);
  } finally {
    await source.close();
    await opened.close();
  }
}

describe.each(kindsWithSources)('the sources of %s', (kind) => {
  const cases = allCases[kind]?.sources ?? [];

  it('have cases in test/contract', () => {
    expect(cases.length).toBeGreaterThan(0);
  });

  describe.each(cases)('$name', (example) => {
    it('describes itself and cuts parts without writing', () =>
      withSource(example, ROWS, async (source, opened) => {
        const before = await opened.fingerprint();
        const description = await source.describe();
        expect(description.identity).not.toBe('');
        expect(description.findings.filter((finding) => finding.level === 'refuse')).toEqual([]);
        if (!description.open) expect(description.columns.map((column) => column.name)).toContain('id');
        expect(description.permissions.length).toBeGreaterThan(0);
        await source.parts(4);
        await source.unique(description.key);
        expect(await opened.fingerprint()).toBe(before);
      }));

    it('finds a row by its key, and in no stretch but its own', () =>
      withSource(example, ROWS, async (source) => {
        const { key, ranged } = await source.describe();
        if (key.length === 0) return;
        const [part] = await source.parts(1);
        if (!part) throw new Error('a source has a part');
        const batches: Batch[] = [];
        for await (const batch of source.read(part, { ...BIG, maxRows: 40 })) batches.push(batch);
        for (const [index, batch] of batches.entries()) {
          const values = restoredKey(batch, key);
          const found = await source.find(values);
          if (!found) throw new Error('the row was not found');
          expect(found.leftOut).toBeUndefined();
          expect(idsOf(found.batch)).toEqual(idsOf(batch).slice(0, 1));
          expect(rowOf(found.batch)).toEqual(rowOf(batch));
          if (!ranged) continue;
          const lies = await Promise.all(
            batches.map((_, other) => source.find(values, stretch(part, batches, other))),
          );
          expect(lies.map((row) => row !== undefined)).toEqual(batches.map((_, other) => other === index));
        }
      }));

    it.each([1, 3, 8])('covers every row exactly once when %i parts are wanted', (wanted) =>
      withSource(example, ROWS, async (source) => {
        await source.describe();
        const parts = await source.parts(wanted);
        expect(parts.length).toBeGreaterThan(0);
        expect(parts.length).toBeLessThanOrEqual(wanted);
        expect(new Set(parts.map((part) => part.id)).size).toBe(parts.length);
        expect(await source.parts(wanted)).toEqual(parts);
        expect(sorted(await readAll(source, wanted))).toEqual(ids(0, ROWS));
      }),
    );

    it('gives exactly the rest when read again after each position', () =>
      withSource(example, 40, async (source) => {
        await source.describe();
        for (const part of await source.parts(2)) await expectRests(source, part);
      }));

    it('gives exactly what lies between two positions, where it says that it can', () =>
      withSource(example, 40, async (source) => {
        const { ranged } = await source.describe();
        if (ranged) for (const part of await source.parts(2)) await expectRanges(source, part);
      }));

    it('keeps to maxRows and maxBytes, and gives no empty batch', () =>
      withSource(example, ROWS, async (source) => {
        await source.describe();
        const sizes: number[] = [];
        for (const part of await source.parts(1)) {
          for await (const batch of source.read(part, { maxRows: 10, maxBytes: 1_000_000 })) {
            sizes.push(batch.rows.length);
            expect(batch.bytes).toBeGreaterThan(0);
            for (const row of batch.rows) expect(row.length).toBe(batch.columns.length);
          }
          for await (const batch of source.read(part, { maxRows: 1000, maxBytes: 60 })) {
            expect(batch.rows.length).toBeGreaterThan(0);
            expect(batch.rows.length).toBeLessThan(12);
          }
        }
        expect(Math.max(...sizes)).toBeLessThanOrEqual(10);
        expect(Math.min(...sizes)).toBeGreaterThan(0);
        expect(sizes.length).toBeLessThanOrEqual(Math.ceil(ROWS / 10) + 2);
      }));

    it('frees what it holds when the consumer stops early, and can be read again', () =>
      withSource(example, ROWS, async (source) => {
        await source.describe();
        const [part] = await source.parts(1);
        if (!part) throw new Error('no part');
        for (let round = 0; round < 20; round++) {
          for await (const batch of source.read(part, { maxRows: 5, maxBytes: 10_000 })) {
            expect(batch.rows.length).toBeGreaterThan(0);
            break;
          }
        }
        expect(sorted(await readAll(source, 1))).toEqual(ids(0, ROWS));
      }));

    it('gives nothing for an empty table, and at least one part', () =>
      withSource(example, 0, async (source) => {
        await source.describe();
        expect((await source.parts(4)).length).toBeGreaterThan(0);
        expect(await readAll(source, 4)).toEqual([]);
      }));

    it('reports how consistent the read was, and closes twice', () =>
      withSource(example, 10, async (source, opened) => {
        await source.describe();
        await readAll(source, 2);
        const report = source.report();
        expect(report.consistency).not.toBe('');
        expect(report.units).toBeGreaterThanOrEqual(0);
        await source.close();
        await source.close();
        await opened.connection.close();
      }));

    it('stops when the run is stopped', () =>
      withSource(example, ROWS, async (source, opened) => {
        await source.describe();
        const [part] = await source.parts(1);
        if (!part) throw new Error('no part');
        const stopped = (async () => {
          for await (const _ of source.read(part, { maxRows: 1, maxBytes: 100 })) opened.context.stop();
        })();
        await expect(stopped).rejects.toThrow('the test stopped the run');
      }));
  });

  it('say that a table is missing, without a secret', async () => {
    const [example] = cases;
    if (!example) throw new Error(`no cases for ${kind}`);
    const opened = await example.open(3);
    const options = { ...opened.options, table: 'not-there-at-all' };
    const source = opened.connection.source(options, opened.context.context);
    const error = await source.describe().catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({ code: 'table_missing' });
    expect(String(error) + JSON.stringify(error)).not.toContain(CANARY);
    await source.close();
    await opened.close();
  });

  it.each(allCases[kind]?.broken ?? [])('refuse $name, without a secret', async ({ open }) => {
    const opened = await open();
    const error = await opened.connection.tables(['*']).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(SluiceError);
    expect(error).toMatchObject({ code: 'access_denied', retry: 'never' });
    expect(String(error) + JSON.stringify(error)).not.toContain(CANARY);
    await opened.close();
  });
});

const small = { maxRows: 6, maxBytes: 1_000_000 };

interface Reading {
  readonly whole: number[];
  readonly positions: { readonly position: Position; readonly at: number }[];
}

async function reading(source: Source, part: Part): Promise<Reading> {
  const whole: number[] = [];
  const positions: Reading['positions'] = [];
  for await (const batch of source.read(part, small)) {
    whole.push(...idsOf(batch));
    if (batch.position !== undefined) positions.push({ position: batch.position, at: whole.length });
  }
  return { whole, positions };
}

async function idsBetween(source: Source, part: Part, bounds: Partial<ReadRequest>): Promise<number[]> {
  const found: number[] = [];
  for await (const batch of source.read(part, { ...small, ...bounds })) found.push(...idsOf(batch));
  return found;
}

async function expectRests(source: Source, part: Part): Promise<void> {
  const { whole, positions } = await reading(source, part);
  for (const { position, at } of positions) {
    expect(await idsBetween(source, part, { after: position })).toEqual(whole.slice(at));
  }
}

async function expectRanges(source: Source, part: Part): Promise<void> {
  const { whole, positions } = await reading(source, part);
  for (const through of positions) {
    const head = await idsBetween(source, part, { through: through.position });
    expect(head).toEqual(whole.slice(0, through.at));
    for (const after of positions.filter(({ at }) => at < through.at)) {
      const between = await idsBetween(source, part, { after: after.position, through: through.position });
      expect(between).toEqual(whole.slice(after.at, through.at));
    }
  }
}
