import { rm } from 'node:fs/promises';
import { runCopy } from '../engine/copy.js';
import type { CopyResult, CopyRun } from '../engine/copy-run.js';
import { isPlanned } from '../engine/plan.js';
import { RejectLog } from '../journal/reject-log.js';
import type { Course } from './course.js';
import { runMove, unrefused } from './move.js';
import { completed, type Ending, endingOf, type StepEnd, valuesOf } from './outcome.js';
import { type PlannedCopyStep, type PreparedCopy, prepareCopy } from './plan.js';
import { runVia } from './run-via.js';

/** Runs the copies of a step one after the other, until one of them is not complete. */
export async function runCopies(
  course: Course,
  { step, copies }: PlannedCopyStep,
  stop: AbortSignal,
): Promise<Ending> {
  const ends: StepEnd[] = [];
  for (const copy of copies) {
    if (stop.aborted) return { outcome: 'interrupted', error: stop.reason };
    const end = await runOneCopy(course, copy, stop);
    ends.push(end);
    course.values.set(step.name, valuesOf(ends));
    if (end.outcome !== 'complete') return endingOf(end);
  }
  return completed;
}

/** Runs a copy, unless it is complete, and tells its end. */
export async function runOneCopy(course: Course, copy: PreparedCopy, stop: AbortSignal): Promise<StepEnd> {
  const move = {
    kind: 'copy' as const,
    step: copy.step,
    prepared: copy,
    stop,
    planAgain: () => planAgain(course, copy),
    counted: ({ scope }: PreparedCopy) => scope.counters,
  };
  const end = await runMove(course, move, (prepared, attempt) => runOnce(course, prepared, stop, attempt));
  course.ends.set(copy.name, end);
  course.observer.ended(copy.name, end);
  return end;
}

async function planAgain(course: Course, copy: PreparedCopy): Promise<PreparedCopy> {
  if (isPlanned(copy.planned)) await Promise.all([copy.planned.source.close(), copy.planned.sink.close()]);
  return await prepareCopy(course.world, copy);
}

async function runOnce(
  course: Course,
  copy: PreparedCopy,
  stop: AbortSignal,
  attempt: number,
): Promise<CopyResult> {
  const { name, scope } = copy;
  const planned = unrefused(name, copy.planned, isPlanned);
  const { rows } = planned.description;
  course.observer.started(name, scope.counters, { attempt, ...(rows === undefined ? {} : { rows }) });
  try {
    const { state, run: runName } = course.world;
    const scratch = await state.makeScratch(name);
    const run: CopyRun = {
      run: runName,
      counters: scope.counters,
      journal: course.journal.step(name),
      rejects: new RejectLog(state, { run: runName, step: name }, course.journal.guard),
      pacer: scope.pacing.write,
      stop,
      abort: scope.abort,
      signal: scope.context.signal,
    };
    const result = copy.via
      ? await runVia(course, { ...copy, planned, via: copy.via }, run)
      : await runCopy(planned, run);
    await rm(scratch, { recursive: true, force: true });
    await scope.keys.forget();
    return result;
  } finally {
    await Promise.all([planned.source.close(), planned.sink.close()]);
  }
}
