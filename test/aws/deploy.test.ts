import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { codeHash, HandmadeAssembly, type HandmadeStack } from '../fixtures/assembly.js';
import { type CliRun, sluice } from '../fixtures/cli.js';
import { type TestAccount, type TestMinistack, testMinistack } from '../fixtures/ministack.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

let ministack: TestMinistack;
let assembly: HandmadeAssembly;
beforeAll(async () => {
  ministack = await testMinistack();
});
beforeEach(async () => {
  assembly = await HandmadeAssembly.make();
  return () => assembly.remove();
});
afterAll(() => ministack?.stop());

const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

function role(...actions: readonly string[]): object {
  const statement = { Effect: 'Allow', Action: actions, Resource: 'arn:aws:sqs:*:*:inbox' };
  const document = { Version: '2012-10-17', Statement: [statement] };
  const policies = [{ PolicyName: 'own', PolicyDocument: document }];
  return { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust, Policies: policies } };
}

const answering = (word: string) => `exports.handler = async () => ${JSON.stringify(word)};`;

/** What a pipeline has: its code's bucket, then a function, a state table and bucket, and a queue. */
function pipelineOf(account: string, word: string, more: Readonly<Record<string, object>> = {}) {
  const name = `orders-${account}`;
  const code = { bucket: `sluice-${name}`, text: answering(word) };
  const key = [
    ['AttributeDefinitions', [{ AttributeName: 'pk', AttributeType: 'S' }]],
    ['KeySchema', [{ AttributeName: 'pk', KeyType: 'HASH' }]],
  ];
  const resources = {
    Role: role('sqs:SendMessage'),
    Answer: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'answer',
        Runtime: 'nodejs22.x',
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
        Code: { S3Bucket: code.bucket, S3Key: `${codeHash(code.text)}.zip` },
      },
    },
    StateTable: {
      Type: 'AWS::DynamoDB::Table',
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: { TableName: 'state', BillingMode: 'PAY_PER_REQUEST', ...Object.fromEntries(key) },
    },
    StateBucket: {
      Type: 'AWS::S3::Bucket',
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: { BucketName: `state-${account}`, VersioningConfiguration: { Status: 'Enabled' } },
    },
    Inbox: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'inbox' } },
    ...more,
  };
  const bucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: code.bucket } };
  const stacks: readonly HandmadeStack[] = [
    { name: `sluice-${name}-assets`, account, resources: { Assets: bucket } },
    { name: `sluice-${name}`, account, resources, code, outputs: { StateUrl: 'dynamodb://state' } },
  ];
  return stacks;
}

async function run(account: TestAccount, command: string, ...args: string[]): Promise<CliRun> {
  return await sluice([command, '--assembly', assembly.folder, '--json', ...args], { env: account.env });
}

function summary({ events }: CliRun): Record<string, unknown> {
  return events.at(-1) ?? {};
}

async function answer(account: TestAccount): Promise<unknown> {
  const path = '/2015-03-31/functions/answer/invocations';
  return await (await account.rest('lambda', path, { method: 'POST', body: '{}' })).json();
}

async function statusOf(account: TestAccount, stack: string): Promise<string> {
  const text = await account
    .query('cloudformation', 'DescribeStacks', { StackName: stack })
    .catch((error: Error) => error.message);
  return /<StackStatus>(\w+)</.exec(text)?.[1] ?? (text.includes('does not exist') ? 'absent' : text);
}

const objectsOf = async (account: TestAccount, bucket: string) => {
  const text = await (await account.rest('s3', `/${bucket}?versions`)).text();
  return text.includes('NoSuchBucket') ? undefined : (text.match(/<Key>/g)?.length ?? 0);
};

it('creates stacks, sees that nothing has changed, shows and makes an update, and deletes it all', async () => {
  const account = ministack.account('111122223333');
  await assembly.write(pipelineOf(account.id, 'one'));
  const before = await run(account, 'diff');
  expect(before).toMatchObject({ status: 5 });
  expect(before.events[1]).toMatchObject({ stack: 'sluice-orders-111122223333', isNew: true });
  expect(await statusOf(account, 'sluice-orders-111122223333')).toBe('absent');

  const created = await run(account, 'deploy');
  expect(created, created.stdout + created.stderr).toMatchObject({ status: 0 });
  expect(summary(created)).toMatchObject({
    outcome: 'complete',
    stacks: [
      { name: 'sluice-orders-111122223333-assets', result: 'created' },
      { name: 'sluice-orders-111122223333', result: 'created', outputs: { StateUrl: 'dynamodb://state' } },
    ],
  });
  const done = created.events.filter(({ status }) => status === 'CREATE_COMPLETE');
  expect(done.map(({ resource }) => resource)).toEqual(
    expect.arrayContaining(['Assets', 'Role', 'Answer', 'StateTable', 'StateBucket', 'Inbox']),
  );
  expect(await answer(account)).toBe('one');

  const again = await run(account, 'deploy');
  expect(summary(again)).toMatchObject({ stacks: [{ result: 'unchanged' }, { result: 'unchanged' }] });
  expect(again.events.filter(({ event }) => event === 'asset')).toMatchObject([{ uploaded: false }]);
  expect(await run(account, 'diff')).toMatchObject({ status: 0 });

  await assembly.write(pipelineOf(account.id, 'two', { Role: role('sqs:SendMessage', 'sqs:PurgeQueue') }));
  const [, changes] = (await run(account, 'diff')).events;
  expect(changes).toMatchObject({
    isNew: false,
    permissions: { added: [{ resource: 'Role', effect: 'Allow', action: 'sqs:PurgeQueue' }], removed: [] },
  });
  expect(changes?.['changes']).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ resource: 'Answer', action: 'Modify', replacement: 'False' }),
      expect.objectContaining({ resource: 'Role', action: 'Modify' }),
    ]),
  );
  expect(await answer(account)).toBe('one');
  expect(summary(await run(account, 'deploy'))).toMatchObject({
    stacks: [{ result: 'unchanged' }, { result: 'updated' }],
  });
  expect(await answer(account)).toBe('two');
  expect(await objectsOf(account, 'sluice-orders-111122223333')).toBe(2);

  for (const key of ['a', 'a', 'b']) {
    await account.rest('s3', `/state-111122223333/${key}`, { method: 'PUT', body: 'x' });
  }
  const unsaid = await run(account, 'destroy');
  expect(unsaid).toMatchObject({ status: 2 });
  expect(await answer(account)).toBe('two');
  const destroyed = await run(account, 'destroy', '--yes');
  expect(destroyed, destroyed.stdout + destroyed.stderr).toMatchObject({ status: 0 });
  expect(summary(destroyed)).toMatchObject({ outcome: 'complete', kept: [] });
  for (const stack of ['', '-assets']) {
    expect(await statusOf(account, `sluice-orders-111122223333${stack}`)).toBe('absent');
  }
  expect(await objectsOf(account, 'state-111122223333')).toBeUndefined();
  expect(await objectsOf(account, 'sluice-orders-111122223333')).toBeUndefined();
  const tables = await account.json('dynamodb', 'DynamoDB_20120810.ListTables', {});
  expect(tables).toEqual({ TableNames: [] });
  expect(summary(await run(account, 'destroy', '--yes'))).toMatchObject({ outcome: 'complete', stacks: [] });
});

it('keeps the state where it is asked to, and the next deployment takes it up again', async () => {
  const account = ministack.account('222233334444');
  await assembly.write(pipelineOf(account.id, 'one'));
  await run(account, 'deploy');
  const item = { TableName: 'state', Item: { pk: { S: 'run 1' } } };
  await account.json('dynamodb', 'DynamoDB_20120810.PutItem', item);
  await account.rest('s3', '/state-222233334444/rejects', { method: 'PUT', body: 'x' });
  const destroyed = await run(account, 'destroy', '--yes', '--keep-state');
  expect(destroyed, destroyed.stdout + destroyed.stderr).toMatchObject({ status: 0 });
  expect(summary(destroyed)['kept']).toEqual(
    expect.arrayContaining([
      { type: 'AWS::DynamoDB::Table', physicalId: 'state' },
      { type: 'AWS::S3::Bucket', physicalId: 'state-222233334444' },
    ]),
  );
  expect(await statusOf(account, 'sluice-orders-222233334444')).toBe('absent');
  const again = await run(account, 'deploy');
  expect(again, again.stdout + again.stderr).toMatchObject({ status: 0 });
  const { Count: items } = await account.json('dynamodb', 'DynamoDB_20120810.Scan', { TableName: 'state' });
  expect(items).toBe(1);
  expect(await objectsOf(account, 'state-222233334444')).toBe(1);
});

it('tells why a stack failed, and leaves what was there before', async () => {
  const account = ministack.account('333344445555');
  // Nobody signals.
  const bad = {
    Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
    Broken: {
      Type: 'AWS::CloudFormation::WaitCondition',
      DependsOn: 'Inbox',
      Properties: { Handle: { Ref: 'Handle' }, Timeout: '1' },
    },
  };
  const failed = /sluice-orders-333344445555 is \w+, since Broken failed: /;
  // The name of a bucket that somebody else has.
  const taken = { Taken: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'taken' } } };
  const place = '<LocationConstraint>eu-west-1</LocationConstraint>';
  const body = `<CreateBucketConfiguration>${place}</CreateBucketConfiguration>`;
  await ministack.account('999900001111').rest('s3', '/taken', { method: 'PUT', body });
  await assembly.write(pipelineOf(account.id, 'one', taken));
  const none = await run(account, 'deploy');
  expect(none).toMatchObject({ status: 4 });
  expect(none.stdout).toMatch(/sluice-orders-333344445555 is \w+: Taken: .*'taken' already exists/);
  await assembly.write(pipelineOf(account.id, 'one', bad));
  const first = await run(account, 'deploy');
  expect(first, first.stdout + first.stderr).toMatchObject({ status: 4 });
  const [error] = first.events.filter(({ event }) => event === 'error');
  expect(error).toMatchObject({ code: 'stack_failed', message: expect.stringMatching(failed) });
  expect(summary(first)).toMatchObject({ outcome: 'stopped' });
  // The empty stack of a first creation is taken away, so that the next one can be made.
  expect(await statusOf(account, 'sluice-orders-333344445555')).toBe('absent');

  await assembly.write(pipelineOf(account.id, 'one'));
  expect(await run(account, 'deploy')).toMatchObject({ status: 0 });
  await assembly.write(pipelineOf(account.id, 'two', bad));
  const second = await run(account, 'deploy');
  expect(second).toMatchObject({ status: 4 });
  expect(second.stdout).toMatch(failed);
  expect(await statusOf(account, 'sluice-orders-333344445555')).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await answer(account)).toBe('one');
  await assembly.write(pipelineOf(account.id, 'three'));
  expect(await run(account, 'deploy')).toMatchObject({ status: 0 });
  expect(await answer(account)).toBe('three');
});

it('touches nothing of others: stacks of the same name, other accounts, tables that would be replaced', async () => {
  const account = ministack.account('444455556666');
  const stacks = pipelineOf(account.id, 'one');
  await assembly.write(stacks);
  const queue = JSON.stringify({ Resources: { Theirs: { Type: 'AWS::SQS::Queue' } } });
  const theirs = { StackName: 'sluice-orders-444455556666', TemplateBody: queue };
  await account.query('cloudformation', 'CreateStack', theirs);
  for (const [command, ...args] of [['deploy'], ['diff'], ['destroy', '--yes']] as const) {
    const refused = await run(account, command, ...args);
    expect(refused.stdout).toContain('stack_foreign');
    expect(refused.status).not.toBe(0);
  }
  expect(await statusOf(account, 'sluice-orders-444455556666')).toBe('CREATE_COMPLETE');
  await account.query('cloudformation', 'DeleteStack', { StackName: 'sluice-orders-444455556666' });

  const stranger = ministack.account('555566667777');
  const wrong = await run(stranger, 'deploy');
  expect(wrong).toMatchObject({ status: 2 });
  expect(wrong.stdout).toContain('account_wrong');
  expect(await statusOf(stranger, 'sluice-orders-444455556666-assets')).toBe('absent');

  await expect.poll(() => statusOf(account, 'sluice-orders-444455556666')).toBe('absent');
  expect(await run(account, 'deploy')).toMatchObject({ status: 0 });
  const key = { AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }] };
  const table = { TableName: 'other', BillingMode: 'PAY_PER_REQUEST', ...key };
  const schema = { KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }] };
  const replaced = { StateTable: { Type: 'AWS::DynamoDB::Table', Properties: { ...table, ...schema } } };
  await assembly.write(pipelineOf(account.id, 'one', replaced));
  const lost = await run(account, 'deploy');
  expect(lost).toMatchObject({ status: 2 });
  expect(lost.stdout).toMatch(/would lose what these hold: StateTable/);
  expect(await account.json('dynamodb', 'DynamoDB_20120810.ListTables', {})).toEqual({
    TableNames: ['state'],
  });
});

it('deploys to two accounts by profile, either alone and in either order', async () => {
  const [home, guest] = [ministack.account('666677778888'), ministack.account('777788889999')];
  const trusted = { AWS: 'arn:aws:iam::666677778888:root' };
  const guestRole = {
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName: 'sluice-shop',
      AssumeRolePolicyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: trusted, Action: 'sts:AssumeRole' }],
      },
    },
  };
  const other = { name: 'sluice-orders-guest', account: guest.id, resources: { Shop: guestRole } };
  await assembly.write([...pipelineOf(home.id, 'one'), other]);
  // The guest's own people first, who know nothing of the home account.
  const alone = await run(guest, 'deploy', '--stack', 'sluice-orders-guest');
  expect(alone, alone.stdout + alone.stderr).toMatchObject({ status: 0 });
  const files = await profileFiles(guest);
  const both = await sluice(
    ['deploy', '--assembly', assembly.folder, '--json', '--profile', `${guest.id}=theirs`],
    { env: { ...home.env, ...files } },
  );
  expect(both, both.stdout + both.stderr).toMatchObject({ status: 0 });
  expect(summary(both)).toMatchObject({
    stacks: [{ result: 'created' }, { result: 'created' }, { result: 'unchanged', account: guest.id }],
  });
});

it('stops waiting at Ctrl-C, and the same command follows what goes on and finishes the rest', async () => {
  const account = ministack.account('888899990000');
  // A handle that nobody signals for now: the stack is under way as long as a test wants.
  const waits = {
    Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
    Wait: {
      Type: 'AWS::CloudFormation::WaitCondition',
      DependsOn: 'Inbox',
      Properties: { Handle: { Ref: 'Handle' }, Timeout: '600' },
    },
  };
  await assembly.write(pipelineOf(account.id, 'one', waits));
  let child: ChildProcess | undefined;
  const first = sluice(['deploy', '--assembly', assembly.folder, '--json'], {
    env: account.env,
    started: (started) => {
      child = started;
    },
  });
  const stack = 'sluice-orders-888899990000';
  const told = (action: string) => account.query('cloudformation', action, { StackName: stack });
  await expect.poll(() => told('DescribeStackEvents').catch(() => '')).toContain('<LogicalResourceId>Wait<');
  child?.kill('SIGINT');
  const stopped = await first;
  expect(stopped).toMatchObject({ status: 130 });
  expect(summary(stopped)).toMatchObject({ outcome: 'interrupted' });
  expect(stopped.stdout).toContain('follows it to its end');

  const second = run(account, 'deploy');
  const resources = await told('DescribeStackResources');
  const [, handle = ''] = /<LogicalResourceId>Handle<.*?<PhysicalResourceId>([^<]+)</s.exec(resources) ?? [];
  const signal = { Status: 'SUCCESS', UniqueId: 'one', Data: '', Reason: 'the test says so' };
  // Bytes, since a text would come with a content type.
  const body = Buffer.from(JSON.stringify(signal));
  const sent = await fetch(handle, { method: 'PUT', body });
  expect(sent.status, await sent.text()).toBe(200);
  const followed = await second;
  expect(followed, followed.stdout + followed.stderr).toMatchObject({ status: 0 });
  expect(summary(followed)).toMatchObject({ stacks: [{ result: 'unchanged' }, { result: 'unchanged' }] });
  expect(await answer(account)).toBe('one');
});

/** The AWS files of somebody who has a profile for the account. */
async function profileFiles({ id, env }: TestAccount): Promise<Record<string, string>> {
  const { mkdtemp, writeFile } = await import('node:fs/promises');
  const file = `${assembly.folder}/credentials`;
  const secret = env['AWS_SECRET_ACCESS_KEY'];
  await writeFile(file, `[theirs]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`);
  return {
    AWS_SHARED_CREDENTIALS_FILE: file,
    AWS_CONFIG_FILE: `${await mkdtemp(`${assembly.folder}/c-`)}/none`,
  };
}
