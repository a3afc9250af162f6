import { zeroCounters } from '../engine/counters.js';
import { type ExportPlan, isExportPlan } from '../engine/export/export-plan.js';
import { type ExportProgress, zeroProgress } from '../engine/export/export-run.js';
import { runExport } from '../engine/export/run-export.js';
import { processClock } from '../engine/export/wait.js';
import { SluiceError } from '../errors.js';
import { attempts } from './attempts.js';
import { type Course, settle } from './course.js';
import { completeMove, type Ending, endingOf, type StepEnd } from './outcome.js';
import type { PlannedExportStep } from './plan.js';
import { closeExport, type PreparedExport, prepareExport } from './plan-export.js';

/** Exports a snapshot, until the new export has taken the old one's place, it is stopped, or fails for good. */
export async function runExportStep(
  course: Course,
  planned: PlannedExportStep,
  stop: AbortSignal,
): Promise<Ending> {
  const { step } = planned;
  const { name, retry } = step;
  const { result } = course.journal.step(name).past;
  const end = result
    ? completeMove('export', result)
    : await attempts(course, { name, retry, stop }, (attempt) => attemptOnce(course, planned, stop, attempt));
  if (result) await closeExport(planned.prepared);
  settle(course, step, end);
  return endingOf(end);
}

async function attemptOnce(
  course: Course,
  planned: PlannedExportStep,
  stop: AbortSignal,
  attempt: number,
): Promise<StepEnd> {
  const isFresh = !course.used.has(planned.prepared);
  course.used.add(planned.prepared);
  const started = performance.now();
  try {
    const prepared = isFresh ? planned.prepared : await prepareExport(course.world, planned.step);
    const end = () => prepared.abort(stop.reason);
    stop.addEventListener('abort', end, { once: true });
    try {
      return await runOnce(course, prepared, stop, attempt);
    } finally {
      stop.removeEventListener('abort', end);
      await closeExport(prepared);
    }
  } catch (error) {
    return {
      kind: 'export',
      outcome: stop.aborted ? 'interrupted' : 'failed',
      error,
      counters: zeroCounters(),
      deleted: 0,
      seconds: (performance.now() - started) / 1000,
    };
  }
}

async function runOnce(
  course: Course,
  prepared: PreparedExport,
  stop: AbortSignal,
  attempt: number,
): Promise<StepEnd> {
  const { world, journal, observer } = course;
  const { name } = prepared;
  const progress: ExportProgress = zeroProgress();
  observer.started(name, zeroCounters(), { attempt, export: progress });
  const result = await runExport(planOf(prepared), {
    run: world.run,
    pipeline: world.declaration.pipeline,
    firingTime: world.firing.time,
    journal: journal.exported(name),
    progress,
    stop,
    clock: processClock,
    guard: () => journal.guard.check(),
    said: (line) => observer.said(name, line),
  });
  for (const line of skippedIn(result.output)) observer.said(name, `left out: ${line}`);
  return completeMove('export', result);
}

function planOf({ name, planned }: PreparedExport): ExportPlan {
  const refused = planned.findings.find(({ level }) => level === 'refuse');
  if (isExportPlan(planned) && !refused) return planned;
  throw new SluiceError('plan_refused', `${name}: ${refused?.message ?? 'not planned'}`, {
    ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
  });
}

function skippedIn(output: unknown): readonly string[] {
  return (output as { readonly skipped?: readonly string[] } | undefined)?.skipped ?? [];
}
