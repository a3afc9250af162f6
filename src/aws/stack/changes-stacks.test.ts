/** F4 without a delivery stream: the stack of a pipeline that follows the changes of a table. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTable, dynamodbCall } from '../../../test/fixtures/dynamodb.js';
import { auditFindings, expectKept } from '../../../test/fixtures/kept-stacks.js';
import { allowed } from '../../../test/fixtures/policies.js';
import { type SecretDatabase, secretDatabase } from '../../../test/fixtures/secret-database.js';
import { type SynthTold, synth } from '../../../test/fixtures/synth.js';
import type { Template } from '../template/template.js';

let report: SecretDatabase;
let table: string;

beforeAll(async () => {
  report = await secretDatabase('changes', 'prod/report');
  table = 'web-analytics-of-the-stack';
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await report.database.execute('CREATE TABLE hits (id VARCHAR(20), n INT)');
}, 120_000);

afterAll(() => report?.stop());

async function synthesized(more: object = {}, steps: readonly object[] = []): Promise<SynthTold> {
  const declared = {
    pipeline: 'web-analytics',
    deploy: { vpc: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'] } },
    connections: {
      site: { kind: 'dynamodb', region: 'eu-west-1' },
      report: { kind: 'mysql', secret: 'prod/report', region: 'eu-west-1', tls: 'off' },
    },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table, changes: 'latest' },
        to: { connection: 'report', table: 'hits', mode: 'append', load: { rows: 500, seconds: 5 } },
        map: { only: { id: 'id', n: 'n' } },
        ...more,
      },
      ...steps,
    ],
  };
  return await synth(JSON.stringify(declared), { env: report.env });
}

function own(told: SynthTold): Template {
  const found = told.templates['sluice-web-analytics'];
  if (!found) throw new Error(told.out + told.err);
  return found;
}

it('maps the stream to a function that keeps its order, names where it failed, and loses nothing', async () => {
  const told = await synthesized();
  expect(told.status, told.err).toBe(0);
  const { Resources } = own(told);
  const { Table } = await dynamodbCall('DescribeTable', { TableName: table });
  const { LatestStreamArn: stream = '', TableArn } = Table as Record<string, string>;
  expect(Resources['StepHitsMapping']?.Properties).toMatchObject({
    EventSourceArn: stream,
    StartingPosition: 'LATEST',
    BatchSize: 500,
    MaximumBatchingWindowInSeconds: 5,
    ParallelizationFactor: 1,
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRecordAgeInSeconds: 79_200,
    DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['FailedBucket', 'Arn'] } } },
  });
  expect(Resources['StepHitsFunction']?.Properties).toMatchObject({
    Timeout: 300,
    Environment: { Variables: { SLUICE_STEP: 'hits' } },
    VpcConfig: { SubnetIds: ['subnet-0a1b2c3d'] },
  });
  const failed = 'arn:aws:s3:::sluice-web-analytics-failed-111122223333-eu-west-1';
  expect(allowed(own(told), 'StepHitsRole')).toEqual({
    'dynamodb:DescribeStream': [stream],
    'dynamodb:DescribeTable': [TableArn],
    'dynamodb:GetRecords': [stream],
    'dynamodb:GetShardIterator': [stream],
    'dynamodb:ListStreams': [stream],
    's3:ListBucket': [failed],
    's3:PutObject': [`${failed}/aws/lambda/*`],
    'secretsmanager:GetSecretValue': [expect.stringContaining('secret:prod/report')],
  });
  const types = Object.values(Resources).map(({ Type }) => Type);
  expect(types.filter((type) => type === 'AWS::CloudWatch::Alarm')).toHaveLength(5);
  expect(types).not.toContain('AWS::StepFunctions::StateMachine');
  expect(auditFindings(told)).toEqual([]);
  await expectKept(told, 'web-analytics', stream);
});

it.each([
  [{ pace: { items: 5 } }, 'no pace would be kept'],
  [
    {
      from: { connection: 'site', table: 'hits' },
      to: { connection: 'report', table: 'hits', mode: 'mirror' },
      first: 'copy',
    },
    'cannot be deployed',
  ],
])('is refused with %j', async (more, why) => {
  const refusal = synthesized(more);
  await expect(refusal).rejects.toMatchObject({
    code: 'not_deployable',
    problems: [expect.objectContaining({ message: expect.stringContaining(why) })],
  });
});
