import type { CronSchedule, RateSchedule, Schedule } from './schedule.js';
import { calendarOf } from './six-fields.js';
import { instantsOf, latestLocalTime, localTime } from './zone.js';

/**
 * One time that a schedule names. Times are epoch milliseconds.
 *
 * What becomes of a time on the days when clocks change is EventBridge Scheduler's rule, for every cron expression:
 * a time that the clock jumps over is skipped; one that it shows twice fires once, the first time.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#daylist-savings-time
 */
export interface Moment {
  /** What the zone's clock shows, as the epoch milliseconds that it would be in UTC. */
  readonly local: number;
  /** When it fires; absent where the clock jumps over it. */
  readonly instant?: number;
  /** When the clock shows the same time again, and nothing fires. */
  readonly repeated?: number;
}

/** The next `count` firings strictly after an instant, as instants (epoch milliseconds); fewer where there are no more. */
export function firingsAfter(schedule: Schedule, instant: number, count: number): readonly number[] {
  const found: number[] = [];
  for (const moment of momentsAfter(schedule, instant)) {
    if (found.length >= count) break;
    if (moment.instant !== undefined) found.push(moment.instant);
    if (found.length >= count) break;
  }
  return found;
}

/** The last firing strictly before an instant (epoch milliseconds); undefined where there is none. */
export function firingBefore(schedule: Schedule, instant: number): number | undefined {
  if (schedule.kind === 'rate') {
    return schedule.start + (Math.ceil((instant - schedule.start) / schedule.everyMs) - 1) * schedule.everyMs;
  }
  if (schedule.kind === 'at') return schedule.instant < instant ? schedule.instant : undefined;
  return cronBefore(schedule, instant);
}

/** The firings from an instant on and before another (epoch milliseconds), each when it is asked for. */
export function* firingsBetween(schedule: Schedule, from: number, before: number): Generator<number> {
  for (const { instant } of momentsAfter(schedule, from - 1)) {
    if (instant === undefined) continue;
    if (instant >= before) return;
    yield instant;
  }
}

/** All times after an instant that a schedule names, in their order, those that are skipped too. */
export function* momentsAfter(schedule: Schedule, instant: number): Generator<Moment> {
  if (schedule.kind === 'cron') yield* cronMoments(schedule, instant);
  else if (schedule.kind === 'rate') yield* rateMoments(schedule, instant);
  else if (schedule.instant > instant) yield momentAt(schedule.zone, schedule.instant);
}

/** A rate is a duration: clocks that change do not change it. */
function* rateMoments({ start, everyMs, zone }: RateSchedule, instant: number): Generator<Moment> {
  const passed = Math.floor((instant - start) / everyMs);
  for (let next = start + (passed + 1) * everyMs; ; next += everyMs) {
    yield { local: localTime(zone, next), instant: next };
  }
}

function* cronMoments({ pattern, zone }: CronSchedule, after: number): Generator<Moment> {
  const calendar = calendarOf(pattern);
  for (let local = localTime(zone, after); ; ) {
    const next = calendar.nextRun(new Date(local));
    if (!next) return;
    local = next.getTime();
    const moment = momentOf(zone, local);
    const passed = moment.instant !== undefined && moment.instant <= after;
    if (!passed) yield moment;
  }
}

function cronBefore({ pattern, zone }: CronSchedule, instant: number): number | undefined {
  const calendar = calendarOf(pattern);
  // croner's search is exclusive and of whole seconds.
  let local = latestLocalTime(zone, instant) + 1000;
  for (;;) {
    const [previous] = calendar.previousRuns(1, new Date(local));
    if (!previous) return undefined;
    local = previous.getTime();
    const [first] = instantsOf(zone, local);
    if (first !== undefined && first < instant) return first;
  }
}

function momentOf(zone: string, local: number): Moment {
  const [instant, repeated] = instantsOf(zone, local);
  return {
    local,
    ...(instant === undefined ? {} : { instant }),
    ...(repeated === undefined ? {} : { repeated }),
  };
}

function momentAt(zone: string, instant: number): Moment {
  return momentOf(zone, localTime(zone, instant));
}
