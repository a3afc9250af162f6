import type { CopyStep } from '../declare/declaration.js';
import { needsSourceTimes } from '../engine/via/receiving.js';
import { noSourceTimes, ownTimes, type SharedSourceTimes } from '../engine/via/source-times.js';
import { SourceTimesLog } from '../journal/source-times-log.js';
import type { Guard, PipelineState } from '../journal/state.js';

export interface TimesRequest {
  readonly state: PipelineState;
  readonly step: CopyStep;
  /** Of the queue. */
  readonly retentionSeconds: number;
  readonly guard: Guard;
}

/** All runs of a pipeline: only one at a time has the right to write. What one that was killed had taken, the next has. */
const RUNS = 'run';
/** One batch of rows is written within this time and the patience of its step, or its writer is not at work any more. */
const HOLD_MS = 900_000;

/**
 * With what is known of the rows that were written before: also by functions that receive, where they have the same state.
 */
export async function withSourceTimes<Done>(
  { state, step, retentionSeconds, guard }: TimesRequest,
  use: (times: SharedSourceTimes) => Promise<Done>,
): Promise<Done> {
  if (!needsSourceTimes(step)) return await use(noSourceTimes);
  const { name, patienceSeconds } = step;
  const holdMs = HOLD_MS + 1000 * patienceSeconds;
  const shared = state.sharedTimes?.({ step: name, owner: RUNS, holdMs, retentionSeconds });
  if (shared) return await use(shared);
  const log = await SourceTimesLog.open(state.received, name, { retentionSeconds, guard });
  try {
    return await use(ownTimes(log));
  } finally {
    await log.close();
  }
}
