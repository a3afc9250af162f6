import * as z from 'zod';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const arn = (service: string, example: string) =>
  z.string().regex(new RegExp(`^arn:aws[a-z-]*:${service}:`), `not such an ARN: one looks like ${example}`);

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
const vpc = z.strictObject({
  subnets: z
    .array(z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'not a subnet: one looks like subnet-0a1b2c3d'))
    .min(1)
    .max(16)
    .describe('Subnets from which the databases can be reached, as the databases see them.'),
  securityGroups: z
    .array(z.string().regex(/^sg-[0-9a-f]{8,17}$/, 'not a security group: one looks like sg-0a1b2c3d'))
    .min(1)
    .max(5)
    .describe('Security groups that the databases let in.'),
});

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html: with no name but its own. */
const proxyEndpoint = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]*(\.endpoint)?\.proxy-[a-z0-9]+\.([a-z0-9-]+\.rds|rds\.[a-z0-9-]+)\.amazonaws\.com(\.cn)?$/,
    'not the endpoint of a proxy: one looks like shop.proxy-c1a2b3d4e5f6.eu-west-1.rds.amazonaws.com',
  );

/** What only matters on AWS: `sluice synth` and `sluice deploy` read it. */
export const deploy = z
  .strictObject({
    vpc: z
      .union([z.literal('none'), vpc], { error: 'expected none, or { subnets: […], securityGroups: […] }' })
      .optional()
      .describe(
        'Where functions that talk to a database run; the others stay outside. Default: in the subnets and security groups of a database of RDS, looked up by its endpoint. none: outside, too.',
      ),
    proxy: z
      .record(z.string(), proxyEndpoint)
      .optional()
      .describe(
        'By connection: the endpoint of an RDS Proxy that functions connect to instead of the server.',
      ),
    memory: z
      .int()
      .min(256)
      .max(10_240)
      .default(1024)
      .describe("MiB of each step's function; with 1769 it has a whole CPU. Default 1024."),
    workSeconds: z
      .int()
      .min(1)
      .max(870)
      .optional()
      .describe(
        'How long one call of a copy’s function works at most before it hands over to the next. Default: its 15 minutes but for a reserve.',
      ),
    logRetentionDays: z
      .union(retentions.map((days) => z.literal(days)))
      .default(30)
      .describe('How long logs are kept. Default 30.'),
    alarms: z
      .strictObject({
        topic: arn('sns', 'arn:aws:sns:eu-west-1:111122223333:alarms').describe('Its ARN.'),
      })
      .optional()
      .describe('An SNS topic of yours that is told of alarms. Default: the stack has one of its own.'),
    permissionsBoundary: arn('iam', 'arn:aws:iam::111122223333:policy/boundary')
      .optional()
      .describe('The policy that bounds every role.'),
    tags: z
      .record(
        z.string().regex(/^(?!aws:)[\p{L}\p{N} _.:/=+@-]{1,128}$/iu, 'not the key of a tag'),
        z.string().max(256),
      )
      .optional()
      .describe('Tags of everything that can have some.'),
  })
  .describe('What only matters on AWS.');
