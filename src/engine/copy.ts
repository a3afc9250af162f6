import { copyParts } from './copy-parts.js';
import type { CopyResult, CopyRun } from './copy-run.js';
import { zeroCounters } from './counters.js';
import { finishCopy } from './finish-copy.js';
import { openCopy } from './open-copy.js';
import type { CopyPlan } from './plan.js';

/**
 * Runs a planned copy in this process: opens it, copies all of its parts, finishes it. Goes on where the journal says that
 * an earlier attempt ended. Returns when every row read is written, unchanged or rejected, durably (invariants 1 and 2).
 * Throws the first failure after everything has stopped; the sink has been told to abandon.
 */
export async function runCopy(plan: CopyPlan, run: CopyRun): Promise<CopyResult> {
  const started = performance.now();
  Object.assign(run.counters, zeroCounters());
  const drift = plan.transform.watchDrift();
  try {
    const { parts } = await openCopy(plan, run);
    const copied = await copyParts(plan, run, { parts });
    return await finishCopy(plan, run, () => ({
      seconds: (performance.now() - started) / 1000,
      ...(copied.series ? { series: copied.series } : {}),
      ...(drift && { drift: drift.report() }),
    }));
  } catch (error) {
    await plan.sink.abandon();
    // Parts beside the one that failed may be in the middle of a read, or wait to try it again: for nobody.
    run.abort(error);
    throw error;
  } finally {
    await run.rejects.close();
  }
}
