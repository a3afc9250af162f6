/**
 * The contract of a service that makes snapshots of a database and exports them into a bucket: RDS. All names are derived
 * from the run, so that every call can be made again after a kill and finds what it made.
 */
import type { Finding, Permission } from './connector.js';

export interface ExporterDescription {
  /** For people: `instance shop-prod`, `cluster shop`. */
  readonly name: string;
  readonly identity: string;
  readonly engine: string;
  readonly engineVersion: string;
  /** Aurora clusters can be exported without a snapshot. */
  readonly direct: boolean;
  /** The storage that a price is for, GiB. */
  readonly gib: number;
  readonly findings: readonly Finding[];
  readonly permissions: readonly Permission[];
}

/** Where an export goes. */
export interface ExportOrder {
  readonly name: string;
  readonly bucket: string;
  readonly prefix: string;
  readonly kmsKey: string;
  readonly role: string;
  /** `shop.orders`, `shop`; empty means all. */
  readonly tables: readonly string[];
}

export type SnapshotState =
  | { readonly kind: 'none' }
  | { readonly kind: 'creating'; readonly percent: number }
  | { readonly kind: 'available'; readonly arn: string; readonly gib: number; readonly takenAt: string }
  | { readonly kind: 'failed'; readonly cause: string };

export type ExportState =
  | { readonly kind: 'none' }
  | { readonly kind: 'working'; readonly percent: number; readonly extractedGib: number }
  | {
      readonly kind: 'complete';
      readonly extractedGib: number;
      readonly tables: readonly string[];
      readonly skipped?: string;
    }
  | { readonly kind: 'failed' | 'canceled'; readonly cause: string };

/** A snapshot that carries our tag. */
export interface TaggedSnapshot {
  readonly name: string;
  readonly takenAt: string;
}

/** Calls are retried inside by `context.retry`; waiting is the engine's. */
export interface Exporter {
  describe(): Promise<ExporterDescription>;
  /** The KMS key and the role can be used for exports, as far as can be told without beginning one. */
  check(order: ExportOrder): Promise<readonly Finding[]>;
  /** Begins a snapshot of this name with our tag; one that is there already is taken if the tag names this run. */
  takeSnapshot(name: string): Promise<void>;
  snapshot(name: string): Promise<SnapshotState>;
  /** Begins an export; one of this name that is there already is taken. 'busy' where too many are in progress. */
  startExport(order: ExportOrder, sourceArn: string): Promise<'started' | 'busy'>;
  export(name: string): Promise<ExportState>;
  cancelExport(name: string): Promise<void>;
  /** Those of this database and pipeline with our tag, newest first. */
  ourSnapshots(): Promise<readonly TaggedSnapshot[]>;
  /** Only a snapshot with our tag; one that is not there is no error. */
  removeSnapshot(name: string): Promise<void>;
  close(): Promise<void>;
}
