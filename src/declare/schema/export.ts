import * as z from 'zod';
import { role } from '../../connectors/aws-options.js';
import { duration, longDuration } from './duration.js';
import { name } from './names.js';
import { stepFields } from './step-fields.js';

/**
 * What RDS takes of an export's name, 60 characters, less the time behind it, `-2026-11-21-06-00-00`. Snapshots take more: 255 of
 * an instance, 63 of a cluster. RDS keeps names in lower case.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBClusterSnapshot.html
 */
const exportName = z
  .string()
  .regex(
    /^(?=.{1,40}$)[a-z][a-z0-9]*(-[a-z0-9]+)*$/,
    'not a name that RDS takes: up to 40 lower-case letters, digits and single hyphens, a letter first',
  );

/**
 * Names with other characters are exported with their whole snapshot only.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html, Limitations
 */
const table = z
  .string()
  .regex(
    /^[A-Za-z0-9_$]+(\.[A-Za-z0-9_$]+){0,2}$/,
    'not what RDS exports by name: a database (shop) or a table of one (shop.orders), of letters, digits, _ and $; leave `tables` out to export all',
  );

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.html: the list has 200 KB at most. */
const MAX_TABLES = 2000;

/** https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN */
const kmsKey = z
  .string()
  .regex(
    /^arn:aws(-[a-z]+)*:kms:[a-z]{2,4}(-[a-z]+)+-\d{1,2}:\d{12}:(key\/[A-Za-z0-9-]{1,64}|alias\/[A-Za-z0-9/_-]{1,250})$/,
    'not the ARN of a KMS key: one looks like arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab',
  );

const MAX_KEPT = 1000;
const MAX_POLL_SECONDS = 3600;

export const exportFields = {
  ...stepFields,
  export: exportName.describe(
    'The name of the step. Snapshots and exports are named NAME-YYYY-mm-dd-HH-MM, in UTC.',
  ),
  from: z
    .strictObject({
      connection: name.describe('A connection of kind rds.'),
      tables: z
        .array(table)
        .min(1)
        .max(MAX_TABLES)
        .optional()
        .describe('Databases, or tables of them: [shop.orders]. Default: everything.'),
    })
    .describe('from: { connection: NAME } of kind rds'),
  to: z
    .strictObject({
      connection: name.describe('A connection of kind s3.'),
      kmsKey: kmsKey.describe('ARN of the KMS key that RDS writes the files with.'),
      role: role.describe('ARN of the role by which RDS writes into the bucket.'),
    })
    .describe('to: { connection: NAME, kmsKey: ARN, role: ARN }, the connection of kind s3'),
  keep: z
    .strictObject({
      exports: z.int().min(1).max(MAX_KEPT).optional().describe('Exports, the new one included. Default 1.'),
      snapshots: z
        .int()
        .min(0)
        .max(MAX_KEPT)
        .optional()
        .describe('Snapshots of this step, the new one included. Default 1.'),
    })
    .optional()
    .describe('How many stay. What is beyond is removed once the new export is checked and published.'),
  poll: z
    .strictObject({
      seconds: z
        .number()
        .positive()
        .max(MAX_POLL_SECONDS)
        .optional()
        .describe('Between two looks at RDS. Default 30.'),
    })
    .optional()
    .describe('How often RDS is asked.'),
  deadline: longDuration
    .optional()
    .describe('How long a run waits for RDS before it stops, resumable: seconds, or "12h". Default 12h.'),
  direct: z.boolean().optional().describe('true: an Aurora cluster is exported itself, without a snapshot.'),
  layout: z
    .literal('newest-only')
    .optional()
    .describe(
      'newest-only: the newest export lies below PREFIX/newest/ too, and nothing else does, for readers that take all below a prefix.',
    ),
  count: z
    .strictObject({ connection: name.describe('A connection of kind mysql to the same database.') })
    .optional()
    .describe('Asks the database for its tables: each must be in the export, with rows where it has some.'),
  patience: duration
    .optional()
    .describe('How long one failing call is tried again: seconds, or "5m". Default 5m.'),
};

export const exportStep = z.strictObject({ ...exportFields, onFailure: z.unknown().optional() });

export type ExportOptions = z.infer<typeof exportStep>;
