/**
 * What a folder of exports holds, so that a reader finds exactly one complete, newest export at every instant (invariant 6).
 *
 * `FOLDER/NAME/…` are the objects of one export. `FOLDER/NAME/manifest.json` lists all of them: it is written when they are
 * complete and checked. `FOLDER/LATEST.json` is the newest manifest with the names of the exports that are kept; it
 * is the only object that is ever overwritten, by one conditional put. An export is removed only if a LATEST.json named it:
 * the objects that its own manifest lists, by their names, then the manifest.
 */
import type { Column } from '../values/column.js';

export const MANIFEST_VERSION = 1;

export interface Manifest {
  readonly sluice: typeof MANIFEST_VERSION;
  /** The export's name, its folder's too: `mysnapshot-2026-11-21-06-00`. */
  readonly export: string;
  readonly pipeline: string;
  readonly step: string;
  readonly run: string;
  /** ISO 8601, UTC: when the data was as it is (the snapshot's time), and when the export was published. */
  readonly asOf: string;
  readonly publishedAt: string;
  readonly format: 'parquet' | 'csv' | 'jsonl';
  /** The files are not exact (CSV for a spreadsheet): no source reads them. */
  readonly for?: 'people';
  readonly tables: readonly ManifestTable[];
  /** Objects that belong to the export and hold no rows: RDS's own info files and `_SUCCESS` marks. */
  readonly others: readonly ManifestFile[];
}

export interface ManifestTable {
  /** `shop.orders`, or as the source calls it. */
  readonly name: string;
  /** Absent where nobody told them (a snapshot's export). */
  readonly columns?: readonly Column[];
  /** The primary key of the rows; absent where there is none, or where nobody told it. */
  readonly key?: readonly string[];
  readonly rows?: number;
  readonly files: readonly ManifestFile[];
}

/** Names are relative to the folder of LATEST.json. */
export interface ManifestFile {
  readonly name: string;
  readonly bytes: number;
  readonly version: string;
  readonly rows?: number;
}

/** `LATEST.json`: the newest export's manifest, and which others are still there, newest first. */
export interface Latest extends Manifest {
  readonly kept: readonly string[];
}
