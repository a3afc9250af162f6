import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { comparisonOperators, type Expression, firingFields, type Literal } from './expression.js';
import { parseExpression } from './parse.js';
import { printExpression } from './print.js';

function parse(text: string): Expression {
  const parsed = parseExpression(text);
  if ('mistake' in parsed) throw new Error(`${parsed.mistake.at}: ${parsed.mistake.message}`);
  return parsed.expression;
}

function mistakeIn(text: string): string {
  const parsed = parseExpression(text);
  if (!('mistake' in parsed)) return printExpression(parsed.expression);
  const { at, message, hint } = parsed.mistake;
  return [`${at} ${message}`, ...(hint === undefined ? [] : [hint])].join(' → ');
}

const literal: fc.Arbitrary<Literal> = fc
  .oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.integer(),
    fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => (value === 0 ? 0 : value)),
    fc.boolean(),
    fc.constant(null),
  )
  .map((value) => ({ kind: 'literal', value }));

const name = fc.oneof(fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/), fc.string({ maxLength: 6 }));
const operand = fc.oneof(
  literal,
  fc.constantFrom(...firingFields).map((field) => ({ kind: 'firing' as const, field })),
  fc.tuple(name, name, fc.array(fc.oneof(name, fc.nat(99)), { maxLength: 3 })).map(([step, field, rest]) => ({
    kind: 'step' as const,
    step,
    path: [field, ...rest] as const,
  })),
);

const { expression } = fc.letrec<{ expression: Expression }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    operand,
    fc.record({
      kind: fc.constant('comparison' as const),
      operator: fc.constantFrom(...comparisonOperators),
      left: operand,
      right: operand,
    }),
    fc.record({
      kind: fc.constant('in' as const),
      left: operand,
      list: fc.array(literal, { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('expression') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('expression'), { minLength: 2, maxLength: 3 }),
    }),
  ),
}));

describe('an expression', () => {
  test('may compare with a text that looks like a sign', () => {
    for (const text of ['(', '!', ')', '&&']) {
      expect(parse(`firing.time == '${text}'`)).toMatchObject({ right: { kind: 'literal', value: text } });
      expect(parse(`!'${text}'`)).toMatchObject({ kind: 'not', of: { kind: 'literal', value: text } });
    }
  });

  test('printed and parsed is the same again, whatever it holds', () => {
    fc.assert(
      fc.property(expression, (each) => {
        const text = printExpression(each);
        fc.pre(text.length <= 1000);
        expect(parse(text)).toEqual(each);
      }),
      { numRuns: 2000 },
    );
  });

  test('is never anything but an expression or a mistake, whatever the text', () => {
    const pieces = fc.constantFrom(
      "steps['a'].written",
      'firing.hour',
      '(',
      ')',
      '!',
      '&&',
      '||',
      'in',
      '[',
      ']',
    );
    const text = fc.array(fc.oneof(pieces, fc.constantFrom('<', '==', "'x'", '5', ',', '.', ' ', '"', '\\')));
    fc.assert(
      fc.property(
        fc.oneof(
          text.map((each) => each.join('')),
          fc.string(),
        ),
        (each) => {
          const parsed = parseExpression(each);
          if ('mistake' in parsed) expect(parsed.mistake.at).toBeLessThanOrEqual(each.length);
          else expect(parse(printExpression(parsed.expression))).toEqual(parsed.expression);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('is frozen, through and through', () => {
    const made = parse("steps.a.output.b[0] == 'x' && !(firing.hour in [1, 2])");
    expect(made).toMatchObject({ kind: 'and', of: [{ kind: 'comparison' }, { kind: 'not' }] });
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(made)).toBe(true);
  });

  test.each([
    ["steps['a'].written > 0 && firing.hour < 6", "steps['a'].written > 0 && firing.hour < 6"],
    ['steps.orders-out.written>-1', "steps['orders-out'].written > -1"],
    ['true || false && true', 'true || false && true'],
    ['(true || false) && true', '(true || false) && true'],
    ['((true))', 'true'],
    ['!(firing.hour == 1)', '!(firing.hour == 1)'],
    ['!!steps.a.output', "!!steps['a'].output"],
    [String.raw`steps.a.output == "it's \"so\""`, String.raw`steps['a'].output == 'it\'s "so"'`],
    ['steps.a.output["b c"][1].in', "steps['a'].output['b c'][1].in"],
  ])('%s is read as it is meant', (text, printed) => {
    expect(printExpression(parse(text))).toBe(printed);
  });
});

describe('of the mistakes in an expression', () => {
  test.each([
    ['', '0 expected a value, not the end'],
    ['firing.hour <', '13 expected a value, not the end'],
    ['firing.hour = 5', '12 unknown operator =; did you mean ==?'],
    ['firing.hour === 5', '12 unknown operator ===; did you mean ==?'],
    ['true & true', '5 unknown operator &; did you mean &&?'],
    ['firing.hour + 1 > 5', '12 unexpected "+" → there is no arithmetic here: compare with a number'],
    [
      'firing.hours > 5',
      '6 unknown field hours of firing → one of: time, start, end, minute, hour, day, month, year, weekday',
    ],
    ['firing', '6 expected . or [, not the end'],
    ['steps.a', '7 expected . or [, not the end'],
    ['steps[0].written > 1', "0 steps have names, not numbers → write steps['name'].written"],
    ["steps['a.written > 1", "6 the text has no end → close it with '"],
    [String.raw`'\n' == firing.weekday`, String.raw`1 unknown escape → only \' \" and \\ are known`],
    ['1 < firing.hour < 5', '16 a comparison of a comparison → join two by &&'],
    [
      '(firing.hour > 1) == true',
      '18 only values are compared, not conditions → join conditions by && and ||',
    ],
    [
      'true == (firing.hour > 1)',
      '8 only values are compared, not conditions → join conditions by && and ||',
    ],
    ['!firing.hour == 5', '13 ! stands before a comparison → put parentheses around it: !(a == b)'],
    ['firing.hour in []', '16 expected a value, not "]"'],
    ['firing.hour in [firing.day]', '16 a list holds numbers, texts, true, false and null only'],
    ['firing.hour in 5', '15 expected [, not "5"'],
    [
      'exit() || true',
      "0 unknown name exit → there are numbers, 'texts', true, false, null, steps['name'].written and firing.hour; a text stands between quotes",
    ],
    ['true true', '5 expected the end, not "true"'],
    ['firing.hour > 5abc', '14 not a number → numbers look like 5, -5 or 0.5'],
    ['firing.hour > 1e999', '14 the number is too large'],
    ['(true', '5 expected ), not the end'],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, '33 nested deeper than 32 levels'],
    [`'${'x'.repeat(1000)}' == 1`, '1000 longer than 1000 characters'],
  ])('%s is named with its place', (text, said) => {
    expect(mistakeIn(text)).toBe(said);
  });
});
