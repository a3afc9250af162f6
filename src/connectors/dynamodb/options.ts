import * as z from 'zod';
import { endpoint, region, role } from '../aws-options.js';
import { type KeyFileOptions, keyFile } from '../key-file-option.js';
import { deletesOption, duplicatesOption, ttlDeletesOption } from '../sink-options.js';

export const title = 'DynamoDB';

const name = z.string().min(1);

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
const tableName = z
  .string()
  .regex(/^[A-Za-z0-9_.-]{3,255}$/, 'not a table name: 3 to 255 of letters, digits, _ . and -');

export const connection = z.strictObject({
  kind: z.literal('dynamodb').describe('DynamoDB tables of one account and region.'),
  region: region.optional(),
  endpoint: endpoint
    .optional()
    .describe('For an emulator, http://127.0.0.1:8000, or a VPC endpoint. Default: AWS.'),
  streamsEndpoint: endpoint
    .optional()
    .describe('Where the streams of changes are, if not at `endpoint`. Default: `endpoint`, else AWS.'),
  role: role.optional(),
});

const numberText = z.string().regex(/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/, 'not a number');

/** Numbers are exact: an integer of any size, or `{ N: "10.5" }`. Never a double. */
const scalar = z.union(
  [
    z.string(),
    z.boolean(),
    z.null(),
    z.int(),
    z.bigint(),
    z.strictObject({ N: numberText.describe('The text of a number, exact.') }),
  ],
  {
    error: 'expected text, an integer, true, false or null: write a number with a fraction as { N: "10.5" }',
  },
);

/** A key list that another source gives: what `from` takes, checked by the kind of its connection. */
const keySource = z.looseObject({
  connection: z.string().describe('The connection to read keys from. Default: that of `from`.'),
});

export const source = z.strictObject({
  connection: z.string().describe('The name of a connection.'),
  table: tableName.optional().describe('The table to read.'),
  tables: z
    .array(name)
    .min(1)
    .optional()
    .describe('Tables to read, a copy each; * and ? are wildcards: ["film*"].'),
  /** Attributes to read (ProjectionExpression). */
  columns: z.array(name).min(1).optional().describe('The attributes to read. Default: all.'),
  /** FilterExpression with `:name` values. Attribute names that are reserved words are written `#name`. */
  filter: name
    .optional()
    .describe('A FilterExpression: "total > :t", with `values`. Reserved words are written #name.'),
  values: z
    .record(z.string().regex(/^:[A-Za-z0-9_]+$/, 'not the name of a value: one looks like :total'), scalar)
    .optional()
    .describe('The values that `filter` names: { ":t": 10 }. Numbers with a fraction: { N: "10.5" }.'),
  query: z
    .strictObject({
      index: name.optional().describe('The index to query. Default: the table itself.'),
      partition: scalar.describe('The value of the partition key.'),
      sort: z
        .strictObject({
          from: scalar.optional().describe('Sort keys from here on, this one included.'),
          to: scalar
            .optional()
            .describe('Sort keys up to here, this one left out: 2026-11 to 2026-12 is November.'),
          equals: scalar.optional().describe('This one sort key.'),
          beginsWith: name.optional().describe('Sort keys that begin with this text.'),
        })
        .optional()
        .describe('Which sort keys: from and to, or equals, or beginsWith.'),
      descending: z.boolean().optional().describe('Read from the last sort key to the first.'),
    })
    .optional()
    .describe('Read one partition by Query, instead of the whole table by Scan.'),
  /** Declared as the name of a file, or as one of these. */
  keys: z
    .union([name, keyFile, keySource])
    .transform((given): KeysOptions => (typeof given === 'string' ? { file: given } : given))
    .optional()
    .describe(
      'Only the items with these keys: a file (./keys.txt), "-" for standard input, or a source: { connection: shop, query: "SELECT …" }.',
    ),
  /** `items`: follow a keys-only index with reads of the whole items. */
  fetch: z.literal('items').optional().describe('items: read the whole items behind a keys-only index.'),
  /** Default strong (indexes: eventual, since they have nothing else). */
  consistency: z
    .enum(['strong', 'eventual'])
    .optional()
    .describe('strong (default for tables) costs twice the read units of eventual (default for indexes).'),
});

const names = z.union([name, z.array(name).min(1)], {
  error: 'expected a column, or a list of columns',
});

export const sink = z.strictObject({
  connection: z.string().describe('The name of a connection.'),
  table: z
    .string()
    .regex(
      /^([A-Za-z0-9_.-]|\{table\}|\{match\}){3,255}$/,
      'not a table name: 3 to 255 of letters, digits, _ . and -',
    )
    .optional()
    .describe(
      'The table to write. Default: the name of the source table. With `tables`: "copy-{table}"; {match} is what the wildcards stood for.',
    ),
  key: z
    .strictObject({
      partition: names.describe('The column that is the partition key; several are joined.'),
      sort: names.optional().describe('The column that is the sort key; several are joined.'),
    })
    .optional()
    .describe('Default: the primary key of the source.'),
  mode: z
    .enum(['put', 'insert', 'update', 'newest', 'mirror', 'append'])
    .optional()
    .describe(
      'put (default): whole items. insert: keeps what is there. update: only the attributes that come. newest: keeps the newer, by `by`. mirror: put, then delete what the source lacks. append: of changes, an item for each.',
    ),
  /** The attribute that says which item is newer (`newest`). */
  by: name.optional().describe('newest: the attribute that says which item is newer.'),
  create: z.boolean().optional().describe('Make the table, on demand, when it is missing.'),
  deletes: deletesOption('Items'),
  duplicates: duplicatesOption,
  ttlDeletes: ttlDeletesOption,
});

export type DynamodbConnectionOptions = z.infer<typeof connection>;
export type DynamodbSourceOptions = z.infer<typeof source>;
/** A key list: a file, or options of a source (`connection` and what its kind takes). */
export type KeysOptions = KeyFileOptions | z.infer<typeof keySource>;
export type DynamodbSinkOptions = z.infer<typeof sink>;
