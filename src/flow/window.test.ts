import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Top } from '../connectors/window.js';
import { localTime } from '../schedule/zone.js';
import { nextWindow, type Since } from './window.js';

const of = '["shop","orders","updated_at"]';
const time = (now: string, fraction: number | 'day' = 6, isInstant = false): Top => ({
  kind: 'time',
  now,
  fraction,
  isInstant,
  nulls: false,
});
const windowOf = (top: Top, since: Partial<Since> = {}, value?: string, full = false) =>
  nextWindow(
    top,
    { column: 'updated_at', ...since },
    of,
    value === undefined ? undefined : { of, value },
    full,
  );

describe('the window of times', () => {
  test.each([
    [6, undefined, '2026-11-01 05:00:07.654321'],
    [3, undefined, '2026-11-01 05:00:07.654000'],
    [0, undefined, '2026-11-01 05:00:07.000000'],
    [0, '5m', '2026-11-01 04:55:07.000000'],
    ['day', undefined, '2026-11-01 00:00:00.000000'],
    ['day', '6h', '2026-10-31 00:00:00.000000'],
  ] as const)('of a column with %s digits and lag %s ends below %s', (fraction, lag, to) => {
    const since = lag === undefined ? {} : { lag };
    expect(windowOf(time('2026-11-01 05:00:07.654321', fraction), since)).toEqual({ kind: 'time', of, to });
  });

  test('begins where the one before ended', () => {
    const before = windowOf(time('2026-11-01 05:00:00.000001'));
    const { from, to, previous } = windowOf(time('2026-11-01 06:00:00.000001'), {}, before.to);
    expect([from, to, previous]).toEqual([before.to, '2026-11-01 06:00:00.000001', before.to]);
  });

  test('is empty, and never falls back, when the clock of the server has gone back', () => {
    const { from, to } = windowOf(time('2026-11-01 05:00:00.000000'), {}, '2026-11-01 05:00:01.000000');
    expect([from, to]).toEqual(['2026-11-01 05:00:01.000000', '2026-11-01 05:00:01.000000']);
  });

  test('begins from all rows with full, and remembers where it stood', () => {
    const cursor = '2026-11-01 05:00:00.000000';
    const to = '2026-11-01 06:00:00.000000';
    expect(windowOf(time(to), {}, cursor, true)).toEqual({ kind: 'time', of, to, previous: cursor });
  });

  const zones = [
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'Asia/Tokyo',
  ];

  test('ends below everything that a clock in the zone will show from then on', () => {
    const moment = fc.integer({ min: Date.parse('2026-01-01T00:00Z'), max: Date.parse('2027-01-01T00:00Z') });
    const change = fc.constantFrom(
      '2026-10-25T01:00Z',
      '2026-11-01T06:00Z',
      '2026-04-04T15:00Z',
      '2026-03-29T01:00Z',
    );
    const near = fc
      .tuple(change, fc.integer({ min: -30, max: 4 }))
      .map(([at, hours]) => Date.parse(at) + hours * 1_800_000);
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.oneof(moment, near),
        fc.integer({ min: 0, max: 90_000_000 }),
        fc.constantFrom(0, 3, 6, 'day' as const),
        (zone, now, later, fraction) => {
          const clock = new Date(now).toISOString().replace('T', ' ').replace('Z', '000');
          const { to = '' } = windowOf(time(clock, fraction), { zone });
          const digits = fraction === 'day' ? 10 : fraction === 0 ? 19 : 20 + fraction;
          const shown = new Date(localTime(zone, now + later))
            .toISOString()
            .replace('T', ' ')
            .replace('Z', '000');
          expect(shown.slice(0, digits) >= to.slice(0, digits)).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('the window of numbers', () => {
  const numbers = (max?: string): Top => ({
    kind: 'number',
    nulls: false,
    ...(max === undefined ? {} : { max }),
  });

  test('goes on above the last and up to the largest, whatever its size', () => {
    expect(windowOf(numbers('18446744073709551615'), { lag: 15 }, '9007199254740993')).toEqual({
      kind: 'number',
      of,
      from: '9007199254740993',
      to: '18446744073709551600',
      previous: '9007199254740993',
    });
  });

  test('is empty where there are no rows, and stands where rows were deleted', () => {
    expect(windowOf(numbers())).toEqual({ kind: 'number', of });
    expect(windowOf(numbers(), {}, '7').to).toBe('7');
    expect(windowOf(numbers('3'), {}, '7').to).toBe('7');
  });
});

describe('a window is refused', () => {
  test('where rows have no value in the column', () => {
    expect(() => windowOf({ ...time('2026-11-01 05:00:00.000000'), nulls: true })).toThrow('rows have NULL');
  });

  test('where the cursor is of another column, but for --full', () => {
    const cursor = { of: '["shop","orders","id"]', value: '7' };
    const next = (full: boolean) =>
      nextWindow(time('2026-11-01 05:00:00.000000'), { column: 'updated_at' }, of, cursor, full);
    expect(() => next(false)).toThrow('the cursor of this step is not of updated_at');
    expect(next(true)).toEqual({ kind: 'time', of, to: '2026-11-01 05:00:00.000000' });
  });

  test.each([
    [time('2026-11-01 05:00:00.000000'), { lag: 5 }, 'its lag is like 5m'],
    [{ kind: 'number', nulls: false, max: '1' } as const, { lag: '5m' }, 'its lag is like 1000'],
    [time('2026-11-01 05:00:00.000000', 6, true), { zone: 'Asia/Tokyo' }, 'no time zone to tell'],
  ])('where lag or zone do not fit the column', (top, since, message) => {
    expect(() => windowOf(top, since)).toThrow(message);
  });
});
