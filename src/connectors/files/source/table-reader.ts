import type { Column, LogicalType } from '../../../values/column.js';
import type { Context, Finding, ReadRequest } from '../../connector.js';
import type { Store } from '../../store.js';
import type { FileBatch } from '../file-batch.js';
import type { FoundTable, SourceFile } from './found-table.js';

/** What a format needs to open a table. */
export interface TableRequest {
  readonly store: Store;
  readonly context: Context;
  readonly table: FoundTable;
  /** Types of columns, as the declaration says them. */
  readonly declared: Readonly<Record<string, LogicalType>> | undefined;
}

/** Reads the files of one table, all in one format. */
export interface TableReader {
  readonly columns: readonly Column[];
  readonly open: boolean;
  readonly findings: readonly Finding[];
  /** As the files themselves say; absent where they do not. */
  readonly rows?: number;
  read(file: SourceFile, stretch: FileStretch): AsyncIterable<FileBatch<object>>;
}

/** What of a file is to be read; places are what its batches had. */
export interface FileStretch {
  readonly after?: object;
  /** Ends with the row before this place. */
  readonly through?: object;
  readonly request: ReadRequest;
}
