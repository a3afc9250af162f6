import { afterAll, beforeAll, expect, it } from 'vitest';
import { type TestMinistack, testMinistack } from '../../test/fixtures/ministack.js';
import { needsServer } from '../../test/fixtures/servers.js';

needsServer('ministack');

let open: TestMinistack;
let enforced: TestMinistack;
beforeAll(async () => {
  [open, enforced] = await Promise.all([testMinistack(), testMinistack({ enforced: true })]);
});
afterAll(async () => {
  await Promise.all([open?.stop(), enforced?.stop()]);
});

const source = 'exports.handler = async () => ({ pid: process.pid, env: { ...process.env } });';
const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

const template = JSON.stringify({
  Resources: {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'orders',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      },
    },
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust } },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'one',
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: { ZipFile: source },
      },
    },
  },
});

async function createdStack(ministack: TestMinistack, account: string): Promise<string> {
  const { query } = ministack.account(account);
  await query('cloudformation', 'CreateStack', {
    StackName: 'one',
    TemplateBody: template,
    'Capabilities.member.1': 'CAPABILITY_IAM',
  });
  await expect
    .poll(() => query('cloudformation', 'DescribeStacks', { StackName: 'one' }))
    .toContain('<StackStatus>CREATE_COMPLETE</StackStatus>');
  return await query('cloudformation', 'ListStackResources', { StackName: 'one' });
}

it('creates stacks in accounts that know nothing of each other', async () => {
  expect(await createdStack(open, '111122223333')).toContain('orders');
  const tables = (account: string) =>
    open.account(account).json('dynamodb', 'DynamoDB_20120810.ListTables', {});
  expect(await tables('111122223333')).toMatchObject({ TableNames: ['orders'] });
  expect(await tables('444455556666')).toMatchObject({ TableNames: [] });
});

it('runs functions in processes of their own, with no more of the environment than it has, and they go with it', async () => {
  const own = await testMinistack();
  await createdStack(own, '111122223333');
  const answer = await own
    .account('111122223333')
    .rest('lambda', '/2015-03-31/functions/one/invocations', { method: 'POST', body: '{}' });
  const { pid, env } = (await answer.json()) as { pid: number; env: Record<string, string> };
  expect(env['AWS_ENDPOINT_URL']).toBe(own.endpoint);
  expect(env).not.toHaveProperty('HOME', process.env['HOME']);
  expect(Object.keys(env).filter((name) => /^(npm|VITEST|SLUICE|SSL|PIP)/i.test(name))).toEqual([]);
  expect(lives(pid)).toBe(true);
  await own.stop();
  await expect.poll(() => lives(pid)).toBe(false);
});

it('lets people do what their policies say, where it is asked to', async () => {
  const root = enforced.account('111122223333');
  await root.query('iam', 'CreateUser', { UserName: 'reader' });
  const made = await root.query('iam', 'CreateAccessKey', { UserName: 'reader' });
  const [, key = ''] = /<AccessKeyId>([^<]+)</.exec(made) ?? [];
  const [, secret = ''] = /<SecretAccessKey>([^<]+)</.exec(made) ?? [];
  const listed = (wrong = '') =>
    enforced.account(key, secret + wrong).json('dynamodb', 'DynamoDB_20120810.ListTables', {});
  await expect(listed()).rejects.toThrow(/AccessDenied/);
  const allowed = [{ Effect: 'Allow', Action: 'dynamodb:ListTables', Resource: '*' }];
  await root.query('iam', 'PutUserPolicy', {
    UserName: 'reader',
    PolicyName: 'lists',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: allowed }),
  });
  expect(await listed()).toEqual({ TableNames: [] });
  await expect(listed('wrong')).rejects.toThrow(/Signature/);
});

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
