import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { Recorder, traceOf } from '../../../../test/fixtures/flow-trace.js';
import type { Behaviour } from '../../../../test/fixtures/flows.js';
import { type Execution, execute, FunctionError, faultsOf } from '../../../../test/fixtures/interpreter.js';
import { functionsOf } from '../../../../test/fixtures/own-functions.js';
import type { Declaration, Step } from '../../../declare/declaration.js';
import { parseDeclaration } from '../../../declare/load.js';
import type { StateMachine } from '../definition.js';
import { allSteps } from '../drawing.js';
import { stateMachineOf } from '../machine.js';
import { declarationText, lossText } from './declaration-text.js';
import { importMachine } from './import-machine.js';
import { readMachine } from './machine-file.js';

async function imported(text: string): Promise<{ declaration: Declaration; losses: string[]; text: string }> {
  const found = importMachine(readMachine(text, 'm.json'), 'm.json');
  const written = declarationText(found, 'm', 'm.json');
  const declaration = await parseDeclaration(written, 'm.yaml', { env: {}, cwd: '/' });
  return { declaration, losses: found.losses.map(lossText), text: written };
}

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
  const { status } = await execute(machine, functionsOf(recorder), { given: 'by a schedule' });
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

const arn = 'arn:aws:lambda:eu-west-1:111122223333:function:';
const task = (name: string, more: object = { End: true }) => ({
  Type: 'Task',
  Resource: `${arn}${name}`,
  ...more,
});

function machine(States: object, more: object = {}): string {
  return JSON.stringify({ StartAt: Object.keys(States)[0], States, ...more });
}

describe('what a declaration cannot say is named, and the rest is carried over', () => {
  const lossy: readonly [name: string, text: string, losses: readonly string[], steps: readonly string[]][] =
    [
      [
        'a Task that is no Lambda function',
        machine({
          put: { Type: 'Task', Resource: 'arn:aws:states:::dynamodb:putItem', Next: 'a' },
          a: task('a'),
        }),
        [
          'state "put": the Task: "arn:aws:states:::dynamodb:putItem" is not a Lambda function that is called and waited for',
          'state "a": a part of the Task: input: "put" makes it',
        ],
        ['a'],
      ],
      [
        'a callback',
        machine({
          a: { ...task('a', { Next: 'b' }), Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken' },
          b: task('b', { Parameters: {}, End: true }),
        }),
        [
          'state "a": the Task: "arn:aws:states:::lambda:invoke.waitForTaskToken" is not a Lambda function that is called and waited for',
        ],
        ['b'],
      ],
      [
        'a function whose ARN is put in later',
        machine({
          a: {
            Type: 'Task',
            Resource: 'arn:aws:states:::lambda:invoke',
            Parameters: { FunctionName: '${OrdersArn}', Payload: {} },
            End: true,
          },
        }),
        [
          'state "a": a part of the Task: "${OrdersArn}" is not the whole ARN of a function: put in the region and the account',
        ],
        ['a'],
      ],
      [
        'a Map, a heartbeat, a time limit',
        machine(
          {
            each: { Type: 'Map', ItemProcessor: {}, Next: 'a' },
            a: task('a', { Parameters: { x: 1 }, HeartbeatSeconds: 5, End: true }),
          },
          { TimeoutSeconds: 60 },
        ),
        [
          'TimeoutSeconds of the machine: a run has no time limit; calls have `timeout`',
          'state "each": the Map state: there are no steps for each item of a list',
          'state "a": HeartbeatSeconds: a call has no heartbeat',
        ],
        ['a'],
      ],
      [
        'a rule about the input: what it leads to does not run',
        machine({
          which: {
            Type: 'Choice',
            Choices: [{ Variable: '$.day', NumericEquals: 1, Next: 'a' }],
            Default: 'b',
          },
          a: task('a', { Next: 'c' }),
          b: task('b', { Next: 'c' }),
          c: task('c', { Parameters: {}, End: true }),
        }),
        ['state "which": rule 1: $.day: it is of the execution\'s input, which a pipeline does not have'],
        ['a when false', 'b when false', 'c'],
      ],
      [
        'a pattern, and no Default',
        machine({
          a: task('a', { Next: 'which' }),
          which: {
            Type: 'Choice',
            Choices: [
              { Variable: '$.x', StringMatches: 'a*', Next: 'b' },
              { Variable: '$.x', StringEquals: 'c', Next: 'c' },
            ],
          },
          b: task('b', { Parameters: {}, End: true }),
          c: task('c', { Parameters: {}, End: true }),
        }),
        [
          'state "which": rule 1: StringMatches "a*": there are no patterns',
          'state "which": no Default: the state machine fails where no rule holds; the steps just go on',
        ],
        ['a', 'b when false', 'c when false'],
      ],
      [
        'failures that are caught by name, and errors of functions',
        machine({
          a: task('a', {
            Retry: [
              { ErrorEquals: ['Busy'], IntervalSeconds: 2 },
              { ErrorEquals: ['States.Timeout'], MaxAttempts: 1 },
            ],
            Catch: [{ ErrorEquals: ['Gone'], Next: 'b' }],
            End: true,
          }),
          b: task('b', { Parameters: { 'name.$': '$.Error' }, Next: 'f' }),
          f: { Type: 'Fail', Error: 'Mine' },
        }),
        [
          'state "a": a part of the Task: Retry on States.Timeout: a step has one retry',
          'state "a": a part of the Task: Retry on Busy: whatever a function fails with is call_failed',
          'state "a": Catch of Gone only: onFailure follows every failure',
          'state "f": its Error "Mine": a run ends with the failure that was caught',
        ],
        ['a', 'b'],
      ],
      [
        'what is made by a function of the language, or comes from a list',
        machine({
          a: task('a', { Next: 'b' }),
          b: task('b', {
            Parameters: {
              'x.$': "States.Format('{}', $.y)",
              'z.$': '$.list[*].id',
              'ok.$': "$['my list'][2]",
            },
            End: true,
          }),
        }),
        [
          'state "b": a part of the Task: input.x: it is made by States.Format',
          'state "b": a part of the Task: input.z: the path $.list[*].id leads to more than one value',
        ],
        ['a', 'b'],
      ],
      [
        'a state that fails on purpose, one that is not reached, and a wait until a time in the data',
        machine({
          a: task('a', { Next: 'w' }),
          w: { Type: 'Wait', TimestampPath: '$.until', Next: 'f' },
          f: { Type: 'Fail' },
          x: task('x'),
        }),
        [
          'state "x": the state: no way leads to it',
          'state "w": the Wait state: how long it waits is not a fixed number of seconds up to a year, or a fixed time',
          'state "f": the Fail state: there is no step that fails: the steps end, or go on behind it',
        ],
        ['a'],
      ],
    ];

  test.each(lossy)('%s', async (_, text, losses, steps) => {
    const found = await imported(text);
    expect(found.losses).toEqual(losses);
    const names = allSteps(found.declaration.steps).map((step) => {
      const isOff = step.when?.kind === 'literal' && step.when.value === false;
      return `${step.kind === 'parallel' ? 'parallel' : step.name}${isOff ? ' when false' : ''}`;
    });
    expect(names).toEqual(steps);
    for (const loss of losses) expect(found.text).toContain(`#   - ${loss}`);
  });

  test('ways that meet at one step are taken over once for each, under names of their own', async () => {
    const { declaration } = await imported(
      machine({
        a: task('a', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'sorry' }], Next: 'b' }),
        b: task('b', { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'sorry' }], End: true }),
        sorry: task('sorry', { Next: 'f' }),
        f: { Type: 'Fail' },
      }),
    );
    expect(allSteps(declaration.steps).map((step) => step.kind !== 'parallel' && step.name)).toEqual([
      'a',
      'sorry',
      'b',
      'sorry-2',
    ]);
  });

  test('names of states become names of steps, however they are spelled', async () => {
    const names = ['Get  "it"', 'Get it', '日本', 'x'.repeat(80)];
    const states = names.map((name, index) => {
      const next = names[index + 1];
      return [name, task('f', next === undefined ? { End: true } : { Next: next })];
    });
    const { declaration, text } = await imported(machine(Object.fromEntries(states)));
    expect(declaration.steps.map((step) => step.kind === 'call' && step.name)).toEqual([
      'Get-it',
      'Get-it-2',
      'step',
      'x'.repeat(60),
    ]);
    expect(text).toContain('# from state "Get  \\"it\\""');
  });
});

describe('what is no state machine is refused', () => {
  const pass = { Type: 'Pass', End: true };
  const wrong: readonly [name: string, text: string, message: string][] = [
    ['no JSON', 'StartAt: a', 'm.json: not JSON'],
    ['no object', '[]', 'm.json: the machine is not in Amazon States Language: it has StartAt and States'],
    [
      'no states',
      '{"StartAt":"a"}',
      'm.json: the machine is not in Amazon States Language: it has StartAt and States',
    ],
    [
      'an unknown beginning',
      '{"StartAt":"b","States":{"a":{"Type":"Pass","End":true}}}',
      'm.json: the machine starts at "b", which is not among its states',
    ],
    ['an unknown type', machine({ a: { Type: 'Loop', End: true } }), 'm.json: state "a" is of no known Type'],
    [
      'a state without an end',
      machine({ a: { Type: 'Pass' } }),
      'm.json: state "a": it has neither Next nor End',
    ],
    [
      'a way that leads nowhere',
      machine({ a: { Type: 'Pass', Next: 'b' } }),
      'm.json: state "a" leads to "b", which is not there',
    ],
    [
      'a circle',
      machine({
        a: { ...pass, End: undefined, Next: 'b' },
        b: task('b', { Next: 'c' }),
        c: task('c', { Next: 'b' }),
      }),
      'm.json: states lead in a circle: "b" → "c" → "b"',
    ],
    [
      'JSONata',
      machine({ a: pass }, { QueryLanguage: 'JSONata' }),
      'm.json: the machine is written in JSONata',
    ],
    [
      'JSONata in a state',
      machine({ a: { ...pass, QueryLanguage: 'JSONata' } }),
      'm.json: state "a" is written in JSONata',
    ],
    [
      'a Task without a resource',
      machine({ a: { Type: 'Task', End: true } }),
      'm.json: state "a": a Task has a Resource',
    ],
    [
      'a branch that is none',
      machine({ a: { Type: 'Parallel', Branches: [{}], End: true } }),
      'm.json: branch 1 of "a" is not in Amazon States Language: it has StartAt and States',
    ],
    [
      'names that JavaScript has',
      '{"StartAt":"constructor","States":{}}',
      'm.json: the machine starts at "constructor", which is not among its states',
    ],
  ];

  test.each(wrong)('%s', (_, text, message) => {
    expect(() => readMachine(text, 'm.json')).toThrow(
      expect.objectContaining({ code: 'state_machine_invalid', message }),
    );
  });

  test('more steps than anybody would read', () => {
    const chain = Array.from({ length: 11 }, (_, index) => [
      [
        `c${index}`,
        {
          Type: 'Choice',
          Choices: [{ Variable: '$.x', IsNull: true, Next: `a${index}` }],
          Default: `b${index}`,
        },
      ],
      [
        `a${index}`,
        task('a', { Catch: [{ ErrorEquals: ['States.ALL'], Next: `c${index + 1}` }], Next: 'end' }),
      ],
      [`b${index}`, task('b', { Next: `c${index + 1}` })],
    ]).flat();
    const text = machine(Object.fromEntries([...chain, ['c11', pass], ['end', pass]]));
    expect(() => importMachine(readMachine(text, 'm.json'), 'm.json')).toThrow(/more than 1000 steps/);
  });
});
