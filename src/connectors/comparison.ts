import type { Batch } from '../values/batch.js';
import type { Part, Refused } from './connector.js';
import type { DeletesLimit } from './deletes-limit.js';

/**
 * A row in the spelling of its sink: equal texts mean that the sink holds the same, and a copy would change
 * nothing. Numbers are compared as the sink compares them, everything else byte for byte.
 */
export interface ComparableRow {
  /** Which of the sink's rows it is; '' where rows have no key. */
  readonly key: string;
  /** What is compared of the row besides its key. */
  readonly content: string;
}

/** What a copy would make of an incoming row: a row of the sink, or a reject, whose key may be known all the same. */
export type Expected = ComparableRow | { readonly refused: Refused; readonly key?: string };

/** A column in which two rows differ. A text is absent where the row has no such column. */
export interface Difference {
  readonly column: string;
  readonly expected?: string;
  readonly actual?: string;
}

/** How many rows a range of keys has, and a sum over them that other rows hardly ever have (1 in 2^64). */
export interface RowSum {
  readonly rows: number;
  readonly sum: string;
}

/** Rows counted and summed up beside the data, so that they need not travel. */
export interface RowSums {
  /** How sums are made: those of different forms mean nothing to each other. */
  readonly form: string;
  sum(part: Part): Promise<RowSum>;
}

/** A sink's table as it is, for comparing it with what a copy would write. Nothing is written but by `remove`. */
export interface Comparison {
  /** False: rows have no key, and are compared as a bag of contents. */
  readonly keyed: boolean;
  /** Whether the mode takes a row that the source lacks for a difference (mirror, replace), or leaves it alone. */
  readonly extras: 'different' | 'allowed';
  /** False: rows with different contents may be equal all the same, as the mode has it; ask `differences`. */
  readonly exact: boolean;
  /** What the comparison takes for equal, for people: `newest: equal where the sink holds a newer item`. */
  readonly rule: string;
  /** Estimates by the server of what `actual` reads; absent where it has none. */
  readonly rows?: number;
  readonly bytes?: number;
  /** Read units that `actual` will cost, by estimate. */
  readonly units?: number;
  expected(batch: Batch): readonly Expected[];
  /** The table's rows, each in one of at most `wanted` streams; bounded memory, at the read pace. */
  actual(wanted: number): readonly AsyncIterable<readonly ComparableRow[]>[];
  /**
   * Sums of the table's rows by the parts of a source whose sums are of the same form, over these columns; absent
   * where there are none. `rows` gives a part's rows as `actual` does.
   */
  sums?(): Promise<
    | (RowSums & {
        readonly columns: readonly string[];
        rows(part: Part): AsyncIterable<readonly ComparableRow[]>;
      })
    | undefined
  >;
  /** The rows with these keys as they are now; those that are not there are left out. */
  fetch(keys: readonly string[]): Promise<ReadonlyMap<string, ComparableRow>>;
  /** Where the row that is there is not as it must be; none where it is, by the rules of the mode. */
  differences(expected: ComparableRow, actual: ComparableRow): readonly Difference[];
  /** A key's values by name, for people. */
  keyValues(key: string): Readonly<Record<string, string>>;
  /** What is compared of a row by column, as the sink spells it, for people. */
  contentValues(row: ComparableRow): Readonly<Record<string, string>>;
  /**
   * When the sink's ledger recorded the batch of a run, or its last slice, ISO 8601 in UTC; undefined where it does not know the batch
   * (any more: a finished run's are forgotten). Absent where there is no ledger.
   */
  recordedAt?(run: string, token: string): Promise<string | undefined>;
  /** Read units used so far. */
  used(): number;
  readonly deletesLimit: DeletesLimit;
  /** Deletes these rows; those that are gone already do not count. */
  remove(keys: readonly string[]): Promise<number>;
}
