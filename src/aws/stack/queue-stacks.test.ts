/** F2 and its stacks: the queue, who may send to it, what receives from it, and how both halves can stand in two accounts. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createTable, dynamodbConnection, putItems } from '../../../test/fixtures/dynamodb.js';
import { auditFindings, expectKept } from '../../../test/fixtures/kept-stacks.js';
import { type Recorder, startRecorder } from '../../../test/fixtures/request-recorder.js';
import { type TestSqs, testSqs } from '../../../test/fixtures/sqs.js';
import { type SynthTold, synth } from '../../../test/fixtures/synth.js';
import type { Template, TemplateResource } from '../template/template.js';

const file = 'test/fixtures/stacks/users-sample.yaml';
const files = { 'keys.txt': 'u1\nu2\n' };
const home = '111122223333';
const other = '777788889999';

let sqs: TestSqs;
let recorder: Recorder;
let text: string;
let told: SynthTold;

beforeAll(async () => {
  sqs = await testSqs();
  recorder = await startRecorder({
    dynamodb: dynamodbConnection().endpoint,
    sqs: sqs.endpoint,
    region: inject('dynamodb').region,
    secrets: {},
  });
  for (const name of ['users-prod', 'users-dev']) await createTable(name, ['id', 'S']);
  await putItems('users-prod', [{ id: { S: 'u1' } }, { id: { S: 'u2' } }]);
  text = await readFile(file, 'utf8');
  told = await made(text);
});
afterAll(async () => {
  await Promise.all([recorder.stop(), sqs.stop()]);
});

async function made(declared: string, more: Parameters<typeof synth>[1] = {}): Promise<SynthTold> {
  return await synth(declared, { env: { AWS_ENDPOINT_URL: recorder.endpoint }, files, ...more });
}

function template(from: SynthTold, name = 'sluice-users-sample'): Template {
  const found = from.templates[name];
  if (!found) throw new Error(`no stack ${name}: ${from.out}${from.err}`);
  return found;
}

function resource(name: string, from = told): TemplateResource {
  const found = template(from).Resources[name];
  if (!found) throw new Error(`no ${name}`);
  return found;
}

interface Statement {
  readonly Sid: string;
  readonly Principal: object;
  readonly Action: readonly string[];
  readonly Resource: string;
  readonly Condition?: object;
}

function statementsOf(role: TemplateResource): readonly Statement[] {
  const { Policies } = role.Properties as { Policies: [{ PolicyDocument: { Statement: Statement[] } }] };
  return Policies[0].PolicyDocument.Statement;
}

const allowedOn = (role: TemplateResource, arn: string) =>
  statementsOf(role).flatMap(({ Resource, Action }) => (Resource === arn ? Action : []));

const inboxArn = `arn:aws:sqs:eu-west-1:${home}:inbox`;

it('is the same bytes the second time, what the repository holds, and nothing that an audit finds', async () => {
  expect(told.status, told.err).toBe(0);
  expect((await made(text)).files).toEqual(told.files);
  await expectKept(told, 'users-sample');
  expect(auditFindings(told)).toEqual([]);
});

describe('what the emulator ignores', () => {
  it('a message is hidden for six times what its function may take, and set aside in the end', () => {
    const { Timeout } = resource('ReceiveUsersFunction').Properties as { Timeout: number };
    expect(resource('ReceiveUsersQueue').Properties).toMatchObject({
      QueueName: 'inbox',
      VisibilityTimeout: 6 * Timeout,
      SqsManagedSseEnabled: true,
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': ['ReceiveUsersRedrive', 'Arn'] },
        maxReceiveCount: 10,
      },
    });
    expect(resource('ReceiveUsersRedrive').Properties).toMatchObject({
      QueueName: 'inbox-redrive',
      MessageRetentionPeriod: 1_209_600,
      RedriveAllowPolicy: { redrivePermission: 'byQueue', sourceQueueArns: [inboxArn] },
    });
    expect(resource('ReceiveUsersRedriveAlarm').Properties).toMatchObject({
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: 'inbox-redrive' }],
    });
  });

  it('the pace is divided over as many functions as may be at work at once', () => {
    expect(resource('ReceiveUsersMapping').Properties).toMatchObject({
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    expect(resource('ReceiveUsersFunction').Properties).toMatchObject({
      Environment: { Variables: { SLUICE_STEP: 'users', SLUICE_WORKERS: '2' } },
    });
    expect(resource('ReceiveUsersFunction').Properties).not.toHaveProperty('VpcConfig');
    expect(told.out).toContain('at most 2 functions at once, each at a share of 1/2 of the pace');
  });

  it('times of rows that were received are forgotten by themselves', () => {
    expect(resource('StateTable').Properties).toMatchObject({
      TimeToLiveSpecification: { AttributeName: 'expires', Enabled: true },
    });
  });
});

it('lets one role send, and each half do nothing of the other', () => {
  const sender = `arn:aws:iam::${home}:role/sluice-users-sample-step-users-eu-west-1`;
  const { PolicyDocument } = resource('ReceiveUsersQueuePolicy').Properties as {
    PolicyDocument: { Statement: readonly Statement[] };
  };
  expect(PolicyDocument.Statement[0]).toMatchObject({
    Principal: { AWS: `arn:aws:iam::${home}:root` },
    Action: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:SendMessage'],
    Resource: inboxArn,
    Condition: { ArnEquals: { 'aws:PrincipalArn': sender } },
  });
  expect(PolicyDocument.Statement).toHaveLength(2);
  const sends = resource('StepUsersRole');
  expect(sends.Properties['RoleName']).toBe(sender.split('/')[1]);
  expect(allowedOn(sends, inboxArn)).toEqual([
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:SendMessage',
  ]);
  expect(JSON.stringify(statementsOf(sends))).not.toContain('users-dev');
  expect(JSON.stringify(statementsOf(sends))).not.toContain('sluice-dev');
  const receives = resource('ReceiveUsersRole');
  expect(allowedOn(receives, inboxArn)).toEqual([
    'sqs:ChangeMessageVisibility',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:ReceiveMessage',
  ]);
  expect(allowedOn(receives, `${inboxArn}-redrive`)).toEqual([
    'sqs:GetQueueAttributes',
    'sqs:GetQueueUrl',
    'sqs:SendMessage',
  ]);
  expect(allowedOn(receives, 'arn:aws:iam::444455556666:role/sluice-dev')).toEqual(['sts:AssumeRole']);
  expect(JSON.stringify(statementsOf(receives))).not.toContain('users-prod');
  const guest = template(told, 'sluice-users-sample-444455556666').Resources['Role1']?.Properties;
  expect(JSON.stringify(guest)).toContain('sluice-users-sample-receive-users-eu-west-1');
  expect(JSON.stringify(guest)).not.toContain('step-users');
});

describe('in two accounts', () => {
  const apart = (sender: string) =>
    text.replace('create: true', `create: true, account: "${other}", sender: "${sender}"`);

  it('each half is a stack of its own, which names the other by ARN', async () => {
    const sends = await made(apart(home), { only: 'send' });
    const receives = await made(apart(home), { only: 'receive', account: other });
    const arn = `arn:aws:sqs:eu-west-1:${other}:inbox`;
    expect(sends.status, sends.err).toBe(0);
    const types = (each: SynthTold) => Object.values(template(each).Resources).map(({ Type }) => Type);
    expect(template(sends).Resources['ReceiveUsersQueue']).toBeUndefined();
    expect(types(sends)).not.toContain('AWS::Lambda::EventSourceMapping');
    expect(types(sends)).toContain('AWS::StepFunctions::StateMachine');
    expect(allowedOn(resource('StepUsersRole', sends), arn)).toContain('sqs:SendMessage');
    expect(types(receives)).not.toContain('AWS::StepFunctions::StateMachine');
    expect(types(receives).filter((type) => type === 'AWS::Lambda::Function')).toHaveLength(1);
    const policy = resource('ReceiveUsersQueuePolicy', receives).Properties;
    expect(policy).toMatchObject({
      PolicyDocument: {
        Statement: [
          {
            Principal: { AWS: `arn:aws:iam::${home}:root` },
            Condition: { ArnEquals: { 'aws:PrincipalArn': resourceArn(resource('StepUsersRole', sends)) } },
          },
          { Sid: 'OnlyTls' },
        ],
      },
    });
    expect([...auditFindings(sends), ...auditFindings(receives)]).toEqual([]);
  });

  it.each([
    ['send', { account: other, sender: home }],
    ['receive', { account: home, sender: other }],
  ] as const)('the repository holds a stack that does nothing but %s', async (half, ends) => {
    const pipeline = `users-${half}`;
    const queue = `create: true, account: "${ends.account}", sender: "${ends.sender}"`;
    const declared = text.replace('create: true', queue).replace('users-sample', pipeline);
    await expectKept(await made(declared, { only: half }), pipeline);
  });

  it('a role that is declared is the one that may send', async () => {
    const role = 'arn:aws:iam::777700001111:role/people/migrator';
    const { Properties } = resource(
      'ReceiveUsersQueuePolicy',
      await made(apart(role), { only: 'receive', account: other }),
    );
    expect(Properties).toMatchObject({
      PolicyDocument: {
        Statement: [
          {
            Principal: { AWS: 'arn:aws:iam::777700001111:root' },
            Condition: { ArnEquals: { 'aws:PrincipalArn': role } },
          },
          {},
        ],
      },
    });
  });

  it('what receives is refused where the queue is not', async () => {
    await expect(made(apart(home))).rejects.toMatchObject({
      problems: [
        expect.objectContaining({
          hint: `deploy the halves apart: --only send --account ${home}, and --only receive --account ${other}`,
        }),
      ],
    });
  });
});

function resourceArn(role: TemplateResource): string {
  return `arn:aws:iam::${home}:role/${String(role.Properties['RoleName'])}`;
}

describe('a queue that is there', () => {
  it('is used as it is, and refused where it would show messages again too soon', async () => {
    const short = await sqs.queue({ maxReceives: 5, attributes: { VisibilityTimeout: '30' } });
    const long = await sqs.queue({ maxReceives: 5, attributes: { VisibilityTimeout: '5400' } });
    const using = (name: string) =>
      text.replace('queue: inbox', `queue: ${name}`).replace(', create: true', '');
    await expect(made(using(short.name))).rejects.toMatchObject({
      problems: [expect.objectContaining({ message: expect.stringContaining('hides a message for 30 s') })],
    });
    const { Resources } = template(await made(using(long.name)));
    for (const made of ['Queue', 'QueuePolicy', 'Redrive']) {
      expect(Resources[`ReceiveUsers${made}`]).toBeUndefined();
    }
    expect(Resources['ReceiveUsersMapping']?.Properties['EventSourceArn']).toMatch(`:${long.name}`);
  });

  it('that is not there is refused, and one that deploying makes by whoever would run without it', async () => {
    const missing = await made(text.replace(', create: true', ''));
    expect(missing.status).toBe(2);
    expect(missing.out + missing.err).toContain('the queue inbox does not exist');
  });
});

it('a pace at which no call of a function would last for one message is refused', async () => {
  await expect(made(text.replace('items: 2', 'items: 0.001'))).rejects.toMatchObject({
    problems: [expect.objectContaining({ path: 'steps[0].pace' })],
  });
});
