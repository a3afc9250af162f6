import type { Refused, Writer, Written } from '../connectors/connector.js';
import { SluiceError } from '../errors.js';
import type { Batch } from '../values/batch.js';
import type { Channel } from './channel.js';
import type { CopyRun, Parcel } from './copy-run.js';
import { addCounters, type Counters, zeroCounters } from './counters.js';
import type { Grant } from './pace.js';
import { batchCost, rowCosts, writeGranted } from './paced-write.js';
import { ParcelRejects } from './parcel-rejects.js';
import type { CopyPlan } from './plan.js';
import { checkRejectLimit } from './rejects.js';

/**
 * A worker's run. `waiting` ends a wait for the pace, `beginning` that of a batch of which nothing is written yet: made once, not for
 * each of a paced run's many slices.
 */
type WorkerRun = CopyRun & { readonly waiting: AbortSignal; readonly beginning: AbortSignal };

/** A parcel on its way into the sink. */
interface ParcelWork {
  readonly plan: CopyPlan;
  readonly run: WorkerRun;
  readonly parcel: Parcel;
  readonly counts: Counters;
  readonly rejects: ParcelRejects;
}

/**
 * One worker: writes parcels until there are no more. A batch's commit is recorded while the next one is
 * written, and waited for before the one after (after a kill at most one batch for each worker is done again).
 */
export async function writeParcels(
  plan: CopyPlan,
  copyRun: CopyRun,
  channel: Channel<Parcel>,
): Promise<void> {
  const { signal, stop, halt } = copyRun;
  const waiting = AbortSignal.any([signal, stop]);
  const run = { ...copyRun, waiting, beginning: halt ? AbortSignal.any([waiting, halt]) : waiting };
  const writer = await plan.sink.writer();
  let committed: Promise<void> = Promise.resolve();
  try {
    for (let parcel = await channel.receive(); parcel; parcel = await channel.receive()) {
      await parcel.intended;
      const counts = await writeParcel(plan, run, writer, parcel);
      parcel.incoming.release?.();
      await committed;
      committed = run.journal.commit(parcel.token, counts);
      committed.catch(() => undefined); // awaited below, or before the next commit
      if (stop.aborted) throw stop.reason;
      if (halt?.aborted) throw halt.reason;
    }
    await committed;
  } finally {
    await writer.close();
  }
}

/** Writes a parcel whole, or in slices where there is a pace. Gives what it adds to the counters. */
async function writeParcel(
  plan: CopyPlan,
  run: WorkerRun,
  writer: Writer,
  parcel: Parcel,
): Promise<Counters> {
  const { batch, incoming, dropped, token } = parcel;
  const counts = { ...zeroCounters(), read: incoming.rows.length, bytes: incoming.bytes };
  const work = { plan, run, parcel, counts, rejects: new ParcelRejects(plan, run, parcel) };
  if (dropped.length > 0) {
    const refused = dropped.map(({ row, refusal: { code, message, column } }) => ({
      row,
      code,
      message,
      ...(column === undefined ? {} : { column }),
    }));
    await refuse(work, refused);
  }
  for (let start = 0; start < batch.rows.length; ) {
    const granted = await grant(plan, run, writer, batch, start);
    const { count } = granted;
    const whole = count === batch.rows.length;
    const slice = whole ? batch : sliceOf(batch, start, count);
    const written = await writeGranted(granted, () =>
      writer.write(slice, whole ? token : `${token}.${start}-${count}`, (refused) =>
        work.rejects.keep(asCameIn(parcel, start, refused)),
      ),
    );
    await account(work, start, slice, written);
    start += count;
    if (run.stop.aborted && start < batch.rows.length) throw run.stop.reason;
  }
  await work.rejects.settle();
  return counts;
}

/** How many rows from `start` may be written now. What an appending sink is given is never split. */
async function grant(
  plan: CopyPlan,
  { pacer, ...run }: WorkerRun,
  writer: Writer,
  batch: Batch,
  start: number,
): Promise<Grant> {
  const waiting = start === 0 ? run.beginning : run.waiting;
  const left = batch.rows.length - start;
  if (plan.sinkPlan.appends && pacer.limits) {
    return await pacer.takeAll(left, batchCost(batch, writer), waiting);
  }
  return await pacer.take(left, rowCosts(batch, writer, start), waiting);
}

function sliceOf(batch: Batch, start: number, count: number): Batch {
  const rows = batch.rows.slice(start, start + count);
  return { ...batch, rows, bytes: Math.round((batch.bytes * count) / batch.rows.length) };
}

/** Counts what became of a slice and keeps its rejects; the counts must add up (invariant 2). */
async function account(work: ParcelWork, start: number, slice: Batch, written: Written): Promise<void> {
  const { plan, run, parcel, counts } = work;
  const total = written.written + written.unchanged + written.rejects.length;
  if (total !== slice.rows.length) {
    throw new SluiceError(
      'counts_differ',
      `${plan.name}: the sink accounted for ${total} of ${slice.rows.length} rows`,
    );
  }
  const more = {
    ...zeroCounters(),
    written: written.written,
    unchanged: written.unchanged,
    units: written.units,
  };
  addCounters(counts, more);
  addCounters(run.counters, more);
  if (written.rejects.length > 0) await refuse(work, asCameIn(parcel, start, written.rejects));
}

/** What a sink says of a slice that begins at `start`, with the numbers of the rows as they came in. */
function asCameIn({ origin }: Parcel, start: number, refused: readonly Refused[]): readonly Refused[] {
  return refused.map((one) => ({ ...one, row: origin?.[start + one.row] ?? start + one.row }));
}

async function refuse(
  { plan, run, counts, rejects }: ParcelWork,
  refused: readonly Refused[],
): Promise<void> {
  await rejects.refuse(refused);
  counts.rejected += refused.length;
  run.counters.rejected += refused.length;
  checkRejectLimit(plan.step.rejects.limit, run.counters, false, refused.at(-1));
}
