import { Channel } from './channel.js';
import { type CopyRun, isLastWins, isOrdered, type Lanes, type Parcel } from './copy-run.js';
import type { CopyPlan } from './plan.js';

/** Batches that wait for a writer, besides the one that each reader holds ready. */
const MAX_AHEAD = 2;

/** One channel that all writers share, or where batches must stay in order one for each writer. */
export function openLanes(plan: CopyPlan, run: CopyRun, parts: number): Lanes {
  const wanted = writerCount(plan, run);
  const writers = isOrdered(plan) ? Math.min(wanted, parts) : wanted;
  const ahead = run.pacer.limits ? 1 : Math.min(writers, MAX_AHEAD);
  const channels = isOrdered(plan)
    ? Array.from({ length: writers }, () => new Channel<Parcel>(1))
    : [new Channel<Parcel>(ahead)];
  const shared = channels[0] ?? new Channel<Parcel>(1);
  return { writers, channels, of: (partIndex) => channels[partIndex % channels.length] ?? shared };
}

function writerCount(plan: CopyPlan, run: CopyRun): number {
  if (isLastWins(plan)) return 1;
  const wanted = Math.min(plan.step.parallel, plan.sinkPlan.maxWriters);
  const items = run.pacer.limits ? (plan.step.pace.items ?? plan.step.pace.writeUnits) : undefined;
  return Math.max(1, Math.min(wanted, Math.ceil(items ?? wanted)));
}
