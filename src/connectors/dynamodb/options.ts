import { z } from 'zod';

export const title = 'DynamoDB';

export const connection = z.strictObject({
  kind: z.literal('dynamodb'),
  region: z.string().min(1).optional(),
  endpoint: z.string().optional(),
  role: z.string().min(1).optional(),
});

const scalar = z.union([z.string(), z.boolean(), z.null(), z.int()]);

export const source = z.strictObject({
  connection: z.string(),
  table: z.string().min(1).optional(),
  tables: z.array(z.string().min(1)).min(1).optional(),
  /** Attributes to read (ProjectionExpression). */
  columns: z.array(z.string().min(1)).min(1).optional(),
  /** FilterExpression with `:name` values. Attribute names that are reserved words are written `#name`. */
  filter: z.string().min(1).optional(),
  values: z.record(z.string().regex(/^:/), scalar).optional(),
  query: z
    .strictObject({
      index: z.string().min(1).optional(),
      partition: scalar,
      sort: z
        .strictObject({
          from: scalar.optional(),
          to: scalar.optional(),
          equals: scalar.optional(),
          beginsWith: z.string().optional(),
        })
        .optional(),
      descending: z.boolean().optional(),
    })
    .optional(),
  /** `items`: follow a keys-only index with reads of the whole items. */
  fetch: z.literal('items').optional(),
  /** Default strong (indexes: eventual, since they have nothing else). */
  consistency: z.enum(['strong', 'eventual']).optional(),
});

const names = z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]);

export const sink = z.strictObject({
  connection: z.string(),
  table: z.string().min(3).optional(),
  key: z.strictObject({ partition: names, sort: names.optional() }).optional(),
  mode: z.enum(['put', 'insert', 'update', 'newest', 'mirror']).optional(),
  /** The attribute that says which item is newer (`newest`). */
  by: z.string().min(1).optional(),
  create: z.boolean().optional(),
  deletes: z
    .strictObject({ limit: z.union([z.int().min(0), z.string().regex(/^\d+(\.\d+)?%$/)]) })
    .optional(),
  duplicates: z.enum(['refuse', 'last']).optional(),
});

export type DynamodbConnectionOptions = z.infer<typeof connection>;
export type DynamodbSourceOptions = z.infer<typeof source>;
export type DynamodbSinkOptions = z.infer<typeof sink>;
