import { describe, expect, test } from 'vitest';
import { connection, fields, problemsOf, right } from '../../test/fixtures/declarations.js';

/** What is declared, and all that is said about it: line:column, path, message, code, hint. */
const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'a tab as indentation',
    'pipeline: p\nconnections:\n\tshop: { kind: mysql }\n',
    [
      '2:13 connections expected a mapping, not nothing (wrong_type)',
      '3:1 connections not YAML: tabs are not allowed as indentation (syntax) → indent with spaces',
      '3:2 shop unknown field "shop" (unknown_field) → fields here: pipeline, schedule, maskKey, deploy, connections, steps',
    ],
  ],
  [
    'a brace that is not closed',
    'pipeline: p\nconnections: { shop: { kind: mysql, secret: s }\nsteps: []\n',
    [
      '3:1 steps not YAML: flow map in block collection must be sufficiently indented and end with a } (syntax) → the fields of one mapping begin in the same column',
      '3:8 steps the list is empty (wrong_value)',
    ],
  ],
  [
    'a quote that is not closed',
    'pipeline: "p\n',
    ['2:1 pipeline not YAML: missing closing "quote (syntax)'],
  ],
  [
    'a tag of YAML',
    fields('empty: !!str keep'),
    [
      '9:12 steps[0].empty tags are not allowed (yaml_feature) → write the value without it; quote it to make it text',
    ],
  ],
  [
    'a tag of somebody else',
    fields('empty: !env keep'),
    [
      '9:12 steps[0].empty tags are not allowed (yaml_feature) → write the value without it; quote it to make it text',
    ],
  ],
  [
    'a merge key',
    'pipeline: p\nbase: &b { kind: mysql }\nconnections:\n  shop: { <<: *b, secret: s }\n  stage: { kind: dynamodb }\n' +
      right,
    [
      '2:1 base unknown field "base" (unknown_field) → fields here: pipeline, schedule, maskKey, deploy, connections, steps',
      '4:11 connections.shop["<<"] merge keys are not allowed (yaml_feature) → write the fields out',
    ],
  ],
  [
    'a key that stands twice',
    'pipeline: p\npipeline: q\nconnections: { stage: { kind: dynamodb }, shop: { kind: mysql, secret: s } }\n' +
      right,
    ['2:1 pipeline the key "pipeline" stands here twice (repeated_key) → keep one of them'],
  ],
  [
    'the key __proto__',
    fields('map: { add: { __proto__: 1 } }'),
    ['9:19 steps[0].map.add.__proto__ the key "__proto__" is not allowed (unsafe_key)'],
  ],
  [
    'the key constructor',
    fields('map: { rename: { constructor: x } }'),
    ['9:22 steps[0].map.rename.constructor the key "constructor" is not allowed (unsafe_key)'],
  ],
  [
    'a second document',
    `${connection('{ kind: mysql, secret: s }')}---\npipeline: q\n`,
    [
      '6:1 a second document in one file (yaml_feature) → one file holds one pipeline: take the --- away or make two files',
    ],
  ],
  [
    'a directive',
    `%YAML 1.1\n---\n${connection('{ kind: mysql, secret: s }')}`,
    [
      '1:1 directives are not allowed (yaml_feature) → take the line that begins with % away; the file is read as YAML 1.2',
    ],
  ],
  [
    'an alias of nothing',
    fields('empty: *nope'),
    [
      '9:12 steps[0].empty nothing is anchored as &nope (syntax) → put text that begins with * between quotes',
    ],
  ],
  [
    'an alias inside of what it stands for',
    fields('map: &m { add: *m }'),
    ['9:20 steps[0].map.add an alias inside of what it stands for (yaml_feature) → write the fields out'],
  ],
  [
    'a key that is a number',
    fields('map: { add: { 1: x } }'),
    ['9:19 steps[0].map.add a key that is not text (wrong_type) → put it between quotes'],
  ],
  [
    'a key that is null',
    fields('map: { add: { ~: x } }'),
    ['9:19 steps[0].map.add a key that is not text (wrong_type) → put it between quotes'],
  ],
  [
    'a hundred nested lists',
    `pipeline: ${'['.repeat(100)}`,
    ['1:81 nested deeper than 64 levels (too_large)'],
  ],
  [
    'a field that is indented too far',
    'pipeline: p\n  connections: {}\nsteps: []\n',
    [
      '1:11 pipeline["p connections"] not YAML: nested mappings are not allowed in compact mappings (syntax)',
      '1:11 pipeline["p connections"] not YAML: implicit keys need to be on a single line (syntax) → is a colon or a quote missing?',
      '1:11 pipeline expected text, not a mapping (wrong_type)',
    ],
  ],
];

describe('of the mistakes in YAML', () => {
  test.each(mistakes)('%s is named with its place', async (_name, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});
