import type { Places, Report } from './report.js';

/** A document that has been read and not yet checked against the schema. Plain data; row functions apart. */
export interface RawDocument {
  readonly value: unknown;
  readonly places: Places;
  /** Holds the mistakes of reading; checking adds its own. */
  readonly report: Report;
  /** False when parts could not be read, so that what is missing may be there. */
  readonly complete: boolean;
  /** The digest of the program, where there is one. */
  readonly code?: string;
}
