/**
 * What people are allowed, against what CloudFormation says that it asks of services for each type of resource. No emulator asks
 * whoever deploys for it: it makes resources itself. What the program calls is looked at in test/aws/batch-deployed.test.ts.
 */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { stackTemplate } from '../../../test/fixtures/granted.js';
import { handlerPermissions } from '../../../test/fixtures/handler-permissions.js';
import type { Purpose, StepNeed } from '../../flow/needs.js';
import type { Grant } from '../policy/holder.js';
import type { Stack } from '../stack/pipeline-stacks.js';
import { siteOf } from '../stack/site.js';
import { MAX_MANAGED_CHARS, MAX_MANAGED_POLICIES, policyChars } from '../template/policy-size.js';
import { type Person, peopleOf } from './person.js';
import { personPolicies } from './person-policies.js';

const [account, region] = ['111122223333', 'eu-west-1'];
const pipelines = ['orders-nightly', 'users-sample', 'nightly-export', 'web-analytics', 'web-delivery'];

async function peopleFor(pipeline: string): Promise<{ people: readonly Person[]; stacks: readonly Stack[] }> {
  const folder = `test/fixtures/stacks/${pipeline}`;
  const manifest = JSON.parse(await readFile(`${folder}/manifest.json`, 'utf8')) as {
    artifacts: Record<string, { type: string; environment?: string }>;
  };
  const names = Object.entries(manifest.artifacts).filter(
    ([, { type }]) => type === 'aws:cloudformation:stack',
  );
  const stacks = await Promise.all(
    names.map(async ([name, { environment = '' }]) => ({
      name,
      account: environment.split('/').at(-2) ?? '',
      region,
      template: await stackTemplate(folder, name),
      after: [],
    })),
  );
  const site = siteOf({ pipeline }, account, region);
  return { people: peopleOf({ site, stacks, needs: [], purposes: new Set(), looksUp: false }), stacks };
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html: the principals of services. */
const services: Readonly<Record<string, string>> = {
  'AWS::KinesisFirehose::DeliveryStream': 'firehose.amazonaws.com',
  'AWS::Lambda::Function': 'lambda.amazonaws.com',
  'AWS::Scheduler::Schedule': 'scheduler.amazonaws.com',
  'AWS::StepFunctions::StateMachine': 'states.amazonaws.com',
};

/** Whose resource names the role. */
function serviceOf(role: string, stacks: readonly Stack[]): string {
  const found = stacks.flatMap(({ template: { Resources } }) => {
    const [logical] =
      Object.entries(Resources).find(
        ([, { Type, Properties }]) =>
          Type === 'AWS::IAM::Role' && role.endsWith(`/${String(Properties['RoleName'])}`),
      ) ?? [];
    const naming = `"Fn::GetAtt":["${logical}","Arn"]`;
    return Object.values(Resources)
      .filter(({ Properties }) => JSON.stringify(Properties).includes(naming))
      .flatMap(({ Type }) => services[Type] ?? []);
  });
  const [service, ...others] = new Set(found);
  if (service === undefined || others.length > 0) throw new Error(`${role} is named by ${found.join(', ')}`);
  return service;
}

const ofType = (type: string) => `CloudFormation makes, changes and deletes ${type}`;

/** Actions that CloudFormation is known to ask for, and that nobody is allowed: what is never done with our resources. */
const neverDone: Readonly<Record<string, readonly (readonly [actions: RegExp, why: string])[]>> = {
  'AWS::DynamoDB::Table': [
    [/^kinesis:|KinesisStreaming/, 'no table of ours streams to Kinesis'],
    [/^(?:s3|logs):|Import/, 'no table is imported from S3'],
    [/^kms:/, 'the key is that of DynamoDB'],
    [/Replica|^iam:|:(?:Scan|Query|\w+Item)$/, 'no table has replicas'],
    [/ContributorInsights$|ResourcePolicy$|UpdateTimeToLive$/, 'it has none of it'],
  ],
  'AWS::IAM::ManagedPolicy': [[/:(?:At|De)tach/, 'roles name their policies: that is asked of the role']],
  'AWS::IAM::Role': [
    [/PermissionsBoundary$/, 'only with deploy.permissionsBoundary'],
    [/:(?:At|De)tachRolePolicy$/, 'only of roles with policies beside them'],
    [/ListRoleTags$/, 'GetRole says them'],
  ],
  'AWS::KMS::Key': [
    [/:(?:Dis|En)ableKey$|DisableKeyRotation$/, 'it is enabled from its beginning, and rotates'],
  ],
  'AWS::KinesisFirehose::DeliveryStream': [
    [/^kms:|DeliveryStreamEncryption$/, 'the key is that of Firehose, and stays'],
    [/^iam:(?:Get|Pass)Role$/, 'asked of the role'],
  ],
  'AWS::Lambda::EventSourceMapping': [[/^kms:/, 'filters are not encrypted: there are none']],
  'AWS::Lambda::Function': [
    [/^kms:/, 'the key is that of Lambda'],
    [/^(?:elasticfilesystem|s3files):/, 'no file system'],
    [/^iam:PassRole$|^s3:/, 'asked of the role, and of the bucket of the code'],
    [/Concurrency$|CapacityProvider$/, 'no concurrency is reserved'],
    [
      /:(?:Put|Delete)Function|PutRuntimeManagementConfig$|LayerVersion$|:GetCodeSigning|PublishVersion$/,
      'none of it',
    ],
  ],
  'AWS::Logs::LogGroup': [
    [/KmsKey$/, 'the key is that of CloudWatch'],
    [/DataProtectionPolicy$|IndexPolicy$|ResourcePolicy$|Bearer|DeletionProtection$/, 'none of it'],
    [/^(?:s3|firehose):|CreateLogDelivery$/, 'logs are delivered nowhere'],
    [/DeleteRetentionPolicy$/, 'every log has a retention'],
  ],
  'AWS::S3::Bucket': [
    [/^s3tables:|MetadataTableConfiguration$|TableConfiguration$|Journal/, 'no tables of metadata'],
    [/^iam:|Replicat/, 'no replication'],
    [
      /Cors$|CORS$|Website$|Accelerate|Analytics|Inventory|Metrics|IntelligentTiering|Abac$/,
      'it has none of it',
    ],
    [/ObjectLock|Logging$|BucketAcl$|ObjectAcl$|DeleteObject$/, 'it has none of it'],
    [/:DeleteBucket\w+$|DeleteBucketTagging$/, 'what it has, it keeps'],
  ],
  'AWS::SNS::Topic': [
    [/[Ss]ubscribe$/, 'people subscribe by themselves'],
    [/PutDataProtectionPolicy$|^iam:/, 'none of it'],
  ],
  'AWS::StepFunctions::StateMachine': [
    [/^kms:/, 'the key is that of Step Functions'],
    [/^s3:|^iam:/, 'the definition is in the template; the role is asked for'],
  ],
  'AWS::Scheduler::Schedule': [[/^iam:/, 'asked of the role']],
};

describe('of what CloudFormation asks for each type', () => {
  it.each(Object.keys(handlerPermissions))(
    '%s: allowed is what our resources make it ask for',
    async (type) => {
      const all = await Promise.all(pipelines.map(peopleFor));
      const grants = all.flatMap(({ people }) => people.flatMap((person) => person.grants));
      const allowed = new Set(
        grants.filter(({ reasons }) => reasons.includes(ofType(type))).map(({ action }) => action),
      );
      const asked = new Set(handlerPermissions[type]);
      const isUsed = all.some(({ stacks }) =>
        stacks.some(({ template }) => Object.values(template.Resources).some(({ Type }) => Type === type)),
      );
      if (!isUsed) return;
      const never = neverDone[type] ?? [];
      expect([...allowed].filter((action) => !asked.has(action))).toEqual([]);
      const missing = [...asked].filter((action) => !allowed.has(action));
      expect(missing.filter((action) => !never.some(([rule]) => rule.test(action)))).toEqual([]);
      for (const [rule] of never)
        expect(
          missing.some((action) => rule.test(action)),
          String(rule),
        ).toBe(true);
    },
  );
});

describe.each(pipelines)('whoever deploys %s', (pipeline) => {
  it('is allowed nothing beyond its own names, but where AWS has no names', async () => {
    const { people, stacks } = await peopleFor(pipeline);
    const text = ({ action, resource }: Grant) => `${action} ${resource}`;
    const unsaid = people.flatMap(({ grants }) => grants).filter(({ wildcard }) => wildcard === undefined);
    expect(unsaid.filter(({ resource }) => /[*?]/.test(resource)).map(text)).toEqual([]);
    // Every name stands in a template.
    const names = JSON.stringify(stacks);
    const isNamed = ({ resource }: Grant) => names.includes(`${resource.split(/[:/]/).at(-1)}`);
    expect(unsaid.filter((grant) => !isNamed(grant)).map(text)).toEqual([]);
  });

  it('may hand each role to the one service that works as it', async () => {
    const { people, stacks } = await peopleFor(pipeline);
    const granted = people.flatMap(({ grants }) =>
      grants.filter(({ action }) => action === 'iam:PassRole').map(({ resource }) => resource),
    );
    const statements = people.flatMap(personPolicies).flatMap(({ Statement }) => Statement);
    const passing = statements.filter(({ Action }) => Action.includes('iam:PassRole'));
    const passed = passing.flatMap(({ Action, Resource, Condition }) =>
      Resource.map((role) => [role, Action, Condition?.StringEquals['iam:PassedToService']] as const),
    );
    const wanted = [...new Set(granted)].map((role) => [role, ['iam:PassRole'], serviceOf(role, stacks)]);
    expect(passed.toSorted()).toEqual(wanted.toSorted());
    expect(passed.length).toBeGreaterThan(0);
    const others = statements.filter(({ Condition }) => Condition !== undefined);
    expect(others).toHaveLength(passing.length);
  });

  it('is given policies that IAM takes', async () => {
    const { people } = await peopleFor(pipeline);
    for (const person of people) {
      const policies = personPolicies(person);
      expect(policies.length).toBeLessThanOrEqual(MAX_MANAGED_POLICIES);
      for (const policy of policies) expect(policyChars(policy)).toBeLessThanOrEqual(MAX_MANAGED_CHARS);
      const pairs = policies.flatMap(({ Statement }) =>
        Statement.flatMap(({ Action, Resource }) =>
          Action.flatMap((action) => Resource.map((resource) => `${action} ${resource}`)),
        ),
      );
      const granted = new Set(person.grants.map(({ action, resource }) => `${action} ${resource}`));
      expect(pairs.toSorted()).toEqual([...granted].toSorted());
    }
  });
});

describe('whoever runs it', () => {
  const theirs = 'arn:aws:iam::444455556666:role/orders';
  const need = (action: string, on: string, more: Partial<StepNeed> = {}, only?: Purpose): StepNeed => ({
    step: 'orders',
    permission: { action, resource: `arn:aws:${on}`, reason: 'so', ...(only ? { only } : {}) },
    ...more,
  });
  const aside = `sqs:${region}:${account}:orders-redrive`;
  const there = { connection: 'theirs', role: theirs };
  const inbox = { connection: 'inbox' };
  const needs: readonly StepNeed[] = [
    need('dynamodb:Scan', `dynamodb:${region}:${account}:table/orders`),
    need('dynamodb:BatchWriteItem', `dynamodb:${region}:444455556666:table/copies`, there),
    need('dynamodb:Query', `dynamodb:${region}:444455556666:table/copies`, there, 'verify'),
    need('sts:AssumeRole', theirs.replace('arn:aws:', ''), there),
    need('dynamodb:GetRecords', `dynamodb:${region}:${account}:table/orders/stream/2026`),
    need('sqs:GetQueueUrl', aside, inbox),
    need('sqs:SendMessage', aside, inbox),
    need('sqs:ReceiveMessage', aside, inbox, 'repair'),
    need('sqs:DeleteMessage', aside, inbox, 'repair'),
  ];

  async function operators(pipeline: string, ...purposes: readonly Purpose[]) {
    const { stacks } = await peopleFor(pipeline);
    const site = siteOf({ pipeline }, account, region);
    const people = peopleOf({ site, stacks, needs, purposes: new Set(purposes), looksUp: false });
    const actions = people.flatMap((person) =>
      person.kind === 'operator'
        ? [[person.account, new Set(person.grants.map(({ action }) => action))] as const]
        : [],
    );
    return new Map(actions);
  }

  it('sees what was set aside, and neither reads nor writes rows', async () => {
    const all = await operators('orders-nightly');
    expect([...all.keys()]).toEqual([account]);
    const own = all.get(account);
    expect(own).toEqual(
      new Set([
        ...['DescribeStacks', 'ListStackResources'].map((action) => `cloudformation:${action}`),
        ...['dynamodb:GetItem', 'dynamodb:Query', 's3:GetObject', 'sqs:GetQueueUrl', 'sqs:ReceiveMessage'],
        ...['Start', 'Describe', 'Stop'].map((action) => `states:${action}Execution`),
        'states:ListExecutions',
      ]),
    );
  });

  it('reads rows to verify, in each account as somebody there, and keeps a report', async () => {
    const all = await operators('orders-nightly', 'verify');
    expect(all.get('444455556666')).toEqual(new Set(['dynamodb:Query']));
    const own = all.get(account);
    for (const action of ['dynamodb:Scan', 'dynamodb:PutItem', 's3:PutObject']) expect(own).toContain(action);
    for (const action of ['sqs:DeleteMessage', 'sqs:SendMessage', 'sts:AssumeRole', 'dynamodb:GetRecords'])
      expect(own).not.toContain(action);
  });

  it('writes rows to repair, and removes what was replayed', async () => {
    const all = await operators('orders-nightly', 'repair');
    expect(all.get('444455556666')).toEqual(new Set(['dynamodb:BatchWriteItem', 'dynamodb:Query']));
    for (const action of ['dynamodb:ConditionCheckItem', 'sqs:DeleteMessage'])
      expect(all.get(account)).toContain(action);
    const aside = ['s3:ListBucket', 's3:DeleteObject'];
    for (const action of aside)
      expect((await operators('web-delivery', 'repair')).get(account)).toContain(action);
    expect((await operators('web-delivery')).get(account)).not.toContain('s3:ListBucket');
  });
});
