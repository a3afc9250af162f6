/**
 * The contract of a place that holds objects under names: a bucket below a prefix, or a folder of this machine. Names are
 * relative to it, parted by `/`, and never lead out of it.
 */
import type { Readable } from 'node:stream';
import type { Finding, Permission } from './connector.js';

export interface StoreDescription {
  /** For people: `s3://lake/exports/`, `./out/`. */
  readonly name: string;
  /** Equal exactly if two stores hold the same objects. */
  readonly identity: string;
  /** Missing, in another region, not writable, a bucket that everybody can read, versioning that keeps what is removed. */
  readonly findings: readonly Finding[];
  readonly readPermissions: readonly Permission[];
  readonly writePermissions: readonly Permission[];
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  /** Another whenever the content is another: S3's ETag; of a file its SHA-256, or time and size where that is enough. */
  readonly version: string;
}

/** Every call is retried inside by `context.retry`, but for what says otherwise. Throws SluiceErrors. */
export interface Store {
  describe(): Promise<StoreDescription>;
  /** Objects whose names begin with `prefix`, in the order of their names' bytes; all pages. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Undefined where there is none. From `start` on, and below `end`. Reading goes on where a connection broke. */
  open(
    name: string,
    range?: { readonly start: number; readonly end?: number },
  ): Promise<Readable | undefined>;
  /** A small object whole (a manifest); undefined where there is none. */
  readText(name: string): Promise<{ readonly text: string; readonly version: string } | undefined>;
  /**
   * Puts a local file under the name. It is seen whole or not at all: a bucket's large objects are multipart uploads that
   * are aborted when they fail, a folder's are written beside and renamed, data and folder fsync'd. Checked by a checksum.
   */
  putFile(name: string, path: string): Promise<StoredObject>;
  /**
   * Puts a small text by one conditional call: only over this version, or with `undefined` only where there is none.
   * 'changed' where somebody else was first. A lost answer is looked up: its own text found there is its own success.
   */
  putText(name: string, text: string, over: string | undefined): Promise<StoredObject | 'changed'>;
  /** Without a condition: for objects that only this run writes. */
  writeText(name: string, text: string): Promise<StoredObject>;
  /** Names that are not there are no error. Exactly these names: nothing is ever removed by a prefix. */
  remove(names: readonly string[]): Promise<void>;
  /** Uploads under the prefix that were begun and never ended, of this pipeline's runs: aborted. */
  clearUploads(prefix: string): Promise<void>;
  close(): Promise<void>;
}
