/**
 * Exports of other kinds than export-deployed.test.ts has, side by side in one deployed pipeline: of an Aurora cluster by a snapshot,
 * with a folder of the newest alone; of a cluster itself; of an instance whose database is asked for its tables; of an instance in
 * another account. Deployed, run here and there, and failed in the ways that exports can.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project, sluice } from '../fixtures/cli.js';
import {
  addCluster,
  addInstance,
  addKeyAndRole,
  type DeployedExports,
  deployedExports,
  hadOccasion as hadUsualOccasion,
  type Lake,
  newLake,
  snapshotsOf,
} from '../fixtures/deployed-exports.js';
import { exportCanceled } from '../fixtures/export-states.js';
import { goingOn } from '../fixtures/flows.js';
import { disagreement, grantsOf, stackTemplate } from '../fixtures/granted.js';
import { profileOf, trustSessions } from '../fixtures/guest-account.js';
import { loggedLines } from '../fixtures/logged-lines.js';
import type { TestAccount } from '../fixtures/ministack.js';
import { type TestDatabase, testDatabase } from '../fixtures/mysql.js';
import { secretOf } from '../fixtures/secret-database.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');
needsServer('moto');

/** Some programs, one after the other, on a slow machine. */
const LONG_MS = 900_000;
const OURS = '111122223333';
const THEIRS = '444455556666';
const REGION = 'eu-west-1';
const GUEST = `arn:aws:iam::${THEIRS}:role/sluice/exports`;
const MACHINE = `arn:aws:iam::${OURS}:role/sluice-variants-machine-${REGION}`;
const steps = ['cluster', 'direct', 'counted', 'theirs'] as const;
const CAUSE = 'The S3 bucket shop-lake could not be written';

/** And what else these runs had none for: a run before that still goes on, uploads that a killed run has left. */
const hadOccasion = (text: string) =>
  hadUsualOccasion(text) && !/: states:DescribeExecution |: s3:AbortMultipartUpload /.test(text);

let made: DeployedExports;
let ours: TestAccount;
let theirs: TestAccount;
let database: TestDatabase;
let lake: Lake;
let variants: Project;
let profile: Readonly<Record<string, string>>;

beforeAll(async () => {
  database = await testDatabase('counted');
  await database.execute('CREATE TABLE orders (id INT PRIMARY KEY); CREATE TABLE empty (id INT PRIMARY KEY)');
  const tables = [
    { name: 'shop.orders', rows: 20, parts: 2 },
    { name: 'shop.empty', rows: 0, parts: 1 },
    { name: `${database.name}.orders`, rows: 3, parts: 1 },
    { name: `${database.name}.empty`, rows: 0, parts: 1 },
  ];
  made = await deployedExports(OURS, { tables });
  ours = made.account;
  theirs = made.aws.account(THEIRS);
  await addInstance(ours);
  await addCluster(ours);
  await addInstance(theirs);
  lake = await newLake(ours, 'shop-lake');
  await ours.json('secretsmanager', 'secretsmanager.CreateSecret', {
    Name: 'prod/shop',
    SecretString: JSON.stringify(secretOf(database)),
  });
  variants = await project(declaration(await addKeyAndRole(ours), await addKeyAndRole(theirs)));
  profile = await profileOf(theirs, variants.folder);
}, LONG_MS);
afterAll(async () => {
  await Promise.all([made?.stop(), variants?.remove(), database?.drop()]);
});

function declaration(here: object, there: object): object {
  const place = { region: REGION };
  const lakes = steps.map((step) => [
    step,
    { kind: 's3', bucket: 'shop-lake', prefix: `${step}/`, ...place },
  ]);
  /** What fails is told, and the others go on. */
  const exported = (step: (typeof steps)[number], connection: string, to: object, more: object) => ({
    export: step,
    from: { connection, tables: ['shop'] },
    to: { connection: step, ...to },
    poll: { seconds: 0.05 },
    keep: { exports: 1, snapshots: 1 },
    onFailure: goingOn({ wait: `after-${step}`, for: 1 }),
    ...more,
  });
  return {
    pipeline: 'variants',
    deploy: { vpc: { subnets: ['subnet-0a1b2c3d'], securityGroups: ['sg-0a1b2c3d'] } },
    connections: {
      aurora: { kind: 'rds', cluster: 'aurora', ...place },
      shop: { kind: 'rds', instance: 'shop', ...place },
      away: { kind: 'rds', instance: 'shop', role: GUEST, ...place },
      db: { kind: 'mysql', secret: 'prod/shop', ...place },
      ...Object.fromEntries(lakes),
    },
    steps: [
      {
        parallel: [
          exported('cluster', 'aurora', here, { layout: 'newest-only' }),
          exported('direct', 'aurora', here, { direct: true, keep: { exports: 1 } }),
          exported('counted', 'shop', here, {
            from: { connection: 'shop', tables: [database.name] },
            count: { connection: 'db' },
          }),
          exported('theirs', 'away', there, { retry: { attempts: 2, backoff: 1, on: ['export_failed'] } }),
        ],
      },
    ],
  };
}

/** Runs the program on the declaration, to the expected end. */
async function done(expected: number, verb: string, ...args: string[]): Promise<CliRun> {
  const run = await sluice([verb, variants.file, '--json', ...args], { env: { ...ours.env, ...profile } });
  if (run.status === expected) return run;
  throw new Error(
    `${verb}: exit ${run.status} instead of ${expected}\n${run.stderr}${run.stdout.slice(-8000)}`,
  );
}

const stack = (account = '') => stackTemplate(join(variants.folder, 'cdk.out'), `sluice-variants${account}`);

/** Of each step: what of it lies in the bucket, and the name of its newest export. */
async function published() {
  const all = steps.map(async (step) => {
    const { export: name } = await lake.latest(`${step}/`);
    return [step, { name, objects: await lake.dump(`${step}/`) }] as const;
  });
  return new Map(await Promise.all(all));
}

type Published = Awaited<ReturnType<typeof published>>;

const objectsOf = (all: Published) => [...all].map(([step, { objects }]) => [step, objects]);

/** Nothing but the newest exports and the snapshots that they are of; of the cluster itself there is none. */
async function expectPruned(all: Published): Promise<void> {
  const names = steps.map((step) => all.get(step)?.name ?? '');
  const [cluster = '', , counted = '', away = ''] = names;
  for (const key of await lake.keys()) {
    const [, folder = '', name] = key.split('/');
    if (/\.json$/.test(folder)) continue;
    expect(names).toContain(folder === 'newest' ? name : folder);
  }
  expect(await snapshotsOf(ours, 'DBClusterSnapshot')).toEqual([cluster]);
  expect(await snapshotsOf(ours)).toEqual([counted]);
  expect(await snapshotsOf(theirs)).toEqual([away]);
}

function outcomes({ events }: CliRun): readonly (readonly [string, string])[] {
  const { steps: told } = events.at(-1) as unknown as { readonly steps: { name: string; outcome: string }[] };
  const outcomeOf = (step: string) => told.find(({ name }) => name === step)?.outcome ?? 'none';
  return steps.map((step) => [step, outcomeOf(step)] as const);
}

/** What each step that failed told, in the end. */
function errors({ events }: CliRun): Readonly<Record<string, string>> {
  const ended = events.filter(({ event, outcome }) => event === 'ended' && outcome === 'failed');
  return Object.fromEntries(
    ended.map(({ step, error }) => {
      const { code, message } = error as { readonly code: string; readonly message: string };
      return [step, `${code}: ${message}`];
    }),
  );
}

/** The names of what functions have thrown. */
async function thrown(): Promise<string[]> {
  return (await loggedLines(ours, await stack())).flatMap((line) => {
    const { level, code } = JSON.parse(line) as { readonly level?: string; readonly code: string };
    return level === 'ERROR' ? [code] : [];
  });
}

/** By which Step Functions knows failures of Tasks, in all executions. */
async function failuresOfTasks(): Promise<string[]> {
  const stateMachineArn = `arn:aws:states:${REGION}:${OURS}:stateMachine:sluice-variants`;
  const states = <Answer>(call: string, asked: object) =>
    ours.json<Answer>('states', `AWSStepFunctions.${call}`, asked);
  const { executions } = await states<{ executions: { executionArn: string }[] }>('ListExecutions', {
    stateMachineArn,
  });
  const told = executions.map(async ({ executionArn }) => {
    const asked = { executionArn, maxResults: 1000 };
    const { events } = await states<{ events: { taskFailedEventDetails?: { error: string } }[] }>(
      'GetExecutionHistory',
      asked,
    );
    return events.flatMap(({ taskFailedEventDetails: failed }) => failed?.error ?? []);
  });
  return (await Promise.all(told)).flat();
}

it(
  'publish on AWS, each in its own way, what a run on this machine publishes, and take the place of the one before',
  async () => {
    await done(0, 'deploy', '--profile', `${THEIRS}=reporting`);
    const guest = await stack(`-${THEIRS}`);
    // Whoever runs it here has to be allowed what the role's users are.
    await trustSessions(theirs, guest, [`arn:aws:iam::${OURS}:root`]);
    await done(0, 'run');
    const here = await published();
    await expectPruned(here);

    await trustSessions(theirs, guest);
    const ran = await done(0, 'run', '--on', 'aws');
    expect(outcomes(ran)).toEqual(steps.map((step) => [step, 'complete']));
    const deployed = await published();
    for (const step of steps) expect(deployed.get(step)?.name).not.toBe(here.get(step)?.name);
    expect(objectsOf(deployed)).toEqual(objectsOf(here));
    await expectPruned(deployed);
  },
  LONG_MS,
);

it(
  'fail by their names, which a retry knows them by, and leave what was published',
  async () => {
    const before = await published();
    made.service.next('cluster', { snapshot: [{ status: 'creating' }, { status: 'failed' }] });
    made.service.next('direct', { export: exportCanceled });
    made.service.next('counted', { spoiled: { kind: 'left out', table: `${database.name}.orders` } });
    made.service.next('theirs', { export: [{ status: 'STARTING' }, { status: 'FAILED', cause: CAUSE }] });
    const ran = await done(3, 'run', '--on', 'aws');
    expect(outcomes(ran)).toEqual([
      ['cluster', 'failed'],
      ['direct', 'failed'],
      ['counted', 'failed'],
      ['theirs', 'complete'],
    ]);
    const after = await published();
    for (const step of ['cluster', 'direct', 'counted'] as const) {
      expect(after.get(step)?.name).toBe(before.get(step)?.name);
      expect(after.get(step)?.objects).toEqual(expect.arrayContaining(before.get(step)?.objects as never));
    }
    expect(after.get('theirs')?.name).not.toBe(before.get('theirs')?.name);
    expect(errors(ran)).toEqual({
      cluster: expect.stringMatching(/^snapshot_failed: the snapshot cluster-\S+ failed/),
      direct: expect.stringMatching(/^export_failed: the export direct-\S+ was canceled/),
      counted: expect.stringContaining(
        `export_incomplete: the export is not complete: it lacks ${database.name}.orders`,
      ),
    });
    const names = ['export_failed', 'export_failed', 'export_incomplete', 'snapshot_failed'];
    expect((await thrown()).sort()).toEqual(names);
    expect((await failuresOfTasks()).sort()).toEqual(names);
  },
  LONG_MS,
);

it(
  'had roles for all that with nothing but what was used, those that are assumed too',
  async () => {
    const template = await stack();
    const guest = await stack(`-${THEIRS}`);
    const grants = [...grantsOf(template, OURS), ...grantsOf(guest, THEIRS)];
    made.rds.knows('test', MACHINE);
    made.rds.knows(`test-${THEIRS}`, GUEST);
    const ofMachine = made.rds.take().filter(({ holder }) => [MACHINE, GUEST].includes(holder));
    const functions = ['run', ...steps.map((step) => `step-${step}`)].map((name) => ({
      holder: MACHINE,
      action: 'lambda:InvokeFunction',
      resource: `arn:aws:lambda:${REGION}:${OURS}:function:sluice-variants-${name}`,
    }));
    // As its Tasks say, which then act in the other account.
    const assumed = { holder: MACHINE, action: 'sts:AssumeRole', resource: GUEST };
    const calls = [...(await made.aws.called(ours)), ...ofMachine, ...functions, assumed];
    const { ungranted, unused } = disagreement(grants, calls);
    expect({ ungranted, unused: unused.filter(hadOccasion) }).toEqual({ ungranted: [], unused: [] });
    const inVpc = Object.entries(template.Resources).filter(
      ([, { Properties }]) => 'VpcConfig' in Properties,
    );
    expect(inVpc.map(([name]) => name)).toEqual(['StepCountedFunction']);
  },
  LONG_MS,
);
