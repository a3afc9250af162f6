import type { StepResult } from '../journal.js';

/**
 * What an export step has durably done. A name is noted before anything is called so, and each point takes the place of the one
 * before: whoever goes on makes the call again that follows, and finds what is there.
 */
export interface ExportJournal {
  /** Absent when the step has not begun. */
  readonly past?: ExportPoint;
  /** Durable when it returns, like `complete`. */
  note(point: ExportPoint): Promise<void>;
  complete(result: StepResult): Promise<void>;
}

export interface ExportPoint {
  /** When the step began, in whatever process: ISO 8601, UTC; absent in older journals. */
  readonly begun?: string;
  /** Names that others have, or whose snapshot or export failed: not given again. */
  readonly used: readonly string[];
  /** What the database held before the snapshot; absent where it is not asked. */
  readonly expected?: readonly ExpectedTable[];
  /** Absent where none is taken, or the one before failed. */
  readonly snapshot?: {
    readonly name: string;
    /** Once it is available. */
    readonly taken?: { readonly arn: string; readonly takenAt: string };
  };
  /** The name of the export: of its task, of its folder. */
  readonly export?: string;
  /** It was checked and published; what is left is to remove what it has replaced. */
  readonly published?: PublishedExport;
}

/** A table of the database, and how many rows it has about. */
export interface ExpectedTable {
  readonly name: string;
  readonly rows?: number;
}

/** What has become of the export. Plain JSON: expressions and calls see it as the step's `output`. */
export interface PublishedExport {
  readonly export: string;
  readonly snapshot: string | null;
  /** ISO 8601, UTC: when the data was as it is. */
  readonly asOf: string;
  readonly tables: number;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  /** What RDS left out, in its own words. */
  readonly skipped: readonly string[];
}
