import * as z from 'zod';
import { bucketName, bucketPrefix, endpoint, region, role } from '../../aws-options.js';

export const title = 'S3';

/** A bucket, or what of it lies below a prefix. */
export const connection = z.strictObject({
  kind: z.literal('s3').describe('An S3 bucket that holds Parquet, CSV or JSON Lines files.'),
  bucket: bucketName.describe('The name of the bucket.'),
  prefix: bucketPrefix
    .optional()
    .describe('What the names of all objects begin with: exports/. Default: the whole bucket.'),
  region: region.optional(),
  endpoint: endpoint
    .optional()
    .describe('For an emulator, http://127.0.0.1:4566, or a VPC endpoint. Default: AWS.'),
  role: role.optional(),
});

export type BucketConnectionOptions = z.infer<typeof connection>;
