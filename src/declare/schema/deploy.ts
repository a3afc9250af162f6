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

/** What only matters on AWS: `sluice synth` and `sluice deploy` read it. */
export const deploy = z
  .strictObject({
    vpc: vpc
      .optional()
      .describe('Where functions that talk to a database run; the others stay outside. Default: none does.'),
    memory: z
      .int()
      .min(256)
      .max(10_240)
      .default(1024)
      .describe("MiB of each step's function; with 1769 it has a whole CPU. Default 1024."),
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
