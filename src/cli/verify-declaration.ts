import { resolve } from 'node:path';
import type { Declaration } from '../declare/declaration.js';
import type { Verification } from '../engine/verify/verification.js';
import { SluiceError } from '../errors.js';
import { runHash } from '../flow/open-run.js';
import { plainEnd } from '../flow/outcome.js';
import { regularCopies } from '../flow/plan.js';
import { lookingBack } from '../flow/recall.js';
import { comparable } from '../flow/replicate-copy.js';
import { newRunName } from '../flow/run-name.js';
import type { World } from '../flow/scope.js';
import { alwaysSkipped, withoutCopies } from '../flow/skipped-copies.js';
import {
  openComparisons,
  type VerifyObserver,
  verifyCopies,
  verifyDefaults,
  verifyRefusals,
} from '../flow/verify.js';
import { histories } from '../journal/runs.js';
import { keepReport, newestReportName, type VerifyReport, writeReport } from '../journal/verify-reports.js';
import { reportError } from './errors.js';
import { exitStatus } from './exit-status.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { planAloud } from './plan-aloud.js';
import { reportRefusals } from './plan-report.js';
import { jsonProgress, type Progress, quietProgress } from './progress.js';
import { barProgress } from './progress-bars.js';
import { onlyStep, openSession, openState } from './session.js';
import { costEvents, costText, differenceEvents, verifySummary, verifyText } from './verify-text.js';

export interface VerifyCommandOptions {
  readonly step?: string | undefined;
  readonly sample?: number | undefined;
  readonly strict?: boolean | undefined;
  readonly limit?: number | undefined;
  readonly settle?: number | undefined;
  readonly show?: boolean | undefined;
  readonly report?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

/** `sluice verify`: compares both sides of every step. Gives the exit status. */
export async function verifyDeclaration(
  declaration: Declaration,
  io: Io,
  options: VerifyCommandOptions,
): Promise<number> {
  const interrupt = onInterrupt(io);
  try {
    const report = await makeReport(declaration, io, options, interrupt.signal);
    if (report === undefined) return exitStatus.refused;
    return report.steps.some((step) => step.different) ? exitStatus.different : exitStatus.complete;
  } catch (error) {
    return stopped(error, interrupt, io, options.json === true);
  } finally {
    interrupt.dispose();
  }
}

/** The exit status after an error: interrupted, or stopped by what a server or a limit said. */
export function stopped(error: unknown, interrupt: Interrupt, io: Io, json: boolean): number {
  const status = interrupt.status();
  if (status !== undefined) return status;
  const isOurs = error instanceof SluiceError && error.code !== 'usage' && error.code !== 'plan_refused';
  if (!isOurs) throw error;
  reportError(error, io, json);
  return exitStatus.stopped;
}

/** Verifies, says what was found, and keeps the report; undefined when the pipeline cannot be compared. */
export async function makeReport(
  declaration: Declaration,
  io: Io,
  options: VerifyCommandOptions,
  signal: AbortSignal,
): Promise<VerifyReport | undefined> {
  const chosen = comparable(onlyStep(declaration, options.step));
  const state = await openState(declaration, io, options.state);
  const run = newRunName(await newestReportName(state.reports));
  const past = await lookingBack(declaration, state);
  const skipped = await alwaysSkipped(histories(state.runs), chosen.steps);
  const world = openSession(withoutCopies(chosen, skipped), io, {
    state,
    run,
    signal,
    readsOnly: true,
    ...past,
  });
  try {
    const steps = await verifyWorld(world, io, options, signal);
    if (steps === undefined) return undefined;
    const { pipeline } = declaration;
    const at = new Date().toISOString();
    const leftOut = skipped.size === 0 ? {} : { skipped: [...skipped] };
    const hash = runHash(chosen);
    const report: VerifyReport = { verify: world.run, pipeline, hash, at, ...leftOut, steps };
    const path = await keepReport(state.reports, report);
    if (options.report !== undefined) await writeReport(resolve(io.cwd, options.report), report);
    say(report, path, io, options);
    return report;
  } finally {
    await world.connections.close();
  }
}

async function verifyWorld(
  world: World,
  io: Io,
  options: VerifyCommandOptions,
  stop: AbortSignal,
): Promise<readonly Verification[] | undefined> {
  const json = options.json === true;
  const planned = regularCopies(await planAloud(world, io));
  const refused = verifyRefusals(planned);
  if (refused.length > 0) {
    reportRefusals(refused, io, json);
    return undefined;
  }
  const copies = await openComparisons(planned);
  if (json) for (const event of costEvents(copies, options.sample)) io.out(JSON.stringify(event));
  else io.err(costText(copies, options.sample));
  const progress = await progressFor(io, options);
  const settings = {
    limit: options.limit ?? verifyDefaults.limit,
    settle: options.settle ?? verifyDefaults.settle,
    strict: options.strict === true,
    ...(options.sample === undefined ? {} : { sample: options.sample }),
    stop,
  };
  try {
    return await verifyCopies(world, copies, settings, observerOf(progress));
  } finally {
    progress.close();
  }
}

function say(report: VerifyReport, path: string, io: Io, options: VerifyCommandOptions): void {
  const show = options.show === true;
  if (!options.json) {
    io.out(verifyText(report, { show, color: io.color }));
    if (report.steps.some((step) => step.different)) io.err(`report: ${path}\nmend it: sluice repair`);
    return;
  }
  for (const event of differenceEvents(report, show)) io.out(JSON.stringify(event));
  io.out(JSON.stringify(verifySummary(report, path)));
}

async function progressFor(io: Io, options: VerifyCommandOptions): Promise<Progress> {
  if (options.json) return jsonProgress(io);
  if (options.quiet || !io.terminal) return quietProgress(io);
  return await barProgress(io, []);
}

/** Bars as a run has them. */
function observerOf(progress: Progress): VerifyObserver {
  return {
    started: (label, counters, rows) => {
      progress.started(label, counters, { attempt: 1, ...(rows === undefined ? {} : { rows }) });
    },
    ended: (label) => {
      progress.ended(label, plainEnd('verify', 'complete'));
    },
  };
}
