import type { Part } from '../connectors/connector.js';
import { SluiceError } from '../errors.js';
import type { Channel } from './channel.js';
import { type CopyResult, type CopyRun, isLastWins, type Parcel } from './copy-run.js';
import { addCounters, type Counters, zeroCounters } from './counters.js';
import { remainder, type StepPast } from './journal.js';
import { openLanes } from './lanes.js';
import type { CopyPlan } from './plan.js';
import { readPart } from './read-part.js';
import { checkRejectLimit } from './rejects.js';
import { recordSeries, type Series, type Totals } from './series.js';
import { writeParcels } from './write-parcels.js';

/** After a request to stop, connectors get this long to finish what they are writing. */
const GRACE_MS = 8_000;

/**
 * Runs a planned copy: readers (one for each part) → transform → bounded channels → `parallel` writers →
 * finish. Goes on where the journal says that an earlier attempt ended. Returns when every row read is
 * written, unchanged or rejected, durably (invariants 1 and 2). Throws the first failure after everything
 * has stopped; the sink has been told to abandon.
 */
export async function runCopy(plan: CopyPlan, run: CopyRun): Promise<CopyResult> {
  const started = performance.now();
  Object.assign(run.counters, zeroCounters());
  const drift = plan.transform.watchDrift();
  try {
    const series = run.journal.past.moved ? await reopen(plan, run) : await moveRows(plan, run);
    checkSum(plan.name, run.counters);
    checkRejectLimit(plan.step.rejects.limit, run.counters, true);
    if (!run.journal.past.moved) await run.journal.moved();
    const finished = await plan.sink.finish({ rejected: run.counters.rejected });
    const result = {
      ...run.counters,
      deleted: finished.deleted,
      seconds: (performance.now() - started) / 1000,
      consistency: plan.source.report().consistency,
      ...(series ? { series } : {}),
      ...(drift && { drift: drift.report() }),
    };
    await run.journal.complete(result);
    return { ...result, name: plan.name, findings: finished.findings };
  } catch (error) {
    await plan.sink.abandon();
    // Parts beside the one that failed may be in the middle of a read, or wait to try it again: for nobody.
    run.abort(error);
    throw error;
  } finally {
    await run.rejects.close();
  }
}

/** All rows were in before, each intent's batch among them: only what finishes is left. */
async function reopen(plan: CopyPlan, run: CopyRun): Promise<undefined> {
  const { past } = run.journal;
  for (const { token } of past.intents) addCounters(run.counters, past.commits.get(token) ?? zeroCounters());
  await plan.sink.open({ resume: true });
}

/** Gives how fast it went. */
async function moveRows(plan: CopyPlan, run: CopyRun): Promise<Series> {
  const { parts, past } = await openParts(plan, run);
  const series = recordSeries(() => totalsOf(plan, run.counters));
  const lanes = openLanes(plan, run, parts.length);
  const failAll = (error: unknown) => {
    for (const channel of lanes.channels) channel.fail(error);
  };
  const onStop = () => failAll(run.stop.reason);
  run.stop.addEventListener('abort', onStop);
  if (run.stop.aborted) onStop();
  const reading = Promise.all(
    parts.map((part, index) =>
      readPart(plan, run, { part, past, writers: lanes.writers, channel: lanes.of(index) }),
    ),
  ).then(() => closeAll(lanes.channels));
  const writing = Array.from({ length: lanes.writers }, (_, index) =>
    writeParcels(plan, run, lanes.of(index)),
  );
  let recorded: Series;
  try {
    await allOrFail([reading, ...writing], failAll, run);
  } finally {
    run.stop.removeEventListener('abort', onStop);
    recorded = series();
  }
  return recorded;
}

function totalsOf(plan: CopyPlan, { written, unchanged, rejected, units }: Counters): Totals {
  const { units: readUnits } = plan.source.report();
  return { items: written + unchanged + rejected, readUnits, writeUnits: units };
}

function closeAll(channels: readonly Channel<Parcel>[]): void {
  for (const channel of channels) channel.close();
}

/** The run's parts, new or as they were, and what was done of them; the sink is open, and what is done is counted. */
async function openParts(plan: CopyPlan, run: CopyRun): Promise<{ parts: readonly Part[]; past: StepPast }> {
  const { past } = run.journal;
  if (!past.parts) {
    await plan.sink.open({ resume: false });
    const parts = await plan.source.parts(isLastWins(plan) ? 1 : plan.step.parallel);
    if (plan.window) await run.journal.window(plan.window);
    await run.journal.begin(parts);
    return { parts, past };
  }
  const positioned = past.intents.every((intent) => intent.to !== undefined);
  if (!positioned && plan.sinkPlan.appends && !plan.sinkPlan.restarts) throw notResumable(plan);
  await plan.sink.open({ resume: positioned });
  const settled = positioned ? await settle(plan, run, past) : past;
  for (const { id } of past.parts) {
    const left = remainder(settled, id, plan.description.ranged === true);
    await run.journal.rewind(id, left.keep);
    addCounters(run.counters, left.done);
  }
  return { parts: past.parts, past: settled };
}

/** Batches without a commit that the sink's ledger knows to be there: their answer was lost, their rows were not. */
async function settle(plan: CopyPlan, run: CopyRun, past: StepPast): Promise<StepPast> {
  const open = past.intents.filter((intent) => !past.commits.has(intent.token));
  if (open.length === 0 || !plan.sink.recorded) return past;
  const recorded = await plan.sink.recorded(open.map((intent) => intent.token));
  const commits = new Map(past.commits);
  for (const { token, rows, bytes } of open) {
    const found = recorded.get(token);
    if (!found) continue;
    const { written, unchanged, units } = found;
    const counts = { read: rows, written, unchanged, rejected: rows - written - unchanged, bytes, units };
    await run.journal.commit(token, counts);
    commits.set(token, counts);
  }
  return { ...past, commits };
}

function notResumable(plan: CopyPlan): SluiceError {
  return new SluiceError('not_resumable', `${plan.name}: ${plan.description.name} has no key to go on from`, {
    hint: 'what was appended before the interruption stays; remove it and run with --fresh, or use mode replace',
  });
}

/** Waits for all; the first failure fails the channels, aborts the stragglers after a grace, and is thrown. */
async function allOrFail(
  work: readonly Promise<void>[],
  failAll: (error: unknown) => void,
  run: CopyRun,
): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const watched = work.map((promise) =>
    promise.catch((error: unknown) => {
      first ??= { error };
      failAll(error);
      timer ??= setTimeout(() => run.abort(error), run.stop.aborted ? GRACE_MS : 0);
    }),
  );
  await Promise.all(watched);
  clearTimeout(timer);
  if (first) throw first.error;
}

/** Throws `counts_differ` (invariant 2). */
export function checkSum(name: string, counters: Counters): void {
  const { read, written, unchanged, rejected } = counters;
  if (read === written + unchanged + rejected) return;
  const message = `${name}: read ${read}, but written ${written} + unchanged ${unchanged} + rejected ${rejected}`;
  throw new SluiceError('counts_differ', message);
}
