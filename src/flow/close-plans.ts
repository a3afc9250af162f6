import { isPlanned } from '../engine/plan.js';
import { isReplicatePlan } from '../engine/replicate/plan.js';
import { type PlannedStep, preparedCopies, preparedExports, preparedReplicates } from './plan.js';
import { closeExport } from './plan-export.js';

/** Closes both ends of every copy, replicate and export that was planned and is not run. */
export async function closePlans(steps: readonly PlannedStep[]): Promise<void> {
  const copies = preparedCopies(steps).flatMap(({ planned }) =>
    isPlanned(planned) ? [planned.source, planned.sink] : [],
  );
  const replicates = preparedReplicates(steps).flatMap(({ planned }) =>
    isReplicatePlan(planned) ? [planned.feed, planned.sink] : [],
  );
  await Promise.all([
    ...[...copies, ...replicates].map((end) => end.close()),
    ...preparedExports(steps).map(closeExport),
  ]);
}
