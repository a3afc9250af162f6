import { firingBefore, firingsBetween } from '../../schedule/firings.js';
import type { Schedule } from '../../schedule/schedule.js';

/** Firings whose time has come, as instants. */
export interface Due {
  readonly first: number;
  readonly last: number;
  /** At most MAX_COUNTED. */
  readonly count: number;
}

/** Nobody wants to know how many minutes a machine was off in a year. */
const MAX_COUNTED = 10_000;

/** The firings after one instant and up to another; undefined where there are none. */
export function dueFirings(schedule: Schedule, after: number, now: number): Due | undefined {
  let due: Due | undefined;
  for (const instant of firingsBetween(schedule, after + 1, now + 1)) {
    due = { first: due?.first ?? instant, last: instant, count: (due?.count ?? 0) + 1 };
    if (due.count === MAX_COUNTED) return { ...due, last: firingBefore(schedule, now + 1) ?? instant };
  }
  return due;
}
