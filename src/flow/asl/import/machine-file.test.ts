import { describe, expect, test } from 'vitest';
import { machineText, task } from '../../../../test/fixtures/machine-text.js';
import { importMachine } from './import-machine.js';
import { readMachine } from './machine-file.js';

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
    [
      'an unknown type',
      machineText({ a: { Type: 'Loop', End: true } }),
      'm.json: state "a" is of no known Type',
    ],
    [
      'a state without an end',
      machineText({ a: { Type: 'Pass' } }),
      'm.json: state "a": it has neither Next nor End',
    ],
    [
      'a way that leads nowhere',
      machineText({ a: { Type: 'Pass', Next: 'b' } }),
      'm.json: state "a" leads to "b", which is not there',
    ],
    [
      'a circle',
      machineText({
        a: { ...pass, End: undefined, Next: 'b' },
        b: task('b', { Next: 'c' }),
        c: task('c', { Next: 'b' }),
      }),
      'm.json: states lead in a circle: "b" → "c" → "b"',
    ],
    [
      'JSONata',
      machineText({ a: pass }, { QueryLanguage: 'JSONata' }),
      'm.json: the machine is written in JSONata',
    ],
    [
      'JSONata in a state',
      machineText({ a: { ...pass, QueryLanguage: 'JSONata' } }),
      'm.json: state "a" is written in JSONata',
    ],
    [
      'a Task without a resource',
      machineText({ a: { Type: 'Task', End: true } }),
      'm.json: state "a": a Task has a Resource',
    ],
    [
      'a branch that is none',
      machineText({ a: { Type: 'Parallel', Branches: [{}], End: true } }),
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
    const text = machineText(Object.fromEntries([...chain, ['c11', pass], ['end', pass]]));
    expect(() => importMachine(readMachine(text, 'm.json'), 'm.json')).toThrow(/more than 1000 steps/);
  });
});
