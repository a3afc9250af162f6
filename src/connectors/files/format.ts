/**
 * The contract between the sink of files and a format: how rows become the bytes of a segment, and segments a file. A
 * format knows nothing of stores, exports and runs. A segment is what one batch became: text that lies durably on this
 * machine until the file that holds its rows is made.
 */
import type { Batch } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import type { Finding, Incoming, Journey, Refused } from '../connector.js';

/** What a sink's options say of its files, defaults filled in. */
export interface FileOptions {
  readonly format: 'parquet' | 'csv' | 'jsonl';
  readonly compression: 'zstd' | 'gzip' | 'snappy' | 'none';
  /** Parquet. */
  readonly rowGroupRows: number;
  /** CSV: text that a spreadsheet would take for a formula is made harmless. */
  readonly forPeople: boolean;
  /** What becomes of attributes that `Incoming.columns` does not name; undefined where nothing was said. */
  readonly extra: 'reject' | 'ignore' | { readonly into: string } | undefined;
}

export interface FileFormat {
  /** Ends the names of its files: `.parquet`, `.csv.gz`. */
  readonly suffix: string;
  /** Throws `package_missing` where this machine lacks what the format is written with. */
  need?(): Promise<unknown>;
  /** Decides each column's form. Reads nothing, writes nothing. */
  plan(incoming: Incoming): FormatPlan;
}

export interface FormatPlan {
  readonly journeys: readonly Journey[];
  readonly findings: readonly Finding[];
  /** Made for these columns; absent where a finding refuses them. */
  readonly rows?: RowsFormat;
}

export interface RowsFormat {
  /** The columns of the files, for the manifest. */
  readonly columns: readonly Column[];
  /** Each writer has its own. */
  encoder(): RowEncoder;
  /**
   * Makes the segments one file at `path`, their rows in this order, and gives how many rows the file itself says that it
   * holds, asked after it was written. No segments make a file without rows. The file is the caller's to fsync.
   */
  build(segments: readonly Segment[], path: string, signal: AbortSignal): Promise<{ readonly rows: number }>;
}

export interface RowEncoder {
  /**
   * The segment of the batch's rows but for those refused: whatever could make a file fail is found here. `batch.columns` may
   * be others than those planned (an open source): columns are found by their names. The bytes are good until the
   * next call.
   */
  encode(batch: Batch): EncodedRows;
}

export interface EncodedRows {
  readonly buffers: readonly Uint8Array[];
  /** Rows in the buffers. */
  readonly rows: number;
  /** Of the longest row, bytes as they stand in the buffers. */
  readonly longestBytes: number;
  /** In the order of their rows. */
  readonly refused: readonly Refused[];
}

/** A segment on disk: exactly the bytes of the buffers of one `EncodedRows`. */
export interface Segment {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
  readonly longestBytes: number;
}
