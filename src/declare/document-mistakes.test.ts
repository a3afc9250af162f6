import { describe, expect, test } from 'vitest';
import { head, problemsOf, right } from '../../test/fixtures/declarations.js';

/** What is declared, and all that is said about it: line:column, path, message, code, hint. */
const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'an empty file',
    '',
    [
      '1:1 the document is empty (missing_field) → a declaration has the fields pipeline, connections and steps; `sluice init batch` writes one',
    ],
  ],
  [
    'a document that is a list',
    '- a\n',
    [
      '1:1 expected a mapping, not a list (wrong_type) → a declaration has the fields pipeline, connections and steps; `sluice init batch` writes one',
    ],
  ],
  [
    'a document that is a text',
    'hello',
    [
      '1:1 expected a mapping, not text (wrong_type) → a declaration has the fields pipeline, connections and steps; `sluice init batch` writes one',
    ],
  ],
  [
    'nothing but a name',
    'pipeline: p\n',
    [
      '1:1 connections `connections` is missing (missing_field) → connections: { shop: { kind: mysql, … }, stage: { kind: dynamodb, … } }',
      '1:1 steps `steps` is missing (missing_field) → steps: [ { copy: NAME, from: …, to: … } ]',
    ],
  ],
  [
    'an unknown field at the top',
    head.replace('pipeline: p', 'pipline: p') +
      '  - { copy: a, from: { connection: shop, table: t }, to: { connection: stage } }\n',
    [
      '1:1 pipline unknown field "pipline"; did you mean "pipeline"? (unknown_field) → fields here: pipeline, schedule, maskKey, deploy, connections, steps',
    ],
  ],
  [
    'an empty list of steps',
    'pipeline: p\nconnections: {}\nsteps: []\n',
    ['3:8 steps the list is empty (wrong_value)'],
  ],
  [
    'steps that are a mapping',
    'pipeline: p\nconnections: {}\nsteps: { copy: a }\n',
    ['3:8 steps expected a list, not a mapping (wrong_type)'],
  ],
  [
    'a pipeline name with a space',
    `pipeline: my pipe\nconnections: {}\n${right}`,
    [
      '1:11 pipeline "my pipe" is not a name (wrong_value) → names have 1 to 64 letters, digits, _ and -',
      '3:40 steps[0].from.connection no connection is named "shop" (unknown_connection)',
      '3:76 steps[0].to.connection no connection is named "stage" (unknown_connection)',
    ],
  ],
  [
    'a connection name with a dot',
    `pipeline: p\nconnections:\n  a.b: { kind: dynamodb }\n${right}`,
    [
      '3:3 connections["a.b"] "a.b" is not a name (wrong_value) → names have 1 to 64 letters, digits, _ and -',
      '4:40 steps[0].from.connection no connection is named "shop" (unknown_connection) → the connections are: a.b',
      '4:76 steps[0].to.connection no connection is named "stage" (unknown_connection) → the connections are: a.b',
    ],
  ],
  [
    'a schedule that says nothing',
    'pipeline: p\nschedule: { zone: UTC }\nconnections: { stage: { kind: dynamodb }, shop: { kind: mysql, secret: s } }\n' +
      right,
    [
      '2:11 schedule the schedule says nothing (missing_field) → give one of cron: "0 6 * * ? *", rate: "15 minutes", at: "2026-12-31T06:00:00"',
    ],
  ],
  [
    'a schedule that says two things',
    'pipeline: p\nschedule: { rate: 5 minutes, at: "2026-12-31T06:00:00" }\nconnections: { stage: { kind: dynamodb }, shop: { kind: mysql, secret: s } }\n' +
      right,
    [
      '2:11 schedule `cron`, `rate` and `at` exclude each other (conflict) → give one of cron: "0 6 * * ? *", rate: "15 minutes", at: "2026-12-31T06:00:00"',
    ],
  ],
];

describe('of the mistakes in the document', () => {
  test.each(mistakes)('%s is named with its place', async (_name, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});
