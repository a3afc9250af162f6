import { expect, test } from 'vitest';
import { problemsOf } from '../../test/fixtures/declarations.js';

const head = `pipeline: users
connections:
  prod: { kind: dynamodb, region: eu-west-1 }
  shop: { kind: mysql, host: 127.0.0.1, user: app, password: { env: SLUICE_TEST_PASSWORD }, database: shop }
  inbox: { kind: sqs, region: eu-west-1, queue: inbox }
steps:
`;
const step = (more: string, to = '') =>
  `${head}  - copy: users
    from: { connection: prod, table: users }
    to: { connection: prod, table: others${to} }
    ${more}
`;

const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  ['a queue', step('via: { connection: inbox }'), []],
  ['insert through a queue', step('via: { connection: inbox }', ', mode: insert'), []],
  [
    'a queue that is not there',
    step('via: { connection: inbx }'),
    [
      '10:24 steps[0].via.connection no connection is named "inbx"; did you mean "inbox"? (unknown_connection) → the connections are: prod, shop, inbox',
    ],
  ],
  [
    'a table as a queue',
    step('via: { connection: prod }'),
    [
      '10:24 steps[0].via.connection "prod" is a connection of kind dynamodb, which is no queue (wrong_value) → a queue lies between the ends: { kind: sqs, queue: NAME }',
    ],
  ],
  [
    'a queue by its name alone',
    step('via: inbox'),
    ['10:10 steps[0].via expected a mapping, not text (wrong_type)'],
  ],
  [
    'mirror through a queue',
    step('via: { connection: inbox }', ', mode: mirror'),
    [
      '9:50 steps[0].to.mode `mode: mirror` deletes what did not come, and behind a queue nobody knows what is still to come (conflict) → put, insert, update, newest or upsert; or leave `via` out',
    ],
  ],
  [
    'many tables through a queue',
    `${head}  - copy: users
    from: { connection: shop, tables: ["u*"] }
    to: { connection: prod }
    via: { connection: inbox }
`,
    [
      '8:39 steps[0].from.tables a queue is of one table: messages of many would be told apart by nothing (conflict) → a step with a queue of its own for each table; or leave `via` out',
    ],
  ],
  [
    'two steps through one queue',
    `${step('via: { connection: inbox }')}  - { copy: more, from: { connection: prod, table: a1b }, via: { connection: inbox }, to: { connection: prod, table: b1c } }
`,
    [
      '11:78 steps[1].via.connection the step users has this queue already (conflict) → a queue of its own for each step: the receiver of one sets aside what another sent',
    ],
  ],
];

test.each(mistakes)('%s is judged', async (_name, text, problems) => {
  expect(await problemsOf(text)).toEqual(problems);
});
