import fc from 'fast-check';
import { expect, test } from 'vitest';
import { execute } from '../../../test/fixtures/interpreter.js';
import { firing } from '../../../test/fixtures/own-functions.js';
import { evaluate } from '../../expression/evaluate.js';
import { comparisonOperators, type Expression, type Operand } from '../../expression/expression.js';
import { typesOfFiring } from '../../expression/fields.js';
import { printExpression } from '../../expression/print.js';
import type { StepValues } from '../../expression/values.js';
import { type Read, ruleFor } from './condition.js';
import { referencePath } from './context-path.js';

/** What outputs hold: few values, so that many are equal. */
const value = fc.constantFrom<unknown>(
  null,
  true,
  false,
  0,
  1,
  2.5,
  '',
  'a',
  '1',
  '2026-11-21T06:30:00Z',
  [1, 'a'],
  {
    x: 1,
  },
);
const output = fc.record(
  { x: value, y: value, 'a b': value, list: fc.array(fc.constantFrom(null, true, 1, 'a'), { maxLength: 2 }) },
  { requiredKeys: [] },
);

const literal = fc
  .constantFrom(null, true, false, 0, 1, 2.5, 'a', 'b', '2026-11-21T06:30:00Z', '2026-11-20T06:30Z')
  .map((each): Operand => ({ kind: 'literal', value: each }));
/** A number only where there is a list, or nothing: the interpreter takes it for a letter of a text. */
const parts = fc.constantFrom<readonly (string | number)[]>(
  [],
  ['x'],
  ['y'],
  ['a b'],
  ['x', 'x'],
  ['list'],
  ['list', 0],
  ['list', 1],
);
const reference = fc.oneof(
  fc.constantFrom('outcome', 'seconds').map((field): Operand => ({ kind: 'step', step: 'c', path: [field] })),
  parts.map((rest): Operand => ({ kind: 'step', step: 'c', path: ['output', ...rest] })),
  fc
    .constantFrom('hour', 'weekday', 'year')
    .map((field): Operand => ({ kind: 'firing', field: field as 'hour' })),
);
const moment = fc
  .constantFrom('time', 'start', 'end')
  .map((field): Operand => ({ kind: 'firing', field: field as 'time' }));
const instant = fc.oneof(
  moment,
  fc
    .constantFrom('2026-11-21T06:30:00Z', '2026-11-20T06:30Z', '2030-01-01T00:00:00.5Z', null)
    .map((each): Operand => ({ kind: 'literal', value: each })),
);

const operator = fc.constantFrom(...comparisonOperators);
const comparison = fc
  .oneof(
    fc.tuple(fc.oneof(reference, literal), fc.oneof(reference, literal)),
    fc.tuple(moment, fc.oneof(instant, reference)),
  )
  .chain(([left, right]) =>
    operator.map((each): Expression => ({ kind: 'comparison', operator: each, left, right })),
  );
const membership = fc
  .tuple(reference, fc.array(literal, { minLength: 1, maxLength: 3 }))
  .map(
    ([left, list]): Expression => ({ kind: 'in', left, list: list as { kind: 'literal'; value: null }[] }),
  );

const { condition } = fc.letrec<{ condition: Expression }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    comparison,
    membership,
    fc.oneof(reference, literal),
    tie('condition').map((of): Expression => ({ kind: 'not', of })),
    fc
      .tuple(fc.constantFrom('and', 'or'), fc.array(tie('condition'), { minLength: 2, maxLength: 3 }))
      .map(([kind, of]): Expression => ({ kind: kind as 'and', of })),
  ),
}));

/** As the drawing of a whole pipeline reads: an output's parts may be absent, everything else is there. */
function read(reference: Parameters<Parameters<typeof ruleFor>[1]>[0]): Read {
  const path = referencePath(reference, (name) => name);
  if (reference.kind === 'firing') {
    return { path, type: typesOfFiring[reference.field] ?? { is: 'unknown' }, optional: false };
  }
  const [field, ...rest] = reference.path;
  const types = { outcome: 'text', seconds: 'number', output: 'unknown' } as const;
  return { path, type: { is: types[field as 'outcome'] }, optional: rest.length > 0 };
}

test('a Choice decides as the condition that it was made of', { timeout: 600_000 }, async () => {
  const given = fc.tuple(condition, fc.option(output, { nil: undefined }), fc.boolean());
  const check = async ([expression, known, hasInterval]: [
    Expression,
    Record<string, unknown> | undefined,
    boolean,
  ]) => {
    const step: StepValues = { outcome: 'complete', seconds: 1, ...(known ? { output: known } : {}) };
    const { start: _start, end: _end, ...bare } = firing;
    const values = { steps: new Map([['c', step]]), firing: hasInterval ? firing : bare };
    const machine = {
      StartAt: 'when',
      States: {
        when: {
          Type: 'Choice',
          Choices: [{ ...ruleFor(expression, read), Next: 'yes' }],
          Default: 'no',
        },
        yes: { Type: 'Pass', Result: { is: true }, End: true },
        no: { Type: 'Pass', Result: { is: false }, End: true },
      },
    } as const;
    const context = {
      firing: { ...firing, ...(hasInterval ? {} : { start: null, end: null }) },
      steps: { c: { ...step, output: known ?? null } },
    };
    const { output: decided } = await execute(machine, () => undefined, { input: context });
    expect(decided, printExpression(expression)).toEqual({ is: evaluate(expression, values) });
  };
  await fc.assert(fc.asyncProperty(given, check), { numRuns: 3000 });
});
