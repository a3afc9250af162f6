/**
 * F3 on an emulated AWS that enforces the policies of roles: deployed from its declaration, run, failed, gone on with, changed and
 * taken away. Of what is ours, all is as it is deployed: the state machine that Step Functions goes through and calls RDS from, the
 * functions, their roles. What the emulator does not do (deployed-exports.ts, rds-elsewhere.py): it asks nobody what a state machine
 * may do (its calls are noted and held against its role), has no metrics of AWS's own, and encrypts nothing. Each test goes on where
 * the one before it has ended.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project, type Summary, sluice } from '../fixtures/cli.js';
import {
  addInstance,
  addKeyAndRole,
  type DeployedExports,
  deployedExports,
  hadOccasion,
  type Lake,
  newLake,
  snapshotsOf,
} from '../fixtures/deployed-exports.js';
import { exportDone } from '../fixtures/export-states.js';
import { disagreement, grantsOf, stackTemplate } from '../fixtures/granted.js';
import { countedOtherwise, loggedLines } from '../fixtures/logged-lines.js';
import type { TestAccount } from '../fixtures/ministack.js';
import { needsServer } from '../fixtures/servers.js';

needsServer('ministack');
needsServer('moto');

/** Some dozen programs, one after the other, on a slow machine. */
const LONG_MS = 900_000;
const ACCOUNT = '111122223333';
const REGION = 'eu-west-1';
const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:sluice-nightly`;
const CAUSE = 'The S3 bucket shop-lake could not be written';

const tables = [
  { name: 'shop.orders', rows: 20, parts: 2 },
  { name: 'shop.empty', rows: 0, parts: 1 },
  { name: 'shop.customers', rows: 5, parts: 1 },
] as const;
const ROWS = 25;
/** The third export fails. */
const exportFailed = [...exportDone.slice(0, 2), { status: 'FAILED', percent: 35, cause: CAUSE }] as const;
const exports = [exportDone, exportDone, exportFailed, exportDone];

/** What lies beside exports, and is nobody's but others'. */
const neighbours = [
  'exports-other/a.parquet',
  'exports/notes.txt',
  'exports/shop-eu/b.parquet',
  'exports/shop-2020-01-01-00-00/c.parquet',
];
/** The first is never done. */
const theirSnapshots = ['shop-2020-01-01-00-00', 'shop-2020-01-02-00-00'] as const;

let made: DeployedExports;
let account: TestAccount;
let lake: Lake;
let nightly: Project;
let keyAndRole: { readonly kmsKey: string; readonly role: string };

beforeAll(async () => {
  made = await deployedExports(ACCOUNT, { tables, exports });
  account = made.account;
  await addInstance(account);
  for (const name of theirSnapshots)
    await account.query('rds', 'CreateDBSnapshot', {
      DBInstanceIdentifier: 'shop',
      DBSnapshotIdentifier: name,
    });
  made.service.hold(theirSnapshots[0]);
  lake = await newLake(account, 'shop-lake');
  for (const name of neighbours) await lake.put(name, name);
  keyAndRole = await addKeyAndRole(account);
  nightly = await project(declaration());
}, LONG_MS);
afterAll(async () => {
  await Promise.all([made?.stop(), nightly?.remove()]);
});

function declaration(keep = 1): object {
  return {
    pipeline: 'nightly',
    connections: {
      prod: { kind: 'rds', instance: 'shop', region: REGION },
      lake: { kind: 's3', bucket: 'shop-lake', prefix: 'exports/', region: REGION },
    },
    steps: [
      {
        export: 'shop',
        from: { connection: 'prod' },
        to: { connection: 'lake', ...keyAndRole },
        poll: { seconds: 0.05 },
        keep: { exports: keep, snapshots: 1 },
      },
    ],
  };
}

/** Runs the program on the declaration, to the expected end. */
async function done(expected: number, verb: string, ...args: string[]): Promise<CliRun> {
  const run = await sluice([verb, nightly.file, '--json', ...args], { env: account.env });
  if (run.status === expected) return run;
  throw new Error(
    `${verb}: exit ${run.status} instead of ${expected}\n${run.stderr}${run.stdout.slice(-8000)}`,
  );
}

const latest = () => lake.latest('exports/');
/** With what lies beside it. */
const dump = () => lake.dump('exports/');

/** Names of the exports of which there are objects, and of the snapshots, without those of others, which are all there. */
async function ours(): Promise<{
  readonly exports: readonly string[];
  readonly snapshots: readonly string[];
}> {
  const folders = (await lake.keys())
    .filter((key) => !neighbours.includes(key))
    .map((key) => key.split('/').slice(1, -1).shift() ?? '');
  const snapshots = await snapshotsOf(account);
  expect(snapshots).toEqual(expect.arrayContaining([...theirSnapshots]));
  return {
    exports: [...new Set(folders)].filter((name) => name !== ''),
    snapshots: snapshots.filter((name) => !(theirSnapshots as readonly string[]).includes(name)),
  };
}

const stack = () => stackTemplate(join(nightly.folder, 'cdk.out'), 'sluice-nightly');

it(
  'publishes on AWS what a run on this machine publishes, and each takes the place of the one before',
  async () => {
    await done(0, 'deploy');
    const began = Date.now();
    const ran = await done(0, 'run', '--on', 'aws');
    const tookSeconds = (Date.now() - began) / 1000;
    const counts = { name: 'shop', outcome: 'complete', read: ROWS, written: ROWS, rejected: 0 };
    const [step] = (ran.events.at(-1) as unknown as Summary).steps;
    expect(step).toMatchObject(counts);
    // Of the whole step, not of its last call.
    const calls = (await loggedLines(account, await stack())).flatMap((line) => {
      const { message, level, timestamp = '' } = JSON.parse(line) as Record<string, string>;
      return message === 'export' && level === 'INFO' ? [Date.parse(timestamp)] : [];
    });
    expect(calls).toHaveLength(3);
    const [begins = 0, goesOn = 0] = calls;
    expect(step?.seconds).toBeGreaterThanOrEqual((goesOn - begins) / 1000);
    expect(step?.seconds).toBeLessThanOrEqual(tookSeconds);
    const first = await latest();
    expect(await ours()).toEqual({ exports: [first.export], snapshots: [first.export] });
    const deployed = await dump();

    await done(0, 'run');
    const second = await latest();
    expect(second.export).not.toBe(first.export);
    expect(await dump()).toEqual(deployed);
    expect(await ours()).toEqual({ exports: [second.export], snapshots: [second.export] });
    expect(await lake.keys()).toEqual(expect.arrayContaining(neighbours));
  },
  LONG_MS,
);

it(
  'fails with the cause of RDS, keeps what was published, and the next run goes on and removes the old',
  async () => {
    const [before, old] = [await dump(), await latest()];
    const failed = await done(4, 'run', '--on', 'aws');
    expect(failed.events.filter(({ event }) => event === 'error')).toMatchObject([
      { code: 'export_failed', message: expect.stringContaining(CAUSE) },
    ]);
    expect(await latest()).toEqual(old);
    expect(await dump()).toEqual(expect.arrayContaining([...before]));
    const [run] = (await done(0, 'runs', '--on', 'aws')).events;
    expect(run).toMatchObject({
      outcome: 'stopped',
      resumable: true,
      steps: [{ name: 'shop', complete: false }],
    });

    const mended = await done(0, 'run', '--on', 'aws');
    expect(mended.events.at(-1)).toMatchObject({ run: run?.['run'], outcome: 'complete' });
    const now = await latest();
    expect(now.run).toBe(run?.['run']);
    // The same snapshot is exported once more, under another name; what the failed export has left is gone, too.
    const { exports: left, snapshots } = await ours();
    expect([left, snapshots.length]).toEqual([[now.export], 1]);
    expect(await dump()).toEqual(before);
    const runs = (await done(0, 'runs', '--on', 'aws')).events;
    expect(runs.map(({ outcome }) => outcome)).toEqual(['complete', 'complete']);
  },
  LONG_MS,
);

it(
  'tells an alarm of the execution that failed, and counts what the alarms and the dashboard look at',
  async () => {
    const { executions } = await account.json<{ executions: { status: string }[] }>(
      'states',
      'AWSStepFunctions.ListExecutions',
      { stateMachineArn: MACHINE },
    );
    expect(executions.map(({ status }) => status).sort()).toEqual(['FAILED', 'SUCCEEDED', 'SUCCEEDED']);
    const told = await account.query('monitoring', 'DescribeAlarms', {
      'AlarmNames.member.1': 'sluice-nightly-failure',
    });
    for (const part of ['ExecutionsFailed', 'AWS/States']) expect(told).toContain(`>${part}<`);
    expect(await countedOtherwise(account, await stack())).toEqual({ notShown: [], notCounted: [] });
  },
  LONG_MS,
);

it(
  'had roles for all that with nothing but what was used, the state machine too',
  async () => {
    const grants = grantsOf(await stack(), ACCOUNT);
    const machine = `arn:aws:iam::${ACCOUNT}:role/sluice-nightly-machine-${REGION}`;
    // As whom Step Functions calls in ministack.
    made.rds.knows('test', machine);
    const functions = ['run', 'step-shop'].map((name) => ({
      holder: machine,
      action: 'lambda:InvokeFunction',
      resource: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:sluice-nightly-${name}`,
    }));
    const ofMachine = made.rds.take().filter(({ holder }) => holder === machine);
    const calls = [...(await made.aws.called(account)), ...ofMachine, ...functions];
    const { ungranted, unused } = disagreement(grants, calls);
    expect({ ungranted, unused: unused.filter(hadOccasion) }).toEqual({ ungranted: [], unused: [] });
  },
  LONG_MS,
);

it(
  'is changed and taken away, and leaves what it has published',
  async () => {
    const old = await latest();
    await writeFile(nightly.file, JSON.stringify(declaration(2)));
    await done(5, 'diff');
    const updated = await done(0, 'deploy');
    expect(updated.events.at(-1)).toMatchObject({ stacks: [{ result: 'unchanged' }, { result: 'updated' }] });
    await done(0, 'diff');
    await done(0, 'run', '--on', 'aws');
    const kept = await latest();
    expect(kept).toMatchObject({ kept: [old.export] });
    await done(0, 'destroy', '--yes');
    expect(await account.json('states', 'AWSStepFunctions.ListStateMachines', {})).toMatchObject({
      stateMachines: [],
    });
    const { exports: left, snapshots } = await ours();
    expect([left, snapshots]).toEqual([[old.export, kept.export], [kept.export]]);
    expect(await lake.keys()).toEqual(expect.arrayContaining(neighbours));
  },
  LONG_MS,
);
