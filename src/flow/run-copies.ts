import { rm } from 'node:fs/promises';
import { runCopy } from '../engine/copy.js';
import type { CopyRun } from '../engine/copy-run.js';
import { isPlanned } from '../engine/plan.js';
import { SluiceError } from '../errors.js';
import { RejectLog } from '../journal/reject-log.js';
import { attempts } from './attempts.js';
import type { Course } from './course.js';
import { completed, completeMove, type Ending, endingOf, type StepEnd, valuesOf } from './outcome.js';
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
  const end = doneBefore(course, copy) ?? (await runAttempts(course, copy, stop));
  course.ends.set(copy.name, end);
  course.observer.ended(copy.name, end);
  return end;
}

/** A copy that an earlier attempt of this run completed is not run again. */
function doneBefore(course: Course, { name }: PreparedCopy): StepEnd | undefined {
  const { result } = course.journal.step(name).past;
  return result && completeMove('copy', result);
}

/** Each attempt goes on from the last commit, with a plan of its own. */
async function runAttempts(course: Course, copy: PreparedCopy, stop: AbortSignal): Promise<StepEnd> {
  const { name } = copy;
  const { retry } = copy.step;
  return await attempts(course, { name, retry, stop }, async (attempt) => {
    const isFresh = !copy.early && !course.used.has(copy);
    course.used.add(copy);
    if (isFresh) return await runOnce(course, copy, stop, attempt);
    try {
      return await runOnce(course, await planAgain(course, copy), stop, attempt);
    } catch (error) {
      const counters = { ...copy.scope.counters };
      const outcome = stop.aborted ? 'interrupted' : 'failed';
      return { kind: 'copy', outcome, error, counters, deleted: 0, seconds: 0 };
    }
  });
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
): Promise<StepEnd> {
  const { name, planned, scope } = copy;
  const refused = planned.findings.find((finding) => finding.level === 'refuse');
  const ended = (outcome: StepEnd['outcome'], error: unknown, seconds: number): StepEnd => {
    return { kind: 'copy', outcome, error, counters: { ...scope.counters }, deleted: 0, seconds };
  };
  if (!isPlanned(planned) || refused) {
    const error = new SluiceError('plan_refused', `${name}: ${refused?.message ?? 'not planned'}`, {
      ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
    });
    return ended('failed', error, 0);
  }
  const { rows } = planned.description;
  course.observer.started(name, scope.counters, { attempt, ...(rows === undefined ? {} : { rows }) });
  const started = performance.now();
  try {
    const { state, run: runName } = course.world;
    const scratch = await state.makeScratch(name);
    const rejects = new RejectLog(state, { run: runName, step: name }, course.journal.guard);
    const run: CopyRun = {
      run: runName,
      counters: scope.counters,
      journal: course.journal.step(name),
      rejects,
      pacer: scope.pacing.write,
      stop,
      abort: scope.abort,
      signal: scope.context.signal,
    };
    const result = copy.via
      ? await runVia(course, { ...copy, planned, via: copy.via }, run)
      : await runCopy(planned, run);
    await rm(scratch, { recursive: true, force: true });
    return completeMove('copy', result);
  } catch (error) {
    return ended(stop.aborted ? 'interrupted' : 'failed', error, (performance.now() - started) / 1000);
  } finally {
    await Promise.all([planned.source.close(), planned.sink.close()]);
  }
}
