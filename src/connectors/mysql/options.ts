import * as z from 'zod';
import { endpoint, passingObjects, region, role } from '../aws-options.js';
import { environmentReference, orEnv } from '../environment.js';
import { deletesOption, duplicatesOption, ttlDeletesOption } from '../sink-options.js';

export const title = 'MySQL';

const name = z.string().min(1);
const tableName = name.max(64);

/** The server reads it as a part of an address within a statement. */
const plainPrefix = z
  .string()
  .max(512)
  .regex(
    /^(?!\/)[A-Za-z0-9_.=/-]+\/$/,
    'not a prefix that a statement can name: letters, digits, _ . = - and / as in sluice/, with / at its end',
  );

const loadFrom = z.strictObject({
  ...passingObjects('The bucket that the cluster reads.', 'this connection, else AWS_REGION'),
  prefix: plainPrefix.optional().describe('What the names of the objects begin with. Default: sluice/.'),
});

/** A connection by host, or by a Secrets Manager secret that holds host, username, password, dbname and port. */
export const connection = z.strictObject({
  kind: z.literal('mysql').describe('A MySQL or MariaDB server: RDS, Aurora, or any other.'),
  host: orEnv(name).optional().describe('Name or address of the server. Or use `secret`.'),
  port: orEnv(z.int().min(1).max(65535)).optional().describe('Default 3306.'),
  user: orEnv(name).optional().describe('The user to log in as.'),
  password: environmentReference
    .optional()
    .describe('From the environment only: { env: NAME }. A literal password is refused.'),
  database: orEnv(tableName).optional().describe('The database (schema) that holds the tables.'),
  /** Name or ARN of a secret: a JSON object as SecretString, or base64 of one as SecretBinary. */
  secret: name
    .max(2048)
    .optional()
    .describe(
      'Name or ARN of a Secrets Manager secret: JSON with host, username, password, dbname and port.',
    ),
  region: region.optional(),
  role: role.optional(),
  /** Where Secrets Manager is, for emulators. */
  endpoint: endpoint
    .optional()
    .describe('Where Secrets Manager is, for emulators: http://… or https://…. Default: AWS.'),
  /** How rows reach the server; see load-from-s3.ts. */
  loadFrom: loadFrom
    .optional()
    .describe(
      'Aurora only: rows that are written go through objects of this bucket, by LOAD DATA FROM S3. Default: through the connection.',
    ),
  /** `required` (default off loopback), `off` (only loopback), or a CA file's path. */
  tls: z
    .union([
      z.enum(['required', 'off']),
      z.strictObject({ ca: name.describe('Path of a PEM file, from this file’s folder.') }),
    ])
    .optional()
    .describe(
      'required: the default for other machines. off: for this machine only. { ca: FILE }: trust this authority.',
    ),
});

export const source = z.strictObject({
  connection: z.string().describe('The name of a connection.'),
  table: tableName.optional().describe('The table to read.'),
  tables: z
    .array(name)
    .min(1)
    .optional()
    .describe('Tables to read, a copy each; * and ? are wildcards: ["film*"].'),
  query: name.optional().describe('A SELECT to read instead of a table.'),
  columns: z.array(name).min(1).optional().describe('The columns to read. Default: all.'),
  where: name.optional().describe('An SQL condition: which rows to read.'),
  since: z
    .strictObject({
      column: name.describe(
        'TIMESTAMP, DATETIME or DATE that each change sets, or an integer that only rises.',
      ),
      lag: z
        .union(
          [z.string().regex(/^\d{1,6}(s|m|h|d)$/, 'not a duration: one looks like 5m'), z.int().min(0)],
          {
            error: 'expected a duration as in 5m, or for a column of numbers how many of the newest are left',
          },
        )
        .optional()
        .describe(
          'How long a transaction may take: what is newer is left to the next run. "5m"; for numbers, how many. Default 0.',
        ),
      zone: name
        .optional()
        .describe('DATETIME and DATE only: the IANA time zone whose clock set them. Default UTC.'),
    })
    .optional()
    .describe('Each run reads only what came since the run before: { column: updated_at, lag: 5m }.'),
  /** snapshot: one reader, one consistent snapshot. part: several readers, each with its own. */
  consistency: z
    .enum(['snapshot', 'part'])
    .optional()
    .describe(
      'snapshot (default): one reader, one consistent snapshot. part: several readers, a snapshot each.',
    ),
});

export const sink = z.strictObject({
  connection: z.string().describe('The name of a connection.'),
  table: tableName
    .optional()
    .describe(
      'The table to write. Default: the name of the source table. With `tables`: "copy_{table}"; {match} is what the wildcards stood for.',
    ),
  mode: z
    .enum(['upsert', 'append', 'replace', 'mirror'])
    .optional()
    .describe(
      'upsert (default): insert or update by key. append: insert. replace: a new table, swapped in when complete. mirror: upsert, then delete what the source lacks.',
    ),
  create: z.boolean().optional().describe('Make the table when it is missing.'),
  /** Attributes without a column. Default reject. */
  extra: z
    .union([
      z.enum(['reject', 'ignore']),
      z.strictObject({ into: name.describe('A JSON column that takes them.') }),
    ])
    .optional()
    .describe(
      'Attributes without a column: reject the row (default), ignore them, or put them { into: column }.',
    ),
  deletes: deletesOption('Rows'),
  duplicates: duplicatesOption,
  ttlDeletes: ttlDeletesOption,
  /** Triggers of the sink table. refuse (default); fire: let them; suspend: dropped for the copy, then put back. */
  triggers: z
    .enum(['refuse', 'fire', 'suspend'])
    .optional()
    .describe('Triggers of the table: refuse the copy (default), let them fire, or suspend them meanwhile.'),
  /** check (default): a row without its parent is a reject. after: load first, then verify each key. */
  foreignKeys: z
    .enum(['check', 'after'])
    .optional()
    .describe('check (default): a row without its parent is a reject. after: load all, then verify.'),
});

export type LoadFromOptions = z.infer<typeof loadFrom>;
export type MysqlConnectionOptions = z.infer<typeof connection>;
export type MysqlSourceOptions = z.infer<typeof source>;
export type MysqlSinkOptions = z.infer<typeof sink>;
