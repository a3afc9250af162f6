import type { Firing } from '../values/firing.js';

/** What `sluice serve` remembers of a pipeline's schedule. Instants are ISO 8601 in UTC. */
export interface Served {
  /** `cron 0 6 * * ? * Asia/Tokyo`: what the rest is about. */
  readonly schedule: string;
  /** When this schedule was first served: a rate counts from here, and nothing before was missed. */
  readonly start: string;
  /** Firings up to here have had their run, or were skipped. */
  readonly handled: string;
  /** Up to here runs have covered the time: the next one's interval begins here. Absent before the first. */
  readonly covered?: string;
  /** A firing whose run may have begun, and has not ended. */
  readonly pending?: Firing;
}
