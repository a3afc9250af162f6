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
}
