import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { type TestAccount, type TestMinistack, testMinistack } from '../fixtures/ministack.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');

const ROWS = 300;

let ministack: TestMinistack;
let account: TestAccount;
let words: Project;
beforeAll(async () => {
  ministack = await testMinistack({ enforced: true });
  account = ministack.account('111122223333');
  const here = { connection: 'here' };
  words = await project({
    pipeline: 'words',
    connections: { here: { kind: 'dynamodb', region: 'eu-west-1' } },
    steps: [
      {
        copy: 'out',
        from: { ...here, table: 'words' },
        to: { ...here, table: 'staged', create: true },
        parallel: 2,
      },
      {
        copy: 'back',
        from: { ...here, table: 'staged' },
        to: { ...here, table: 'copies', create: true },
        when: "steps['out'].written > 0",
      },
    ],
  });
});
afterAll(async () => {
  await Promise.all([ministack?.stop(), words?.remove()]);
});

function command(verb: string, ...args: string[]): Promise<CliRun> {
  return sluice([verb, words.file, '--json', ...args], { env: account.env });
}

/** Its stacks without the alarms that are sums of metrics: the emulator has none such. The templates' own tests have them. */
async function synthesized(): Promise<string> {
  const out = join(words.folder, 'cdk.out');
  const made = await command('synth', '--account', account.id, '--out', out);
  if (made.status !== 0) throw new Error(made.stdout + made.stderr);
  const file = join(out, 'sluice-words.template.json');
  const template = JSON.parse(await readFile(file, 'utf8')) as {
    Resources: Record<string, { Properties: object }>;
  };
  const kept = Object.entries(template.Resources).filter(([, { Properties }]) => !('Metrics' in Properties));
  await writeFile(file, JSON.stringify({ ...template, Resources: Object.fromEntries(kept) }));
  return out;
}

/** A command of the assembly, not of the declaration. */
function stacks(verb: string, folder: string, ...args: string[]): Promise<CliRun> {
  return sluice([verb, '--assembly', folder, '--json', ...args], { env: account.env });
}

async function dump(table: string): Promise<string[]> {
  const found = await account.json('dynamodb', 'DynamoDB_20120810.Scan', { TableName: table });
  return (found['Items'] as object[]).map((item) => JSON.stringify(item)).toSorted();
}

it('moves the rows on AWS, with exactly the permissions that its roles have: deployed, run, looked at, verified and taken away', async () => {
  await account.json('dynamodb', 'DynamoDB_20120810.CreateTable', {
    TableName: 'words',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'word', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'word', KeyType: 'HASH' }],
  });
  for (let index = 0; index < ROWS; index++) {
    const Item = {
      word: { S: `w${index}` },
      n: { N: `${index}.5` },
      tags: { SS: ['a', 'b'] },
      none: { NULL: true },
    };
    await account.json('dynamodb', 'DynamoDB_20120810.PutItem', { TableName: 'words', Item });
  }
  const folder = await synthesized();
  const deployed = await stacks('deploy', folder);
  expect(deployed, deployed.stdout.slice(-6000) + deployed.stderr).toMatchObject({ status: 0 });
  const ran = await command('run', '--on', 'aws');
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ status: 0 });
  for (const event of [
    { event: 'execution', what: 'started' },
    { event: 'run', resumed: false },
    { event: 'started', step: 'out', attempt: 1, rows: expect.any(Number) },
    { event: 'ended', step: 'back', outcome: 'complete' },
  ]) {
    expect(ran.events).toContainEqual(expect.objectContaining(event));
  }
  expect(ran.events.at(-1)).toMatchObject({
    outcome: 'complete',
    steps: [
      { name: 'out', read: ROWS, written: ROWS },
      { name: 'back', read: ROWS, written: ROWS },
    ],
  });
  expect(await dump('copies')).toEqual(await dump('words'));
  expect((await command('runs', '--on', 'aws')).events).toMatchObject([{ outcome: 'complete' }]);
  expect(await command('verify', '--on', 'aws')).toMatchObject({ status: 0 });
  expect(await stacks('diff', folder)).toMatchObject({ status: 0 });
  const gone = await command('destroy', '--yes');
  expect(gone, gone.stdout + gone.stderr).toMatchObject({ status: 0 });
  const tables = await account.json('dynamodb', 'DynamoDB_20120810.ListTables', {});
  expect(tables).toEqual({ TableNames: ['copies', 'staged', 'words'] });
});
