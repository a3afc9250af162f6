import * as z from 'zod';
import { copyFields, rowFunction } from './copy.js';
import { duration } from './duration.js';
import { name } from './names.js';

const { copy: _copy, parallel: _parallel, via: _via, ...moving } = copyFields;

/** A load is kept in memory, twice: while one is written the next is gathered. */
const MAX_LOAD_ROWS = 100_000;
const MAX_LOAD_BYTES = 256 * 1024 * 1024;

/** The fields of a replicate but its two ends. */
export const replicateFields = {
  replicate: name.describe('The name of the step, unique in the pipeline.'),
  ...moving,
  via: z
    .strictObject({ connection: name.describe('A connection of kind firehose.') })
    .optional()
    .describe(
      'A delivery stream between changes and sink, where the pipeline is deployed. A run on one machine goes direct.',
    ),
  first: z
    .literal('copy')
    .optional()
    .describe('copy: the whole table first, then its changes from the moment the copy began. For mirror.'),
};

/** What `from` has besides what a source of the connection's kind has. */
export const changeFields = {
  changes: z
    .enum(['oldest', 'latest'])
    .optional()
    .describe(
      'Where it begins when it has not run before: oldest (default) is all that the stream keeps, latest what comes from now on.',
    ),
  events: z
    .array(z.enum(['insert', 'modify', 'remove']))
    .min(1)
    .optional()
    .describe('Which changes are taken. Default: all for mirror, insert and modify for append.'),
};

/** What `to` has besides what a sink of the connection's kind has. */
export const loadFields = {
  load: z
    .strictObject({
      rows: z
        .int()
        .min(1)
        .max(MAX_LOAD_ROWS)
        .optional()
        .describe('At most so many rows. Default 10000; into files 50000.'),
      bytes: z
        .int()
        .min(1)
        .max(MAX_LOAD_BYTES)
        .optional()
        .describe(
          'At most about so many bytes, as the stream sends them. Default 16777216 (16 MiB); into files 32 MiB.',
        ),
      seconds: duration
        .optional()
        .describe(
          'So long after its first row came, a load is written: seconds, or "1m". Default 1; into files 60.',
        ),
    })
    .optional()
    .describe('How much is written at once: whichever of rows, bytes and seconds is reached first.'),
};

export const changesSchema = z.object(changeFields);
export const loadsSchema = z.object(loadFields);

export const replicate = z.strictObject({
  ...replicateFields,
  /** Each is checked by the kind of its connection. */
  from: z.unknown().optional(),
  to: z.unknown().optional(),
  onFailure: z.unknown().optional(),
  row: rowFunction,
});

export type ReplicateOptions = z.infer<typeof replicate>;
