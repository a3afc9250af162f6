/** F4 without a delivery stream: the stack of a pipeline that follows the changes of a table. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { createTable, dynamodbCall, dynamodbConnection } from '../../../test/fixtures/dynamodb.js';
import { type TestDatabase, testDatabase } from '../../../test/fixtures/mysql.js';
import { type Recorder, startRecorder } from '../../../test/fixtures/request-recorder.js';
import { type SynthTold, synth } from '../../../test/fixtures/synth.js';
import { auditTemplate } from '../audit/audit.js';
import type { Template } from '../template/template.js';

let database: TestDatabase;
let recorder: Recorder;
let table: string;

beforeAll(async () => {
  database = await testDatabase('changes');
  const { host, port, user } = database.connection;
  const password = process.env['SLUICE_TEST_PASSWORD'];
  const { endpoint } = dynamodbConnection();
  recorder = await startRecorder({
    dynamodb: endpoint,
    sqs: endpoint,
    region: inject('dynamodb').region,
    secrets: { 'prod/report': { host, port, username: user, password, dbname: database.name } },
  });
  table = 'web-analytics-of-the-stack';
  await createTable(table, ['id', 'S'], undefined, 'NEW_AND_OLD_IMAGES');
  await database.execute('CREATE TABLE hits (id VARCHAR(20), n INT)');
}, 120_000);

afterAll(async () => {
  await recorder.stop();
  await database.drop();
});

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
  return await synth(JSON.stringify(declared), { env: { AWS_ENDPOINT_URL: recorder.endpoint } });
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
  const stream = (Table as { readonly LatestStreamArn: string }).LatestStreamArn;
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
  const role = JSON.stringify(Resources['StepHitsRole']?.Properties);
  for (const action of ['GetRecords', 'GetShardIterator', 'DescribeStream', 'ListStreams']) {
    expect(role).toContain(`dynamodb:${action}`);
  }
  const types = Object.values(Resources).map(({ Type }) => Type);
  expect(types.filter((type) => type === 'AWS::CloudWatch::Alarm')).toHaveLength(5);
  expect(types).not.toContain('AWS::StepFunctions::StateMachine');
  for (const template of Object.values(told.templates)) {
    const found = auditTemplate(JSON.stringify(template), 'template.json');
    expect(found.filter(({ level }) => level !== 'waived')).toEqual([]);
  }
  // What scanners look over (test/aws); a stream has another label each time, and the engine an account of its own.
  const label = stream.split('/').at(-1) ?? '';
  for (const [name, text] of Object.entries(told.files)) {
    if (name.startsWith('asset.')) continue;
    const kept = text
      .replaceAll(label, '20261101060000')
      .replaceAll(label.replaceAll(/\W/g, ''), '20261101060000')
      .replaceAll('dynamodb:dynoxide:000000000000:', 'dynamodb:eu-west-1:111122223333:');
    await expect(kept).toMatchFileSnapshot(`../../../test/fixtures/stacks/web-analytics/${name}`);
  }
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
