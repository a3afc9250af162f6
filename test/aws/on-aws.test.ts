import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { HandmadeAssembly } from '../fixtures/assembly.js';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type TestAccount, type TestMinistack, testMinistack } from '../fixtures/ministack.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

const ACCOUNT = '111122223333';
const STATE = 'dynamodb://sluice-words-state?bucket=sluice-words-state-bucket&region=eu-west-1';

let ministack: TestMinistack;
let assembly: HandmadeAssembly;
let account: TestAccount;
let words: Project;
beforeAll(async () => {
  ministack = await testMinistack();
  account = ministack.account(ACCOUNT);
  assembly = await HandmadeAssembly.make();
  words = await project({
    pipeline: 'words',
    connections: { here: { kind: 'dynamodb', region: 'eu-west-1' } },
    steps: [
      {
        copy: 'all',
        from: { connection: 'here', table: 'words' },
        to: { connection: 'here', table: 'copies', create: true },
        map: { as: { length: 'int' } },
        rejects: { limit: 5 },
      },
    ],
  });
  await deploy({ Type: 'Wait', Seconds: 600, End: true });
});
afterAll(async () => {
  await Promise.all([ministack?.stop(), assembly?.remove(), words?.remove()]);
});

const table = (name: string, ...keys: readonly string[]) => ({
  TableName: name,
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? 'HASH' : 'RANGE' })),
});

/** The stack of the pipeline, with a machine of one state: it does nothing, and takes its time. */
async function deploy(state: object): Promise<void> {
  const trust = { Effect: 'Allow', Principal: { Service: 'states.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const machine = `arn:aws:states:eu-west-1:${ACCOUNT}:stateMachine:sluice-words`;
  const resources = {
    StateTable: { Type: 'AWS::DynamoDB::Table', Properties: table('sluice-words-state', 'pk', 'sk') },
    StateBucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'sluice-words-state-bucket' } },
    Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: { Statement: [trust] } } },
    Machine: {
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        StateMachineName: 'sluice-words',
        RoleArn: { 'Fn::GetAtt': ['Role', 'Arn'] },
        DefinitionString: JSON.stringify({ StartAt: 'Only', States: { Only: state } }),
      },
    },
  };
  const outputs = { StateUrl: STATE, StateMachineArn: machine };
  await assembly.write([{ name: 'sluice-words', account: ACCOUNT, resources, outputs }]);
  const deployed = await sluice(['deploy', '--assembly', assembly.folder], { env: account.env });
  if (deployed.status !== 0) throw new Error(deployed.stderr);
}

function command(verb: string, ...args: string[]): Promise<CliRun> {
  return sluice([verb, words.file, '--on', 'aws', '--json', ...args], { env: account.env });
}

function withResolver() {
  let resolve: (() => void) | undefined;
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve: () => resolve?.() };
}

/** `run --on aws`, which has said what it follows once it has begun. */
function following() {
  let child: ChildProcess | undefined;
  const { promise: hasBegun, resolve: begin } = withResolver();
  const run = sluice(['run', words.file, '--on', 'aws', '--json'], {
    env: account.env,
    started: (started) => {
      child = started;
      started.stdout?.once('data', begin);
    },
  });
  return { run, hasBegun, kill: (signal: NodeJS.Signals) => child?.kill(signal) };
}

it('looks at runs, rejects and verifications where the stack keeps them', async () => {
  await account.json('dynamodb', 'DynamoDB_20120810.CreateTable', table('words', 'word'));
  for (const [word, length] of [
    ['one', '3'],
    ['three', '5'],
    ['two', 'two and a half'],
  ] as const) {
    const Item = { word: { S: word }, length: { S: length } };
    await account.json('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: 'words', Item });
  }
  const ran = await sluice(['run', words.file, '--json', '--state', STATE], { env: account.env });
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 3 });
  const runs = await command('runs');
  expect(runs.events, runs.stderr).toMatchObject([
    { outcome: 'rejects', steps: [{ name: 'all', read: 3, written: 2, rejected: 1 }] },
  ]);
  expect((await command('rejects')).events).toMatchObject([{ step: 'all', reason: 'value_type' }]);
  expect((await command('replay', '--dry-run')).status).toBe(0);
  const verified = await command('verify');
  expect(verified.events.at(-1), verified.stdout + verified.stderr).toMatchObject({ event: 'summary' });
  const traced = await command('trace', 'two');
  expect(traced.events, traced.stderr).toMatchObject([{ rejects: [{ reason: 'value_type' }] }]);
  expect((await command('repair')).status).toBe(0);
  expect((await command('draw')).stdout).toContain('2 written');
  const both = await command('runs', '--state', '.sluice');
  expect(both).toMatchObject({ status: 2 });
  const elsewhere = { ...account.env, AWS_ACCESS_KEY_ID: '444455556666' };
  const none = await sluice(['runs', words.file, '--on', 'aws', '--json'], { env: elsewhere });
  expect(none).toMatchObject({ status: 2 });
  expect(none.stdout).toContain('stack_missing');
});

it('starts an execution, follows it, leaves it at Ctrl-C, follows it again, and stops it', async () => {
  const first = following();
  const StateMachineArn = `arn:aws:states:eu-west-1:${ACCOUNT}:stateMachine:sluice-words`;
  const executions = async () => {
    const target = 'AWSStepFunctions.ListExecutions';
    const answer = await account.json('states', target, { stateMachineArn: StateMachineArn });
    return (answer['executions'] as { status: string }[]).map(({ status }) => status);
  };
  await expect.poll(executions).toEqual(['RUNNING']);
  await first.hasBegun;
  first.kill('SIGINT');
  const left = await first.run;
  expect(left).toMatchObject({ status: 130 });
  expect(left.stdout).toContain('goes on without being followed');
  expect(await executions()).toEqual(['RUNNING']);

  const again = following();
  await again.hasBegun;
  expect(await command('run', '--stop')).toMatchObject({ status: 0 });
  const followed = await again.run;
  expect(followed.events[0]).toMatchObject({ event: 'execution', what: 'following' });
  expect(followed.events.at(-1)).toMatchObject({ event: 'summary', outcome: 'stopped' });
  expect(followed).toMatchObject({ status: 4 });
  expect(await executions()).toEqual(['ABORTED']);

  await deploy({ Type: 'Fail', Error: 'access_denied', Cause: 'nobody may do this' });
  const failed = await command('run');
  expect(failed).toMatchObject({ status: 4 });
  expect(failed.stdout).toContain('the execution is FAILED (access_denied): nobody may do this');
  await deploy({ Type: 'Pass', End: true });
  expect(await command('run', '--fresh')).toMatchObject({ status: 0 });
  expect(await command('run', '--step', 'all')).toMatchObject({ status: 2 });

  const before = await executions();
  await account.json('dynamodb', 'DynamoDB_20120810.DeleteTable', { TableName: 'sluice-words-state' });
  const gone = await command('run');
  expect(gone).toMatchObject({ status: 2 });
  expect(gone.stdout).toContain('sluice destroy, then sluice deploy make it anew');
  expect(await executions()).toEqual(before);
});
