import { isPlanned } from '../engine/plan.js';
import { type PlannedStep, preparedCopies } from './plan.js';

/** Closes both ends of every copy that was planned and is not run. */
export async function closePlans(steps: readonly PlannedStep[]): Promise<void> {
  const ends = preparedCopies(steps).flatMap(({ planned }) =>
    isPlanned(planned) ? [planned.source, planned.sink] : [],
  );
  await Promise.all(ends.map((end) => end.close()));
}
