import { describe, expect, test } from 'vitest';
import { dynamodb, fields, head, mysql, problemsOf } from '../../test/fixtures/declarations.js';

/** A copy named `a` in line 6, and behind it, from line 7 on, these lines. */
function after(lines: string): string {
  return `${head}  - { copy: a, from: ${mysql}, to: ${dynamodb} }\n${lines}\n`;
}

/** What is declared, and all that is said about it: line:column, path, message, code, hint. */
const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'a condition that is true',
    fields('when: true'),
    ['9:11 steps[0].when expected text, not true (wrong_type) → put it between quotes'],
  ],
  ['an empty condition', fields("when: ''"), ['9:11 steps[0].when the text is empty (wrong_value)']],
  [
    'a step that comes later',
    `${head}  - { wait: w, for: 5, when: steps.a.read > 0 }\n  - { copy: a, from: ${mysql}, to: ${dynamodb} }\n`,
    [
      '6:30 steps[0].when at character 1: step "a" (steps[1]) is not sure to have ended before this one (wrong_value) → no step has ended by then',
    ],
  ],
  [
    'a step of a branch beside it',
    after(
      '  - parallel:\n      - { wait: v, for: 5 }\n      - { wait: w, for: 5, when: steps.v.seconds > 0 }\n  - { wait: x, for: 1, when: steps.v.seconds > 0 && steps.w.seconds > 0 }',
    ),
    [
      '9:34 steps[1].parallel[1].when at character 1: step "v" (steps[1].parallel[0]) is not sure to have ended before this one (wrong_value) → steps that have ended by then: a',
    ],
  ],
  [
    'a step that runs only after a failure',
    after(
      '  - { wait: v, for: 5, onFailure: { wait: f, for: 1, when: "steps.v.error.code == \'timeout\'" } }\n  - { wait: w, for: 5, when: steps.f.seconds > 0 }',
    ),
    [
      '8:30 steps[2].when at character 1: step "f" (steps[1].onFailure) is not sure to have ended before this one (wrong_value) → steps that have ended by then: a, v',
    ],
  ],
  [
    'an error code that there is not',
    after(
      '  - { wait: v, for: 5, onFailure: { wait: f, for: 1, when: "steps.v.error.code == \'timeouts\'" } }',
    ),
    [
      '7:60 steps[1].onFailure.when at character 23: it is never "timeouts"; did you mean "timeout"? (wrong_value)',
    ],
  ],
  [
    'an error without its field',
    after('  - { wait: v, for: 5, onFailure: { wait: f, for: 1, when: "steps.v.error == null" } }'),
    [
      "7:60 steps[1].onFailure.when at character 1: an error has a code and a message (wrong_value) → write steps['v'].error.code",
    ],
  ],
  [
    'an unknown code to retry on',
    fields('retry: { attempts: 3, on: [throtled] }'),
    [
      '9:32 steps[0].retry.on[0] unknown value "throtled"; did you mean "throttled"? (wrong_value) → one of: throttled, timeout, connection_lost, unreachable, deadlock, server_error, response_invalid, call_failed, access_denied, credentials_missing, secret_invalid, table_missing, deletes_exceeded, snapshot_failed, export_failed, export_incomplete, quota_exceeded',
    ],
  ],
  [
    'a code to retry on that is no list',
    fields('retry: { on: throttled }'),
    ['9:18 steps[0].retry.on expected a list, not text (wrong_type)'],
  ],
  [
    'no code to retry on',
    fields('retry: { on: [] }'),
    ['9:18 steps[0].retry.on the list is empty (wrong_value)'],
  ],
  [
    'nothing to do on failure',
    fields('onFailure: []'),
    ['9:16 steps[0].onFailure the list is empty (wrong_value)'],
  ],
  [
    'a text to do on failure',
    fields('onFailure: stop'),
    [
      '9:16 steps[0].onFailure expected a step, not text (wrong_type) → a step is { copy: NAME, from: …, to: … }, { replicate: NAME, from: …, to: … }, { export: NAME, from: …, to: … }, { parallel: [ … ] }, { wait: NAME, … }, { verify: NAME, … } or { call: NAME, … }',
    ],
  ],
  [
    'an unknown end of a failure',
    fields('onFailure: { steps: [{ wait: w, for: 1 }], then: go }'),
    ['9:54 steps[0].onFailure.then unknown then "go" (wrong_value) → one of: stop, continue'],
  ],
  [
    'a misspelled end of a failure',
    fields('onFailure: { steps: { wait: w, for: 1 }, than: stop }'),
    [
      '9:46 steps[0].onFailure.than unknown field "than"; did you mean "then"? (unknown_field) → fields here: steps, then',
    ],
  ],
  [
    'no step to do on failure',
    fields('onFailure: { then: stop }'),
    [
      '9:16 steps[0].onFailure a step without a kind (missing_field) → a step is { copy: NAME, from: …, to: … }, { replicate: NAME, from: …, to: … }, { export: NAME, from: …, to: … }, { parallel: [ … ] }, { wait: NAME, … }, { verify: NAME, … } or { call: NAME, … }',
    ],
  ],
  [
    'the name of a step twice, once on failure',
    fields('onFailure: { wait: a, for: 1 }'),
    ['9:24 steps[0].onFailure.wait two steps are named "a" (repeated_name) → the other one is steps[0]'],
  ],
  [
    'a wait without a time',
    after('  - wait: w'),
    [
      '7:5 steps[1] how long it waits is missing (missing_field) → give one of for: "5m" and until: "2026-12-01T06:00:00Z"',
    ],
  ],
  [
    'a wait with two times',
    after('  - { wait: w, for: 5m, until: 2026-12-01T06:00:00Z }'),
    [
      '7:32 steps[1].until `for` and `until` exclude each other (conflict) → give one of for: "5m" and until: "2026-12-01T06:00:00Z"',
    ],
  ],
  [
    'a wait in words',
    after('  - { wait: w, for: a while }'),
    ['7:21 steps[1].for "a while" is not a duration (wrong_value) → one looks like 5m'],
  ],
  [
    'a wait of years',
    after('  - { wait: w, for: 99999999 }'),
    ['7:21 steps[1].for must be at most 31536000 (wrong_value)'],
  ],
  [
    'a wait until a day',
    after('  - { wait: w, until: 2026-12-01 }'),
    [
      '7:23 steps[1].until "2026-12-01" is not an instant (wrong_value) → one looks like 2026-12-01T06:00:00Z',
    ],
  ],
  [
    'a wait with rows',
    after('  - { wait: w, for: 1, sample: 4 }'),
    [
      '7:24 steps[1].sample unknown field "sample" (unknown_field) → fields here: when, retry, wait, for, until, onFailure',
    ],
  ],
  [
    'a verify of nothing',
    after('  - verify: v'),
    [
      '7:5 steps[1].of `of` is missing (missing_field) → The copies whose two sides are compared: a name, or a list.',
    ],
  ],
  [
    'a verify of an unknown step',
    after('  - { verify: v, of: [a, aa] }'),
    [
      '7:26 steps[1].of[1] no step is named "aa"; did you mean "a"? (wrong_value) → steps that have ended by then: a',
    ],
  ],
  [
    'a verify of itself',
    after('  - { verify: v, of: v }'),
    [
      '7:22 steps[1].of step "v" (steps[1]) is not sure to have ended before this one (wrong_value) → steps that have ended by then: a',
    ],
  ],
  [
    'a verify of a wait',
    after('  - { wait: w, for: 1 }\n  - { verify: v, of: w }'),
    ['8:22 steps[2].of "w" is a wait, not a copy (wrong_value) → name copies that come before'],
  ],
  [
    'a verify of what comes later',
    `${head}  - { verify: v, of: a }\n  - { copy: a, from: ${mysql}, to: ${dynamodb} }\n`,
    [
      '6:22 steps[0].of step "a" (steps[1]) is not sure to have ended before this one (wrong_value) → no step has ended by then',
    ],
  ],
  [
    'a verify of no row',
    after('  - { verify: v, of: a, sample: 0 }'),
    ['7:33 steps[1].sample must be at least 1 (wrong_value)'],
  ],
  [
    'a call of nothing',
    after('  - call: c'),
    [
      '7:5 steps[1] what is called is missing: `run` or `function` (missing_field) → run: ["./notify.sh"] is a command, function: arn:aws:lambda:… a Lambda function',
    ],
  ],
  [
    'a command that is a text',
    after('  - { call: c, run: ./notify.sh }'),
    ['7:21 steps[1].run expected a command as a list (wrong_value) → ["./notify.sh", "--done"]'],
  ],
  [
    'an empty command',
    after('  - { call: c, run: [] }'),
    ['7:21 steps[1].run the list is empty (wrong_value)'],
  ],
  [
    'a function that is no ARN',
    after('  - { call: c, function: notify }'),
    [
      '7:26 steps[1].function "notify" is not the ARN of a function (wrong_value) → one looks like arn:aws:lambda:eu-west-1:111122223333:function:notify',
    ],
  ],
  [
    'a role without a function',
    after('  - { call: c, run: [x], role: arn:aws:iam::111122223333:role/x }'),
    ['7:32 steps[1].role `role` goes with `function` only (conflict) → leave `role` out'],
  ],
  [
    'a function in another region',
    after('  - { call: c, region: us-east-1, function: "arn:aws:lambda:eu-west-1:111122223333:function:n" }'),
    [
      '7:24 steps[1].region the function lies in another region (conflict) → leave `region` out, or write eu-west-1',
    ],
  ],
  [
    'an endpoint that is refused',
    after(
      '  - { call: c, endpoint: "http://169.254.169.254", function: "arn:aws:lambda:eu-west-1:111122223333:function:n" }',
    ),
    ['7:26 steps[1].endpoint link-local addresses and metadata services are refused as endpoints (insecure)'],
  ],
  [
    'an input of an unknown step',
    after('  - { call: c, run: [x], input: { n: ["{{ steps.orders.read }}"] } }'),
    ['7:39 steps[1].input.n[0] no step is named "orders" (wrong_value) → steps that have ended by then: a'],
  ],
  [
    'an input with a part of a text',
    after('  - { call: c, run: [x], input: "rows: {{ steps.a.read }}" }'),
    [
      '7:33 steps[1].input at character 7: {{ … }} must be the whole value (wrong_value) → give the parts as values of their own, and join them where they are used',
    ],
  ],
  [
    'an input with a condition',
    after('  - { call: c, run: [x], input: "{{ steps.a.read > 5 }}" }'),
    ['7:33 steps[1].input at character 17: expected the end, not ">" (wrong_value)'],
  ],
  [
    'an input beyond JSON',
    after('  - { call: c, run: [x], input: [12345678901234567890] }'),
    [
      '7:34 steps[1].input[0] an integer beyond 2^53 is not exact in JSON (wrong_value) → put it between quotes',
    ],
  ],
  [
    'a call without an end',
    after('  - { call: c, run: [x], timeout: 0 }'),
    ['7:35 steps[1].timeout must be more than 0 (wrong_value)'],
  ],
  [
    'two kinds in one step',
    after('  - { wait: w, for: 1, call: c }'),
    [
      '7:24 steps[1].call unknown field "call" (unknown_field) → fields here: when, retry, wait, for, until, onFailure',
    ],
  ],
];

describe('of the mistakes in a flow', () => {
  test.each(mistakes)('%s is named with its place', async (_name, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});
