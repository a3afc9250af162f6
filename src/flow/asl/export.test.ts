/** An export as a state machine: what is asked of RDS by Step Functions itself, and what of our function. */
import { expect, test } from 'vitest';
import {
  execute,
  FunctionError,
  faultsOf,
  type Invocation,
  statesOf,
} from '../../../test/fixtures/interpreter.js';
import type { Declaration } from '../../declare/declaration.js';
import { parseDeclaration } from '../../declare/load.js';
import { stateMachineOf } from './machine.js';

async function declared(database: object, more: object = {}): Promise<Declaration> {
  const to = {
    connection: 'lake',
    kmsKey: 'arn:aws:kms:eu-west-1:111122223333:key/1',
    role: 'arn:aws:iam::111122223333:role/rds-export',
  };
  const text = JSON.stringify({
    pipeline: 'nightly',
    connections: {
      prod: { kind: 'rds', region: 'eu-west-1', ...database },
      lake: { kind: 's3', bucket: 'lake', prefix: 'exports/', region: 'eu-west-1' },
    },
    steps: [{ export: 'snap', from: { connection: 'prod', tables: ['shop.orders'] }, to, ...more }],
  });
  return await parseDeclaration(text, 'p.yaml', { env: {}, cwd: '/' });
}

const done = { outcome: 'complete', read: 2, written: 2, unchanged: 0, rejected: 0, bytes: 9, seconds: 1 };

/** What our function gives, call by call. */
const answers = [
  { next: 'takeSnapshot', name: 'snap-1', source: '' },
  { next: 'startExport', name: 'snap-1', source: 'arn:aws:rds:eu-west-1:111122223333:snapshot:snap-1' },
  { next: 'done', name: '', source: '' },
].map((each) => ({ ...each, refused: '', result: { ...done, deleted: 0, output: { export: 'snap-1' } } }));

/** RDS as the machine sees it: states of a snapshot and a task, look by look; errors by the name of the call. */
function rds(
  seen: { snapshot: string[]; export: string[]; fails?: Record<string, string>; asked?: typeof answers },
  calls: Invocation[],
) {
  let asked = 0;
  const [snapshots, exports] = [[...seen.snapshot], [...seen.export]];
  const fails = { ...seen.fails };
  return (invocation: Invocation) => {
    calls.push(invocation);
    const { functionName: name, payload } = invocation;
    const call = name.split(':').at(-1) ?? '';
    const failure = fails[call];
    delete fails[call];
    if (failure !== undefined) throw new FunctionError(failure, 'on purpose');
    if (/^describeDB/.test(call)) {
      const list = [{ Status: snapshots.length > 1 ? snapshots.shift() : snapshots[0] }];
      return { DbSnapshots: list, DbClusterSnapshots: list };
    }
    if (call === 'describeExportTasks') {
      return { ExportTasks: [{ Status: exports.length > 1 ? exports.shift() : exports[0] }] };
    }
    if (call.startsWith('create') || call === 'startExportTask') return {};
    if (payload['do'] === 'begin') {
      const steps = { snap: { outcome: 'pending' } };
      return { run: 'run-1', firing: { time: '2026-11-21T21:00:00Z' }, steps, nothing: null };
    }
    if (payload['do'] === 'end') return {};
    const all = seen.asked ?? answers;
    return all[Math.min(asked++, all.length - 1)];
  };
}

const shortOf = ({ functionName, payload }: Invocation) =>
  functionName.startsWith('arn:') ? functionName.split(':').at(-1) : String(payload['do']);

test('Step Functions calls RDS and waits; the function is asked only what comes next', async () => {
  const machine = stateMachineOf(await declared({ instance: 'shop-prod' }));
  expect(faultsOf(machine)).toBe('');
  const calls: Invocation[] = [];
  const seen = {
    snapshot: ['creating', 'creating', 'available'],
    export: ['STARTING', 'IN_PROGRESS', 'COMPLETE'],
  };
  const { status, output, cause } = await execute(machine, rds(seen, calls));
  expect(status, cause).toBe('SUCCEEDED');
  expect(output).toMatchObject({
    steps: { snap: { outcome: 'complete', written: 2, output: { export: 'snap-1' } } },
  });
  expect(calls.map(shortOf)).toEqual([
    'begin',
    'export',
    'createDBSnapshot',
    ...Array.from({ length: 3 }, () => 'describeDBSnapshots'),
    'export',
    'startExportTask',
    ...Array.from({ length: 3 }, () => 'describeExportTasks'),
    'export',
    'end',
  ]);
  const parametersOf = (call: string) => calls.find((each) => shortOf(each) === call)?.payload;
  expect(parametersOf('createDBSnapshot')).toEqual({
    DbInstanceIdentifier: 'shop-prod',
    DbSnapshotIdentifier: 'snap-1',
    Tags: [
      { Key: 'sluice:pipeline', Value: 'nightly' },
      { Key: 'sluice:step', Value: 'snap' },
      { Key: 'sluice:run', Value: 'run-1' },
    ],
  });
  expect(parametersOf('startExportTask')).toEqual({
    ExportTaskIdentifier: 'snap-1',
    SourceArn: 'arn:aws:rds:eu-west-1:111122223333:snapshot:snap-1',
    S3BucketName: 'lake',
    S3Prefix: 'exports',
    KmsKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/1',
    IamRoleArn: 'arn:aws:iam::111122223333:role/rds-export',
    ExportOnly: ['shop.orders'],
  });
});

test('clusters have calls of their own, and a connection its role', async () => {
  const role = 'arn:aws:iam::444455556666:role/rds';
  const machine = stateMachineOf(await declared({ cluster: 'aurora', role }));
  expect(faultsOf(machine)).toBe('');
  const calls: Invocation[] = [];
  const { status } = await execute(machine, rds({ snapshot: ['available'], export: ['COMPLETE'] }, calls));
  expect(status).toBe('SUCCEEDED');
  expect(calls.map(shortOf)).toContain('createDBClusterSnapshot');
  const tasks = statesOf(machine.States).filter(([, { Resource }]) =>
    String(Resource).includes(':aws-sdk:rds:'),
  );
  expect(tasks).toHaveLength(4);
  for (const [, task] of tasks) expect(task['Credentials']).toEqual({ RoleArn: role });
});

test('what RDS refuses is told to the function, and a snapshot that has failed is, too', async () => {
  const machine = stateMachineOf(await declared({ instance: 'shop-prod' }));
  const calls: Invocation[] = [];
  const fails = { createDBSnapshot: 'Rds.DbSnapshotAlreadyExistsException' };
  const [take, start, end] = answers;
  if (!take || !start || !end) throw new Error('no answers');
  const asked = [take, { ...take, next: 'watchSnapshot' }, { ...take, name: 'snap-2' }, start, end];
  const seen = { snapshot: ['failed', 'available'], export: ['FAILED'], fails, asked };
  await execute(machine, rds(seen, calls));
  const told = calls.filter((each) => shortOf(each) === 'export').map(({ payload }) => payload['refused']);
  expect(told).toEqual([
    '',
    { Error: 'Rds.DbSnapshotAlreadyExistsException', Cause: 'on purpose' },
    '',
    '',
    '',
  ]);
});

test('what does not end within the deadline fails with `timeout`, and no execution outgrows its history', async () => {
  const calls: Invocation[] = [];
  const machine = stateMachineOf(
    await declared({ instance: 'shop-prod' }, { deadline: '3m', poll: { seconds: 60 } }),
  );
  const { status, error } = await execute(machine, rds({ snapshot: ['creating'], export: [] }, calls));
  expect([status, error]).toEqual(['FAILED', 'timeout']);
  expect(calls.filter((each) => shortOf(each) === 'describeDBSnapshots')).toHaveLength(3);
  const patient = { deadline: '48h', poll: { seconds: 5 }, retry: { attempts: 4 } };
  const waits = statesOf(stateMachineOf(await declared({ instance: 'shop-prod' }, patient)).States).flatMap(
    ([, { Type, Seconds }]) => (Type === 'Wait' ? [Number(Seconds)] : []),
  );
  expect(new Set(waits)).toEqual(new Set([Math.ceil((48 * 3600) / 375)]));
});
