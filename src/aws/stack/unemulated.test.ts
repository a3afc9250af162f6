/**
 * What the emulator that deployed pipelines are tried on ignores, has otherwise or cannot stand (docs/emulators.md), in each of the
 * stacks that the repository keeps.
 */
import { expect, it } from 'vitest';
import { type KeptStack, keptStacks, ofType } from '../../../test/fixtures/kept-templates.js';
import { type Statement, statementsIn } from '../../../test/fixtures/policies.js';

const stacks = keptStacks();

/** What holds for each; throws where there is nothing that it could hold for. */
function each<Found>(find: (stack: KeptStack) => readonly Found[]): readonly Found[] {
  const found = stacks.flatMap(find);
  expect(found.length).toBeGreaterThan(0);
  return found;
}

const statements = () => each(({ template }) => statementsIn(template.Resources));
const actionsOf = ({ Action }: Statement) => [Action].flat();

/** Types of what has a policy of its own, with that of the policy and the property that says whose it is. */
const guarded = [
  ['AWS::S3::Bucket', 'AWS::S3::BucketPolicy', 'Bucket'],
  ['AWS::SQS::Queue', 'AWS::SQS::QueuePolicy', 'Queues'],
  ['AWS::SNS::Topic', 'AWS::SNS::TopicPolicy', 'Topics'],
] as const;

it.each(guarded)('%s: nobody may use one without TLS', (type, policyType, whose) => {
  const lacking = each(({ name, template }) =>
    ofType(template, type).map(([logical]) => {
      const policies = ofType(template, policyType).filter(([, { [whose]: of }]) =>
        JSON.stringify(of).includes(`{"Ref":"${logical}"}`),
      );
      const denied = statementsIn(policies).some(
        ({ Effect, Principal, Action, Condition }) =>
          Effect === 'Deny' &&
          Principal === '*' &&
          /^(s3|sqs|sns):/.test([Action].flat().join()) &&
          Condition?.['Bool']?.['aws:SecureTransport'] === 'false',
      );
      return [`${name} ${logical}`, denied];
    }),
  ).filter(([, denied]) => !denied);
  expect(lacking).toEqual([]);
});

it('calls in batches are granted as the single calls that they are', () => {
  const sqs = statements().flatMap((statement) => actionsOf(statement).filter((name) => /^sqs:/.test(name)));
  expect(sqs).toEqual(expect.arrayContaining(['sqs:SendMessage', 'sqs:DeleteMessage']));
  expect(sqs.filter((name) => name.endsWith('Batch'))).toEqual([]);
});

it('the URL of a queue may be asked for in its own account alone', () => {
  const asking = statements().filter((statement) => actionsOf(statement).includes('sqs:GetQueueUrl'));
  expect(asking.length).toBeGreaterThan(0);
  for (const { Resource } of asking) expect(Resource).toMatch(/^arn:aws:sqs:[a-z0-9-]+:\d{12}:[\w-]+$/);
});

it('who is named in a condition is a role, exactly', () => {
  const conditions = statements().flatMap(({ Condition = {} }) =>
    Object.entries(Condition).filter(([, about]) => 'aws:PrincipalArn' in about),
  );
  expect(conditions.length).toBeGreaterThan(0);
  for (const [operator, about] of conditions) {
    expect(operator).toBe('ArnEquals');
    for (const arn of [about['aws:PrincipalArn']].flat()) {
      expect(arn).toMatch(/^arn:aws:iam::\d{12}:role\/[\w/-]+$/);
    }
  }
});

it('the mapping of a stream halves what fails, goes on where an answer says, and keeps what it gives up', () => {
  const mappings = each(({ template }) =>
    ofType(template, 'AWS::Lambda::EventSourceMapping').flatMap(([, properties]) =>
      properties['StartingPosition'] === undefined ? [] : [properties],
    ),
  );
  for (const properties of mappings) {
    expect(properties).toMatchObject({
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: true,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      MaximumRetryAttempts: -1,
      MaximumRecordAgeInSeconds: 79_200,
      DestinationConfig: { OnFailure: { Destination: { 'Fn::GetAtt': ['FailedBucket', 'Arn'] } } },
    });
  }
});

it('what a delivery stream cannot have transformed goes below a prefix of its own, and is told', () => {
  const streams = each(({ template }) => ofType(template, 'AWS::KinesisFirehose::DeliveryStream'));
  for (const [, { ExtendedS3DestinationConfiguration: to }] of streams) {
    const { ErrorOutputPrefix, Prefix } = to as {
      readonly ErrorOutputPrefix: string;
      readonly Prefix: string;
    };
    expect(ErrorOutputPrefix).toContain('!{firehose:error-output-type}');
    expect(ErrorOutputPrefix.startsWith(Prefix)).toBe(false);
    expect(to).toMatchObject({ CloudWatchLoggingOptions: { Enabled: true } });
    expect(JSON.stringify(to)).toContain('{"ParameterName":"NumberOfRetries","ParameterValue":"3"}');
  }
});

it('what lies in a bucket is encrypted and hidden from the public, and what nobody fetched goes after a time', () => {
  const buckets = each(({ template }) => ofType(template, 'AWS::S3::Bucket'));
  for (const [, properties] of buckets) {
    expect(properties).toMatchObject({
      BucketEncryption: { ServerSideEncryptionConfiguration: [expect.anything()] },
      PublicAccessBlockConfiguration: { RestrictPublicBuckets: true, BlockPublicPolicy: true },
    });
  }
  const waiting = buckets.filter(([name]) => ['FailedBucket', 'DeliveryBucket'].includes(name));
  expect(waiting.length).toBeGreaterThanOrEqual(3);
  for (const [, { LifecycleConfiguration }] of waiting) {
    expect(LifecycleConfiguration).toMatchObject({ Rules: [{ Status: 'Enabled', ExpirationInDays: 90 }] });
  }
});
