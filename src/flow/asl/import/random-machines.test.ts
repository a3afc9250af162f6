import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Recorder } from '../../../../test/fixtures/flow-trace.js';
import type { Behaviour } from '../../../../test/fixtures/flows.js';
import { imported } from '../../../../test/fixtures/imported.js';
import { execute, FunctionError } from '../../../../test/fixtures/interpreter.js';
import { task } from '../../../../test/fixtures/machine-text.js';
import { functionsOf } from '../../../../test/fixtures/own-functions.js';
import type { State, StateMachine } from '../definition.js';
import { stateMachineOf } from '../machine.js';

/** What is drawn by lot for each state: what it is, where it leads (so many states further), and what it asks. */
const lot = fc.record({
  is: fc.constantFrom('call', 'call', 'call', 'choice', 'choice', 'pass', 'wait', 'fail', 'end'),
  next: fc.integer({ min: 1, max: 3 }),
  other: fc.integer({ min: 1, max: 4 }),
  asks: fc.nat(5),
  value: fc.nat(1),
  catches: fc.boolean(),
  gives: fc.constantFrom(0, 1, 1, 'fails'),
});
type Lot = typeof lot extends fc.Arbitrary<infer T> ? T : never;

/** States lead to later ones only; behind the last is the end. */
function machineOf(lots: readonly Lot[]): StateMachine {
  const name = (index: number) => `s${Math.min(index, lots.length)}`;
  const states = lots.map((each, index): [string, State] => [name(index), stateOf(each, index, name)]);
  return {
    StartAt: 's0',
    States: { ...Object.fromEntries(states), [name(lots.length)]: { Type: 'Succeed' } },
  };
}

function stateOf(each: Lot, index: number, name: (index: number) => string): State {
  const Next = name(index + each.next);
  const other = name(index + each.other);
  const asked = `$.r${each.asks % Math.max(1, index)}.v`;
  switch (each.is) {
    case 'call': {
      const Catch = [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: other }];
      return task(`f${index}`, {
        Parameters: { n: index },
        ResultPath: `$.r${index}`,
        ...(each.catches ? { Catch } : {}),
        Next,
      }) as State;
    }
    case 'choice': {
      const rule = { Variable: asked, IsPresent: true };
      const test = { Variable: asked, NumericEquals: each.value };
      return { Type: 'Choice', Choices: [{ And: [rule, test], Next: other }], Default: Next };
    }
    case 'wait':
      return { Type: 'Wait', Seconds: 1, Next };
    case 'fail':
      return { Type: 'Fail', Cause: 'on purpose' };
    case 'end':
      return { Type: 'Succeed' };
    default:
      return { Type: 'Pass', Next };
  }
}

async function effects(machine: StateMachine, lots: readonly Lot[]) {
  const behaviour =
    ({ gives }: Lot): Behaviour =>
    () => {
      if (gives === 'fails') throw new FunctionError('Odd', 'failed on purpose');
      return { v: gives };
    };
  const recorder = new Recorder(
    Object.fromEntries(lots.map((each, index) => [`f${index}`, behaviour(each)] as const)),
  );
  const { status } = await execute(machine, functionsOf(recorder), {});
  return { calls: recorder.events.filter(({ what }) => what === 'begin').map(({ name }) => name), status };
}

test('any machine becomes a declaration without mistakes, and one that is carried over whole does the same', {
  timeout: 600_000,
}, async () => {
  let whole = 0;
  const check = async (lots: readonly Lot[]) => {
    const machine = machineOf(lots);
    fc.pre(lots.some(({ is }, index) => (is === 'call' || is === 'wait') && isReached(machine, `s${index}`)));
    const { declaration, losses } = await imported(JSON.stringify(machine));
    if (losses.some((loss) => !loss.endsWith('no way leads to it'))) return;
    whole++;
    expect(await effects(stateMachineOf(declaration), lots)).toEqual(await effects(machine, lots));
  };
  await fc.assert(fc.asyncProperty(fc.array(lot, { minLength: 2, maxLength: 9 }), check), { numRuns: 300 });
  expect(whole).toBeGreaterThan(50);
});

function isReached({ StartAt, States }: StateMachine, name: string): boolean {
  const reached = new Set([StartAt]);
  for (const each of reached) {
    const { Next, Default, Choices, Catch } = States[each] as Record<string, unknown>;
    const ways = [Next, Default, ...[Choices, Catch].flat().map((one) => (one as { Next?: string })?.Next)];
    for (const way of ways) if (typeof way === 'string') reached.add(way);
  }
  return reached.has(name);
}
