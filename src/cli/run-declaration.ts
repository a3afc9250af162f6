import type { Declaration } from '../declare/declaration.js';
import { countsOf } from '../engine/journal.js';
import { SluiceError } from '../errors.js';
import { unreachable } from '../flow/endless.js';
import { firingsAsked, firingText, isAsked } from '../flow/firing.js';
import { type OpenedRun, openRun } from '../flow/open-run.js';
import { places } from '../flow/places.js';
import { type PlannedStep, preparedReplicates, refusals } from '../flow/plan.js';
import { type RunOutcome, runSteps } from '../flow/run.js';
import type { World } from '../flow/scope.js';
import { runWindows } from '../flow/windows.js';
import type { RunHistory, RunJournal } from '../journal/runs.js';
import type { Firing } from '../values/firing.js';
import { backfill } from './backfill.js';
import { reportError } from './errors.js';
import { exitStatus } from './exit-status.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { planAloud } from './plan-aloud.js';
import { reportRefusals, warningLines } from './plan-report.js';
import { jsonProgress, type Progress, quietProgress } from './progress.js';
import { barProgress } from './progress-bars.js';
import { servedFiring } from './serve/firing-option.js';
import { onlyHalf, onlyStep, openSession, openState } from './session.js';
import { failureTree, stepTree } from './step-tree.js';
import { overallOutcome, statusOf, summaryEvent, summaryText } from './summary.js';
import { count } from './text.js';

export interface RunOptions {
  readonly step?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  /** Begin anew instead of going on with an interrupted run. */
  readonly fresh?: boolean | undefined;
  /** Wait for another run of the pipeline to end. */
  readonly wait?: boolean | undefined;
  /** The firing to act for; or a range of them, after `from` and up to `to`. */
  readonly at?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  /** Incremental copies read everything, and their cursors begin anew. */
  readonly full?: boolean | undefined;
  /** Of copies that go through a queue, this half alone. */
  readonly only?: 'send' | 'receive' | undefined;
  /** What has no end by itself ends once there is nothing left. */
  readonly drain?: boolean | undefined;
  /** What a new run acts for, as JSON: `sluice serve` says so. */
  readonly firing?: string | undefined;
}

/** Runs a pipeline for the firing that is asked for, or for each of a range. Gives the exit status. */
export async function runDeclaration(declaration: Declaration, io: Io, options: RunOptions): Promise<number> {
  const { firing } = options;
  const firings = firing === undefined ? firingsAsked(declaration, options) : [servedFiring(firing)];
  const [only] = firings;
  if (only !== undefined && firings.length === 1) return await runFor(only, declaration, io, options);
  const state = await openState(declaration, io, options.state);
  const { fresh = false, json = false } = options;
  return await backfill(declaration, { firings, state, fresh, json }, io, (firing) =>
    runFor(firing, declaration, io, options),
  );
}

/** Plans, runs or goes on with an interrupted run, reports. */
async function runFor(
  firing: Firing,
  declaration: Declaration,
  io: Io,
  options: RunOptions,
): Promise<number> {
  const interrupt = onInterrupt(io, { isServed: options.firing !== undefined });
  const half = options.only ?? 'both';
  const chosen = onlyHalf(onlyStep(declaration, options.step), half);
  const state = await openState(declaration, io, options.state);
  const { signal } = interrupt;
  const { fresh = false, wait = false, full = false } = options;
  let opened: OpenedRun | undefined;
  try {
    const asked = isAsked(options);
    opened = await openRun({ declaration: chosen, half, state, fresh, wait, signal, firing, asked, full });
    const { run, resumes } = opened;
    const world = openSession(chosen, io, {
      state,
      run,
      firing: opened.firing,
      windows: runWindows(state.runs, { resumes, full }),
      ...(fresh && !resumes ? {} : { places: places(state) }),
      signal,
      whole: declaration,
      lasting: true,
      half,
      ...(options.drain ? { drain: true } : {}),
    });
    try {
      return await planAndRun(world, opened, { io, options, interrupt });
    } finally {
      await world.connections.close();
      await opened.release();
    }
  } catch (error) {
    return reportEnd(error, opened, chosen, { io, options, interrupt });
  } finally {
    interrupt.dispose();
  }
}

/** What ended a run outside of its steps: the lease, the journal, a signal. Nothing or not all was written. */
function reportEnd(
  error: unknown,
  opened: OpenedRun | undefined,
  { pipeline }: Declaration,
  { io, options, interrupt }: Surroundings,
): number {
  const json = options.json === true;
  reportError(error, io, json);
  if (!(error instanceof SluiceError)) return exitStatus.bug;
  const stopped = error.code === 'run_locked' || opened?.hasBegun();
  const outcome = interrupt.status() !== undefined ? 'interrupted' : stopped ? 'stopped' : 'refused';
  if (json) io.out(JSON.stringify(summaryEvent(pipeline, opened?.run ?? '', outcome, new Map())));
  return statusOf(outcome, interrupt.status());
}

interface Surroundings {
  readonly io: Io;
  readonly options: RunOptions;
  readonly interrupt: Interrupt;
}

async function planAndRun(world: World, opened: OpenedRun, around: Surroundings): Promise<number> {
  const { io, options } = around;
  const { pipeline } = world.declaration;
  const json = options.json === true;
  if (opened.resumes) sayResumed(opened.resumes, io, json);
  const steps = await planAloud(world, io);
  around.interrupt.signal.throwIfAborted();
  const refused = [...refusals(steps), ...(world.drain ? [] : unreachable(steps))];
  if (refused.length > 0) {
    reportRefusals(refused, io, json);
    if (json) io.out(JSON.stringify(summaryEvent(pipeline, world.run, 'refused', new Map())));
    return exitStatus.refused;
  }
  if (json) sayBegun(world, opened, steps, io);
  else for (const line of warningLines(steps, io.color)) io.err(line);
  const journal = await opened.begin();
  try {
    return await runPlanned(world, steps, journal, around);
  } finally {
    await journal.close();
  }
}

async function runPlanned(
  world: World,
  steps: readonly PlannedStep[],
  journal: RunJournal,
  { io, options, interrupt }: Surroundings,
): Promise<number> {
  const { pipeline } = world.declaration;
  const json = options.json === true;
  const observer = await progressFor(io, options, steps);
  const stop = interrupt.signal;
  const run = await runSteps(world, steps, { journal, observer, stop }).finally(() => observer.close());
  reportFailures(run, io, json);
  const outcome = overallOutcome(run, interrupt.status() !== undefined);
  await journal.end(outcome);
  if (json) io.out(JSON.stringify(summaryEvent(pipeline, world.run, outcome, run.ends)));
  else io.out(summaryText(world.run, outcome, run.ends));
  return hasBug(run) ? exitStatus.bug : statusOf(outcome, interrupt.status());
}

function sayBegun(
  { run, firing, declaration: { pipeline } }: World,
  { resumes }: OpenedRun,
  steps: readonly PlannedStep[],
  io: Io,
): void {
  io.out(JSON.stringify({ event: 'run', pipeline, run, resumed: resumes !== undefined, firing }));
  for (const { name, planned } of preparedReplicates(steps)) {
    for (const { message } of planned.findings.filter(({ path }) => path === 'via'))
      io.out(JSON.stringify({ event: 'note', step: name, message }));
  }
}

function sayResumed(history: RunHistory, io: Io, json: boolean): void {
  const copies = [...history.steps].map(([name, past]) => ({
    name,
    complete: past.result !== undefined,
    committed: countsOf(past).read,
  }));
  const others = [...history.flow].flatMap(([name, { ended }]) =>
    ended ? [{ name, complete: true, committed: 0 }] : [],
  );
  const steps = [...copies, ...others];
  if (json) {
    io.out(
      JSON.stringify({
        event: 'resumed',
        run: history.run,
        started: history.started,
        firing: history.firing,
        steps,
      }),
    );
    return;
  }
  const { firing } = history;
  const actsFor = firing.start === undefined ? '' : `, for ${firingText(firing)}`;
  io.err(`going on with run ${history.run}, begun ${history.started}${actsFor}`);
  for (const { name, complete, committed } of steps) {
    const done = committed === 0 ? 'begun' : `${count(committed)} rows done`;
    io.err(`  ${name}: ${complete ? 'complete' : done}`);
  }
}

async function progressFor(io: Io, options: RunOptions, steps: readonly PlannedStep[]): Promise<Progress> {
  if (options.json) return jsonProgress(io);
  if (options.quiet || !io.terminal) return quietProgress(io);
  return await barProgress(io, stepTree(steps), failureTree(steps));
}

function reportFailures(outcome: RunOutcome, io: Io, json: boolean): void {
  for (const error of failuresOf(outcome)) reportError(error, io, json);
}

/** Why steps failed, and why the run did where no step is to blame. */
function failuresOf({ ending, ends }: RunOutcome): ReadonlySet<unknown> {
  const failed = [...ends.values()].filter(({ outcome }) => outcome === 'failed');
  const last = ending.outcome === 'failed' ? [ending.error] : [];
  return new Set([...failed.map(({ error }) => error), ...last]);
}

function hasBug(outcome: RunOutcome): boolean {
  return [...failuresOf(outcome)].some((error) => !(error instanceof SluiceError));
}
