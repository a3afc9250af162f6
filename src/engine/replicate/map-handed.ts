import type { Batch } from '../../values/batch.js';
import { addCounters, type Counters, zeroCounters } from '../counters.js';
import { deliveredLine } from './delivered-lines.js';
import { handedLoad } from './load-handed.js';
import type { MappingPlan } from './plan.js';
import { keep, type LoadRun, refusedOf } from './write-load.js';

/** What became of a change: a line for the sink; kept as a reject; or none that is wanted. */
export type Mapped = { readonly line: string } | 'rejected' | 'unwanted';

/**
 * Parses, checks and maps changes that were handed over, for somebody else to load. Rejects are kept when it returns.
 * Gives what became of each, in their order.
 */
export async function mapHanded(
  plan: MappingPlan,
  run: Pick<LoadRun, 'run' | 'rejects'> & { readonly counters: Counters },
  batch: Batch,
): Promise<readonly Mapped[]> {
  const mapped: Mapped[] = Array.from({ length: batch.rows.length }, () => 'unwanted');
  const wanted = [...(batch.changes ?? [])].flatMap(({ event }, row) =>
    plan.step.events.includes(event) ? [row] : [],
  );
  const load = handedLoad(plan, batch);
  for (const [row, number] of load.origin.entries()) {
    mapped[wanted[number] ?? -1] = { line: deliveredLine(load.batch, row) };
  }
  for (const { row } of load.dropped) mapped[wanted[row] ?? -1] = 'rejected';
  const [read, rejected] = [load.rows, load.dropped.length];
  await keep(plan, run, load, load.dropped.map(refusedOf), { read: 0, rejected: 0 });
  addCounters(run.counters, {
    ...zeroCounters(),
    read,
    rejected,
    written: read - rejected,
    bytes: load.bytes,
  });
  return mapped;
}
