/**
 * The moment that a run acts for, and the interval that it covers. A schedule's firing covers what lies between the
 * firing before it and itself: start ≤ t < end. All are instants, ISO 8601 in UTC with milliseconds.
 */
export interface Firing {
  readonly time: string;
  /** Absent where no interval is known: no schedule, and no `--from` and `--to`. Both are there, or neither is. */
  readonly start?: string;
  readonly end?: string;
  /** IANA zone of the schedule; UTC where there is none. Local times are told in it. */
  readonly zone: string;
  /** The range of firings, both ends, that a backfill was asked for, of which this is one. */
  readonly range?: readonly [from: string, to: string];
}

/** What `{{ firing.NAME }}` may say. The local ones are what a clock in the schedule's zone shows, without an offset. */
export const firingNames = ['start', 'end', 'time', 'localStart', 'localEnd', 'localTime'] as const;

export type FiringName = (typeof firingNames)[number];

/** `2026-11-01T05:00:00.000Z`; local ones `2026-11-01T06:00:00.000`. Those of an interval that is not known are absent. */
export type FiringValues = Readonly<Partial<Record<FiringName, string>>>;
