import type { Declaration } from '../../declare/declaration.js';
import { HANDED_RUN } from '../../flow/handed/handed-run.js';
import { histories, type RunHistory } from '../../journal/runs.js';
import type { Logs } from '../../journal/state.js';
import { firingsBetween } from '../../schedule/firings.js';
import { scheduleOf } from '../../schedule/parse.js';
import type { Firing } from '../../values/firing.js';
import type { Counts } from '../metrics.js';

/** Runs before the one that begins, of which each is read whole. */
const MAX_LOOKS = 5;
/** Whoever has missed more knows it. */
const MAX_MISSED = 1000;

interface Beginning {
  readonly run: string;
  readonly firing: Firing;
  readonly schedule: Declaration['schedule'];
}

/**
 * What is counted when a run begins: how old what the sinks hold is by now, and how many firings of the schedule no
 * run acted for. Nothing where no run was before.
 */
export async function sinceLastRun(runs: Logs, { run, firing, schedule }: Beginning): Promise<Counts> {
  const before: RunHistory[] = [];
  let looks = 0;
  for await (const history of histories(runs)) {
    if (history.run < run && history.run !== HANDED_RUN) before.push(history);
    if (isSuccess(history) || ++looks > MAX_LOOKS) break;
  }
  const last = before.find(isSuccess);
  const [previous] = before;
  return {
    ...(last === undefined ? {} : { Age: ageOf(last.started) }),
    // By when it began, whatever it acted for: it may have been one for a firing of long ago.
    ...(schedule && previous ? { Missed: missed(schedule, previous.started, firing.time) } : {}),
  };
}

/** Seconds since an instant (ISO 8601). */
export function ageOf(instant: string): number {
  return Math.max(0, Date.now() - Date.parse(instant)) / 1000;
}

function isSuccess({ end }: RunHistory): boolean {
  return end === 'complete' || end === 'rejects';
}

/** Firings after one and before another. */
function missed(schedule: NonNullable<Declaration['schedule']>, after: string, before: string): number {
  let count = 0;
  for (const _ of firingsBetween(scheduleOf(schedule), Date.parse(after) + 1, Date.parse(before))) {
    if (++count >= MAX_MISSED) break;
  }
  return count;
}
