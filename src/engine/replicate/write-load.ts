import type { Refused, Writer, Written } from '../../connectors/connector.js';
import { changeIdentity } from '../../connectors/handed-token.js';
import { SluiceError } from '../../errors.js';
import { addCounters, type Counters, zeroCounters } from '../counters.js';
import type { Grant } from '../pace.js';
import { batchCost, writeGranted } from '../paced-write.js';
import { checkRejectLimit, type RejectRecord, type RejectStore, rejectRecord } from '../rejects.js';
import type { Load } from './load.js';
import type { MappingPlan, ReplicatePlan } from './plan.js';
import type { ReplicateRun } from './replicate-run.js';

/** The rejects of this attempt at the run: what `rejects.limit` is held against. */
export type Budget = Pick<Counters, 'read' | 'rejected'>;

/** What a load is written with. */
export type LoadRun = Pick<ReplicateRun, 'run' | 'pacer' | 'stop'> & {
  readonly rejects: Pick<RejectStore, 'add'>;
};

/**
 * Writes a load whose intent is recorded: first the rejects of the transform are kept, then the rows are written, then the
 * rejects of the sink are kept. Gives what became of its rows, each exactly one of written, unchanged and rejected
 * (invariant 2). When the transform refuses more than `rejects.limit` nothing of the load is written (`rejects_exceeded`):
 * once the declaration is mended the load is done again. Those of the sink are held against it by the caller, behind the commit.
 */
export async function writeLoad(
  plan: ReplicatePlan,
  run: LoadRun,
  writer: Writer,
  load: Load,
  budget: Budget,
): Promise<Counters> {
  const counts: Counters = { ...zeroCounters(), read: load.rows, bytes: load.bytes };
  budget.read += load.rows;
  const dropped = load.dropped.map(refusedOf);
  await keep(plan, run, load, dropped, budget);
  if (dropped.length > 0) checkBudget(plan, budget, dropped.at(-1));
  if (load.batch.rows.length > 0) {
    const granted = await grant(run, load, writer);
    const written = await writeGranted(granted, () => writer.write(load.batch, load.token));
    checkAccount(plan.name, load, written);
    const refused = written.rejects.map((one) => ({ ...one, row: load.origin[one.row] ?? one.row }));
    await keep(plan, run, load, refused, budget);
    const { unchanged, units } = written;
    addCounters(counts, { ...zeroCounters(), written: written.written, unchanged, units });
  }
  counts.rejected = counts.read - counts.written - counts.unchanged;
  return counts;
}

export function refusedOf({ row, refusal: { code, message, column } }: Load['dropped'][number]): Refused {
  return { row, code, message, ...(column === undefined ? {} : { column }) };
}

/** A load is never split. */
async function grant({ pacer, stop }: LoadRun, { batch }: Load, writer: Writer): Promise<Grant> {
  const cost = pacer.limits ? batchCost(batch, writer) : {};
  return await pacer.takeAll(batch.rows.length, cost, stop);
}

function checkAccount(name: string, { batch }: Load, written: Written): void {
  const total = written.written + written.unchanged + written.rejects.length;
  if (total === batch.rows.length) return;
  const message = `${name}: the sink accounted for ${total} of ${batch.rows.length} rows`;
  throw new SluiceError('counts_differ', message);
}

/** Durable when it returns. */
export async function keep(
  plan: MappingPlan,
  run: Pick<LoadRun, 'run' | 'rejects'>,
  load: Load,
  refused: readonly Refused[],
  budget: Budget,
): Promise<void> {
  if (refused.length === 0) return;
  await run.rejects.add(refused.map((one) => recordOf(plan, run, load, one)));
  budget.rejected += refused.length;
}

/** Throws `rejects_exceeded`. `complete`: there is nothing left to read. */
export function checkBudget(plan: ReplicatePlan, budget: Budget, last?: Refused, complete = false): void {
  checkRejectLimit(plan.step.rejects.limit, { ...zeroCounters(), ...budget }, complete, last);
}

function recordOf(plan: MappingPlan, run: Pick<LoadRun, 'run'>, load: Load, refused: Refused): RejectRecord {
  const { batch, row } = load.incoming(refused.row);
  const change = load.handed && batch.changes?.at(row);
  const about = {
    step: plan.name,
    run: run.run,
    part: 'changes',
    token: change ? `change.${changeIdentity(change)}` : load.token,
    key: plan.description.key,
    unread: new Set(batch.refused?.map((one) => one.row)),
  };
  return {
    ...rejectRecord({ ...refused, row }, batch, about),
    index: change ? 0 : refused.row,
    ...(plan.isMapped ? { mapped: true as const } : {}),
  };
}
