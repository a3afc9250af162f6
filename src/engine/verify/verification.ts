import type { Difference } from '../../connectors/comparison.js';
import type { Part } from '../../connectors/connector.js';
import type { Counters } from '../counters.js';
import type { Place } from './places.js';

/** missing: the sink lacks it. extra: the source lacks it. changed: the contents differ. */
export type DifferenceKind = 'missing' | 'extra' | 'changed';

/** A row in which the sides differ. */
export interface FoundDifference {
  readonly kind: DifferenceKind;
  /** What the row is called within the verification: its key in the sink's spelling, or a digest. */
  readonly name: string;
  /** Where in the source it was read: an index into the places; absent for extra rows. */
  readonly place?: number;
  /** By a second look: the key's values by name, and for changed rows the columns. Absent where none was taken. */
  readonly key?: Readonly<Record<string, string>>;
  readonly columns?: readonly Difference[];
}

export interface VerifyCounts {
  readonly sourceRows: number;
  readonly sinkRows: number;
  readonly equal: number;
  readonly missing: number;
  readonly extra: number;
  readonly changed: number;
  /** Source rows that a copy refuses, or has refused: the sink need not hold them. */
  readonly rejected: number;
  /** Source rows whose key a later one has too (`duplicates: last`). */
  readonly superseded: number;
  /** Rows that seemed to differ and were found equal, or gone from the source, when looked at again. */
  readonly settled: number;
}

/** What comparing the two sides of one copy came to. */
export interface Verification extends VerifyCounts {
  readonly name: string;
  readonly source: string;
  readonly sink: string;
  readonly rule: string;
  /** The sides do not agree. Extra rows count only where the mode deletes them, or with `strict`. */
  readonly different: boolean;
  /** Rows without a key, of which nothing but their number can be told. */
  readonly keyed: boolean;
  /** Not all rows were looked at: so many random ones. */
  readonly sample?: number;
  /** The differences, at most MAX_KEPT; those with keys first. */
  readonly found: readonly FoundDifference[];
  /** More differences than `found` holds. */
  readonly incomplete: boolean;
  readonly parts: readonly Part[];
  readonly places: readonly Place[];
  readonly seconds: number;
  /** Read units used on both sides. */
  readonly units: number;
  readonly consistency: string;
  /** Rejected rows have keys that are not known, so what seems extra may be theirs. */
  readonly unkeyed: number;
}

/** What a verification is run with. */
export interface VerifyRun {
  /** An empty folder for files that may grow with the data. */
  readonly folder: string;
  readonly counters: { readonly source: Counters; readonly sink: Counters };
  /** As many differences are looked at again and named. */
  readonly limit: number;
  /** How often a row must be found different when it is looked at again. */
  readonly settle: number;
  /** Extra rows are a difference whatever the mode. */
  readonly strict: boolean;
  /** Look at so many random rows only. */
  readonly sample?: number;
  /** Keys (as rejects hold them, JSON text) of rows that the last run refused. */
  readonly rejectedKeys: ReadonlySet<string>;
  readonly signal: AbortSignal;
}
