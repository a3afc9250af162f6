/**
 * The contract of a service that makes snapshots of a database and exports them into a bucket: RDS. All names are derived
 * from the run and noted before they are used, so that every call can be made again after a kill and finds what it made.
 */
import type { Finding, Permission } from './connector.js';
import type { StoredObject } from './store.js';

export interface ExporterDescription {
  /** For people: `instance shop-prod`, `cluster shop`. */
  readonly name: string;
  readonly identity: string;
  /** What is exported where no snapshot is taken. */
  readonly arn: string;
  readonly region: string;
  readonly engine: string;
  readonly engineVersion: string;
  /** Aurora clusters can be exported without a snapshot. */
  readonly direct: boolean;
  /** The storage that a price is for, GiB; absent where the service does not say (Aurora grows by itself). */
  readonly gib?: number;
  readonly findings: readonly Finding[];
  readonly permissions: readonly Permission[];
}

/** Where an export goes. */
export interface ExportOrder {
  readonly name: string;
  readonly bucket: string;
  /** Without a `/` at its end; '' for the bucket's own top. */
  readonly prefix: string;
  readonly kmsKey: string;
  readonly role: string;
  /** `shop.orders`, `shop`; empty means all. */
  readonly tables: readonly string[];
}

export type SnapshotState =
  | { readonly kind: 'none' }
  | { readonly kind: 'creating'; readonly percent: number }
  | {
      readonly kind: 'available';
      readonly arn: string;
      readonly gib?: number;
      /** ISO 8601, UTC. */
      readonly takenAt: string;
    }
  | { readonly kind: 'failed'; readonly cause: string };

export type ExportState =
  | { readonly kind: 'none' }
  | { readonly kind: 'working'; readonly percent: number; readonly extractedGib: number }
  | {
      readonly kind: 'complete';
      readonly extractedGib: number;
      /** When the data was as it is, where the service says so: ISO 8601, UTC. */
      readonly asOf?: string;
      /** What the service left out, in its own words. */
      readonly skipped?: string;
    }
  | { readonly kind: 'failed' | 'canceled'; readonly cause: string };

/**
 * What came of a call that begins something. `taken`: another has the name. `busy`: not now, since of that which is going on,
 * in words; waiting helps.
 */
export type Begun = 'begun' | 'taken' | { readonly busy: string };

/** A snapshot that carries our tag. */
export interface TaggedSnapshot {
  readonly name: string;
  readonly takenAt: string;
}

/** One table of an export, as the service reports it. */
export interface ExportedTable {
  /** `shop.orders`. */
  readonly name: string;
  /** Why it is not complete, in the service's words; absent where it is. */
  readonly incomplete?: string;
  /** What holds its rows. */
  readonly files: readonly StoredObject[];
  /** The service has marked it as written: it may be complete without any file, since it has no rows. */
  readonly marked: boolean;
}

/** What lies below the name of an export. */
export interface ExportContents {
  readonly tables: readonly ExportedTable[];
  /** All other objects. */
  readonly others: readonly StoredObject[];
  /** What the service says of what is not a table: which were left out and why. */
  readonly warnings: readonly string[];
}

/** What an exporter is opened with. */
export interface ExporterOptions {
  /** The database itself is exported, without a snapshot. */
  readonly direct: boolean;
}

/** Calls are retried inside by `context.retry`; waiting is the engine's. */
export interface Exporter {
  describe(order: Omit<ExportOrder, 'name'>): Promise<ExporterDescription>;
  /** The KMS key and the role can be used for exports, as far as can be told without beginning one. */
  check(order: Omit<ExportOrder, 'name'>): Promise<readonly Finding[]>;
  /** Begins a snapshot of this name with our tag; one that is there already is 'begun' if its tag names this run. */
  takeSnapshot(name: string): Promise<Begun>;
  snapshot(name: string): Promise<SnapshotState>;
  /** Begins an export; one of this name that is there already is 'begun' if it is of the same source into the same place. */
  startExport(order: ExportOrder, sourceArn: string): Promise<Begun>;
  export(name: string): Promise<ExportState>;
  /**
   * For whoever has somebody else make the calls that begin something: whether a snapshot of this name is this run's, somebody
   * else's (`taken`), or there is none. Begins nothing.
   */
  snapshotBegun(name: string): Promise<'begun' | 'taken' | 'none'>;
  /** The same of an export of the source into the place of the order. */
  exportBegun(order: ExportOrder, sourceArn: string): Promise<'begun' | 'taken' | 'none'>;
  /**
   * What it means that the service refused such a call, by the name of its error as Step Functions has it. Throws where waiting
   * does not help.
   */
  refused(error: { readonly name: string; readonly message: string }): 'taken' | { readonly busy: string };
  /** One that is not there, or has ended, is no error. */
  cancelExport(name: string): Promise<void>;
  /**
   * Puts the objects of an export in order, by what the service itself wrote among them. `read` gives an object's text. Throws
   * `export_incomplete` where that says that the export is not complete, or cannot be read.
   */
  contents(
    name: string,
    objects: readonly StoredObject[],
    read: (object: StoredObject) => Promise<string>,
  ): Promise<ExportContents>;
  /** Those of this database, pipeline and step with our tag that are available or failed, newest first. */
  ourSnapshots(): Promise<readonly TaggedSnapshot[]>;
  /** Only a snapshot with our tag; one that is not there is no error. False where it cannot be removed yet. */
  removeSnapshot(name: string): Promise<boolean>;
  close(): Promise<void>;
}
