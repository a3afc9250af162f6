/** A schedule that has been found right. Plain frozen data. `zone` is a name of the time zone database. */
export type Schedule = CronSchedule | RateSchedule | AtSchedule;

export interface CronSchedule {
  readonly kind: 'cron';
  /** As EventBridge Scheduler takes it, without `cron(…)`: six fields, upper case. */
  readonly expression: string;
  readonly zone: string;
  /** The same for croner: seconds, minute, hour, day, month, weekday, year. */
  readonly pattern: string;
}

export interface RateSchedule {
  readonly kind: 'rate';
  /** `15 minutes`, without `rate(…)`. */
  readonly expression: string;
  readonly zone: string;
  readonly everyMs: number;
  /** The instant that the rate counts from, before and after. As declared: 1970-01-01T00:00Z. */
  readonly start: number;
}

export interface AtSchedule {
  readonly kind: 'at';
  /** `2026-12-31T06:00:00`, without `at(…)`. */
  readonly expression: string;
  readonly zone: string;
  readonly instant: number;
}

/** What is wrong with a schedule, and what would be right. */
export interface ScheduleProblem {
  readonly field: 'cron' | 'rate' | 'at' | 'zone';
  readonly message: string;
  readonly hint: string;
}

/** `notes` do not stop a schedule from being used: another spelling is advised. */
export type Parsed<Result> =
  | { readonly schedule: Result; readonly notes: readonly ScheduleProblem[] }
  | { readonly problems: readonly ScheduleProblem[] };

/** A rate that counts from an instant: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based */
export function startingAt(schedule: Schedule, start: number): Schedule {
  return schedule.kind === 'rate' ? { ...schedule, start } : schedule;
}
