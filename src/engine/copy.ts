import type { Finding, Part, ReadRequest, Refused, Written } from '../connectors/connector.js';
import { SluiceError } from '../errors.js';
import type { Dropped } from '../transform/transform.js';
import type { Batch } from '../values/batch.js';
import { Channel } from './channel.js';
import { type Counters, zeroCounters } from './counters.js';
import type { Pacer } from './pace.js';
import type { CopyPlan } from './plan.js';
import { checkRejectLimit, type RejectStore, rejectRecord } from './rejects.js';

/** What a copy is run with. */
export interface CopyRun {
  readonly run: string;
  readonly counters: Counters;
  readonly rejects: RejectStore;
  /** The pace of what is written; reads keep theirs by `Context.paceRead`. */
  readonly pacer: Pacer;
  /** Stops between batches: what is being written is finished first. */
  readonly stop: AbortSignal;
  /** Aborts everything the connectors wait for (their `Context.signal`). */
  abort(reason: unknown): void;
  readonly signal: AbortSignal;
}

export interface CopyResult extends Counters {
  readonly name: string;
  readonly deleted: number;
  readonly seconds: number;
  readonly consistency: string;
  readonly findings: readonly Finding[];
}

/** Rows on their way from a reader to a writer, with what came in, for rejects. */
interface Parcel {
  readonly batch: Batch;
  readonly incoming: Batch;
  readonly origin: readonly number[] | undefined;
  readonly part: string;
  readonly token: string;
}

/** After a failure, connectors get this long to finish what they are writing. */
const GRACE_MS = 8_000;

/**
 * Runs a planned copy: readers (one for each part) → transform → a bounded channel → `parallel` writers →
 * finish. Returns when every row read is written, unchanged or rejected, durably (invariants 1 and 2).
 * Throws the first failure after everything has stopped; the sink has been told to abandon.
 */
export async function runCopy(plan: CopyPlan, run: CopyRun): Promise<CopyResult> {
  const started = performance.now();
  Object.assign(run.counters, zeroCounters());
  try {
    await plan.sink.open();
    await moveRows(plan, run);
    checkSum(plan.name, run.counters);
    checkRejectLimit(plan.step.rejects.limit, run.counters, true);
    const finished = await plan.sink.finish({ rejected: run.counters.rejected });
    return {
      ...run.counters,
      name: plan.name,
      deleted: finished.deleted,
      seconds: (performance.now() - started) / 1000,
      consistency: plan.source.report().consistency,
      findings: finished.findings,
    };
  } catch (error) {
    await plan.sink.abandon();
    throw error;
  } finally {
    await run.rejects.close();
  }
}

async function moveRows(plan: CopyPlan, run: CopyRun): Promise<void> {
  const writers = writerCount(plan, run);
  const channel = new Channel<Parcel>(run.pacer.limits ? 1 : writers);
  const onStop = () => channel.fail(run.stop.reason);
  run.stop.addEventListener('abort', onStop);
  if (run.stop.aborted) onStop();
  const last = isLastWins(plan);
  const parts = await plan.source.parts(last ? 1 : plan.step.parallel);
  const reading = Promise.all(parts.map((part) => readPart(plan, run, part, writers, channel))).then(() =>
    channel.close(),
  );
  const writing = Array.from({ length: writers }, () => writeParcels(plan, run, channel));
  try {
    await allOrFail([reading, ...writing], channel, run);
  } finally {
    run.stop.removeEventListener('abort', onStop);
  }
}

/** Waits for all; the first failure fails the channel, aborts the stragglers after a grace, and is thrown. */
async function allOrFail(
  work: readonly Promise<void>[],
  channel: Channel<Parcel>,
  run: CopyRun,
): Promise<void> {
  let first: { readonly error: unknown } | undefined;
  let timer: NodeJS.Timeout | undefined;
  const watched = work.map((promise) =>
    promise.catch((error: unknown) => {
      first ??= { error };
      channel.fail(error);
      timer ??= setTimeout(() => run.abort(error), run.stop.aborted ? GRACE_MS : 0);
    }),
  );
  await Promise.all(watched);
  clearTimeout(timer);
  if (first) throw first.error;
}

/** `duplicates: last` needs the rows in order: one part, one writer. */
function isLastWins(plan: CopyPlan): boolean {
  return plan.uniqueness !== 'index' && plan.uniqueness !== 'counted' && plan.uniqueness !== undefined;
}

function writerCount(plan: CopyPlan, run: CopyRun): number {
  if (isLastWins(plan)) return 1;
  const wanted = Math.min(plan.step.parallel, plan.sinkPlan.maxWriters);
  const items = run.pacer.limits ? (plan.step.pace.items ?? plan.step.pace.writeUnits) : undefined;
  return Math.max(1, Math.min(wanted, Math.ceil(items ?? wanted)));
}

/** Reads run ahead of a paced sink by about two seconds' worth, whatever the sink's best batch is. */
function readRequest(plan: CopyPlan, run: CopyRun, writers: number): ReadRequest {
  const { rows, bytes } = plan.sinkPlan.batch;
  if (!run.pacer.limits) return { maxRows: rows, maxBytes: bytes };
  const held = writers + 2;
  const perSecond = plan.step.pace.items ?? plan.step.pace.writeUnits ?? rows;
  const bytesPerSecond = plan.step.pace.bytes ?? bytes;
  return {
    maxRows: Math.max(1, Math.min(rows, Math.floor((2 * perSecond) / held))),
    maxBytes: Math.max(1, Math.min(bytes, Math.floor((2 * bytesPerSecond) / held))),
  };
}

async function readPart(
  plan: CopyPlan,
  run: CopyRun,
  part: Part,
  writers: number,
  channel: Channel<Parcel>,
): Promise<void> {
  let sequence = 0;
  for await (const incoming of plan.source.read(part, readRequest(plan, run, writers))) {
    run.counters.read += incoming.rows.length;
    run.counters.bytes += incoming.bytes;
    const { batch, origin, dropped } = plan.transform.apply(incoming);
    if (dropped.length > 0) await rejectDropped(plan, run, incoming, dropped, part.id);
    const token = `${part.id}.${sequence++}`;
    if (batch.rows.length > 0) await channel.send({ batch, incoming, origin, part: part.id, token });
  }
}

async function writeParcels(plan: CopyPlan, run: CopyRun, channel: Channel<Parcel>): Promise<void> {
  const writer = await plan.sink.writer();
  const units = writer.units?.bind(writer);
  const waiting = AbortSignal.any([run.signal, run.stop]);
  try {
    for (let parcel = await channel.receive(); parcel; parcel = await channel.receive()) {
      const { batch } = parcel;
      const bytesPerRow = batch.bytes / batch.rows.length;
      for (let start = 0; start < batch.rows.length; ) {
        const cost = (index: number) => ({
          items: 1,
          bytes: bytesPerRow,
          units: units?.(batch, start + index) ?? 1,
        });
        const count = await run.pacer.take(batch.rows.length - start, cost, waiting);
        const whole = count === batch.rows.length;
        const slice = whole ? batch : sliceOf(batch, start, count);
        const written = await writer.write(slice, whole ? parcel.token : `${parcel.token}.${start}`);
        await account(plan, run, parcel, start, slice, written);
        start += count;
        if (run.stop.aborted) throw run.stop.reason;
      }
    }
  } finally {
    await writer.close();
  }
}

function sliceOf(batch: Batch, start: number, count: number): Batch {
  const rows = batch.rows.slice(start, start + count);
  return { ...batch, rows, bytes: Math.round((batch.bytes * count) / batch.rows.length) };
}

/** Counts what became of a slice and keeps its rejects; the counts must add up (invariant 2). */
async function account(
  plan: CopyPlan,
  run: CopyRun,
  parcel: Parcel,
  start: number,
  slice: Batch,
  written: Written,
): Promise<void> {
  const { counters } = run;
  const total = written.written + written.unchanged + written.rejects.length;
  if (total !== slice.rows.length) {
    throw new SluiceError(
      'counts_differ',
      `${plan.name}: the sink accounted for ${total} of ${slice.rows.length} rows`,
    );
  }
  counters.written += written.written;
  counters.unchanged += written.unchanged;
  counters.units += written.units;
  if (written.rejects.length === 0) return;
  const rejects = written.rejects.map((refused) => {
    const row = start + refused.row;
    return { ...refused, row: parcel.origin?.[row] ?? row };
  });
  await reject(plan, run, parcel.incoming, rejects, parcel.part);
}

async function rejectDropped(
  plan: CopyPlan,
  run: CopyRun,
  incoming: Batch,
  dropped: readonly Dropped[],
  part: string,
): Promise<void> {
  const rejects = dropped.map(({ row, refusal }) => ({
    row,
    code: refusal.code,
    message: refusal.message,
    ...columnOf(refusal.column),
  }));
  await reject(plan, run, incoming, rejects, part);
}

function columnOf(column: string | undefined): { readonly column?: string } {
  return column === undefined ? {} : { column };
}

async function reject(
  plan: CopyPlan,
  run: CopyRun,
  incoming: Batch,
  rejects: readonly Refused[],
  part: string,
): Promise<void> {
  const about = { step: plan.name, run: run.run, part, key: plan.description.key };
  await run.rejects.add(
    rejects.map((refused) => rejectRecord(refused, incoming.rows[refused.row] ?? [], incoming, about)),
  );
  run.counters.rejected += rejects.length;
  checkRejectLimit(plan.step.rejects.limit, run.counters, false);
}

function checkSum(name: string, counters: Counters): void {
  const { read, written, unchanged, rejected } = counters;
  if (read === written + unchanged + rejected) return;
  const message = `${name}: read ${read}, but written ${written} + unchanged ${unchanged} + rejected ${rejected}`;
  throw new SluiceError('counts_differ', message);
}
