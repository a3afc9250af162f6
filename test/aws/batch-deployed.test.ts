/**
 * A batch between MySQL and DynamoDB on an emulated AWS that enforces the policies of roles: deployed from its declaration, run,
 * failed, gone on with, changed and taken away. Each test goes on where the one before it has ended.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import { hexRows } from '../fixtures/compare.js';
import { type EnforcedAws, enforcedAws } from '../fixtures/enforced-aws.js';
import { disagreement, grantsOf, stackTemplate } from '../fixtures/granted.js';
import { countedOtherwise, loggedLines } from '../fixtures/logged-lines.js';
import type { TestAccount } from '../fixtures/ministack.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { operatorFor, peopleFor, type TestPerson } from '../fixtures/people.js';
import type { RecordedCall } from '../fixtures/request-recorder.js';
import { secretOf } from '../fixtures/secret-database.js';
import { needsServer } from '../fixtures/servers.js';
import { serviceNeeds } from '../fixtures/service-needs.js';

needsServer('ministack');

/** Some dozen programs, one after the other, on a slow machine. */
const LONG_MS = 900_000;
const ACCOUNT = '111122223333';
const ROWS = 400;
/** The paced copy takes two calls and more. */
const BUDGET_SECONDS = 3;
const PACE = 80;
/** Of one row. */
const KEY = '18446744073709550001';

let aws: EnforcedAws;
let account: TestAccount;
let database: TestDatabase;
let shop: Project;
let people: Awaited<ReturnType<typeof peopleFor>>;
/** Whoever runs it and may verify it, and whoever may repair it, too. */
let comparing: TestPerson;
let mending: TestPerson;

beforeAll(async () => {
  aws = await enforcedAws();
  account = aws.account(ACCOUNT);
  database = await testDatabase('deployed');
  await account.json('secretsmanager', 'secretsmanager.CreateSecret', {
    Name: 'prod/shop',
    SecretString: JSON.stringify(secretOf(database)),
  });
  await database.execute(
    `CREATE TABLE orders (order_id BIGINT UNSIGNED PRIMARY KEY, total DECIMAL(12,2), at DATETIME(6) NOT NULL, note VARCHAR(40), raw VARBINARY(9));
     INSERT INTO orders SELECT 18446744073709550000 + seq, IF(seq % 9 = 0, NULL, seq / 7), '2026-11-01 06:00:00.000001' + INTERVAL seq SECOND,
       ELT(seq % 4 + 1, 'naïve 🛒', '', NULL, REPEAT('x', seq % 40)), UNHEX(LPAD(HEX(seq), 8, '0')) FROM seq_1_to_${ROWS}`,
  );
  shop = await project(declaration());
});
afterAll(async () => {
  await Promise.all([aws?.stop(), shop?.remove(), database?.drop()]);
});

function declaration(deploy: object = {}): object {
  const [db, stage] = ['db', 'stage'];
  return {
    pipeline: 'shop',
    deploy: { workSeconds: BUDGET_SECONDS, ...deploy },
    connections: {
      db: { kind: 'mysql', secret: 'prod/shop', region: 'eu-west-1' },
      stage: { kind: 'dynamodb', region: 'eu-west-1' },
    },
    steps: [
      {
        copy: 'out',
        from: { connection: db, table: 'orders' },
        to: { connection: stage, table: 'staged', mode: 'mirror', create: true },
        parallel: 2,
      },
      {
        parallel: [
          {
            copy: 'report',
            from: { connection: stage, table: 'staged' },
            to: { connection: db, table: 'report', mode: 'replace' },
            when: "steps['out'].read > 0",
            parallel: 2,
          },
          {
            copy: 'archive',
            from: { connection: db, table: 'orders' },
            to: { connection: db, table: 'archive' },
            pace: { items: PACE },
          },
          {
            copy: 'large',
            from: { connection: db, table: 'orders' },
            to: { connection: db, table: 'large' },
            when: `steps['out'].written > ${ROWS}`,
          },
        ],
      },
      { verify: 'same', of: ['out', 'report', 'archive'] },
    ],
  };
}

/** The sinks as they are before the first run. */
async function emptySinks(): Promise<void> {
  await database.execute(
    `CREATE OR REPLACE TABLE report LIKE orders; INSERT INTO report VALUES (1, 0.01, '2020-01-01', 'old', NULL);
     CREATE OR REPLACE TABLE archive LIKE orders; CREATE OR REPLACE TABLE large LIKE orders`,
  );
  const { TableNames } = await account.json<{ TableNames: string[] }>(
    'dynamodb',
    'DynamoDB_20120810.ListTables',
    {},
  );
  if (!TableNames.includes('staged')) return;
  await account.json('dynamodb', 'DynamoDB_20120810.DeleteTable', { TableName: 'staged' });
}

const columns = ['order_id', 'total', 'at', 'note', 'raw'].map((name) => ({ name }));

/** What all sinks hold, byte by byte, in one spelling. */
async function dump() {
  const rows = (table: string) => hexRows(database, table, columns, 'order_id');
  const { Items } = await account.json<{ Items: object[] }>('dynamodb', 'DynamoDB_20120810.Scan', {
    TableName: 'staged',
  });
  const staged = Items.map((item) => JSON.stringify(Object.entries(item).sort())).sort();
  return { staged, report: await rows('report'), archive: await rows('archive'), large: await rows('large') };
}

/**
 * Runs the program on the declaration, or on the stacks that were made of it (`--assembly`), to the expected end: as somebody who
 * is allowed that and nothing else; a run here as the owner of the account.
 */
async function done(expected: number, verb: string, ...args: string[]): Promise<CliRun> {
  const about = args[0] === '--assembly' ? [] : [shop.file];
  const { env } = whoDoes(verb, args);
  const run = await sluice([verb, ...about, '--json', ...args], { env });
  if (run.status === expected) return run;
  throw new Error(
    `${verb}: exit ${run.status} instead of ${expected}\n${run.stderr}${run.stdout.slice(-8000)}`,
  );
}

function whoDoes(verb: string, args: readonly string[]): TestAccount {
  if (['deploy', 'diff', 'destroy'].includes(verb)) return people.deployer.account;
  if (!args.includes('--on')) return account;
  if (['verify', 'trace'].includes(verb)) return comparing.account;
  return (['repair', 'replay'].includes(verb) ? mending : people.operator).account;
}

const stack = () => stackTemplate(join(shop.folder, 'cdk.out'), 'sluice-shop');

/** What the function of a step has logged, of this kind. */
async function logged(step: string, message: string): Promise<readonly Record<string, unknown>[]> {
  return (await loggedLines(account, await stack()))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line['step'] === step && line['message'] === message);
}

/** All that people do with a pipeline that is there, besides running it: both sides are at last as the run has left them. */
async function looksAndMends(): Promise<void> {
  comparing = await operatorFor(aws, account, shop.file, 'comparing', 'verify');
  mending = await operatorFor(aws, account, shop.file, 'mending', 'repair');
  expect((await done(0, 'draw', '--on', 'aws')).stdout).toContain(`${ROWS} written`);
  expect((await done(0, 'rejects', '--on', 'aws')).events).toEqual([]);
  const traced = await done(0, 'trace', KEY, '--on', 'aws');
  expect(traced.events.map(({ step, outcome }) => [step, outcome])).toEqual([
    ['out', 'equal'],
    ['report', 'equal'],
    ['archive', 'equal'],
    ['large', 'skipped'],
  ]);
  const Key = { order_id: { N: KEY } };
  await account.json('dynamodb', 'DynamoDB_20120810.DeleteItem', { TableName: 'staged', Key });
  await database.execute(`UPDATE archive SET note = 'another' WHERE order_id = ${KEY}`);
  expect((await done(5, 'verify', '--on', 'aws')).events.at(-1)).toMatchObject({ missing: 1, changed: 1 });
  expect((await done(0, 'repair', '--yes', '--on', 'aws')).events.at(-1)).toMatchObject({ outcome: 'equal' });
  await done(0, 'replay', '--on', 'aws');
}

it(
  'leaves on AWS, with exactly the permissions of its roles, what a run on this machine leaves',
  async () => {
    await emptySinks();
    people = await peopleFor(aws, account, shop.file);
    await done(0, 'deploy');
    const ran = await done(0, 'run', '--on', 'aws');
    for (const event of [
      { event: 'execution', what: 'started' },
      { event: 'run', resumed: false },
      { event: 'started', step: 'report', attempt: 1, rows: expect.any(Number) },
      { event: 'ended', step: 'report', outcome: 'complete' },
    ]) {
      expect(ran.events).toContainEqual(expect.objectContaining(event));
    }
    const counts = { read: ROWS, written: ROWS, rejected: 0, outcome: 'complete' };
    expect(ran.events.at(-1)).toMatchObject({
      outcome: 'complete',
      steps: expect.arrayContaining([
        expect.objectContaining({ name: 'out', ...counts }),
        expect.objectContaining({ name: 'report', ...counts }),
        expect.objectContaining({ name: 'archive', ...counts }),
        expect.objectContaining({ name: 'large', outcome: 'skipped' }),
        expect.objectContaining({ name: 'same', outcome: 'complete' }),
      ]),
    });
    expect((await done(0, 'runs', '--on', 'aws')).events).toMatchObject([{ outcome: 'complete' }]);
    await looksAndMends();
    await done(0, 'diff', '--assembly', join(shop.folder, 'cdk.out'));
    // Its time was over before its rows were.
    expect((await logged('archive', 'handed over')).length).toBeGreaterThan(0);
    expect(await logged('archive', 'copied')).toHaveLength(1);
    const deployed = await dump();
    await emptySinks();
    await done(0, 'run');
    expect(deployed).toEqual(await dump());
    expect(deployed.report).toHaveLength(ROWS);
  },
  LONG_MS,
);

it(
  'fails with the cause of a part, keeps the old, and the next run goes on where it stands',
  async () => {
    const denied = JSON.stringify({
      __type: 'com.amazon.coral.service#AccessDeniedException',
      message: 'no',
    });
    aws.front.answers(async ({ request, raw }) =>
      String(request.headers['x-amz-target']).endsWith('.Scan') &&
      raw.includes('"Segment":1') &&
      // The mirror reads keys alone.
      !raw.includes('ProjectionExpression')
        ? { status: 400, body: Buffer.from(denied) }
        : undefined,
    );
    const before = await dump();
    const failed = await done(4, 'run', '--on', 'aws');
    expect(failed.events.filter(({ event }) => event === 'error')).toMatchObject([{ code: 'access_denied' }]);
    const [run] = (await done(0, 'runs', '--on', 'aws')).events;
    expect(run).toMatchObject({
      outcome: 'stopped',
      resumable: true,
      steps: expect.arrayContaining([
        expect.objectContaining({ name: 'out', outcome: 'complete' }),
        expect.objectContaining({
          name: 'report',
          outcome: 'failed',
          error: expect.objectContaining({ code: 'access_denied' }),
        }),
      ]),
    });
    expect((await dump()).report).toEqual(before.report);
    const planned = (await logged('out', 'planned')).length;

    aws.front.answers(async () => undefined);
    const mended = await done(0, 'run', '--on', 'aws');
    expect(mended.events.at(-1)).toMatchObject({ run: run?.['run'], outcome: 'complete' });
    expect((await logged('out', 'planned')).slice(planned)).toMatchObject([{ workers: 0 }]);
    const after = await dump();
    expect(after.report).toEqual(after.archive);
  },
  LONG_MS,
);

/** Before the last test, which looks at them. */
const byPeople: RecordedCall[] = [];
const isPersons = ({ holder }: RecordedCall) => holder.includes(':user/');

/** What services do themselves as a role, and no emulator asks for: src/aws/stack/role-uses.test.ts has what that is. */
const ofServices = /: (?:logs|xray):|machine-eu-west-1: /;
/** What these runs had no occasion for: old runs, records too large for the table, a step that is skipped, sides that differ. */
const noOccasion = [
  /run-eu-west-1: dynamodb:BatchWriteItem .*-state$/,
  /same-eu-west-1: dynamodb:BatchWriteItem .*-state$/,
  /: s3:(?:Get|Put|Delete)Object .*:sluice-shop-state-/,
  /step-large-eu-west-1: /,
  /same-eu-west-1: dynamodb:(?:BatchGetItem|Query) .*staged$/,
];

it(
  'had roles for all that with nothing but what was used',
  async () => {
    const template = await stack();
    const grants = grantsOf(template, ACCOUNT);
    const called = await aws.called(account);
    byPeople.push(...called.filter(isPersons));
    const { ungranted, unused } = disagreement(
      grants,
      called.filter((call) => !isPersons(call)),
    );
    const without = (text: string) => !ofServices.test(text) && !noOccasion.some((rare) => rare.test(text));
    expect({ ungranted, unused: unused.filter(without) }).toEqual({ ungranted: [], unused: [] });
    // The emulator asks nobody what a state machine may do.
    const ofMachine = ({ holder }: RecordedCall) => holder.endsWith('-machine-eu-west-1');
    const needs = serviceNeeds(template, { account: ACCOUNT, region: 'eu-west-1' });
    expect(new Set(grants.filter(ofMachine))).toEqual(new Set(needs.filter(ofMachine)));
  },
  LONG_MS,
);

it(
  'has counted all that its alarms and its dashboard look at, and nothing else',
  async () => {
    expect(await countedOtherwise(account, await stack())).toEqual({ notShown: [], notCounted: [] });
  },
  LONG_MS,
);

it(
  'is changed, taken away and put back with its runs, and at last leaves nothing but what it has moved',
  async () => {
    const runs = (await done(0, 'runs', '--on', 'aws')).events.map(({ run }) => run);
    await writeFile(shop.file, JSON.stringify(declaration({ memory: 512, logRetentionDays: 7 })));
    const updated = await done(0, 'deploy');
    expect(updated.events.at(-1)).toMatchObject({ stacks: [{ result: 'unchanged' }, { result: 'updated' }] });
    const { Configuration } = (await (
      await account.rest('lambda', '/2015-03-31/functions/sluice-shop-step-out')
    ).json()) as {
      Configuration: { MemorySize: number };
    };
    expect(Configuration.MemorySize).toBe(512);
    await done(0, 'destroy', '--keep-state', '--yes');
    await done(0, 'deploy', '--assembly', join(shop.folder, 'cdk.out'));
    expect((await done(0, 'runs', '--on', 'aws')).events.map(({ run }) => run)).toEqual(runs);
    await done(0, 'destroy', '--yes');
    expect(await account.json('dynamodb', 'DynamoDB_20120810.ListTables', {})).toEqual({
      TableNames: ['staged'],
    });
    expect((await dump()).archive).toHaveLength(ROWS);
  },
  LONG_MS,
);

/**
 * What is no call of its own (tags of stacks, and an answer that S3 gives only to who may list), and what there was no occasion
 * for: a template that is refused before it begins, items that a verify reads again, a run that is stopped, a large reject.
 */
const noOccasionOfPeople = [
  /deployer: (?:cloudformation:TagResource|s3:ListBucket) /,
  /deployer: cloudformation:DescribeEvents /,
  /deployer: dynamodb:(?:BatchGetItem|Query) .*staged$/,
  /operator: states:StopExecution /,
  /operator: s3:GetObject /,
];
/** Of those who do more: what the operator does, too; many reports; large records, rejects and a table that is gone; a trace. */
const noOccasionBesides = [
  /(?:comparing|mending): (?:states:|cloudformation:ListStackResources )/,
  /(?:comparing|mending): (?:dynamodb:BatchWriteItem|s3:(?:Get|Delete)Object) .*shop-state/,
  /mending: dynamodb:(?:ConditionCheckItem .*-state|(?:CreateTable|Query) .*staged)$/,
];

it(
  'was deployed and run by people who were allowed what synth says, and used it',
  async () => {
    const { deployer, operator } = people;
    const all = [...byPeople, ...(await aws.called(account)).filter(isPersons)];
    const persons = [deployer, operator, comparing, mending];
    const calls = all.filter(({ holder }) => persons.some(({ arn }) => arn === holder));
    const grants = persons.flatMap((person) => person.grants);
    // CloudFormation does the rest: src/aws/people/person.test.ts has what it asks for. The emulator asks nobody.
    const own = grants.filter(({ isForOthers }) => !isForOthers);
    const { ungranted } = disagreement(grants, calls);
    const { unused } = disagreement(own, calls);
    const rare = [...noOccasionOfPeople, ...noOccasionBesides];
    const without = unused.filter((text) => !rare.some((each) => each.test(text)));
    expect({ ungranted, unused: without }).toEqual({ ungranted: [], unused: [] });
  },
  LONG_MS,
);
