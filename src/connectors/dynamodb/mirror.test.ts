import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allItems, createTable, type Item, putItems, tableName } from '../../../test/fixtures/dynamodb.js';
import {
  type DynamodbEnds,
  dynamodbEnds,
  incomingOf,
  writeAll,
} from '../../../test/fixtures/dynamodb-ends.js';
import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';

const columns: readonly Column[] = Object.freeze([
  { name: 'id', type: 'decimal', nullable: false, precision: 20, scale: 2 },
  { name: 'v', type: 'text', nullable: true },
]);
const incoming = incomingOf(columns);

let ends: DynamodbEnds;
let table: string;

beforeEach(async () => {
  ends = await dynamodbEnds();
  table = tableName('mirror');
  await createTable(table, ['id', 'N']);
  await putItems(
    table,
    Array.from({ length: 1000 }, (_, id): Item => ({ id: { N: `${id}.5` }, v: { S: 'old' } })),
  );
});
afterEach(() => ends.close());

const rows = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, index) => [`${from + index}.50`, 'new']);
const ids = async () =>
  (await allItems(table)).map((item) => Number(Object.values(item['id'] ?? {})[0])).sort((a, b) => a - b);
const mirror = (options: object = {}) => ends.sink({ table, mode: 'mirror', ...options });

describe('mirror', () => {
  it('deletes exactly the items whose key did not come, numbers compared by value', async () => {
    const result = await writeAll(mirror(), incoming, [rows(0, 500), rows(500, 950), rows(2000, 2010)]);
    expect(result).toMatchObject({ written: 960, finished: { deleted: 50, findings: [] } });
    const left = await ids();
    expect(left).toHaveLength(960);
    expect(left.filter((id) => id >= 950 && id < 2000)).toEqual([]);
  });

  it('deletes nothing when more is gone than the guard allows', async () => {
    await expect(writeAll(mirror(), incoming, [rows(0, 800)])).rejects.toMatchObject({
      code: 'deletes_exceeded',
      message: expect.stringContaining('200 of 1000'),
    });
    expect(await ids()).toHaveLength(1000);
  });

  it('takes the limit as a number or a share', async () => {
    await expect(
      writeAll(mirror({ deletes: { limit: 99 } }), incoming, [rows(0, 900)]),
    ).rejects.toMatchObject({
      code: 'deletes_exceeded',
    });
    const { finished } = await writeAll(mirror({ deletes: { limit: 100 } }), incoming, [rows(0, 900)]);
    expect(finished.deleted).toBe(100);
    const all = await writeAll(mirror({ deletes: { limit: '100%' } }), incoming, [[]]);
    expect(all.finished.deleted).toBe(900);
    expect(await ids()).toEqual([]);
  });

  it('keeps the item of a row that it rejected itself', async () => {
    const given = rows(0, 1000);
    given[7] = ['7.50', 'x'.repeat(410_000)];
    given[8] = ['8.50', '\ud800'];
    const result = await writeAll(mirror(), incoming, [given]);
    expect(result.rejects.map(({ row }) => row)).toEqual([7, 8]);
    expect(result.finished.deleted).toBe(0);
    expect(await ids()).toHaveLength(1000);
  });

  it('withholds the deletes when others rejected rows whose keys it does not know', async () => {
    const sink = mirror();
    await sink.plan(incoming);
    await sink.open({ resume: false });
    const writer = await sink.writer();
    await writer.write({ columns, rows: rows(0, 990), bytes: 1 }, 't');
    await writer.close();
    const finished = await sink.finish({ rejected: 3 });
    expect(finished).toMatchObject({
      deleted: 0,
      findings: [{ level: 'warn', message: expect.stringContaining('3 rows') }],
    });
    expect(await ids()).toHaveLength(1000);
  });

  it('knows the keys that came before an interruption', async () => {
    const first = mirror();
    await first.plan(incoming);
    await first.open({ resume: false });
    const writer = await first.writer();
    await writer.write({ columns, rows: rows(0, 600), bytes: 1 }, 't');
    await first.abandon();
    await first.close();

    const second = mirror();
    await second.plan(incoming);
    await second.open({ resume: true });
    const next = await second.writer();
    await next.write({ columns, rows: rows(600, 950), bytes: 1 }, 't');
    await writer.close();
    await next.close();
    expect(await second.finish({ rejected: 0 })).toEqual({ deleted: 50, findings: [] });
    expect(await ids()).toHaveLength(950);
  });

  it('deletes nothing more when it was killed after it had finished, and before that was recorded', async () => {
    const limit = { deletes: { limit: '100%' } };
    await writeAll(mirror(limit), incoming, [rows(0, 950)]);
    const again = mirror(limit);
    await again.plan(incoming);
    await again.open({ resume: true });
    expect(await again.finish({ rejected: 0 })).toEqual({ deleted: 0, findings: [] });
    expect(await ids()).toHaveLength(950);
  });

  it('is not gone on with where the keys that came are lost: all of them would look gone', async () => {
    const first = mirror();
    await first.plan(incoming);
    await first.open({ resume: false });
    await first.close();
    await rm(join(ends.context.scratch, 'contract', 'keys'), { recursive: true });
    const second = mirror();
    await second.plan(incoming);
    await expect(second.open({ resume: true })).rejects.toMatchObject({ code: 'state_unusable' });
  });

  it('forgets the keys of an attempt that is not resumed', async () => {
    for (const [from, to] of [
      [0, 1000],
      [0, 960],
    ] as const) {
      const sink = mirror();
      await sink.plan(incoming);
      await sink.open({ resume: false });
      const writer = await sink.writer();
      await writer.write({ columns, rows: rows(from, to), bytes: 1 }, 't');
      await writer.close();
      if (to === 1000) await sink.abandon();
      else expect(await sink.finish({ rejected: 0 })).toMatchObject({ deleted: 40 });
    }
  });
});
