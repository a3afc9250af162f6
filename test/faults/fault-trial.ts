/** Runs a copy while faults strike it, and judges how it ended. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { type CliRun, type StepSummary, sluice } from '../fixtures/cli.js';
import { createTable, dynamodbCall, tableName } from '../fixtures/dynamodb.js';
import type { FaultGround } from './fault-ground.js';
import type { Arrangement, CopyVariant, Direction, Disturbance } from './fault-kind.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type MysqlProxy, startMysqlProxy } from './mysql-proxy.js';

/** How a disturbed copy went. */
export interface Trial {
  /** Of the run that was disturbed; null when a signal ended it. */
  readonly status: number | null;
  /** What it said was wrong: the last error with its code and hint. */
  readonly error: { readonly code: string; readonly hint?: string; readonly message: string } | undefined;
  /** For each disturbance, whether it took place. */
  readonly struck: readonly boolean[];
  /** What is not as it must be at the end; empty when all is well. */
  readonly problems: readonly string[];
}

/** Longer than a test may take: who waits for its end without need is seen. */
const PATIENCE_SECONDS = 300;
/** The servers may need a moment to notice that a run is gone. */
const MAX_RERUNS = 3;

interface Stage {
  readonly ground: FaultGround;
  readonly direction: Direction;
  readonly sink: string;
  readonly folder: string;
  readonly mysql: MysqlProxy;
  readonly dynamodb: HttpProxy;
  readonly arrangements: readonly Arrangement[];
}

/** One copy into a sink of its own, disturbed, and run again until it is complete. */
export async function tryCopy(
  ground: FaultGround,
  direction: Direction,
  disturbances: readonly Disturbance[],
): Promise<Trial> {
  const arrangements = await Promise.all(
    disturbances.flatMap(({ arrange }) => (arrange ? [arrange(ground.database)] : [])),
  );
  const stage: Stage = {
    ground,
    direction,
    arrangements,
    sink: tableName('sink').replaceAll('-', '_'),
    folder: await mkdtemp(join(tmpdir(), 'sluice-trial-')),
    mysql: await startMysqlProxy(
      inject('mysql'),
      disturbances.flatMap(({ mysql }) => mysql ?? []),
    ),
    dynamodb: await startHttpProxy(
      inject('dynamodb').endpoint,
      disturbances.flatMap(({ http }) => http ?? []),
    ),
  };
  try {
    await makeSink(stage);
    return await runAndJudge(stage, disturbances);
  } finally {
    await Promise.all([stage.mysql.stop(), stage.dynamodb.stop()]);
    for (const one of arrangements) await one.remove();
    await rm(stage.folder, { recursive: true, force: true });
    await dropSink(stage);
  }
}

async function makeSink({ ground, direction, sink }: Stage): Promise<void> {
  if (direction === 'from MySQL') await createTable(sink, ['id', 'N']);
  else await ground.database.execute(`CREATE TABLE ${sink} (id INT, v VARCHAR(500), odd VARCHAR(20))`);
}

async function dropSink({ ground, direction, sink }: Stage): Promise<void> {
  if (direction === 'from MySQL') await dynamodbCall('DeleteTable', { TableName: sink });
  else await ground.database.execute(`DROP TABLE ${sink}`);
}

async function runAndJudge(stage: Stage, disturbances: readonly Disturbance[]): Promise<Trial> {
  const variant = mergedVariant(disturbances);
  const file = join(stage.folder, 'trial.yaml');
  await writeFile(file, JSON.stringify(declaration(stage, variant)));
  const acted = disturbances.map(() => false);
  const first = await runOnce(stage, file, disturbances, acted);
  const struck = whatStruck(stage, disturbances, acted);
  stage.mysql.plan.use([]);
  stage.dynamodb.plan.use([]);
  for (const one of stage.arrangements) await one.over();
  const last = await untilComplete(stage, file, first);
  const expected = stage.ground.expected(stage.direction, variant);
  const problems = [...(await sinkProblems(stage, expected)), ...runProblems(last)];
  return { status: first.status, error: errorOf(first), struck, problems };
}

function mergedVariant(disturbances: readonly Disturbance[]): CopyVariant {
  const all = disturbances.map(({ copy }) => copy ?? {});
  return {
    from: Object.assign({}, ...all.map(({ from }) => from)) as object,
    to: Object.assign({}, ...all.map(({ to }) => to)) as object,
    step: Object.assign({}, ...all.map(({ step }) => step)) as object,
  };
}

function declaration(stage: Stage, { from, to, step }: CopyVariant): object {
  const { ground, direction, sink, mysql, dynamodb, arrangements } = stage;
  const out = direction === 'from MySQL';
  const overrides = Object.assign({}, ...arrangements.map((one) => one.mysql)) as object;
  return {
    pipeline: 'trial',
    connections: {
      shop: { ...ground.database.connection, host: mysql.host, port: mysql.port, ...overrides },
      stage: { kind: 'dynamodb', region: inject('dynamodb').region, endpoint: dynamodb.endpoint },
    },
    steps: [
      {
        copy: 'copy',
        from: { connection: out ? 'shop' : 'stage', table: out ? 'origin' : ground.items, ...from },
        to: { connection: out ? 'stage' : 'shop', table: sink, mode: out ? 'put' : 'append', ...to },
        parallel: 3,
        patience: PATIENCE_SECONDS,
        ...step,
      },
    ],
  };
}

async function runOnce(
  stage: Stage,
  file: string,
  disturbances: readonly Disturbance[],
  acted: boolean[],
): Promise<CliRun> {
  const state = stage.arrangements.find((one) => one.state)?.state;
  const seen = disturbances.map(() => 0);
  let child: Parameters<NonNullable<Parameters<typeof sluice>[1]>['started'] & {}>[0] | undefined;
  const watcher = async (
    moment: string,
    event: { readonly statement?: string; readonly action?: string; readonly threadId?: number },
  ) => {
    if (moment !== 'before' || !child) return;
    for (const [index, { deed }] of disturbances.entries()) {
      if (!deed?.on.test(event.action ?? event.statement ?? '')) continue;
      const { threadId = 0 } = event;
      const target = { child, threadId, database: stage.ground.database, state: state ?? stage.folder };
      if (acted[index] || (deed.ready && !(await deed.ready(target)))) continue;
      seen[index] = (seen[index] ?? 0) + 1;
      if (seen[index] !== deed.nth) continue;
      acted[index] = true;
      await deed.act(target);
    }
  };
  stage.mysql.watch(watcher);
  stage.dynamodb.watch(watcher);
  const run = await sluice(['run', file, '--json', ...(state ? ['--state', state] : [])], {
    cwd: stage.folder,
    env: Object.assign({}, ...stage.arrangements.map(({ env }) => env)) as Record<string, string>,
    started: (started) => {
      child = started;
    },
  });
  stage.mysql.watch(undefined);
  stage.dynamodb.watch(undefined);
  return run;
}

/** A disturbance took place when each of its rules struck, its deed was done, or its surroundings made a difference. */
function whatStruck(
  stage: Stage,
  disturbances: readonly Disturbance[],
  acted: readonly boolean[],
): boolean[] {
  const counts = { mysql: [...stage.mysql.plan.struck()], http: [...stage.dynamodb.plan.struck()] };
  return disturbances.map(({ mysql = [], http = [], deed }, index) => {
    const mine = [...counts.mysql.splice(0, mysql.length), ...counts.http.splice(0, http.length)];
    return mine.every((count) => count > 0) && (deed === undefined || acted[index] === true);
  });
}

function isComplete({ status }: CliRun): boolean {
  return status === 0 || status === 3;
}

async function untilComplete(stage: Stage, file: string, first: CliRun): Promise<CliRun> {
  let last = first;
  for (let rerun = 0; rerun < MAX_RERUNS && !isComplete(last); rerun++)
    last = await runOnce(stage, file, [], []);
  return last;
}

function errorOf(run: CliRun): Trial['error'] {
  return run.events.findLast(({ event }) => event === 'error') as Trial['error'];
}

/** The counts add up, and the run is complete. */
function runProblems(run: CliRun): string[] {
  const told = `${run.stderr}${run.stdout}`.slice(-800);
  if (!isComplete(run)) return [`exit ${run.status} when the trouble was over: ${told}`];
  const steps = (run.events.at(-1)?.['steps'] ?? []) as readonly StepSummary[];
  const wrong = steps.filter((step) => step.read !== step.written + step.unchanged + step.rejected);
  return steps.length === 1 && wrong.length === 0 ? [] : [`the counts do not add up: ${told}`];
}

async function sinkProblems(
  { ground, direction, sink }: Stage,
  expected: readonly string[],
): Promise<string[]> {
  const rows = await ground.rows(direction, sink);
  if (JSON.stringify(rows) === JSON.stringify(expected)) return [];
  const wanted = new Set(expected);
  const foreign = rows.filter((row) => !wanted.has(row)).slice(0, 3);
  return [`${rows.length} rows instead of ${expected.length}, among them ${JSON.stringify(foreign)}`];
}
