/** F4 through a delivery stream: the stack of a pipeline whose changes go by Firehose and a bucket. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTable, dynamodbCall } from '../../../test/fixtures/dynamodb.js';
import { auditFindings, expectKept } from '../../../test/fixtures/kept-stacks.js';
import { allowed } from '../../../test/fixtures/policies.js';
import { type SecretDatabase, secretDatabase } from '../../../test/fixtures/secret-database.js';
import { type SynthTold, synth } from '../../../test/fixtures/synth.js';
import type { Fields, Template } from '../template/template.js';

let report: SecretDatabase;
const table = 'web-analytics-by-delivery';

beforeAll(async () => {
  report = await secretDatabase('delivered', 'prod/report');
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await report.database.execute('CREATE TABLE hits (id VARCHAR(20), n INT)');
}, 120_000);

afterAll(() => report?.stop());

async function synthesized(delivery: object = {}): Promise<SynthTold> {
  const declared = {
    pipeline: 'web-delivery',
    deploy: { vpc: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'] } },
    connections: {
      site: { kind: 'dynamodb', region: 'eu-west-1' },
      delivery: { kind: 'firehose', ...delivery },
      report: { kind: 'mysql', secret: 'prod/report', region: 'eu-west-1', tls: 'off' },
    },
    steps: [
      {
        replicate: 'hits',
        from: { connection: 'site', table },
        via: { connection: 'delivery' },
        to: { connection: 'report', table: 'hits', mode: 'append' },
        map: { only: { id: 'id', n: 'n' } },
      },
    ],
  };
  return await synth(JSON.stringify(declared), { env: report.env });
}

function own(told: SynthTold): Template {
  const found = told.templates['sluice-web-delivery'];
  if (!found) throw new Error(told.out + told.err);
  return found;
}

function properties({ Resources }: Template, name: string): Fields {
  const found = Resources[name]?.Properties;
  if (!found) throw new Error(`no ${name} among ${Object.keys(Resources).join(', ')}`);
  return found;
}

it('takes changes from the stream by a delivery stream and a bucket to a function that loads them', async () => {
  const told = await synthesized();
  expect(told.status, told.err).toBe(0);
  const template = own(told);
  const { Table } = await dynamodbCall('DescribeTable', { TableName: table });
  const stream = (Table as { readonly LatestStreamArn: string }).LatestStreamArn;
  expect(properties(template, 'ForwardStepHitsMapping')).toMatchObject({
    EventSourceArn: stream,
    StartingPosition: 'TRIM_HORIZON',
    BatchSize: 500,
    BisectBatchOnFunctionError: true,
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    MaximumRecordAgeInSeconds: 79_200,
    DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['FailedBucket', 'Arn'] } } },
  });
  expect(properties(template, 'StepHitsDelivery')).toMatchObject({
    DeliveryStreamName: 'sluice-web-delivery-hits',
    DeliveryStreamType: 'DirectPut',
    DeliveryStreamEncryptionConfigurationInput: { KeyType: 'AWS_OWNED_CMK' },
    ExtendedS3DestinationConfiguration: {
      BucketARN: { 'Fn::GetAtt': ['DeliveryBucket', 'Arn'] },
      Prefix: 'changes/hits/',
      ErrorOutputPrefix: 'errors/hits/!{firehose:error-output-type}/',
      BufferingHints: { IntervalInSeconds: 60, SizeInMBs: 5 },
      CloudWatchLoggingOptions: { Enabled: true },
      ProcessingConfiguration: {
        Enabled: true,
        Processors: [
          {
            Type: 'Lambda',
            Parameters: expect.arrayContaining([
              {
                ParameterName: 'LambdaArn',
                ParameterValue:
                  'arn:aws:lambda:eu-west-1:111122223333:function:sluice-web-delivery-transform-hits',
              },
              { ParameterName: 'BufferSizeInMBs', ParameterValue: '1' },
              { ParameterName: 'NumberOfRetries', ParameterValue: '3' },
            ]),
          },
        ],
      },
    },
  });
  expect(properties(template, 'DeliveryBucket')).toMatchObject({
    BucketName: 'sluice-web-delivery-changes-111122223333-eu-west-1',
    NotificationConfiguration: {
      QueueConfigurations: [
        {
          Event: 's3:ObjectCreated:*',
          Queue: { 'Fn::GetAtt': ['StepHitsQueue', 'Arn'] },
          Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'changes/hits/' }] } },
        },
      ],
    },
  });
  expect(template.Resources['DeliveryBucket']?.DependsOn).toEqual(['StepHitsQueuePolicy']);
  expect(properties(template, 'LoadStepHitsMapping')).toMatchObject({
    EventSourceArn: { 'Fn::GetAtt': ['StepHitsQueue', 'Arn'] },
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    ScalingConfig: { MaximumConcurrency: 2 },
  });
  const { VisibilityTimeout, RedrivePolicy } = properties(template, 'StepHitsQueue');
  const { Timeout, VpcConfig, Environment } = properties(template, 'LoadStepHitsFunction');
  expect(VisibilityTimeout).toBeGreaterThanOrEqual(6 * Number(Timeout));
  expect(RedrivePolicy).toMatchObject({
    deadLetterTargetArn: { 'Fn::GetAtt': ['StepHitsQueueAside', 'Arn'] },
  });
  expect(VpcConfig).toMatchObject({ SubnetIds: ['subnet-0a1b2c3d'] });
  expect(Environment).toMatchObject({
    Variables: {
      SLUICE_STEP: 'hits',
      SLUICE_DELIVERIES: 'sluice-web-delivery-changes-111122223333-eu-west-1',
    },
  });
  for (const stage of ['Forward', 'Transform']) {
    expect(properties(template, `${stage}StepHitsFunction`)).not.toHaveProperty('VpcConfig');
  }
  expect(properties(template, 'StepHitsSweep')).toMatchObject({
    ScheduleExpression: 'rate(1 hour)',
    Target: { Arn: { 'Fn::GetAtt': ['LoadStepHitsFunction', 'Arn'] }, Input: '{"do":"sweep"}' },
  });
  const types = Object.values(template.Resources).map(({ Type }) => Type);
  expect(types.filter((type) => type === 'AWS::CloudWatch::Alarm').length).toBeGreaterThanOrEqual(11);
});

it('each function, the delivery stream and the sweep may do their own work and nothing else', async () => {
  const template = own(await synthesized());
  const { Table } = await dynamodbCall('DescribeTable', { TableName: table });
  const { LatestStreamArn: stream, TableArn } = Table as Record<string, string>;
  const bucket = 'arn:aws:s3:::sluice-web-delivery-changes-111122223333-eu-west-1';
  const arn = (service: string, rest: string) => `arn:aws:${service}:eu-west-1:111122223333:${rest}`;
  const failed = 'arn:aws:s3:::sluice-web-delivery-failed-111122223333-eu-west-1';
  expect(allowed(template, 'ForwardStepHitsRole')).toEqual({
    'dynamodb:DescribeStream': [stream],
    'dynamodb:GetRecords': [stream],
    'dynamodb:GetShardIterator': [stream],
    'dynamodb:ListStreams': [stream],
    'firehose:PutRecordBatch': [arn('firehose', 'deliverystream/sluice-web-delivery-hits')],
    's3:ListBucket': [failed],
    's3:PutObject': [`${failed}/aws/lambda/*`],
  });
  expect(allowed(template, 'TransformStepHitsRole')).toEqual({ 'dynamodb:DescribeTable': [TableArn] });
  expect(allowed(template, 'LoadStepHitsRole')).toEqual({
    'dynamodb:DescribeTable': [TableArn],
    's3:DeleteObject': [`${bucket}/changes/hits/*`],
    's3:GetObject': [`${bucket}/changes/hits/*`],
    's3:ListBucket': [bucket],
    'secretsmanager:GetSecretValue': [expect.stringContaining('secret:prod/report')],
    'sqs:DeleteMessage': [arn('sqs', 'sluice-web-delivery-hits-changes')],
    'sqs:GetQueueAttributes': [arn('sqs', 'sluice-web-delivery-hits-changes')],
    'sqs:ReceiveMessage': [arn('sqs', 'sluice-web-delivery-hits-changes')],
  });
  const transform = arn('lambda', 'function:sluice-web-delivery-transform-hits');
  const below = [`${bucket}/changes/hits/*`, `${bucket}/errors/hits/*`];
  expect(allowed(template, 'StepHitsDeliveryRole')).toEqual({
    'lambda:GetFunctionConfiguration': [transform, `${transform}:$LATEST`],
    'lambda:InvokeFunction': [transform, `${transform}:$LATEST`],
    's3:AbortMultipartUpload': below,
    's3:GetBucketLocation': [bucket],
    's3:GetObject': below,
    's3:ListBucket': [bucket],
    's3:ListBucketMultipartUploads': [bucket],
    's3:PutObject': below,
  });
  expect(allowed(template, 'StepHitsSweepRole')).toEqual({
    'lambda:InvokeFunction': [arn('lambda', 'function:sluice-web-delivery-load-hits')],
  });
  expect(properties(template, 'StepHitsQueuePolicy')['PolicyDocument']).toMatchObject({
    Statement: [
      {
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Condition: {
          StringEquals: { 'aws:SourceAccount': '111122223333' },
          ArnEquals: { 'aws:SourceArn': bucket },
        },
      },
      { Effect: 'Deny' },
    ],
  });
  expect(properties(template, 'StepHitsDeliveryRole')['AssumeRolePolicyDocument']).toMatchObject({
    Statement: [
      {
        Principal: { Service: 'firehose.amazonaws.com' },
        Condition: {
          StringEquals: { 'aws:SourceAccount': '111122223333' },
          ArnLike: { 'aws:SourceArn': arn('firehose', 'deliverystream/sluice-web-delivery-hits') },
        },
      },
    ],
  });
});

it('is the same bytes each time, and no rule of ours finds anything', async () => {
  const [told, again] = [await synthesized(), await synthesized()];
  expect(again.files).toEqual(told.files);
  expect(auditFindings(told)).toEqual([]);
  const { Table } = await dynamodbCall('DescribeTable', { TableName: table });
  await expectKept(told, 'web-delivery', (Table as { readonly LatestStreamArn: string }).LatestStreamArn);
});

it('gathers for as long as its connection says', async () => {
  const template = own(await synthesized({ seconds: 15, mib: 2 }));
  const { ExtendedS3DestinationConfiguration } = properties(template, 'StepHitsDelivery');
  const said = JSON.stringify(ExtendedS3DestinationConfiguration);
  expect(said).toContain('"BufferingHints":{"IntervalInSeconds":15,"SizeInMBs":2}');
  expect(said).toContain('{"ParameterName":"BufferIntervalInSeconds","ParameterValue":"15"}');
});

it('is refused where the delivery stream is declared for another region than the stack', async () => {
  await expect(synthesized({ region: 'us-east-1' })).rejects.toMatchObject({
    code: 'not_deployable',
    problems: [
      expect.objectContaining({ message: 'a delivery stream is made in eu-west-1, where the stack is' }),
    ],
  });
});
