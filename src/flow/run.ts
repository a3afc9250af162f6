import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCopy } from '../engine/copy.js';
import type { CopyResult } from '../engine/copy-run.js';
import type { Counters } from '../engine/counters.js';
import { isPlanned } from '../engine/plan.js';
import { SluiceError } from '../errors.js';
import { RejectFile } from '../journal/reject-file.js';
import type { RunJournal } from '../journal/runs.js';
import { type PlannedStep, type PreparedCopy, prepareCopy } from './plan.js';
import { makeScratch, rejectPath, type World } from './scope.js';

/** What became of one copy. */
export type CopyOutcome =
  | { readonly outcome: 'complete'; readonly result: CopyResult }
  | {
      readonly outcome: 'failed' | 'interrupted';
      readonly error: unknown;
      readonly counters: Counters;
      readonly seconds: number;
    };

/** Is told what happens, as it happens. Counters change in place: look at them when it suits. */
export interface Observer {
  started(
    name: string,
    counters: Counters,
    about: { readonly rows?: number; readonly attempt: number },
  ): void;
  ended(name: string, outcome: CopyOutcome): void;
}

/** What a run has come to: each copy's outcome in the order of the document. */
export type RunOutcome = ReadonlyMap<string, CopyOutcome>;

interface Course {
  readonly world: World;
  readonly journal: RunJournal;
  readonly observer: Observer;
  readonly outcomes: Map<string, CopyOutcome>;
}

/**
 * Runs planned steps: lists in series, branches side by side. A failed copy ends its series and stops its
 * sibling branches at the next batch; `stop` stops everything so. Never throws for what a copy did: that is
 * in the outcomes.
 */
export async function runSteps(
  world: World,
  steps: readonly PlannedStep[],
  {
    journal,
    observer,
    stop,
  }: { readonly journal: RunJournal; readonly observer: Observer; readonly stop: AbortSignal },
): Promise<RunOutcome> {
  const course: Course = { world, journal, observer, outcomes: new Map() };
  await runSeries(course, steps, stop);
  return course.outcomes;
}

/** True when every step of the series is complete. */
async function runSeries(course: Course, steps: readonly PlannedStep[], stop: AbortSignal): Promise<boolean> {
  for (const step of steps) {
    const complete =
      step.kind === 'copy'
        ? await runCopies(course, step.copies, stop)
        : await runBranches(course, step, stop);
    if (!complete) return false;
  }
  return true;
}

async function runBranches(
  course: Course,
  step: Extract<PlannedStep, { kind: 'parallel' }>,
  stop: AbortSignal,
): Promise<boolean> {
  const controller = new AbortController();
  const either = AbortSignal.any([stop, controller.signal]);
  const waiting = [...step.branches];
  const lane = async (): Promise<boolean> => {
    let complete = true;
    for (let branch = waiting.shift(); branch && complete; branch = waiting.shift()) {
      complete = await runSeries(course, branch, either);
    }
    if (!complete)
      controller.abort(new SluiceError('interrupted', 'stopped because a branch beside it failed'));
    return complete;
  };
  const lanes = Array.from({ length: step.limit ?? step.branches.length }, lane);
  return (await Promise.all(lanes)).every(Boolean) && waiting.length === 0;
}

async function runCopies(
  course: Course,
  copies: readonly PreparedCopy[],
  stop: AbortSignal,
): Promise<boolean> {
  for (const copy of copies) {
    if (stop.aborted) return false;
    const outcome = doneBefore(course, copy) ?? (await runAttempts(course, copy, stop));
    course.outcomes.set(copy.name, outcome);
    course.observer.ended(copy.name, outcome);
    if (outcome.outcome !== 'complete') return false;
  }
  return true;
}

/** A step that an earlier attempt of this run completed is not run again. */
function doneBefore(course: Course, { name }: PreparedCopy): CopyOutcome | undefined {
  const { result } = course.journal.step(name).past;
  return result && { outcome: 'complete', result: { ...result, name, findings: [] } };
}

async function planAgain(course: Course, copy: PreparedCopy): Promise<PreparedCopy> {
  if (isPlanned(copy.planned)) await Promise.all([copy.planned.source.close(), copy.planned.sink.close()]);
  return await prepareCopy(course.world, copy);
}

/** `retry`: the copy goes on from its last commit, after backoff^n seconds, unless what failed cannot succeed. */
async function runAttempts(course: Course, copy: PreparedCopy, stop: AbortSignal): Promise<CopyOutcome> {
  const { attempts, backoff } = copy.step.retry;
  let outcome = await runOnce(course, copy.early ? await planAgain(course, copy) : copy, stop, 1);
  for (let attempt = 2; attempt <= attempts && mayPass(outcome) && !stop.aborted; attempt++) {
    try {
      await sleep(1000 * backoff ** (attempt - 1), undefined, { signal: stop });
      await course.journal.refresh();
      const again = await prepareCopy(course.world, copy);
      outcome = await runOnce(course, again, stop, attempt);
    } catch (error) {
      if (!stop.aborted) throw error;
    }
  }
  return outcome;
}

function mayPass(outcome: CopyOutcome): boolean {
  return (
    outcome.outcome === 'failed' && outcome.error instanceof SluiceError && outcome.error.retry !== 'never'
  );
}

async function runOnce(
  course: Course,
  copy: PreparedCopy,
  stop: AbortSignal,
  attempt: number,
): Promise<CopyOutcome> {
  const { name, planned, scope } = copy;
  const refused = planned.findings.find((finding) => finding.level === 'refuse');
  if (!isPlanned(planned) || refused) {
    const error = new SluiceError('plan_refused', `${name}: ${refused?.message ?? 'not planned'}`, {
      ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
    });
    return { outcome: 'failed', error, counters: { ...scope.counters }, seconds: 0 };
  }
  const { rows } = planned.description;
  course.observer.started(name, scope.counters, { attempt, ...(rows === undefined ? {} : { rows }) });
  const started = performance.now();
  try {
    const scratch = await makeScratch(course.world, name);
    const rejects = new RejectFile(await rejectPath(course.world, name), course.journal.guard);
    const result = await runCopy(planned, {
      run: course.world.run,
      counters: scope.counters,
      journal: course.journal.step(name),
      rejects,
      pacer: scope.pacer,
      stop,
      abort: scope.abort,
      signal: scope.context.signal,
    });
    await rm(scratch, { recursive: true, force: true });
    return { outcome: 'complete', result };
  } catch (error) {
    const outcome = stop.aborted ? 'interrupted' : 'failed';
    return { outcome, error, counters: { ...scope.counters }, seconds: (performance.now() - started) / 1000 };
  } finally {
    await Promise.all([planned.source.close(), planned.sink.close()]);
  }
}
