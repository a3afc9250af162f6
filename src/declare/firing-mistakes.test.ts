import { describe, expect, test } from 'vitest';
import { dynamodb, ends, mysql, problemsOf } from '../../test/fixtures/declarations.js';

const names =
  'the placeholders are {{ firing.start }}, {{ firing.end }}, {{ firing.time }}, {{ firing.localStart }}, {{ firing.localEnd }}, {{ firing.localTime }}';
const inFilter = 'name a value in the filter: values: { ":from": "{{ firing.start }}" }';
const shop = (fields: string) => `{ connection: shop, ${fields} }`;
const stage = (fields: string) => `{ connection: stage, table: ttt, ${fields} }`;

/** What is declared, and all that is said about it: line:column, path, message, code, hint. */
const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'a misspelled placeholder',
    ends(shop('table: t, where: "a > {{ firing.strat }}"'), dynamodb),
    [
      `7:48 steps[0].from.where no placeholder is named firing.strat; did you mean "firing.start"? (wrong_value) → ${names}`,
    ],
  ],
  [
    'a placeholder in quotes',
    ends(shop('query: "SELECT 1 WHERE \'{{ firing.end }}\'"'), '{ connection: stage, table: ttt }'),
    [
      '7:38 steps[0].from.query a placeholder in quotes is text, and is not replaced (wrong_value) → write it without quotes: it is a DATETIME(6) by itself',
    ],
  ],
  [
    'a placeholder in a comment',
    ends(shop('table: t, where: "a /* {{ firing.end }} */"'), dynamodb),
    [
      '7:48 steps[0].from.where a placeholder in a comment is text, and is not replaced (wrong_value) → take it out of the comment',
    ],
  ],
  [
    'braces that do not close',
    ends(shop('table: t, where: "a > {{ firing.end"'), dynamodb),
    [
      '7:48 steps[0].from.where braces that do not close, or hold quotes or a comment (wrong_value) → one looks like {{ firing.start }}',
    ],
  ],
  [
    'a placeholder within a value',
    ends(stage('filter: "a > :t", values: { ":t": "at {{ firing.start }}" }'), mysql),
    [
      `7:78 steps[0].from.values[":t"] a placeholder within other text is not replaced (wrong_value) → ${inFilter}`,
    ],
  ],
  [
    'a placeholder in a filter',
    ends(stage('filter: "a > {{ firing.start }}"'), mysql),
    [`7:52 steps[0].from.filter a placeholder within other text is not replaced (wrong_value) → ${inFilter}`],
  ],
  [
    'an unknown placeholder in a sort key',
    ends(stage('query: { partition: p, sort: { from: "{{ firing.begin }}" } }'), mysql),
    [
      `7:81 steps[0].from.query.sort.from no placeholder is named firing.begin; did you mean "firing.end"? (wrong_value) → ${names}`,
    ],
  ],
  [
    'since into a mirror',
    ends(shop('table: t, since: { column: a }'), '{ connection: stage, table: ttt, mode: mirror }'),
    [
      '8:48 steps[0].to.mode `since` reads only what is new; `mode: mirror` takes away what it does not read (conflict) → another mode, or leave `since` out',
    ],
  ],
  [
    'since of a query',
    ends(shop('query: SELECT 1, since: { column: a }'), '{ connection: stage, table: ttt }'),
    [
      '7:55 steps[0].from.since `since` goes with a table, not with `query` (conflict) → write it into the query',
    ],
  ],
  [
    'since of DynamoDB',
    ends(stage('since: { column: a }'), mysql),
    [
      '7:44 steps[0].from.since `since` is not possible with DynamoDB: nothing tells in which order items were written (unsupported) → give the firing to a filter: filter: "updated >= :from", values: { ":from": "{{ firing.start }}" }',
    ],
  ],
  [
    'since with a zone that is none and a lag that is none',
    ends(shop('table: t, since: { column: a, lag: 5 minutes, zone: Asia/Tokio }'), dynamodb),
    [
      '7:66 steps[0].from.since.lag "5 minutes" is not a duration (wrong_value) → one looks like 5m',
      '7:83 steps[0].from.since.zone not a time zone; did you mean "Asia/Tokyo"? (wrong_value) → one looks like Asia/Tokyo',
    ],
  ],
];

describe('of the mistakes with firings and incremental copies', () => {
  test.each(mistakes)('%s is named with its place', async (_name, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});
