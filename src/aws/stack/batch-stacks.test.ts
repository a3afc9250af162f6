/** F1 and its stacks: two MySQL databases by secrets, one of them in another account, and tables between them. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditFindings, expectKept } from '../../../test/fixtures/kept-stacks.js';
import { type SecretDatabase, secretDatabase } from '../../../test/fixtures/secret-database.js';
import { type SynthTold, synth } from '../../../test/fixtures/synth.js';
import type { Template, TemplateResource } from '../template/template.js';

const file = 'examples/orders-deployed.yaml';
const home = '111122223333';
const guest = '444455556666';

let shop: SecretDatabase;
let told: SynthTold;
let again: SynthTold;

beforeAll(async () => {
  shop = await secretDatabase('stacks', 'prod/shop', 'prod/report');
  await shop.database.execute(
    `CREATE TABLE orders (order_id INT PRIMARY KEY, total_cents INT, shelf INT, status VARCHAR(9));
     CREATE TABLE customers (customer_id INT PRIMARY KEY, name VARCHAR(40))`,
  );
  const text = await readFile(file, 'utf8');
  told = await synth(text, { env: shop.env });
  again = await synth(text, { env: shop.env });
}, 240_000);

afterAll(() => shop?.stop());

function template(name: string): Template {
  const found = told.templates[name];
  if (!found) throw new Error(`no stack ${name}: ${told.out}${told.err}`);
  return found;
}

function resource(name: string, stack = 'sluice-orders-nightly'): TemplateResource {
  const found = template(stack).Resources[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
}

it('is the same bytes the second time, and what the repository holds', async () => {
  expect(told.status, told.err).toBe(0);
  expect(again.files).toEqual(told.files);
  await expectKept(told, 'orders-nightly');
});

it('has nothing in it that an audit finds', () => {
  expect(auditFindings(told)).toEqual([]);
});

describe('what the emulator ignores', () => {
  it('log groups have a retention, and each function its own', () => {
    const all = Object.entries(template('sluice-orders-nightly').Resources);
    const functions = all.filter(([, { Type }]) => Type === 'AWS::Lambda::Function');
    expect(functions.map(([name]) => name)).toEqual([
      'RunFunction',
      'StepCustomersInFunction',
      'StepCustomersOutFunction',
      'StepOrdersInFunction',
      'StepOrdersOutFunction',
    ]);
    for (const [name, { Properties }] of functions) {
      const logical = name.replace('Function', '');
      expect(Properties['LoggingConfig']).toEqual({ LogFormat: 'JSON', LogGroup: { Ref: `${logical}Logs` } });
      expect(Properties['TracingConfig']).toEqual({ Mode: 'Active' });
      expect(Properties['Role']).toEqual({ 'Fn::GetAtt': [`${logical}Role`, 'Arn'] });
      expect(resource(`${logical}Logs`).Properties['RetentionInDays']).toBe(30);
    }
  });

  it('only functions that talk to a database are in its network', () => {
    const inside = { SubnetIds: ['subnet-0a1b2c3d', 'subnet-0a1b2c3e'], SecurityGroupIds: ['sg-0a1b2c3d'] };
    expect(resource('RunFunction').Properties['VpcConfig']).toBeUndefined();
    expect(resource('StepOrdersOutFunction').Properties['VpcConfig']).toEqual(inside);
    expect(actionsOf(resource('RunRole'))).not.toContain('ec2:CreateNetworkInterface');
    expect(actionsOf(resource('StepOrdersOutRole'))).toContain('ec2:CreateNetworkInterface');
  });

  it('the schedule has its zone, no slack, and a place for what is not delivered', () => {
    expect(resource('Schedule').Properties).toMatchObject({
      ScheduleExpression: 'cron(0 6 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/Dublin',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['ScheduleAside', 'Arn'] } } },
    });
    expect(resource('ScheduleRole').Properties['AssumeRolePolicyDocument']).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'scheduler.amazonaws.com' },
          Condition: {
            StringEquals: { 'aws:SourceAccount': home },
            ArnLike: {
              'aws:SourceArn': `arn:aws:scheduler:eu-west-1:${home}:schedule-group/sluice-orders-nightly`,
            },
          },
        },
      ],
    });
  });

  it('the state machine is logged without its data, and traced', () => {
    const { Properties } = resource('Machine');
    expect(Properties).toMatchObject({
      StateMachineType: 'STANDARD',
      LoggingConfiguration: { Level: 'ALL', IncludeExecutionData: false },
      TracingConfiguration: { Enabled: true },
    });
    const placeholders = String(Properties['DefinitionString']).match(/\$\{\w+\}/g) ?? [];
    const names = [...new Set(placeholders)].map((text) => text.slice(2, -1)).sort();
    expect(Object.keys(Properties['DefinitionSubstitutions'] as object).sort()).toEqual(names);
  });

  it('a bucket and a table of state outlive their stack, encrypted and with a way back', () => {
    for (const name of ['StateTable', 'StateBucket']) {
      expect(resource(name)).toMatchObject({ DeletionPolicy: 'RetainExceptOnCreate' });
    }
    expect(resource('StateTable').Properties).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    });
    expect(resource('StateBucket').Properties).toMatchObject({
      VersioningConfiguration: { Status: 'Enabled' },
    });
  });

  it('a day without a beginning, and two without a success, are told', () => {
    // The clocks of Dublin make one day 25 hours long.
    expect(resource('MissedAlarm').Properties).toMatchObject({
      MetricName: 'ExecutionsStarted',
      Period: 3600,
      EvaluationPeriods: 26,
      TreatMissingData: 'breaching',
    });
    expect(resource('AgeAlarm').Properties).toMatchObject({
      MetricName: 'ExecutionsSucceeded',
      EvaluationPeriods: 51,
    });
    for (const { Type, Properties } of Object.values(template('sluice-orders-nightly').Resources)) {
      if (Type === 'AWS::CloudWatch::Alarm') expect(Properties['AlarmActions']).toEqual([{ Ref: 'Topic' }]);
    }
  });
});

describe('another account', () => {
  it('has one role, for the one function that works as it', () => {
    const role = resource('Role1', `sluice-orders-nightly-${guest}`);
    expect(role.Properties).toMatchObject({ RoleName: 'shop', Path: '/sluice/' });
    const users = ['customers-out', 'orders-out'].map(
      (step) => `arn:aws:iam::${home}:role/sluice-orders-nightly-step-${step}-eu-west-1`,
    );
    expect(role.Properties['AssumeRolePolicyDocument']).toMatchObject({
      Statement: [
        {
          Principal: { AWS: `arn:aws:iam::${home}:root` },
          Condition: { ArnEquals: { 'aws:PrincipalArn': users } },
        },
      ],
    });
    expect(statementsOf(role)).toEqual([
      {
        Sid: 'SecretsmanagerSecretProdShop',
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue'],
        Resource: `arn:aws:secretsmanager:eu-west-1:${guest}:secret:prod/shop-??????`,
      },
    ]);
  });

  it('is not reached by functions that have nothing to do there', () => {
    expect(actionsOf(resource('StepOrdersOutRole'))).toContain('sts:AssumeRole');
    expect(actionsOf(resource('StepOrdersInRole'))).not.toContain('sts:AssumeRole');
    expect(actionsOf(resource('StepOrdersInRole'))).not.toContain('dynamodb:CreateTable');
    expect(actionsOf(resource('StepOrdersOutRole'))).not.toContain('dynamodb:Scan');
  });
});

interface Statement {
  readonly Action: readonly string[];
}

function statementsOf(role: TemplateResource): readonly Statement[] {
  const [policy] = role.Properties['Policies'] as readonly { PolicyDocument: { Statement: Statement[] } }[];
  return policy?.PolicyDocument.Statement ?? [];
}

function actionsOf(role: TemplateResource): readonly string[] {
  return statementsOf(role).flatMap(({ Action }) => Action);
}
