import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from './evaluate.js';
import { comparisonOperators, type Expression } from './expression.js';
import { parseExpression } from './parse.js';
import type { Values } from './values.js';

const values: Values = {
  steps: new Map([
    [
      'a',
      {
        outcome: 'rejects',
        seconds: 1.5,
        read: 10,
        written: 9,
        rejected: 1,
        unchanged: 0,
        bytes: 5,
        deleted: 0,
      },
    ],
    [
      'c',
      { outcome: 'complete', seconds: 0, output: { ok: true, rows: [7, '8'], name: "it's", nothing: null } },
    ],
    ['f', { outcome: 'failed', seconds: 0, error: { code: 'timeout', message: 'no answer' } }],
  ]),
  // 23:30 on Sunday in UTC is Monday morning in Tokyo.
  firing: {
    time: '2026-11-22T23:30:00.000Z',
    start: '2026-11-21T23:30:00.000Z',
    end: '2026-11-22T23:30:00.000Z',
    zone: 'Asia/Tokyo',
  },
};

function isTrue(text: string, given = values): boolean {
  const parsed = parseExpression(text);
  if ('mistake' in parsed) throw new Error(parsed.mistake.message);
  return evaluate(parsed.expression, given);
}

describe('a condition', () => {
  test.each([
    ["steps['a'].written > 0 && steps.a.rejected <= 1"],
    ["steps.a.outcome == 'rejects' && steps.a.outcome in ['complete', 'rejects']"],
    ["steps.f.error.code == 'timeout'"],
    ['steps.c.output.ok && steps.c.output.rows[0] == 7'],
    ["steps.c.output.rows[1] == '8' && steps.c.output.name == 'it\\'s'"],
    ['steps.c.output.none == null && steps.c.output.rows[9] == null && steps.c.output.nothing == null'],
    ['steps.none.written == null'],
    ["firing.hour == 8 && firing.minute == 30 && firing.weekday == 'MON'"],
    ['firing.day == 23 && firing.month == 11 && firing.year == 2026'],
    ["firing.start < firing.end && firing.end == firing.time && firing.time == '2026-11-22T23:30Z'"],
    ["firing.time < '2026-11-23T00:00:00Z' && firing.time > '2026-11-22T23:29:59.999Z'"],
    ['true && !false && (false || true)'],
  ])('%s is true', (text) => {
    expect(isTrue(text)).toBe(true);
  });

  test.each([
    ["steps['a'].written > 9"],
    ['steps.none.written > 0 || steps.none.written <= 0'],
    ["steps.c.output.rows[0] == '7' || steps.c.output.rows[1] < 9"],
    ['steps.c.output || steps.c.output.name || steps.c.output.rows'],
    ['steps.c.output.rows.length == 2 || steps.c.output.constructor != null'],
    ["firing.weekday in ['SAT', 'SUN']"],
    ['null'],
  ])('%s is not true', (text) => {
    expect(isTrue(text)).toBe(false);
  });

  test('of a firing without an interval sees null', () => {
    const given = { ...values, firing: { time: '2026-11-22T23:30:00.000Z', zone: 'UTC' } };
    expect(isTrue('firing.start == null && firing.end == null && firing.hour == 23', given)).toBe(true);
    expect(isTrue('firing.start < firing.time', given)).toBe(false);
  });
});

describe('numbers are compared as JavaScript compares them, and', () => {
  const number = fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
  );
  const isRight: Record<(typeof comparisonOperators)[number], (a: number, b: number) => boolean> = {
    '==': (a, b) => a === b,
    '!=': (a, b) => a !== b,
    '<': (a, b) => a < b,
    '<=': (a, b) => a <= b,
    '>': (a, b) => a > b,
    '>=': (a, b) => a >= b,
  };

  test('conditions are joined as the laws of logic say', () => {
    const operator = fc.constantFrom(...comparisonOperators);
    fc.assert(
      fc.property(number, number, operator, number, operator, (n, a, first, b, second) => {
        const given: Values = {
          ...values,
          steps: new Map([['s', { outcome: 'complete', seconds: 0, output: { n } }]]),
        };
        const part = (right: number, by: typeof first): Expression => ({
          kind: 'comparison',
          operator: by,
          left: { kind: 'step', step: 's', path: ['output', 'n'] },
          right: { kind: 'literal', value: right },
        });
        const [one, other] = [part(a, first), part(b, second)];
        const [isOne, isOther] = [isRight[first](n, a), isRight[second](n, b)];
        expect(evaluate(one, given)).toBe(isOne);
        expect(evaluate({ kind: 'and', of: [one, other] }, given)).toBe(isOne && isOther);
        expect(evaluate({ kind: 'or', of: [one, other] }, given)).toBe(isOne || isOther);
        expect(evaluate({ kind: 'not', of: { kind: 'and', of: [one, other] } }, given)).toBe(
          evaluate({ kind: 'or', of: [one, other].map((of) => ({ kind: 'not', of })) }, given),
        );
      }),
    );
  });
});
