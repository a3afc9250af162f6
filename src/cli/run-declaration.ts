import type { Declaration } from '../declare/declaration.js';
import { type PlannedStep, planSteps, preparedCopies, refusals } from '../flow/plan.js';
import { type RunOutcome, runSteps } from '../flow/run.js';
import type { World } from '../flow/scope.js';
import { reportError } from './errors.js';
import { exitStatus } from './exit-status.js';
import { type Interrupt, onInterrupt } from './interrupt.js';
import type { Io } from './io.js';
import { reportRefusals, warningLines } from './plan-report.js';
import { barProgress, jsonProgress, type Progress, quietProgress } from './progress.js';
import { openSession } from './session.js';
import { overallOutcome, statusOf, summaryEvent, summaryText } from './summary.js';

export interface RunOptions {
  readonly step?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
}

/** Plans, runs, reports. Gives the exit status. */
export async function runDeclaration(declaration: Declaration, io: Io, options: RunOptions): Promise<number> {
  const interrupt = onInterrupt(io);
  const world = openSession(declaration, io, interrupt.signal, options);
  try {
    const steps = await planSteps(world);
    const refused = refusals(steps);
    if (refused.length > 0) {
      reportRefusals(refused, io, options.json === true);
      if (options.json)
        io.out(JSON.stringify(summaryEvent(declaration.pipeline, world.run, 'refused', new Map())));
      return exitStatus.refused;
    }
    return await runPlanned(world, steps, io, options, interrupt);
  } finally {
    interrupt.dispose();
    await world.connections.close();
  }
}

async function runPlanned(
  world: World,
  steps: readonly PlannedStep[],
  io: Io,
  options: RunOptions,
  interrupt: Interrupt,
): Promise<number> {
  const { pipeline } = world.declaration;
  if (options.json) io.out(JSON.stringify({ event: 'run', pipeline, run: world.run }));
  else for (const line of warningLines(steps, io.color)) io.err(line);
  const progress = await progressFor(io, options, steps);
  const outcomes = await runSteps(world, steps, progress, interrupt.signal).finally(() => progress.close());
  reportFailures(outcomes, io, options.json === true);
  const outcome = overallOutcome(outcomes, interrupt.status() !== undefined);
  if (options.json) io.out(JSON.stringify(summaryEvent(pipeline, world.run, outcome, outcomes)));
  else io.out(summaryText(world.run, outcome, outcomes));
  return hasBug(outcomes) ? exitStatus.bug : statusOf(outcome, interrupt.status());
}

async function progressFor(io: Io, options: RunOptions, steps: readonly PlannedStep[]): Promise<Progress> {
  if (options.json) return jsonProgress(io);
  if (options.quiet || !io.terminal) return quietProgress();
  const paces = new Map(preparedCopies(steps).map((copy) => [copy.name, copy.step.pace.items] as const));
  return await barProgress(io, (step) => paces.get(step));
}

function reportFailures(outcomes: RunOutcome, io: Io, json: boolean): void {
  for (const outcome of outcomes.values()) {
    if (outcome.outcome === 'failed') reportError(outcome.error, io, json);
  }
}

function hasBug(outcomes: RunOutcome): boolean {
  return [...outcomes.values()].some(
    (outcome) =>
      outcome.outcome === 'failed' &&
      !(outcome.error instanceof Error && outcome.error.name === 'SluiceError'),
  );
}
