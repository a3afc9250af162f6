import { isReplicatePlan } from '../engine/replicate/plan.js';
import { type PlannedStep, preparedReplicates } from './plan.js';

/** The streams of replicates, by the steps' names, as their source names them. One that is switched off and on again is another. */
export function streamsOf(planned: readonly PlannedStep[]): ReadonlyMap<string, string> {
  const streams = preparedReplicates(planned).flatMap(({ name, planned: plan }): [string, string][] => {
    const stream = isReplicatePlan(plan) ? plan.description.numbering : undefined;
    return stream === undefined ? [] : [[name, stream]];
  });
  return new Map(streams);
}
