import { describe, expect, test } from 'vitest';
import { imported } from '../../../../test/fixtures/imported.js';
import { machineText, task } from '../../../../test/fixtures/machine-text.js';
import { allSteps } from '../drawing.js';

describe('what a declaration cannot say is named, and the rest is carried over', () => {
  const lossy: readonly [name: string, text: string, losses: readonly string[], steps: readonly string[]][] =
    [
      [
        'a Task that is no Lambda function',
        machineText({
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
        machineText({
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
        machineText({
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
        machineText(
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
        machineText({
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
        machineText({
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
        machineText({
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
        machineText({
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
        machineText({
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
      machineText({
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
    const { declaration, text } = await imported(machineText(Object.fromEntries(states)));
    expect(declaration.steps.map((step) => step.kind === 'call' && step.name)).toEqual([
      'Get-it',
      'Get-it-2',
      'step',
      'x'.repeat(60),
    ]);
    expect(text).toContain('# from state "Get  \\"it\\""');
  });
});
