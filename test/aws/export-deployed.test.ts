/**
 * F3 on an emulated AWS that enforces the policies of roles: deployed from its declaration, run, failed, gone on with, changed and
 * taken away. The emulator is ministack, whose RDS has no exports: calls of RDS go to moto's, in front of which snapshots and exports
 * take their time and files are written, as AWS says that they are (export-service.ts). Of what is ours, all is as it is deployed: the
 * state machine that Step Functions goes through and calls RDS from, the functions, their roles. What the emulator does not do: it
 * asks nobody what a state machine may do (its calls are noted and held against its role), has no metrics of AWS's own, and encrypts
 * nothing. Each test goes on where the one before it has ended.
 */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliRun, type Project, project, type Summary, sluice } from '../fixtures/cli.js';
import { type EnforcedAws, enforcedAws } from '../fixtures/enforced-aws.js';
import type { Latest } from '../fixtures/export-ground.js';
import { type ExportService, startExportService } from '../fixtures/export-service.js';
import { exportDone } from '../fixtures/export-states.js';
import { type Front, startFront } from '../fixtures/front.js';
import { disagreement, grantsOf, stackTemplate } from '../fixtures/granted.js';
import { declaredMetrics, emittedMetrics, watchedMetrics } from '../fixtures/metrics.js';
import type { TestAccount } from '../fixtures/ministack.js';
import { type TestMoto, testMoto } from '../fixtures/moto.js';
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

let moto: TestMoto;
let service: ExportService;
/** Notes what is asked of RDS, by Step Functions too. */
let rds: Front;
let aws: EnforcedAws;
let account: TestAccount;
let nightly: Project;
let keyAndRole: { readonly kmsKey: string; readonly role: string };

beforeAll(async () => {
  moto = await testMoto();
  service = await startExportService(moto.endpoint, { tables, exports }, (path, body) =>
    account.rest('s3', path, { method: 'PUT', body: Buffer.from(body) }),
  );
  rds = await startFront(REGION);
  rds.before(service.endpoint);
  const file = resolve(import.meta.dirname, '../fixtures/rds-elsewhere.py');
  aws = await enforcedAws({ program: { file, env: { RDS_ENDPOINT: rds.endpoint, SFN_WAIT_SCALE: '0' } } });
  account = aws.account(ACCOUNT);
  keyAndRole = await prepared();
  nightly = await project(declaration());
}, LONG_MS);
afterAll(async () => {
  await Promise.all([aws?.stop(), nightly?.remove()]);
  await rds?.stop();
  await service?.stop();
  await moto?.stop();
});

/** A database, with snapshots of somebody else; a bucket in which others have files; a key and a role. */
async function prepared(): Promise<typeof keyAndRole> {
  const shop = { DBInstanceIdentifier: 'shop' };
  await account.query('rds', 'CreateDBInstance', {
    ...shop,
    Engine: 'mysql',
    DBInstanceClass: 'db.t4g.micro',
    AllocatedStorage: '20',
    MasterUsername: 'app',
    MasterUserPassword: 'not-a-secret',
  });
  for (const name of theirSnapshots)
    await account.query('rds', 'CreateDBSnapshot', { ...shop, DBSnapshotIdentifier: name });
  service.hold(theirSnapshots[0]);
  const Principal = { Service: 'export.rds.amazonaws.com' };
  const trust = { Effect: 'Allow', Principal, Action: 'sts:AssumeRole' };
  await account.query('iam', 'CreateRole', {
    RoleName: 'export',
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
  });
  const place = `<LocationConstraint>${REGION}</LocationConstraint>`;
  const body = `<CreateBucketConfiguration>${place}</CreateBucketConfiguration>`;
  await account.rest('s3', '/shop-lake', { method: 'PUT', body });
  for (const name of neighbours)
    await account.rest('s3', `/shop-lake/${name}`, { method: 'PUT', body: name });
  const { KeyMetadata: key } = await account.json<{ KeyMetadata: { Arn: string } }>(
    'kms',
    'TrentService.CreateKey',
    {},
  );
  return { kmsKey: key.Arn, role: `arn:aws:iam::${ACCOUNT}:role/export` };
}

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

async function object(key: string): Promise<Buffer> {
  return Buffer.from(await (await account.rest('s3', `/shop-lake/${key}`)).arrayBuffer());
}

async function latest(): Promise<Latest & { readonly run: string }> {
  return JSON.parse((await object('exports/LATEST.json')).toString());
}

async function keys(): Promise<readonly string[]> {
  const text = await (await account.rest('s3', '/shop-lake?list-type=2')).text();
  return [...text.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => key).sort();
}

/** Names of the exports of which there are objects, and of the snapshots, without those of others, which are all there. */
async function ours(): Promise<{
  readonly exports: readonly string[];
  readonly snapshots: readonly string[];
}> {
  const folders = (await keys())
    .filter((key) => !neighbours.includes(key))
    .map((key) => key.split('/').slice(1, -1).shift() ?? '');
  const told = await account.query('rds', 'DescribeDBSnapshots', { SnapshotType: 'manual' });
  const snapshots = [...told.matchAll(/<DBSnapshotIdentifier>([^<]*)</g)].map(([, name = '']) => name);
  expect(snapshots).toEqual(expect.arrayContaining([...theirSnapshots]));
  return {
    exports: [...new Set(folders)].filter((name) => name !== ''),
    snapshots: snapshots.filter((name) => !(theirSnapshots as readonly string[]).includes(name)),
  };
}

/** All that lies there, byte by byte, but for names and moments, and what follows from them. */
async function dump(): Promise<readonly string[]> {
  const { export: name, run } = await latest();
  const plain = (text: string) =>
    text
      .replaceAll(name, 'EXPORT')
      .replaceAll(run, 'RUN')
      .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'UUID')
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      // The name of the export is in it.
      .replaceAll(/("name":"EXPORT\/export_[^"]*")[^}]*/g, '$1');
  const lines = (await keys()).map(async (key) => {
    const body = await object(key);
    const isText = key.endsWith('.json');
    const text = isText
      ? plain(JSON.stringify(JSON.parse(body.toString())))
      : createHash('sha256').update(body).digest('hex');
    return `${plain(key)} ${text}`;
  });
  return (await Promise.all(lines)).sort();
}

/** Lines that functions have logged. */
async function lines(): Promise<readonly string[]> {
  const logs = ['run', 'step-shop'].map(async (name) => {
    const asked = { logGroupName: `/aws/lambda/sluice-nightly-${name}` };
    const { events } = await account.json<{ events: { message: string }[] }>(
      'logs',
      'Logs_20140328.FilterLogEvents',
      asked,
    );
    return events.flatMap(({ message }) => message.split('\n').filter((line) => line.startsWith('{')));
  });
  return (await Promise.all(logs)).flat();
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
    const calls = (await lines()).flatMap((line) => {
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
    expect(await keys()).toEqual(expect.arrayContaining(neighbours));
  },
  LONG_MS,
);

it(
  'fails with the cause of RDS, keeps what was published, and the next run goes on and removes the old',
  async () => {
    const [before, old] = [await dump(), await latest()];
    const failed = await done(4, 'run', '--on', 'aws');
    // On AWS its code is export_failed: the emulator has one name for all that functions fail with.
    expect(failed.events.filter(({ event }) => event === 'error')).toMatchObject([
      { code: 'call_failed', message: expect.stringContaining(CAUSE) },
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
    const counted = emittedMetrics(await lines());
    // There is no schedule.
    const declared = declaredMetrics('nightly', [['export', 'shop']], { runs: true });
    expect(counted).toEqual(declared.filter((metric) => !metric.startsWith('Missed ')));
    const { alarms } = watchedMetrics(await stack());
    expect(counted).toEqual(expect.arrayContaining([...alarms]));
  },
  LONG_MS,
);

/** What no call of ours uses: Lambda, Step Functions and S3 do it themselves, as the role. */
const ofServices = /: (?:logs|xray):|: kms:Decrypt /;
/** What these runs had no occasion for: old runs, records too large for the table, an export that is given up while it goes on. */
const noOccasion = [
  /: dynamodb:BatchWriteItem .*-state$/,
  /: s3:(?:Get|Put|Delete)Object .*:sluice-nightly-state-/,
  /: rds:CancelExportTask /,
];

it(
  'had roles for all that with nothing but what was used, the state machine too',
  async () => {
    const grants = grantsOf(await stack(), ACCOUNT);
    const machine = `arn:aws:iam::${ACCOUNT}:role/sluice-nightly-machine-${REGION}`;
    // As whom Step Functions calls in ministack.
    rds.knows('test', machine);
    const functions = ['run', 'step-shop'].map((name) => ({
      holder: machine,
      action: 'lambda:InvokeFunction',
      resource: `arn:aws:lambda:${REGION}:${ACCOUNT}:function:sluice-nightly-${name}`,
    }));
    const ofMachine = rds.take().filter(({ holder }) => holder === machine);
    const calls = [...(await aws.called(account)), ...ofMachine, ...functions];
    const { ungranted, unused } = disagreement(grants, calls);
    const without = (text: string) => !ofServices.test(text) && !noOccasion.some((rare) => rare.test(text));
    expect({ ungranted, unused: unused.filter(without) }).toEqual({ ungranted: [], unused: [] });
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
    expect(await keys()).toEqual(expect.arrayContaining(neighbours));
  },
  LONG_MS,
);
