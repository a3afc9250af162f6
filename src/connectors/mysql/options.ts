import { z } from 'zod';
import { orEnv } from '../environment.js';

export const title = 'MySQL';

/** A password: from the environment only; literals are refused by the schema. */
const password = z.strictObject({ env: z.string().min(1) });

const tables = z.array(z.string().min(1)).min(1);

/** A connection by host, or by a Secrets Manager secret that holds host, username, password, dbname and port. */
export const connection = z.strictObject({
  kind: z.literal('mysql'),
  host: orEnv(z.string().min(1)).optional(),
  port: orEnv(z.int().min(1).max(65535)).optional(),
  user: orEnv(z.string().min(1)).optional(),
  password: password.optional(),
  database: orEnv(z.string().min(1).max(64)).optional(),
  /** Name or ARN of a secret: a JSON object as SecretString, or base64 of one as SecretBinary. */
  secret: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
  role: z.string().min(1).optional(),
  /** Where Secrets Manager is, for emulators. */
  endpoint: z.string().optional(),
  /** `required` (default off loopback), `off` (only loopback), or a CA file's path. */
  tls: z.union([z.enum(['required', 'off']), z.strictObject({ ca: z.string().min(1) })]).optional(),
});

export const source = z.strictObject({
  connection: z.string(),
  table: z.string().min(1).optional(),
  tables: tables.optional(),
  query: z.string().min(1).optional(),
  columns: z.array(z.string().min(1)).min(1).optional(),
  where: z.string().min(1).optional(),
  /** snapshot: one reader, one consistent snapshot. part: several readers, each with its own. */
  consistency: z.enum(['snapshot', 'part']).optional(),
});

export const sink = z.strictObject({
  connection: z.string(),
  table: z.string().min(1).optional(),
  mode: z.enum(['upsert', 'append', 'replace', 'mirror']).optional(),
  create: z.boolean().optional(),
  /** Attributes without a column. Default reject. */
  extra: z.union([z.enum(['reject', 'ignore']), z.strictObject({ into: z.string().min(1) })]).optional(),
  deletes: z
    .strictObject({ limit: z.union([z.int().min(0), z.string().regex(/^\d+(\.\d+)?%$/)]) })
    .optional(),
  duplicates: z.enum(['refuse', 'last']).optional(),
  /** Triggers of the sink table. refuse (default); fire: let them; suspend: dropped for the copy, then put back. */
  triggers: z.enum(['refuse', 'fire', 'suspend']).optional(),
  /** check (default): a row without its parent is a reject. after: load first, then verify each key. */
  foreignKeys: z.enum(['check', 'after']).optional(),
});

export type MysqlConnectionOptions = z.infer<typeof connection>;
export type MysqlSourceOptions = z.infer<typeof source>;
export type MysqlSinkOptions = z.infer<typeof sink>;
