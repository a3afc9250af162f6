import { runCopy } from '../engine/copy.js';
import type { CopyResult, CopyRun } from '../engine/copy-run.js';
import type { CopyPlan } from '../engine/plan.js';
import { needsSourceTimes, type Receiving } from '../engine/via/receiving.js';
import { type ReceiverRun, runBoth, runReceiver } from '../engine/via/run-halves.js';
import { noSourceTimes } from '../engine/via/source-times.js';
import { SourceTimesLog } from '../journal/source-times-log.js';
import type { Course } from './course.js';
import type { PreparedCopy } from './plan.js';
import { type PlannedVia, receivingOf } from './plan-via.js';

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
  return await withTimes(course, copy.step, receiving, async (times) => {
    const { declaration, drain = false } = course.world;
    const receiver: ReceiverRun = { ...run, pipeline: declaration.pipeline, times, drain };
    if (via.half === 'receive') return await runReceiver(receiving, receiver);
    const plan = { ...planned, sink: via.sink };
    return await runBoth(plan, receiving, { ...receiver, sendPacer: scope.pacing.send });
  });
}

/** With what is known of the rows that were written before, where the sink does not see to their age itself. */
async function withTimes(
  { world, journal }: Pick<Course, 'world' | 'journal'>,
  step: PreparedCopy['step'],
  { name, description: { retentionSeconds } }: Receiving,
  use: (times: ReceiverRun['times']) => Promise<CopyResult>,
): Promise<CopyResult> {
  if (!needsSourceTimes(step)) return await use(noSourceTimes);
  const { guard } = journal;
  const times = await SourceTimesLog.open(world.state.received, name, { retentionSeconds, guard });
  try {
    return await use(times);
  } finally {
    await times.close();
  }
}
