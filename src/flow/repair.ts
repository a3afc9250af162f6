import { isPlanned } from '../engine/plan.js';
import { planRepair, type Repaired, type RepairPlan, repairCopy } from '../engine/verify/repair.js';
import type { Verification } from '../engine/verify/verification.js';
import { SluiceError } from '../errors.js';
import { RejectLog } from '../journal/reject-log.js';
import { histories } from '../journal/runs.js';
import type { Guard } from '../journal/state.js';
import { newestReport, type VerifyReport } from '../journal/verify-reports.js';
import { runHash } from './open-run.js';
import { type PreparedCopy, prepareCopy } from './plan.js';
import { copySteps, type World } from './scope.js';
import { copyNamed, type SingleCopy } from './single-copy.js';

/** One step of a report that differs, and what a repair will do about it. */
export interface StepRepair {
  readonly step: Verification;
  readonly copy: SingleCopy;
  readonly will: RepairPlan;
}

/**
 * The newest report, if it is of all rows of this declaration, and neither a repair nor a run has ended since.
 */
export async function usableReport(
  world: Pick<World, 'state' | 'declaration'>,
): Promise<VerifyReport | undefined> {
  const { state, declaration } = world;
  const report = await newestReport(state.reports);
  if (!report || report.repaired || report.hash !== runHash(declaration)) return undefined;
  if (report.steps.some(({ sample }) => sample !== undefined)) return undefined;
  for await (const history of histories(state.runs)) {
    if ((history.ended ?? history.started) > report.at) return undefined;
    break;
  }
  return report;
}

/** What is to be done about each step that differs. */
export async function planRepairs(world: World, report: VerifyReport): Promise<readonly StepRepair[]> {
  const repairs: StepRepair[] = [];
  for (const step of report.steps) {
    if (!step.different) continue;
    if (step.incomplete) throw tooMany(step);
    const copy = copyNamed(copySteps(world.declaration.steps), step.name);
    if (!copy) throw new SluiceError('usage', `the declaration has no step ${step.name}`);
    const { plan, comparison } = await openSides(world, copy);
    await Promise.all([plan.source.close(), plan.sink.close()]);
    repairs.push({ step, copy, will: planRepair(step, comparison.extras === 'different') });
  }
  return repairs;
}

function tooMany({ name, missing, changed }: Verification): SluiceError {
  return new SluiceError(
    'unsupported',
    `${name}: ${missing + changed} rows differ, too many to mend one by one`,
    {
      hint: 'sluice run copies them all, and faster',
    },
  );
}

/** Mends one step; nothing but what differs is written. */
export async function repairStep(
  world: World,
  { step, copy }: StepRepair,
  guard: Guard,
  stop: AbortSignal,
): Promise<Repaired> {
  const { prepared, plan, comparison } = await openSides(world, copy);
  const writing = await prepareCopy(world, copy, { replay: true });
  const mending = plannedOf(writing, new Set(['key_not_unique']));
  const onStop = () => {
    prepared.scope.abort(stop.reason);
    writing.scope.abort(stop.reason);
  };
  stop.addEventListener('abort', onStop);
  await world.state.makeScratch(copy.name);
  const { scope } = writing;
  try {
    return await repairCopy({
      step,
      plan,
      comparison,
      mending,
      run: {
        run: world.run,
        counters: scope.counters,
        rejects: new RejectLog(world.state, { run: world.run, step: copy.name }, guard),
        pacer: scope.pacing.write,
        stop,
        abort: scope.abort,
        signal: scope.context.signal,
      },
    });
  } finally {
    stop.removeEventListener('abort', onStop);
    await Promise.all([plan, mending].flatMap(({ source, sink }) => [source.close(), sink.close()]));
  }
}

async function openSides(world: World, copy: SingleCopy) {
  const prepared = await prepareCopy(world, copy);
  const plan = plannedOf(prepared, new Set(['key_not_unique']));
  return { prepared, plan, comparison: await plan.sink.comparison() };
}

function plannedOf({ name, planned }: PreparedCopy, allowed: ReadonlySet<string>) {
  const refused = planned.findings.find(({ level, code }) => level === 'refuse' && !allowed.has(code));
  if (isPlanned(planned) && !refused) return planned;
  throw new SluiceError('plan_refused', `${name}: ${refused?.message ?? 'it cannot be planned'}`, {
    ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
  });
}
