import type { Transform } from '../transform/transform.js';
import type { ShareSeen, StepResult } from './journal.js';
import { mergedSeries } from './series.js';

/** How fast all processes together went, and how rows differ: what each has seen, put together. */
export function sharesSeen(
  shares: readonly ShareSeen[],
  transform: Pick<Transform, 'watchDrift'>,
): Pick<StepResult, 'series' | 'drift'> {
  const series = shares.flatMap(({ began, seconds, series: own }) =>
    own ? [{ beganMs: Date.parse(began), seconds, series: own }] : [],
  );
  const drift = transform.watchDrift();
  const inTime = [...shares].sort((one, other) => Date.parse(one.began) - Date.parse(other.began));
  for (const { drift: counts } of inTime) if (counts) drift?.add(counts);
  return {
    ...(series.length === 0 ? {} : { series: mergedSeries(series) }),
    ...(drift && { drift: drift.report() }),
  };
}
