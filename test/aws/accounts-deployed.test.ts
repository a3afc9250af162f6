/** A copy out of another account: two stacks, deployed in either order, whose roles trust nobody but each other. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type EnforcedAws, enforcedAws } from '../fixtures/enforced-aws.js';
import { stackTemplate } from '../fixtures/granted.js';
import { profileOf, trustSessions } from '../fixtures/guest-account.js';
import type { TestAccount } from '../fixtures/ministack.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

/** Some dozen programs, one after the other, on a slow machine. */
const LONG_MS = 900_000;
const OURS = '111122223333';
const THEIRS = '444455556666';
const guestStack = `sluice-sold-${THEIRS}`;
const homeStacks = ['sluice-sold-assets', 'sluice-sold'];

let aws: EnforcedAws;
let ours: TestAccount;
let theirs: TestAccount;
let folder: string;
let profile: Readonly<Record<string, string>>;
let sold: Project;

beforeAll(async () => {
  aws = await enforcedAws();
  [ours, theirs] = [aws.account(OURS), aws.account(THEIRS)];
  folder = await mkdtemp(join(tmpdir(), 'sluice-profiles-'));
  profile = await profileOf(theirs, folder);
  const region = 'eu-west-1';
  sold = await project({
    pipeline: 'sold',
    connections: {
      theirs: { kind: 'dynamodb', region, role: `arn:aws:iam::${THEIRS}:role/sluice/sold` },
      ours: { kind: 'dynamodb', region },
    },
    steps: [
      {
        copy: 'in',
        from: { connection: 'theirs', table: 'sold' },
        to: { connection: 'ours', table: 'bought', create: true },
      },
    ],
  });
  await theirs.json('dynamodb', 'DynamoDB_20120810.CreateTable', {
    TableName: 'sold',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  });
  for (let id = 0; id < 20; id++) {
    const Item = { id: { N: `${id}` }, tags: { SS: ['a', 'b'] } };
    await theirs.json('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: 'sold', Item });
  }
});
afterAll(async () => {
  await Promise.all([aws?.stop(), sold?.remove(), folder && rm(folder, { recursive: true, force: true })]);
});

async function done(verb: string, ...args: string[]): Promise<CliRun> {
  const run = await sluice([verb, sold.file, '--json', ...args], { env: { ...ours.env, ...profile } });
  if (run.status === 0) return run;
  throw new Error(`${verb}: exit ${run.status}\n${run.stderr}${run.stdout.slice(-8000)}`);
}

const asThem = ['--profile', `${THEIRS}=reporting`];

async function rows(account: TestAccount, TableName: string): Promise<readonly string[]> {
  const { Items } = await account.json<{ Items: object[] }>('dynamodb', 'DynamoDB_20120810.Scan', {
    TableName,
  });
  return Items.map((item) => JSON.stringify(Object.entries(item).sort())).sort();
}

async function trustSession(): Promise<void> {
  const template = await stackTemplate(join(sold.folder, 'cdk.out'), guestStack);
  const statement = {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { AWS: `arn:aws:iam::${OURS}:root` },
    Condition: {
      ArnEquals: { 'aws:PrincipalArn': [`arn:aws:iam::${OURS}:role/sluice-sold-step-in-eu-west-1`] },
    },
  };
  const trust = template.Resources['Role1']?.Properties['AssumeRolePolicyDocument'];
  expect(trust).toEqual({ Version: '2012-10-17', Statement: [statement] });
  await trustSessions(theirs, template);
}

it.each([
  ['theirs first', [[guestStack], homeStacks]],
  ['ours first', [homeStacks, [guestStack]]],
] as const)(
  'is made %s, and moves the rows as a role that only its function may assume',
  async (_order, stacks) => {
    for (const names of stacks) await done('deploy', '--stack', ...names, ...asThem);
    await trustSession();
    const ran = await done('run', '--on', 'aws');
    expect(ran.events.at(-1)).toMatchObject({
      outcome: 'complete',
      steps: [{ name: 'in', read: 20, written: 20 }],
    });
    expect(await rows(ours, 'bought')).toEqual(await rows(theirs, 'sold'));
    const here = await sluice(['plan', sold.file, '--json'], { env: ours.env });
    expect(here.status).not.toBe(0);
    expect(here.stdout).toContain('access_denied');
    await done('destroy', '--yes', ...asThem);
    await ours.json('dynamodb', 'DynamoDB_20120810.DeleteTable', { TableName: 'bought' });
  },
  LONG_MS,
);
