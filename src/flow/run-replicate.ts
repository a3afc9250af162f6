import { rm } from 'node:fs/promises';
import { zeroCounters } from '../engine/counters.js';
import type { StepResult } from '../engine/journal.js';
import { isReplicatePlan, type ReplicatePlan } from '../engine/replicate/plan.js';
import { runReplicate } from '../engine/replicate/replicate.js';
import type { Followed, FollowPoint } from '../engine/replicate/replicate-journal.js';
import { zeroLag } from '../engine/replicate/replicate-run.js';
import { SluiceError } from '../errors.js';
import { RejectLog } from '../journal/reject-log.js';
import { type Course, settle } from './course.js';
import { runMove, unrefused } from './move.js';
import { type Ending, endingOf } from './outcome.js';
import type { PlannedReplicateStep } from './plan.js';
import { type PreparedReplicate, prepareReplicate } from './plan-replicate.js';
import { runOneCopy } from './run-copies.js';

/** Follows changes until it has caught up (`drain`), is stopped, or fails for good. */
export async function runReplicateStep(
  course: Course,
  planned: PlannedReplicateStep,
  stop: AbortSignal,
): Promise<Ending> {
  const { step, replicate } = planned;
  const move = {
    kind: 'replicate' as const,
    step,
    prepared: replicate,
    stop,
    planAgain: () => prepareReplicate(course.world, step),
    counted: ({ scope }: PreparedReplicate) => scope.counters,
  };
  const end = await runMove(course, move, (current, attempt) =>
    runOnce(course, planned, current, stop, attempt),
  );
  settle(course, step, end);
  return endingOf(end);
}

async function runOnce(
  course: Course,
  planned: PlannedReplicateStep,
  replicate: PreparedReplicate,
  stop: AbortSignal,
  attempt: number,
): Promise<StepResult> {
  const plan = unrefused(replicate.name, replicate.planned, isReplicatePlan);
  try {
    const past = await begin(course, replicate, plan);
    const followed = past.due === 'copy' ? await copyFirst(course, planned, past, stop) : past;
    return await follow(course, { replicate, plan, past: followed, attempt }, stop);
  } catch (error) {
    throw withWayOut(planned, error);
  } finally {
    await Promise.all([plan.feed.close(), plan.sink.close()]);
  }
}

/** The place is durable before anything is read. */
async function begin(
  course: Course,
  { name, step, standing }: PreparedReplicate,
  { feed, description }: ReplicatePlan,
): Promise<Followed> {
  const journal = course.journal.followed(name);
  if (journal.past) return journal.past;
  const isNew = standing === undefined;
  const point: FollowPoint = {
    of: description.identity,
    since: standing?.since ?? course.world.run,
    place: standing
      ? placeAfter(feed, standing)
      : await feed.begin(step.first === 'copy' ? 'latest' : step.changes),
    counts: zeroCounters(),
    sequence: 0,
    ...(step.first && (isNew || standing.due) ? { due: step.first } : {}),
  };
  await journal.begin(point);
  return { ...point, loads: [] };
}

/** Behind the loads of a run that has ended; of a mirror those that are open are written again. */
function placeAfter(
  feed: ReplicatePlan['feed'],
  { place, loads, done }: NonNullable<PreparedReplicate['standing']>,
) {
  let after = place;
  for (const load of loads) {
    if (!done.has(load.token)) break;
    after = feed.advance(after, load.stretches);
  }
  return after;
}

/** The whole table, before its changes since the place was noted. */
async function copyFirst(
  course: Course,
  { step, copies }: PlannedReplicateStep,
  past: Followed,
  stop: AbortSignal,
): Promise<Followed> {
  const [copy] = copies;
  if (!copy) throw new Error('the first copy is planned while it is due');
  const end = await runOneCopy(course, copy, stop);
  if (end.outcome !== 'complete') throw end.error;
  const { due: _due, loads: _loads, ...point } = past;
  await course.journal.followed(step.name).checkpoint(point);
  return { ...point, loads: [] };
}

async function follow(
  course: Course,
  {
    replicate: { name, scope },
    plan,
    past,
    attempt,
  }: {
    readonly replicate: PreparedReplicate;
    readonly plan: ReplicatePlan;
    readonly past: Followed;
    readonly attempt: number;
  },
  stop: AbortSignal,
): Promise<StepResult> {
  const { world, journal, observer } = course;
  const lag = zeroLag();
  observer.started(name, scope.counters, { attempt, lag });
  const scratch = await world.state.makeScratch(name);
  const result = await runReplicate(plan, {
    run: world.run,
    counters: scope.counters,
    lag,
    journal: { ...journal.followed(name), past },
    rejects: new RejectLog(world.state, { run: world.run, step: name }, journal.guard),
    pacer: scope.pacing.write,
    stop,
    abort: scope.abort,
    drain: world.drain === true,
  });
  await rm(scratch, { recursive: true, force: true });
  return result;
}

/** What can be done once changes are gone that were not read. */
function withWayOut({ step }: PlannedReplicateStep, error: unknown): unknown {
  if (!(error instanceof SluiceError) || error.code !== 'changes_lost') return error;
  const hint =
    step.first === 'copy'
      ? 'run with --fresh: the table is copied anew, what was removed meanwhile is deleted, and its changes follow'
      : step.to['mode'] === 'mirror'
        ? 'say `first: copy` and run with --fresh: the table is copied anew before its changes'
        : 'changes are missing in the sink for good; run with --fresh to go on with those that are kept: see docs/replicate.md';
  return new SluiceError('changes_lost', `${step.name}: ${error.message}`, { hint, cause: error });
}
