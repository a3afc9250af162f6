import { describe, expect, it } from 'vitest';
import type { Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { SchemaCheck } from './check/schema-check.js';
import type { DriftCounts } from './drift.js';
import { Transform, type TransformOptions } from './transform.js';

const attribute = (name: string): Column => ({ name, type: 'attribute', nullable: true });
const columns = [attribute('id'), attribute('payload'), attribute('late')];

function reportOf(options: TransformOptions, rows: Row[]) {
  const transform = new Transform(options, true);
  const drift = transform.watchDrift();
  transform.apply({ columns, rows, bytes: 0 });
  return drift?.report();
}

const many = (count: number, payload: unknown, more: Row = []): Row[] =>
  Array.from({ length: count }, () => [{ S: 'a' }, { S: JSON.stringify(payload) }, ...more]);

describe('drift', () => {
  it('is what the schema does not know or foresee, also of rows that it refuses', async () => {
    const schema = await SchemaCheck.of({
      name: '',
      schema: { properties: { hits: { type: 'integer' }, place: { properties: { city: {} } } } },
      files: {},
    });
    const options = { parse: ['payload'], checks: [{ of: 'payload', schema }] };
    const rows = [
      ...many(3, { hits: 1, place: { city: 'x' } }),
      ...many(2, { hits: 'many', place: { zip: 7 } }),
      ...many(1, { hits: 12345678901234567890n.toString(), free: null }),
    ];
    expect(reportOf(options, rows)).toEqual({
      rows: 6,
      more: 0,
      findings: [
        { path: 'payload.hits', what: 'type', rows: 3, of: 6, kinds: { text: 3 } },
        { path: 'payload.place.zip', what: 'new', rows: 2, of: 5, kinds: { number: 2 } },
        { path: 'payload.free', what: 'new', rows: 1, of: 6, kinds: { null: 1 } },
      ],
    });
  });

  it('is what the first thousand rows did not have, without a schema', () => {
    const rows = [
      ...many(900, { n: 1, s: 'x' }),
      ...many(100, { n: 1, s: null }),
      ...many(500, { n: 'x', s: null, deep: { new: [1] } }, [{ BOOL: true }]),
      ...many(500, { n: 1 }),
    ];
    const report = reportOf({ parse: ['payload'] }, rows);
    expect(report?.findings).toEqual([
      { path: 'payload.s', what: 'nulls', rows: 600, of: 2000, before: 0.1 },
      { path: 'payload.n', what: 'type', rows: 500, of: 2000, kinds: { text: 500 } },
      { path: 'payload.s', what: 'absent', rows: 500, of: 2000, before: 0 },
      { path: 'payload.deep', what: 'new', rows: 500, of: 2000, kinds: { map: 500 } },
      { path: 'late', what: 'new', rows: 500, of: 2000, kinds: { boolean: 500 } },
    ]);
    expect(reportOf({ parse: ['payload'] }, rows.slice(0, 1000))?.findings).toEqual([]);
  });

  it('keeps a bounded number of names, and says that there were more', () => {
    const names = (from: number) =>
      Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`n${from + n}`, 1]));
    const rows = [...many(1000, {}), ...many(1, names(0)), ...many(1, names(400))];
    const report = reportOf({ parse: ['payload'] }, rows);
    expect(report?.findings.length).toBe(50);
    expect(report?.more).toBe(800 - 50);
  });

  it('is not looked for where nothing is parsed and nothing checked', () => {
    expect(reportOf({ map: { drop: ['late'] } }, many(1, {}))).toBeUndefined();
  });

  it('of several processes one after the other is that of one', () => {
    const rows = [
      ...many(1200, { n: 1, s: 'x' }),
      ...many(500, { n: 'x', s: 'x', deep: { new: [1] } }, [{ BOOL: true }]),
      ...many(700, { n: 1, s: 'x' }),
    ];
    const counted = (from: number, to: number) => {
      const transform = new Transform({ parse: ['payload'] }, true);
      const drift = transform.watchDrift();
      transform.apply({ columns, rows: rows.slice(from, to), bytes: 0 });
      return JSON.parse(JSON.stringify(drift?.counts())) as DriftCounts;
    };
    const whole = new Transform({ parse: ['payload'] }, true).watchDrift();
    for (const [from, to] of [
      [0, 300],
      [300, 1000],
      [1000, 2100],
      [2100, 2400],
    ] as const) {
      whole?.add(counted(from, to));
    }
    expect(whole?.report()).toEqual(reportOf({ parse: ['payload'] }, rows));
  });
});
