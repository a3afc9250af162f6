import { runCopy } from '../engine/copy.js';
import type { CopyResult, CopyRun } from '../engine/copy-run.js';
import type { CopyPlan } from '../engine/plan.js';
import { type ReceiverRun, runBoth, runReceiver } from '../engine/via/run-halves.js';
import type { Course } from './course.js';
import type { PreparedCopy } from './plan.js';
import { type PlannedVia, receivingOf } from './plan-via.js';
import { withSourceTimes } from './source-times.js';

/** A copy with a queue between its ends, planned. */
type ViaCopy = PreparedCopy & { readonly planned: CopyPlan; readonly via: PlannedVia };

/** Runs the half of a copy that is asked for, or both. */
export async function runVia(course: Course, copy: ViaCopy, run: CopyRun): Promise<CopyResult> {
  const { planned, via, scope } = copy;
  const receiving = receivingOf(planned, via);
  if (!receiving) {
    const result = await runCopy(planned, { ...run, pacer: scope.pacing.send });
    const consistency = `${result.consistency}; sent to ${planned.sinkPlan.name}`;
    return { ...result, consistency };
  }
  const { declaration, state, drain = false } = course.world;
  const { guard } = course.journal;
  const { retentionSeconds } = receiving.description;
  return await withSourceTimes({ state, step: copy.step, retentionSeconds, guard }, async (times) => {
    const receiver: ReceiverRun = { ...run, pipeline: declaration.pipeline, times, drain };
    if (via.half === 'receive') return await runReceiver(receiving, receiver);
    const plan = { ...planned, sink: via.sink };
    return await runBoth(plan, receiving, { ...receiver, sendPacer: scope.pacing.send });
  });
}
