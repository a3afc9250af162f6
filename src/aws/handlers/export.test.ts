/** An export by its function and an interpreter of its state machine, whose calls of RDS are made by the SDK's own client. */
import {
  CreateDBSnapshotCommand,
  DescribeDBSnapshotsCommand,
  DescribeExportTasksCommand,
  RDSClient,
  StartExportTaskCommand,
} from '@aws-sdk/client-rds';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { deployedPipeline } from '../../../test/fixtures/deployed.js';
import { type ExportGround, type Exporting, exportGround } from '../../../test/fixtures/export-ground.js';
import { FunctionError, type Invocation } from '../../../test/fixtures/interpreter.js';
import { declaredMetrics, emittedMetrics } from '../../../test/fixtures/metrics.js';
import { needsServer } from '../../../test/fixtures/servers.js';

needsServer('moto');

const LONG_MS = 240_000;
const HOUR_MS = 3_600_000;
let ground: ExportGround;

interface Result {
  readonly seconds: number;
  readonly output: { readonly export: string };
}

beforeAll(async () => {
  ground = await exportGround();
}, LONG_MS);
afterAll(() => {
  vi.useRealTimers();
  return ground.stop();
});

function declared({ service, step, bucket }: Exporting): object {
  const place = { region: ground.moto.region, endpoint: service.endpoint };
  return {
    pipeline: 'nightly',
    connections: {
      prod: { kind: 'rds', ...place, instance: 'shop' },
      lake: { kind: 's3', bucket, prefix: 'exports/', ...place },
    },
    steps: [
      {
        export: step,
        from: { connection: 'prod' },
        to: { connection: 'lake', kmsKey: ground.kmsKey, role: ground.role },
        keep: { exports: 1, snapshots: 1 },
        retry: { attempts: 2, backoff: 1 },
      },
    ],
  };
}

/** Step Functions spells RDS's names in its own way. */
function stepFunctions({ service }: Exporting, fails: Record<string, string> = {}) {
  const client = new RDSClient({
    region: ground.moto.region,
    endpoint: service.endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const calls: string[] = [];
  const call = async ({ functionName, payload }: Invocation): Promise<unknown> => {
    const name = functionName.split(':').at(-1) ?? '';
    calls.push(name);
    const planned = fails[name];
    delete fails[name];
    if (planned !== undefined) throw new FunctionError(planned, 'on purpose');
    const input = Object.fromEntries(
      Object.entries(payload).map(([key, value]) => [key.replace(/^Db/, 'DB'), value]),
    ) as never;
    switch (name) {
      case 'createDBSnapshot':
        return await client.send(new CreateDBSnapshotCommand(input));
      case 'describeDBSnapshots':
        return { DbSnapshots: (await client.send(new DescribeDBSnapshotsCommand(input))).DBSnapshots };
      case 'startExportTask':
        return await client.send(new StartExportTaskCommand(input));
      case 'describeExportTasks':
        return await client.send(new DescribeExportTasksCommand(input));
      default:
        throw new Error(`nobody knows ${name}`);
    }
  };
  const told = async (invocation: Invocation) => {
    try {
      return await call(invocation);
    } catch (error) {
      if (error instanceof FunctionError) throw error;
      const { name, message } = error as Error;
      throw new FunctionError(`Rds.${name.replace(/^DB/, 'Db').replace(/Fault$/, '')}Exception`, message);
    }
  };
  return { calls, service: told };
}

it(
  'is published complete, and the next one takes its place, though RDS is busy, refuses, and an attempt fails',
  async () => {
    const exporting = await ground.exporting();
    const made = await deployedPipeline(declared(exporting));
    try {
      const first = stepFunctions(exporting);
      // RDS takes an hour for the snapshot.
      vi.useFakeTimers({ toFake: ['Date'], shouldAdvanceTime: true });
      const { status, output, cause } = await made.execute(undefined, async (invocation) => {
        if (invocation.functionName.endsWith(':createDBSnapshot')) vi.setSystemTime(Date.now() + HOUR_MS);
        return await first.service(invocation);
      });
      vi.useRealTimers();
      expect(status, cause).toBe('SUCCEEDED');
      const results = (output as { steps: Record<string, Result> }).steps;
      const result = results[exporting.step];
      const name = result?.output.export ?? '';
      expect(result?.seconds).toBeGreaterThanOrEqual(HOUR_MS / 1000);
      expect(await exporting.latest()).toMatchObject({ export: name, kept: [] });
      expect(first.calls.filter((call) => !call.startsWith('describe'))).toEqual([
        'createDBSnapshot',
        'startExportTask',
      ]);
      expect(made.calls.filter(({ do: work }) => work === 'export')).toHaveLength(3);
      expect(emittedMetrics(made.lines)).toEqual(
        declaredMetrics('nightly', [['export', exporting.step]], { runs: true }),
      );

      // The second: the database is busy, and then RDS cannot use the key.
      const second = stepFunctions(exporting, {
        createDBSnapshot: 'Rds.InvalidDbInstanceStateException',
        startExportTask: 'Rds.KmsKeyNotAccessibleException',
      });
      const failed = await made.execute(undefined, second.service);
      expect([failed.status, failed.error]).toEqual(['FAILED', 'kms_key_refused']);
      expect((await exporting.latest())?.export).toBe(name);
      expect(second.calls.filter((call) => call === 'createDBSnapshot')).toHaveLength(2);

      const third = stepFunctions(exporting);
      const gone = await made.execute(undefined, third.service);
      expect(gone.status, gone.cause).toBe('SUCCEEDED');
      const latest = await exporting.latest();
      expect(latest?.export).not.toBe(name);
      expect((await exporting.objects()).filter((object) => object.startsWith(`${name}/`))).toEqual([]);
      expect(await ground.snapshots(exporting.step)).toHaveLength(1);
    } finally {
      await made.close();
    }
  },
  LONG_MS,
);
