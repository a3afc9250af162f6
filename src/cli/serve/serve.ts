import type { Declaration } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import type { Served } from '../../journal/served.js';
import type { Lease } from '../../journal/state.js';
import { startingAt } from '../../schedule/schedule.js';
import { reportError } from '../errors.js';
import { exitStatus } from '../exit-status.js';
import { onInterrupt } from '../interrupt.js';
import type { Io } from '../io.js';
import { declaredSchedule } from '../next-firings.js';
import { openState } from '../session.js';
import type { Runs } from './child-run.js';
import type { Clock } from './clock.js';
import { identityOf } from './identity.js';
import { sayer } from './say.js';
import { type ScheduledPipeline, ServedPipeline, type Serving } from './served-pipeline.js';

export interface ServeOptions {
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

/**
 * Runs pipelines on their schedules until a signal comes, or nothing fires any more. One that fails does not stop the
 * others. Gives the exit status. Throws `usage` or `run_locked` before anything is run.
 */
export async function serveDeclarations(
  declarations: readonly Declaration[],
  io: Io,
  options: ServeOptions,
  { clock, runs }: { readonly clock: Clock; readonly runs: Runs },
): Promise<number> {
  const json = options.json === true;
  const pipelines = await Promise.all(
    declarations.map((declaration) => scheduled(declaration, io, options.state)),
  );
  refuseTwins(pipelines);
  const leases = await takeLeases(pipelines);
  const interrupt = onInterrupt(io);
  const around: Serving = { clock, runs, say: sayer(io, clock, json), signal: interrupt.signal };
  try {
    const results = await Promise.all(pipelines.map((pipeline) => serveOne(pipeline, around, io, json)));
    const failed = results.filter((result) => result.failed).length;
    const status = interrupt.status() ?? (failed > 0 ? exitStatus.stopped : exitStatus.complete);
    if (json) {
      const outcome =
        interrupt.status() === undefined ? (failed > 0 ? 'stopped' : 'complete') : 'interrupted';
      io.out(JSON.stringify({ event: 'summary', outcome, pipelines: pipelines.length, failed }));
    }
    return status;
  } finally {
    for (const lease of leases) await lease.release();
    interrupt.dispose();
  }
}

async function scheduled(
  declaration: Declaration,
  io: Io,
  state: string | undefined,
): Promise<ScheduledPipeline> {
  const schedule = declaredSchedule(declaration);
  const missed = declaration.schedule?.missed ?? 'run-once';
  return { declaration, schedule, missed, state: await openState(declaration, io, state) };
}

function refuseTwins(pipelines: readonly ScheduledPipeline[]): void {
  const seen = new Map<string, string>();
  for (const { declaration, state } of pipelines) {
    const key = `${state.address} ${declaration.pipeline}`;
    const other = seen.get(key);
    if (other !== undefined) {
      throw new SluiceError('usage', `two files declare the pipeline ${declaration.pipeline}`, {
        path: declaration.file,
        hint: `the other is ${other}; give one of them another name, or serve it with another --state`,
      });
    }
    seen.set(key, declaration.file);
  }
}

/** One server for a pipeline: two would run each firing twice. */
async function takeLeases(pipelines: readonly ScheduledPipeline[]): Promise<readonly Lease[]> {
  const leases: Lease[] = [];
  try {
    for (const { state } of pipelines) {
      const lease = await state.lease('serve');
      leases.push(lease);
      await lease.name('of sluice serve');
    }
    return leases;
  } catch (error) {
    for (const lease of leases) await lease.release();
    throw error;
  }
}

/** What breaks one pipeline's server is told, and the others go on. */
async function serveOne(
  pipeline: ScheduledPipeline,
  around: Serving,
  io: Io,
  json: boolean,
): Promise<{ readonly failed: boolean }> {
  try {
    const served = await servedBefore(pipeline, around.clock.now());
    const schedule = startingAt(pipeline.schedule, Date.parse(served.start));
    return await new ServedPipeline({ ...pipeline, schedule }, around, served).serve();
  } catch (error) {
    around.say(pipeline.declaration.pipeline, { event: 'failed' }, 'is not served any more', true);
    reportError(error, io, json);
    return { failed: true };
  }
}

/** Another schedule begins anew; what was left unfinished stays so. */
async function servedBefore({ schedule, state }: ScheduledPipeline, now: number): Promise<Served> {
  const before = await state.served.read();
  const identity = identityOf(schedule);
  if (before?.schedule === identity) return before;
  const [start, handled] = [new Date(now).toISOString(), new Date(now - 1).toISOString()];
  return { schedule: identity, start, handled, ...(before?.pending && { pending: before.pending }) };
}
