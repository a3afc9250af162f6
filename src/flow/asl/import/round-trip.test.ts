import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Recorder, traceOf } from '../../../../test/fixtures/flow-trace.js';
import type { Behaviour } from '../../../../test/fixtures/flows.js';
import { imported } from '../../../../test/fixtures/imported.js';
import { type Execution, execute, FunctionError, faultsOf } from '../../../../test/fixtures/interpreter.js';
import { functionsOf } from '../../../../test/fixtures/own-functions.js';
import type { Step } from '../../../declare/declaration.js';
import type { StateMachine } from '../definition.js';
import { allSteps } from '../drawing.js';
import { stateMachineOf } from '../machine.js';

interface Watched {
  readonly trace: string;
  readonly payloads: Readonly<Record<string, unknown>>;
  readonly status: Execution['status'];
}

/** Runs a machine and tells which functions were called in which order, by the names of the steps, and with what. */
async function watched(
  machine: StateMachine,
  steps: readonly Step[],
  behaviours: Readonly<Record<string, Behaviour>>,
): Promise<Watched> {
  const payloads: Record<string, unknown> = {};
  const names = [...Object.keys(behaviours), ...[...stepOf(steps).keys()]];
  const noting =
    (name: string): Behaviour =>
    (payload, call, world) => {
      payloads[name] = payload;
      return behaviours[name]?.(payload, call, world);
    };
  const recorder = new Recorder(Object.fromEntries(names.map((name) => [name, noting(name)])));
  const { status } = await execute(machine, functionsOf(recorder), {
    input: { given: 'by a schedule' },
  });
  const events = recorder.events.map(({ name, what }) => ({ name: stepOf(steps).get(name) ?? name, what }));
  return { trace: traceOf(events, steps), payloads, status };
}

/** The step that calls each function. */
function stepOf(steps: readonly Step[]): ReadonlyMap<string, string> {
  return new Map(
    allSteps(steps).flatMap((step) =>
      step.kind === 'call' ? [[step.function?.split(':').at(-1) ?? '', step.name] as const] : [],
    ),
  );
}

const fails: Behaviour = () => {
  throw new FunctionError('Odd', 'failed on purpose');
};

const begun =
  (...others: readonly string[]): Behaviour =>
  async (_, __, world) => {
    await Promise.all(others.map((name) => world.begun(name)));
    return { rows: 3 };
  };

const sideBySide = { 'load-rows': begun('load-index'), 'load-index': begun('load-rows') };

const roundTrips: readonly [file: string, behaviours: Readonly<Record<string, Behaviour>>, trace: string][] =
  [
    ['two-in-series', { 'mysql-to-dynamodb': () => ({ rows: 7 }) }, 'ExportToDynamoDB ImportFromDynamoDB'],
    ['two-in-series', { 'mysql-to-dynamodb': fails }, 'ExportToDynamoDB'],
    [
      'two-in-parallel',
      { 'export-orders': begun('export-customers'), 'export-customers': begun('export-orders') },
      '(Export-orders | Export-customers)',
    ],
    [
      'orders',
      { 'list-orders': () => ({ count: 5, kind: 'full' }), ...sideBySide },
      'List-orders ((Load-rows | Load-index Warm-up) Report Archive) Clean-up',
    ],
    [
      'orders',
      { 'list-orders': () => ({ count: 5, kind: 'full' }), ...sideBySide, report: fails },
      'List-orders ((Load-rows | Load-index Warm-up) Report Note-failure) Clean-up',
    ],
    [
      'orders',
      { 'list-orders': () => ({ count: 5, kind: 'test' }) },
      'List-orders (( | )) Load-test Clean-up',
    ],
    ['orders', { 'list-orders': () => ({ count: 0, kind: 'full' }) }, 'List-orders (( | )) Clean-up'],
    ['orders', { 'list-orders': fails }, 'List-orders List-orders List-orders Tell-of-failure (( | ))'],
  ];

describe('a state machine that is imported and drawn again', () => {
  test.each(roundTrips)('does the same in the same order: %s', async (file, behaviours, trace) => {
    const text = await readFile(`test/fixtures/state-machines/${file}.asl.json`, 'utf8');
    const original = JSON.parse(text) as StateMachine;
    expect(faultsOf(original)).toBe('');
    const { declaration, losses } = await imported(text);
    expect(losses).toEqual([]);
    const before = await watched(original, declaration.steps, behaviours);
    const after = await watched(stateMachineOf(declaration), declaration.steps, behaviours);
    expect(before.trace).toBe(trace);
    expect({ ...after, payloads: comparable(after.payloads) }).toEqual({
      ...before,
      payloads: comparable(before.payloads),
    });
  });
});

/** The machine's own input, the time of its start and names of errors are what they are. */
function comparable(payloads: Readonly<Record<string, unknown>>): unknown {
  const text = JSON.stringify(payloads)
    .replaceAll('{"given":"by a schedule"}', '{}')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
    .replaceAll('"error":"Odd"', '"error":"call_failed"');
  return JSON.parse(text);
}
