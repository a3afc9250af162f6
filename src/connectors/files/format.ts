/**
 * The contract between the sink of files and a format: how rows become the bytes of a segment, and segments a file. A
 * format knows nothing of stores, exports and runs. A segment is what one batch became: bytes that lie durably on this
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
  /** Whether segments of so many rows and bytes together are enough to be added to a file: work for a moment, and no more. */
  isEnough(held: { readonly rows: number; readonly bytes: number }): boolean;
  /** Begins a file at `path`. */
  begin(path: string, signal: AbortSignal): FileBuild;
}

/** A file that grows while more of its rows come. One call after the other. */
export interface FileBuild {
  /** Adds the rows of the segments, in this order. */
  add(segments: readonly Segment[]): Promise<void>;
  /**
   * Ends the file, and gives how many rows the file itself says that it holds, asked after it was written. If nothing was
   * added it is a file without rows. It is the caller's to fsync.
   */
  end(): Promise<{ readonly rows: number }>;
  /** Leaves off, wherever it is; nothing may be called afterwards. The file is the caller's to remove. */
  close(): Promise<void>;
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
  /** In the order of their rows. */
  readonly refused: readonly Refused[];
}

/** A segment on disk: exactly the bytes of the buffers of one `EncodedRows`. */
export interface Segment {
  readonly path: string;
  readonly bytes: number;
  readonly rows: number;
}
