import * as z from 'zod';
import { endpoint, region, role } from '../aws-options.js';

export const title = 'RDS';

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html, DBInstanceIdentifier */
const identifier = z
  .string()
  .regex(
    /^(?=.{1,63}$)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/,
    'not an RDS identifier: up to 63 letters, digits and single hyphens, a letter first',
  );

export const connection = z.strictObject({
  kind: z.literal('rds').describe('An RDS instance or Aurora cluster whose snapshots are exported.'),
  instance: identifier.optional().describe('The identifier of a DB instance.'),
  cluster: identifier.optional().describe('The identifier of an Aurora DB cluster, instead of `instance`.'),
  region: region.optional(),
  endpoint: endpoint
    .optional()
    .describe(
      'For an emulator, http://127.0.0.1:5000 (it serves KMS and IAM too), or a VPC endpoint. Default: AWS.',
    ),
  role: role.optional(),
});

export type RdsConnectionOptions = z.infer<typeof connection>;
