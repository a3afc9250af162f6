import { describe, expect, test } from 'vitest';
import { dynamodb, ends, mysql, problemsOf } from '../../test/fixtures/declarations.js';

/** What is declared, and all that is said about it: line:column, path, message, code, hint. */
const mistakes: readonly [name: string, text: string, problems: readonly string[]][] = [
  [
    'a from that is a text',
    ends('shop', dynamodb),
    [
      '7:11 steps[0].from expected a mapping, not text (wrong_type) → from: { connection: NAME, table: NAME }',
    ],
  ],
  [
    'an end without a connection',
    ends('{ table: t }', dynamodb),
    ['7:11 steps[0].from `connection` is missing (missing_field) → the connections are: shop, stage'],
  ],
  [
    'a misspelled connection',
    ends('{ connection: shp, table: t }', dynamodb),
    [
      '7:25 steps[0].from.connection no connection is named "shp"; did you mean "shop"? (unknown_connection) → the connections are: shop, stage',
    ],
  ],
  [
    'a source without a table',
    ends('{ connection: shop }', dynamodb),
    ['7:11 steps[0].from what is to be read is missing: `table` or `tables` or `query` (missing_field)'],
  ],
  [
    'a table and a query',
    ends('{ connection: shop, table: t, query: SELECT 1 }', dynamodb),
    [
      '7:48 steps[0].from.query `query` and `table` exclude each other (conflict) → give one of `table` or `tables` or `query`',
    ],
  ],
  [
    'a query into no table',
    ends('{ connection: shop, query: SELECT 1 }', '{ connection: stage }'),
    [
      '8:9 steps[0].to `table` is missing (missing_field) → a query has no table whose name the sink could take',
    ],
  ],
  [
    'a where beside a query',
    ends('{ connection: shop, query: SELECT 1, where: x }', dynamodb),
    [
      '7:55 steps[0].from.where `where` goes with a table, not with `query` (conflict) → write it into the query',
    ],
  ],
  [
    'a query that deletes',
    ends('{ connection: shop, query: DELETE FROM t }', dynamodb),
    ['7:38 steps[0].from.query a query begins with SELECT or WITH (wrong_value) → a source only reads'],
  ],
  [
    'a field of another kind',
    ends('{ connection: shop, table: t, filter: x }', dynamodb),
    [
      '7:41 steps[0].from.filter unknown field "filter" (unknown_field) → fields here: connection, table, tables, query, columns, where, since, consistency',
    ],
  ],
  [
    'many tables into one',
    ends('{ connection: shop, tables: ["*"] }', dynamodb),
    [
      '8:37 steps[0].to.table many tables would go into one (conflict) → table: "ttt-{table}", or leave it out',
    ],
  ],
  [
    '{table} without tables',
    ends(mysql, '{ connection: stage, table: "x-{table}" }'),
    [
      '8:37 steps[0].to.table `{table}` and `{match}` go with `from.tables` only (conflict) → write the name of the table',
    ],
  ],
  [
    'a misspelled mode',
    ends(mysql, '{ connection: stage, table: ttt, mode: putt }'),
    [
      '8:48 steps[0].to.mode unknown mode "putt"; did you mean "put"? (wrong_value) → one of: put, insert, update, newest, mirror, append',
    ],
  ],
  [
    'a mode of another kind',
    ends(mysql, '{ connection: stage, table: ttt, mode: upsert }'),
    [
      '8:48 steps[0].to.mode unknown mode "upsert"; did you mean "insert"? (wrong_value) → one of: put, insert, update, newest, mirror, append',
    ],
  ],
  [
    'mode newest without by',
    ends(mysql, '{ connection: stage, table: ttt, mode: newest }'),
    [
      '8:48 steps[0].to.mode `mode: newest` needs `by` (missing_field) → by: the attribute that says which is newer',
    ],
  ],
  [
    'by without mode newest',
    ends(mysql, '{ connection: stage, table: ttt, by: x }'),
    [
      '8:46 steps[0].to.by `by` goes with `mode: newest` only (conflict) → say `mode: newest`, or leave `by` out',
    ],
  ],
  [
    'deletes without mode mirror',
    ends(mysql, '{ connection: stage, table: ttt, deletes: { limit: 10% } }'),
    [
      '8:51 steps[0].to.deletes `deletes` goes with `mode: mirror` only (conflict) → say `mode: mirror`, or leave `deletes` out',
    ],
  ],
  [
    'a limit in words',
    ends(mysql, '{ connection: stage, table: ttt, mode: mirror, deletes: { limit: ten } }'),
    ['8:74 steps[0].to.deletes.limit "ten" is not a share (wrong_value) → one looks like 10%'],
  ],
  [
    'create between quotes',
    ends(mysql, '{ connection: stage, table: ttt, create: "yes" }'),
    ['8:50 steps[0].to.create expected true or false, not text (wrong_type)'],
  ],
  [
    'a table name of two letters',
    ends(mysql, '{ connection: stage, table: ab }'),
    [
      '8:37 steps[0].to.table "ab" is not a table name (wrong_value) → 3 to 255 of letters, digits, _ . and -',
    ],
  ],
  [
    'a table copied onto itself',
    ends(mysql, '{ connection: shop, table: t }'),
    [
      '8:9 steps[0].to source and sink are the same table (same_table) → write into another table, or through another connection',
    ],
  ],
  [
    'a table copied onto itself by default',
    ends(mysql, '{ connection: shop }'),
    [
      '8:9 steps[0].to source and sink are the same table (same_table) → write into another table, or through another connection',
    ],
  ],
  [
    'tables copied onto themselves',
    ends('{ connection: shop, tables: ["*"] }', '{ connection: shop }'),
    [
      '8:9 steps[0].to source and sink are the same table (same_table) → write into another table, or through another connection',
    ],
  ],
  [
    'a filter whose value is missing',
    ends('{ connection: stage, table: ttt, filter: "a > :t" }', '{ connection: shop }'),
    [
      '7:52 steps[0].from.filter `filter` names :t, which `values` lacks (missing_field) → values: { ":t": … }',
    ],
  ],
  [
    'a value that no filter uses',
    ends(
      '{ connection: stage, table: ttt, filter: "a > :t", values: { ":t": 1, ":u": 2 } }',
      '{ connection: shop }',
    ),
    ['7:87 steps[0].from.values[":u"] `filter` does not use :u (conflict)'],
  ],
  [
    'a value with a fraction',
    ends(
      '{ connection: stage, table: ttt, filter: "a > :t", values: { ":t": 1.5 } }',
      '{ connection: shop }',
    ),
    [
      '7:78 steps[0].from.values[":t"] expected text, an integer, true, false or null (wrong_type) → write a number with a fraction as { N: "10.5" }',
    ],
  ],
  [
    'a value name without a colon',
    ends('{ connection: stage, table: ttt, values: { t: 1 } }', '{ connection: shop }'),
    ['7:54 steps[0].from.values.t "t" is not the name of a value (wrong_value) → one looks like :total'],
  ],
  [
    'sort conditions that exclude each other',
    ends(
      '{ connection: stage, table: ttt, query: { partition: p, sort: { equals: 1, from: 2 } } }',
      '{ connection: shop }',
    ),
    [
      '7:73 steps[0].from.query.sort `from`, `equals` exclude each other (conflict) → from and to, or equals, or beginsWith',
    ],
  ],
  [
    'fetch without an index',
    ends('{ connection: stage, table: ttt, fetch: items }', '{ connection: shop }'),
    [
      '7:51 steps[0].from.fetch `fetch: items` follows an index: `query.index` is missing (missing_field) → a table gives whole items anyway',
    ],
  ],
  [
    'a key list of a MySQL table',
    ends('{ connection: shop, table: t, keys: ./k.txt }', dynamodb),
    [
      '7:41 steps[0].from.keys unknown field "keys" (unknown_field) → fields here: connection, table, tables, query, columns, where, since, consistency',
    ],
  ],
  [
    'a key list that is a number',
    ends('{ connection: stage, table: ttt, keys: 7 }', '{ connection: shop }'),
    [
      '7:50 steps[0].from.keys expected a key list, not an integer (wrong_type) → ./keys.txt, "-" for standard input, { file, format }, or { connection, query }',
    ],
  ],
  [
    'a key list in a format that is none',
    ends('{ connection: stage, table: ttt, keys: { file: k, format: xml } }', '{ connection: shop }'),
    ['7:69 steps[0].from.keys.format unknown format "xml" (wrong_value) → one of: text, jsonl, csv'],
  ],
  [
    'a key list that is a source with a misspelled field',
    ends(
      '{ connection: stage, table: ttt, keys: { connection: shop, qery: SELECT 1 } }',
      '{ connection: shop }',
    ),
    [
      '7:70 steps[0].from.keys.qery unknown field "qery"; did you mean "query"? (unknown_field) → fields here: connection, table, tables, query, columns, where, since, consistency',
    ],
  ],
  [
    'a key list beside a filter',
    ends('{ connection: stage, table: ttt, keys: ./k.txt, filter: a = b }', '{ connection: shop }'),
    [
      '7:67 steps[0].from.filter `filter` and `keys` exclude each other (conflict) → a key list names the items of one table, whatever is in them',
    ],
  ],
  [
    'a key list of a key list',
    ends('{ connection: stage, table: ttt, keys: { table: uuu, keys: ./k.txt } }', '{ connection: shop }'),
    ['7:70 steps[0].from.keys.keys a key list has no key list of its own (conflict)'],
  ],
];

describe('of the mistakes in the ends of a copy', () => {
  test.each(mistakes)('%s is named with its place', async (_name, text, problems) => {
    expect(await problemsOf(text)).toEqual(problems);
  });
});
