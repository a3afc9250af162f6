import * as z from 'zod';
import { logicalTypes } from '../../values/column.js';
import { orEnv } from '../environment.js';

export const title = 'files';

/** A load becomes a file: larger ones cost memory, smaller ones whoever reads many of them. */
export const changeLoad = { rows: 50_000, bytes: 32 * 1024 * 1024, seconds: 60 } as const;

const name = z.string().min(1);

/** A folder of this machine. */
export const connection = z.strictObject({
  kind: z.literal('files').describe('A folder of this machine that holds Parquet, CSV or JSON Lines files.'),
  path: orEnv(name.max(4096)).describe(
    'The folder, from this file’s folder: ./out. It is made when it is missing. From the environment only an absolute one.',
  ),
});

/** Names between `/` that no store can take for a way out, or hide: not empty, no leading dot, no control characters. */
const FOLDER = /^(?!\.)[^/\\\p{Cc}]{1,200}(\/(?!\.)[^/\\\p{Cc}]{1,200}){0,9}$/u;

const notAFolder =
  'not the name of a folder: up to ten names parted by /, none empty or beginning with a dot';

export const source = z.strictObject({
  connection: z.string().describe('The name of a connection.'),
  table: z
    .string()
    .regex(FOLDER, notAFolder)
    .optional()
    .describe(
      'The folder of an export (orders for orders/LATEST.json), a folder of files, a file (orders for orders.csv), or a table of an RDS export (shop.orders).',
    ),
  tables: z
    .array(name)
    .min(1)
    .optional()
    .describe('Tables to read, a copy each; * and ? are wildcards: ["film*"].'),
  format: z.enum(['parquet', 'csv', 'jsonl']).describe('parquet, csv, or jsonl (JSON Lines).'),
  columns: z
    .record(name, z.enum(logicalTypes))
    .optional()
    .describe(
      'The types of columns that no manifest tells: { id: int, created: datetime }. CSV: the others are text. JSON Lines: there are no others.',
    ),
});

export const sink = z.strictObject({
  connection: z.string().describe('The name of a connection.'),
  table: z
    .string()
    .regex(FOLDER, notAFolder)
    .optional()
    .describe(
      'The folder of the exports; changes go to TABLE/changes/. Default: the name of the source table. With `tables`: "shop/{table}"; {match} is what the wildcards stood for.',
    ),
  /** A literal would be refused without saying why. */
  mode: z
    .string()
    .regex(
      /^(replace|append)$/,
      'not a mode of files: they cannot be changed in place; a copy writes a whole new export (replace), a replicate adds its changes as files (append)',
    )
    .optional()
    .describe(
      'replace (default): a copy writes a whole new export each time, published when it is complete. append: each load of a replicate becomes a file of its own.',
    ),
  format: z.enum(['parquet', 'csv', 'jsonl']).describe('parquet, csv, or jsonl (JSON Lines).'),
  compression: z
    .enum(['zstd', 'gzip', 'snappy', 'none'])
    .optional()
    .describe(
      'Default: zstd for Parquet (gzip with `layout: rds`, which takes four times as long), none for CSV and JSON Lines, which take gzip too.',
    ),
  keep: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe('Exports that are kept, the newest included; older ones are removed. Default 1.'),
  file: z
    .strictObject({
      rows: z.int().min(1).max(1e9).optional().describe('Rows. Default: as many as `mib` lets in.'),
      mib: z
        .int()
        .min(1)
        .max(4096)
        .optional()
        .describe('MiB that the rows take before they are compressed. Default 256.'),
    })
    .optional()
    .describe('A file ends, and the next one begins, when it holds about this much.'),
  rowGroup: z
    .int()
    .min(2048)
    .max(10_000_000)
    .optional()
    .describe('Parquet: rows of a row group, about. Default 122880.'),
  layout: z
    .literal('rds')
    .optional()
    .describe(
      'rds: files lie as an RDS export lays them, DATABASE/DATABASE.TABLE/1/part-….gz.parquet; `table` is DATABASE.TABLE.',
    ),
  for: z
    .literal('people')
    .optional()
    .describe('people: CSV for a spreadsheet; text that it would take for a formula is made harmless.'),
  /** Attributes that the plan does not know of. */
  extra: z
    .union([
      z.enum(['reject', 'ignore']),
      z.strictObject({ into: name.describe('A column that takes them, as one JSON text.') }),
    ])
    .optional()
    .describe(
      'Attributes that are no column of the file: reject the row, ignore them, or put them { into: column }.',
    ),
});

export type FolderConnectionOptions = z.infer<typeof connection>;
export type FileSourceOptions = z.infer<typeof source>;
export type FileSinkOptions = z.infer<typeof sink>;
