import type { ScheduleDeclaration } from '../../declare/declaration.js';
import { firingsBetween } from '../../schedule/firings.js';
import { scheduleOf } from '../../schedule/parse.js';

/** A leap year, so that every day of every month is in it. Fixed: the same declaration gives the same template. */
const FROM = Date.UTC(2028, 0, 1);
const TO = Date.UTC(2029, 0, 1);
/** A schedule of every minute has been seen in a day. */
const MAX_FIRINGS = 10_000;

/** The longest time between two firings of a year; undefined where there are no two. */
export function longestGapSeconds(schedule: ScheduleDeclaration): number | undefined {
  let last: number | undefined;
  let longest: number | undefined;
  let seen = 0;
  for (const firing of firingsBetween(scheduleOf(schedule), FROM, TO)) {
    if (last !== undefined) longest = Math.max(longest ?? 0, firing - last);
    last = firing;
    if (++seen >= MAX_FIRINGS) break;
  }
  return longest === undefined ? undefined : Math.ceil(longest / 1000);
}
