import type { Refused, Writer } from '../../connectors/connector.js';
import { changeIdentity, handedToken } from '../../connectors/handed-token.js';
import type { LoadDeclaration } from '../../declare/declaration.js';
import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import { addCounters, type Counters, zeroCounters } from '../counters.js';
import { Gathering, type Load } from './load.js';
import type { MappingPlan, ReplicatePlan } from './plan.js';
import { limitsOf, unlimited } from './replicate.js';
import { picked } from './rows.js';
import { type Budget, keep, type LoadRun, writeLoad } from './write-load.js';

/** What changes that a service hands over are written with. */
export interface HandedChanges extends LoadRun {
  readonly writer: Writer;
  /** Of this delivery. */
  readonly counters: Counters;
}

/** What became of a delivery. */
export interface HandedLoads {
  /** From this change on they are to come again; absent where all are done with. */
  readonly again?: string;
  /** Why. */
  readonly failure?: { readonly error: unknown };
}

/** What stops at a change: all before it are done with. */
class Stopped {
  readonly sequence: string;
  readonly error: unknown;

  constructor(sequence: string, error: unknown) {
    this.sequence = sequence;
    this.error = error;
  }
}

/**
 * Loads changes that were handed over, in their order; what an earlier delivery has written of them is not written again,
 * also where that one held others besides. `rejects.limit` is of this delivery and of what the transform refuses: at the first
 * change beyond it the work stops.
 */
export async function loadHanded(
  plan: ReplicatePlan,
  run: HandedChanges,
  batches: readonly Batch[],
): Promise<HandedLoads> {
  const delivery = { plan, run, budget: { read: 0, rejected: 0 } };
  let at = batches[0]?.changes?.at(0)?.sequence;
  try {
    for (const batch of batches) {
      at = batch.changes?.at(0)?.sequence;
      const fresh = await withoutTaken(delivery, batch);
      for (const piece of pieces(fresh, limitsOf(plan, run))) await loadPiece(delivery, piece);
    }
    return {};
  } catch (error) {
    if (error instanceof Stopped) return { again: error.sequence, failure: { error: error.error } };
    return { ...(at === undefined ? {} : { again: at }), failure: { error } };
  }
}

interface Delivery {
  readonly plan: ReplicatePlan;
  readonly run: HandedChanges;
  readonly budget: Budget;
}

/**
 * The changes that no delivery before has written, each once. What was refused then is kept once more: it may not have come
 * to that.
 */
async function withoutTaken({ plan, run, budget }: Delivery, batch: Batch): Promise<Batch> {
  const { changes = [] } = batch;
  const taken = await plan.sink.taken?.(changes);
  if (!taken) return batch;
  const refused: Refused[] = [];
  const again: number[] = [];
  const fresh: number[] = [];
  const seen = new Set<string>();
  for (const [row, change] of [...changes].entries()) {
    const identity = changeIdentity(change);
    const reason = taken.get(identity);
    if (seen.has(identity) || taken.has(identity)) {
      if (reason && !seen.has(identity)) refused.push({ row: again.push(row) - 1, ...reason });
    } else fresh.push(row);
    seen.add(identity);
  }
  if (refused.length > 0) await keep(plan, run, handedLoad(plan, picked(batch, again)), refused, budget);
  const read = changes.length - fresh.length;
  const rejected = refused.length;
  addCounters(run.counters, { ...zeroCounters(), read, unchanged: read - rejected, rejected });
  return fresh.length === changes.length ? batch : picked(batch, fresh);
}

/** Of a size as loads have. */
function* pieces(batch: Batch, { rows: most, bytes }: LoadDeclaration): Generator<Batch> {
  const { length } = batch.rows;
  const perRow = batch.bytes / Math.max(1, length);
  const count = Math.max(1, Math.min(most, Math.floor(bytes / Math.max(1, perRow))));
  if (count >= length) {
    if (length > 0) yield batch;
    return;
  }
  for (let start = 0; start < length; start += count) {
    yield sliced(batch, start, Math.min(length, start + count));
  }
}

function sliced(batch: Batch, start: number, end: number): Batch {
  const places = Array.from({ length: end - start }, (_, index) => start + index);
  return { ...picked(batch, places), bytes: (batch.bytes * places.length) / batch.rows.length };
}

async function loadPiece(delivery: Delivery, piece: Batch): Promise<void> {
  const { plan, run, budget } = delivery;
  const first = piece.changes?.at(0)?.sequence ?? '';
  const load = handedLoad(plan, piece);
  if (load.rows === 0) return;
  const before = { ...budget };
  try {
    if (run.stop.aborted) throw run.stop.reason;
    addCounters(run.counters, await writeLoad(plan, run, run.writer, load, budget));
  } catch (error) {
    if (isTaken(error)) {
      Object.assign(budget, before);
      return await loadPiece(delivery, await withoutTaken(delivery, piece));
    }
    const beyond = isExceeded(error) ? firstBeyond(plan, load, before.rejected) : undefined;
    if (beyond === undefined) throw new Stopped(first, error);
    Object.assign(budget, before);
    const place = [...(piece.changes ?? [])].findIndex(({ sequence }) => sequence === beyond);
    if (place > 0) await loadPiece(delivery, sliced(piece, 0, place));
    throw new Stopped(beyond, error);
  }
}

/** Changes as one load; those that the step does not take are left out. */
export function handedLoad({ transform, step }: MappingPlan, batch: Batch): Load {
  const gathering = new Gathering(unlimited, transform, step);
  gathering.add({ batch, stretch: { shard: '', to: '' } }, 0);
  return { ...gathering.take(0), token: handedToken(batch.changes ?? []), handed: true };
}

function isExceeded(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'rejects_exceeded';
}

/** Each time fewer changes are left, so that it comes to an end. */
function isTaken(error: unknown): boolean {
  return error instanceof SluiceError && error.code === 'changes_taken';
}

/** The sequence number of the change with which the limit is exceeded. */
function firstBeyond({ step }: ReplicatePlan, load: Load, rejected: number): string | undefined {
  const { limit } = step.rejects;
  const allowed = 'rows' in limit ? Math.max(0, limit.rows - rejected) : 0;
  const dropped = [...load.dropped].sort((one, other) => one.row - other.row)[allowed];
  if (!dropped) return undefined;
  const { batch, row } = load.incoming(dropped.row);
  return batch.changes?.at(row)?.sequence;
}
