import type { Column } from '../../../values/column.js';

/** A file of a table, by its name in the store. */
export interface SourceFile {
  readonly name: string;
  readonly bytes: number;
  readonly version: string;
  /** As a manifest tells. */
  readonly rows?: number;
}

/** Where the rows of a table lie. */
export interface FoundTable {
  /** For people: `orders/`, `orders.csv`. */
  readonly shown: string;
  /** In the order of their names' bytes. */
  readonly files: readonly SourceFile[];
  /** What the manifest of an export tells. */
  readonly manifest?: {
    readonly asOf: string;
    readonly columns?: readonly Column[];
    readonly key: readonly string[];
    readonly rows?: number;
  };
}

export type Format = 'parquet' | 'csv' | 'jsonl';

export const suffixes: Readonly<Record<Format, readonly string[]>> = {
  parquet: ['.parquet'],
  csv: ['.csv', '.csv.gz'],
  jsonl: ['.jsonl', '.jsonl.gz', '.ndjson', '.ndjson.gz', '.json', '.json.gz'],
};

/** Whether the name is one of the format. */
export function isOfFormat(name: string, format: Format): boolean {
  return suffixes[format].some((suffix) => name.endsWith(suffix));
}

export function byName(one: SourceFile, other: SourceFile): number {
  return Buffer.compare(Buffer.from(one.name), Buffer.from(other.name));
}
