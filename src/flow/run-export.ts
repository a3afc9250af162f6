import { zeroCounters } from '../engine/counters.js';
import { isExportPlan } from '../engine/export/export-plan.js';
import { type ExportProgress, zeroProgress } from '../engine/export/export-run.js';
import { runExport } from '../engine/export/run-export.js';
import { processClock } from '../engine/export/wait.js';
import type { StepResult } from '../engine/journal.js';
import { type Course, settle } from './course.js';
import { runMove, unrefused } from './move.js';
import { type Ending, endingOf } from './outcome.js';
import type { PlannedExportStep } from './plan.js';
import { closeExport, type PreparedExport, prepareExport } from './plan-export.js';

/** Exports a snapshot, until the new export has taken the old one's place, it is stopped, or fails for good. */
export async function runExportStep(
  course: Course,
  planned: PlannedExportStep,
  stop: AbortSignal,
): Promise<Ending> {
  const { step, prepared } = planned;
  const move = {
    kind: 'export' as const,
    step,
    prepared,
    stop,
    planAgain: () => prepareExport(course.world, step),
    counted: zeroCounters,
  };
  const end = await runMove(course, move, (current, attempt) => runOnce(course, current, stop, attempt));
  if (!course.used.has(prepared)) await closeExport(prepared);
  settle(course, step, end);
  return endingOf(end);
}

/** Once `stop` is aborted, whatever waits for a service is, too. */
async function runOnce(
  course: Course,
  prepared: PreparedExport,
  stop: AbortSignal,
  attempt: number,
): Promise<StepResult> {
  const end = () => prepared.abort(stop.reason);
  stop.addEventListener('abort', end, { once: true });
  try {
    return await exportOnce(course, prepared, stop, attempt);
  } finally {
    stop.removeEventListener('abort', end);
    await closeExport(prepared);
  }
}

async function exportOnce(
  course: Course,
  prepared: PreparedExport,
  stop: AbortSignal,
  attempt: number,
): Promise<StepResult> {
  const { world, journal, observer } = course;
  const { name } = prepared;
  const progress: ExportProgress = zeroProgress();
  observer.started(name, zeroCounters(), { attempt, export: progress });
  const result = await runExport(unrefused(name, prepared.planned, isExportPlan), {
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
  return result;
}

function skippedIn(output: unknown): readonly string[] {
  return (output as { readonly skipped?: readonly string[] } | undefined)?.skipped ?? [];
}
