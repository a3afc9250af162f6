import type { Part } from '../connectors/connector.js';
import type { Channel } from './channel.js';
import type { CopyRun, Parcel } from './copy-run.js';
import { addCounters, type Counters } from './counters.js';
import { type Intent, isPlaced, remainder, type StepPast } from './journal.js';
import { openLanes } from './lanes.js';
import { notResumable } from './open-copy.js';
import type { CopyPlan } from './plan.js';
import { readPart } from './read-part.js';
import { settledRows } from './rejects.js';
import { recordSeries, type Series, type Totals } from './series.js';
import { writeParcels } from './write-parcels.js';

/** After a request to stop, connectors get this long to finish what they are writing. */
const GRACE_MS = 8_000;

/** What of an open copy is to be copied. */
export interface PartsRequest {
  readonly parts: readonly Part[];
  /** Time is up: copying ends between batches, at the earliest after one of them, and the journal holds the place from which another call goes on. */
  readonly until?: AbortSignal;
}

export interface PartsCopied {
  /** All rows of these parts are in; otherwise time was up. */
  readonly done: boolean;
  /** How fast it went; absent where all was in before. */
  readonly series?: Series;
}

/**
 * Copies what is left of the given parts: readers (one for each part) → transform → bounded channels → `parallel` writers.
 * Adds to the run's counters, what earlier attempts did of these parts included.
 * @throws SluiceError not_resumable where time is up and the source has no positions to go on from
 */
export async function copyParts(
  plan: CopyPlan,
  run: CopyRun,
  { parts, until }: PartsRequest,
): Promise<PartsCopied> {
  const { past } = run.journal;
  if (past.moved) {
    countCommits(run.counters, past);
    return { done: true };
  }
  const settled = await settleParts(plan, run, parts, past);
  const series = recordSeries(() => totalsOf(plan, run.counters));
  let done: boolean;
  let recorded: Series;
  try {
    done = await moveUntil(plan, run, parts, settled, until);
  } finally {
    recorded = series();
  }
  return { done, series: recorded };
}

/** False where time was up. */
async function moveUntil(
  plan: CopyPlan,
  run: CopyRun,
  parts: readonly Part[],
  past: StepPast,
  until: AbortSignal | undefined,
): Promise<boolean> {
  const handing = until ? handOver(run, until) : { run, isPlaced: () => true };
  try {
    await moveRows(plan, handing.run, parts, past);
    return true;
  } catch (error) {
    if (!until?.aborted || run.stop.aborted || error !== until.reason) throw error;
    if (!handing.isPlaced()) throw notResumable(plan);
    return false;
  }
}

/**
 * The same run, which stops when time is up, too, but not before a batch is done: whoever is called again and again comes to an
 * end. And whether what it has read can be gone on with.
 */
function handOver(run: CopyRun, until: AbortSignal): { run: CopyRun; isPlaced: () => boolean } {
  const halt = new AbortController();
  let placed = true;
  let isMoving = false;
  const look = () => {
    if (isMoving && until.aborted) halt.abort(until.reason);
  };
  until.addEventListener('abort', look, { once: true });
  const { journal } = run;
  const intend = (intent: Intent) => {
    placed &&= intent.to !== undefined;
    return journal.intend(intent);
  };
  const commit = async (token: string, counts: Counters) => {
    await journal.commit(token, counts);
    isMoving = true;
    look();
  };
  return {
    run: { ...run, halt: halt.signal, journal: { ...journal, intend, commit } },
    isPlaced: () => placed,
  };
}

async function moveRows(plan: CopyPlan, run: CopyRun, parts: readonly Part[], past: StepPast): Promise<void> {
  const lanes = openLanes(plan, run, parts.length);
  const failAll = (error: unknown) => {
    for (const channel of lanes.channels) channel.fail(error);
  };
  const ending = run.halt ? AbortSignal.any([run.stop, run.halt]) : run.stop;
  const onStop = () => failAll(ending.reason);
  ending.addEventListener('abort', onStop);
  if (ending.aborted) onStop();
  const reading = Promise.all(
    parts.map((part, index) =>
      readPart(plan, run, { part, past, writers: lanes.writers, channel: lanes.of(index) }),
    ),
  ).then(() => closeAll(lanes.channels));
  const writing = Array.from({ length: lanes.writers }, (_, index) =>
    writeParcels(plan, run, lanes.of(index)),
  );
  try {
    await allOrFail([reading, ...writing], failAll, { run, ending });
  } finally {
    ending.removeEventListener('abort', onStop);
  }
}

function totalsOf(plan: CopyPlan, { written, unchanged, rejected, units }: Counters): Totals {
  const { units: readUnits } = plan.source.report();
  return { items: written + unchanged + rejected, readUnits, writeUnits: units };
}

function closeAll(channels: readonly Channel<Parcel>[]): void {
  for (const channel of channels) channel.close();
}

/** What was done of the parts, counted; what has to be read again is forgotten. */
async function settleParts(
  plan: CopyPlan,
  run: CopyRun,
  parts: readonly Part[],
  past: StepPast,
): Promise<StepPast> {
  if (past.intents.length === 0) return past;
  const own = new Set(parts.map(({ id }) => id));
  const settled = isPlaced(past.intents) ? await settle(plan, run, past, own) : past;
  for (const { id } of parts) {
    const left = remainder(settled, id, plan.description.ranged === true);
    await settleRewound(run, settled, id, left.keep);
    await run.journal.rewind(id, left.keep);
    addCounters(run.counters, left.done);
  }
  return settled;
}

/** Rows of batches that are forgotten are read again, in batches of other tokens, which name those that are refused. */
async function settleRewound(run: CopyRun, { intents }: StepPast, part: string, keep: number): Promise<void> {
  const rewound = intents.filter((intent) => intent.part === part && intent.sequence >= keep);
  const open = await run.rejects.open(new Set(rewound.map(({ token }) => token)));
  await run.rejects.add([...open].flatMap(([token, rows]) => settledRows(token, rows, 'reread')));
}

/** Batches without a commit that the sink's ledger knows to be there: their answer was lost, their rows were not. */
async function settle(
  plan: CopyPlan,
  run: CopyRun,
  past: StepPast,
  parts: ReadonlySet<string>,
): Promise<StepPast> {
  const open = past.intents.filter(({ token, part }) => parts.has(part) && !past.commits.has(token));
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

/** Adds what all batches that count have come to, whoever wrote them. */
export function countCommits(counters: Counters, { intents, commits }: StepPast): void {
  for (const { token } of intents) {
    const counts = commits.get(token);
    if (counts) addCounters(counters, counts);
  }
}

/** Waits for all; the first failure fails the channels, aborts the stragglers after a grace, and is thrown. */
async function allOrFail(
  work: readonly Promise<void>[],
  failAll: (error: unknown) => void,
  { run, ending }: { readonly run: CopyRun; readonly ending: AbortSignal },
): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const watched = work.map((promise) =>
    promise.catch((error: unknown) => {
      first ??= { error };
      failAll(error);
      timer ??= setTimeout(() => run.abort(error), ending.aborted ? GRACE_MS : 0);
    }),
  );
  await Promise.all(watched);
  clearTimeout(timer);
  if (first) throw first.error;
}
