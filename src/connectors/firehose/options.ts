import * as z from 'zod';
import { endpoint, region } from '../aws-options.js';

export const title = 'Firehose';

export const connection = z.strictObject({
  kind: z
    .literal('firehose')
    .describe('A delivery stream between changes and their sink, for `via`; of deployed pipelines.'),
  /** https://docs.aws.amazon.com/firehose/latest/APIReference/API_BufferingHints.html */
  seconds: z.int().min(0).max(900).optional().describe('Changes are gathered for so long at most: 60.'),
  mib: z.int().min(1).max(128).optional().describe('Or until there are so many MiB: 5.'),
  region: region.optional(),
  endpoint: endpoint
    .optional()
    .describe('For an emulator, http://127.0.0.1:4566, or a VPC endpoint. Default: AWS.'),
});

export type FirehoseConnectionOptions = z.infer<typeof connection>;
