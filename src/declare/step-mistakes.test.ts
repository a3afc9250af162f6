import { describe, expect, test } from 'vitest';
import { dynamodb, fields, head, mysql, problemsOf } from '../../test/fixtures/declarations.js';

/** What is declared, and all that is said about it: line:column, path, message, code, hint. */
const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'a step that is a text',
    `${head}  - hello\n`,
    [
      '6:5 steps[0] expected a step, not text (wrong_type) → a step is { copy: NAME, from: …, to: … }, { replicate: NAME, from: …, to: … }, { export: NAME, from: …, to: … }, { parallel: [ … ] }, { wait: NAME, … }, { verify: NAME, … } or { call: NAME, … }',
    ],
  ],
  [
    'a step without a kind',
    `${head}  - { from: x }\n`,
    [
      '6:5 steps[0] a step without a kind (missing_field) → a step is { copy: NAME, from: …, to: … }, { replicate: NAME, from: …, to: … }, { export: NAME, from: …, to: … }, { parallel: [ … ] }, { wait: NAME, … }, { verify: NAME, … } or { call: NAME, … }',
    ],
  ],
  [
    'a misspelled kind of step',
    `${head}  - { cpoy: a }\n`,
    [
      '6:7 steps[0].cpoy unknown field "cpoy"; did you mean "copy"? (unknown_field) → a step is { copy: NAME, from: …, to: … }, { replicate: NAME, from: …, to: … }, { export: NAME, from: …, to: … }, { parallel: [ … ] }, { wait: NAME, … }, { verify: NAME, … } or { call: NAME, … }',
    ],
  ],
  [
    'a step name with a space',
    `${head}  - copy: a b\n    from: ${mysql}\n    to: ${dynamodb}\n`,
    ['6:11 steps[0].copy "a b" is not a name (wrong_value) → names have 1 to 64 letters, digits, _ and -'],
  ],
  [
    'two steps of one name',
    `${head}  - { copy: a, from: ${mysql}, to: ${dynamodb} }\n  - { copy: a, from: ${mysql}, to: ${dynamodb} }\n`,
    ['7:13 steps[1].copy two steps are named "a" (repeated_name) → the other one is steps[0]'],
  ],
  [
    'a copy without ends',
    `${head}  - copy: a\n`,
    [
      '6:5 steps[0].from `from` is missing (missing_field) → from: { connection: NAME, table: NAME }',
      '6:5 steps[0].to `to` is missing (missing_field) → to: { connection: NAME, table: NAME }',
    ],
  ],
  [
    'a mask without a key, and of an unknown way',
    `${head}  - { copy: a, from: ${mysql}, to: ${dynamodb}, mask: { email: hash } }\n  - { copy: b, from: ${mysql}, to: ${dynamodb}, mask: { email: hide } }\n`,
    [
      '1:1 `maskKey` is missing: steps[0].mask makes masks with it (missing_field) → write maskKey: { env: MASK_KEY } at the top, and export MASK_KEY="$(openssl rand -hex 32)"',
      '7:108 steps[1].mask.email unknown value "hide" (wrong_value) → one of: hash, redact, keep-format',
    ],
  ],
  [
    'a mask key that stands in the file',
    `maskKey: hunter2\n${head}  - { copy: a, from: ${mysql}, to: ${dynamodb} }\n`,
    [
      '1:10 maskKey a literal mask key is refused (insecure) → write maskKey: { env: NAME } and set the variable',
    ],
  ],
  [
    'a row function in YAML',
    fields('row: x'),
    ['9:10 steps[0].row `row` is a function (wrong_value) → only a TypeScript declaration can have one'],
  ],
  ['no writers', fields('parallel: 0'), ['9:15 steps[0].parallel must be at least 1 (wrong_value)']],
  ['too many writers', fields('parallel: 65'), ['9:15 steps[0].parallel must be at most 64 (wrong_value)']],
  [
    'half a writer',
    fields('parallel: 1.5'),
    ['9:15 steps[0].parallel expected an integer, not a number with a fraction (wrong_type)'],
  ],
  [
    'writers beyond 2^53',
    fields('parallel: 99999999999999999999'),
    ['9:15 steps[0].parallel expected a number, not an integer beyond 2^53 (wrong_type)'],
  ],
  [
    'a pace of nothing',
    fields('pace: { items: 0 }'),
    ['9:20 steps[0].pace.items must be more than 0 (wrong_value)'],
  ],
  [
    'a negative pace',
    fields('pace: { bytes: -1 }'),
    ['9:20 steps[0].pace.bytes must be more than 0 (wrong_value)'],
  ],
  [
    'a pace that adapts from nothing',
    fields('pace: { adapt: true }'),
    [
      '9:20 steps[0].pace.adapt `adapt` has no pace to go down from (wrong_value) → give items, bytes, readUnits, writeUnits or share too',
    ],
  ],
  [
    'a share that is none',
    fields('pace: { share: 0.2 }'),
    [
      '9:20 steps[0].pace.share expected text, not a number with a fraction (wrong_type) → put it between quotes',
    ],
  ],
  [
    'a share of more than all',
    fields('pace: { share: "120%" }'),
    ['9:20 steps[0].pace.share "120%" is not a share (wrong_value) → one looks like 20%'],
  ],
  [
    'a pace of something unknown',
    fields('pace: { rows: 1 }'),
    [
      '9:13 steps[0].pace.rows unknown field "rows" (unknown_field) → fields here: items, bytes, readUnits, writeUnits, share, adapt',
    ],
  ],
  ['a pace in words', fields('pace: fast'), ['9:11 steps[0].pace expected a mapping, not text (wrong_type)']],
  [
    'rejects without limit',
    fields('rejects: 5'),
    ['9:14 steps[0].rejects expected a mapping, not an integer (wrong_type)'],
  ],
  [
    'a limit with a fraction',
    fields('rejects: { limit: 1.5 }'),
    ['9:23 steps[0].rejects.limit expected a number of rows or a share (wrong_type) → 100, or "1%"'],
  ],
  [
    'a share with a space',
    fields('rejects: { limit: 1 % }'),
    ['9:23 steps[0].rejects.limit "1 %" is not a share (wrong_value) → one looks like 1%'],
  ],
  [
    'patience in words',
    fields('patience: 5 minutes'),
    ['9:15 steps[0].patience "5 minutes" is not a duration (wrong_value) → one looks like 5m'],
  ],
  ['no patience', fields('patience: 0'), ['9:15 steps[0].patience must be more than 0 (wrong_value)']],
  [
    'no attempts',
    fields('retry: { attempts: 0 }'),
    ['9:24 steps[0].retry.attempts must be at least 1 (wrong_value)'],
  ],
  [
    'misspelled attempts',
    fields('retry: { atempts: 3 }'),
    [
      '9:14 steps[0].retry.atempts unknown field "atempts"; did you mean "attempts"? (unknown_field) → fields here: attempts, backoff, on',
    ],
  ],
  [
    'a misspelled empty',
    fields('empty: kep'),
    ['9:12 steps[0].empty unknown empty "kep"; did you mean "keep"? (wrong_value) → one of: keep, null'],
  ],
  [
    'a type of another language',
    fields('map: { as: { a: boolean } }'),
    [
      '9:21 steps[0].map.as.a unknown value "boolean"; did you mean "bool"? (wrong_value) → one of: bool, text, int, decimal, float, bytes, json, date, datetime, time, timestamp, stringSet, document',
    ],
  ],
  [
    'a constant with a fraction',
    fields('map: { add: { a: 1.5 } }'),
    [
      '9:22 steps[0].map.add.a expected text, an integer, true, false or null (wrong_type) → quote a number with a fraction, and give `as: decimal`',
    ],
  ],
  [
    'a constant that is a list',
    fields('map: { add: { a: [1] } }'),
    [
      '9:22 steps[0].map.add.a expected text, an integer, true, false or null (wrong_type) → quote a number with a fraction, and give `as: decimal`',
    ],
  ],
  [
    'only with a text',
    fields('map: { only: x }'),
    [
      '9:18 steps[0].map.only expected a list of columns, or new names with the paths they come from (wrong_type)',
    ],
  ],
  [
    'only with a number',
    fields('map: { only: [1] }'),
    ['9:19 steps[0].map.only[0] expected text, not an integer (wrong_type) → put it between quotes'],
  ],
  ['an empty drop', fields('map: { drop: [] }'), ['9:18 steps[0].map.drop the list is empty (wrong_value)']],
  ['a map of nothing', fields('map:'), ['9:9 steps[0].map expected a mapping, not nothing (wrong_type)']],
  ['no branches', `${head}  - parallel: []\n`, ['6:15 steps[0].parallel the list is empty (wrong_value)']],
  [
    'branches that are a number',
    `${head}  - parallel: 4\n`,
    ['6:15 steps[0].parallel expected a list, not an integer (wrong_type)'],
  ],
  [
    'an empty branch',
    `${head}  - parallel: [[]]\n`,
    ['6:16 steps[0].parallel[0] the list is empty (wrong_value)'],
  ],
  [
    'no branch at once',
    `${head}  - parallel: [{ copy: a, from: ${mysql}, to: ${dynamodb} }]\n    limit: 0\n`,
    ['7:12 steps[0].limit must be at least 1 (wrong_value)'],
  ],
  [
    'a misspelled limit',
    `${head}  - parallel: [{ copy: a, from: ${mysql}, to: ${dynamodb} }]\n    limits: 1\n`,
    [
      '7:5 steps[0].limits unknown field "limits"; did you mean "limit"? (unknown_field) → fields here: when, retry, parallel, limit, onFailure',
    ],
  ],
];

describe('of the mistakes in steps', () => {
  test.each(mistakes)('%s is named with its place', async (_name, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});
