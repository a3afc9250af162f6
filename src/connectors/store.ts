/**
 * The contract of a place that holds objects under names: a bucket below a prefix, or a folder of this machine. Names are
 * relative to it, parted by `/`, and never lead out of it.
 */
import type { Readable } from 'node:stream';
import type { Finding, Permission } from './connector.js';

/**
 * What a store is looked at for. add: objects are put under new names, and nothing is replaced or removed. publish: small texts are
 * put, and objects removed, that others may have put.
 */
export type StoreUse = 'read' | 'write' | 'add' | 'publish';

export interface StoreDescription {
  /** For people: `s3://lake/exports/`, `./out/`. */
  readonly name: string;
  /** Equal exactly if two stores hold the same objects. */
  readonly identity: string;
  /** Missing, in another region, not writable, a bucket that everybody can read, versioning that keeps what is removed. */
  readonly findings: readonly Finding[];
  readonly permissions: readonly Permission[];
}

export interface StoredObject {
  readonly name: string;
  readonly bytes: number;
  /** Another whenever the content is another: S3's ETag; of a file its time and size. To be compared with those of `list` and `putFile`. */
  readonly version: string;
}

export interface StoredText {
  readonly text: string;
  /** S3's ETag; of a file its SHA-256. To be compared with those of `readText`, `putText` and `writeText`. */
  readonly version: string;
}

/** A copy of an object within its store. */
export interface ObjectCopy {
  readonly from: string;
  readonly to: string;
  /** Of `from`, as `list` and `putFile` tell them: of another version nothing is copied. */
  readonly bytes: number;
  readonly version: string;
}

/** Copies that are made and not seen yet. */
export interface HiddenCopies {
  /** Shows all of them, with as little as can be between the first and the last. May be called again. */
  show(): Promise<void>;
  /** Gives up those that are not shown. */
  drop(): Promise<void>;
}

/** What `readText` reads and `putText` writes is no larger. */
export const MAX_TEXT_BYTES = 32 * 1024 * 1024;

/** Every call is retried inside by `context.retry`, but for what says otherwise. Throws SluiceErrors. */
export interface Store {
  /** With `below` permissions are for names that begin with it. */
  describe(use: StoreUse, below?: string): Promise<StoreDescription>;
  /** Objects whose names begin with `prefix`, in the order in which the store has them; all pages. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Undefined where there is none. From `start` on, and below `end`. Reading goes on where a connection broke. */
  open(
    name: string,
    range?: { readonly start: number; readonly end?: number },
  ): Promise<Readable | undefined>;
  /** Where the object lies as a file of this machine, to be read and not changed; undefined where there is none. Absent where none does. */
  localPath?(name: string): Promise<string | undefined>;
  /** A small object whole (a manifest); undefined where there is none. */
  readText(name: string): Promise<StoredText | undefined>;
  /**
   * Puts a local file under the name. It is seen whole or not at all: a bucket's large objects are multipart uploads that
   * are aborted when they fail, a folder's are written beside and renamed, data and folder fsync'd. A bucket checks it by
   * a checksum. The local file stays, and is not written to any more: a folder may keep a link to it.
   */
  putFile(name: string, path: string): Promise<StoredObject>;
  /**
   * `putFile` by one call that replaces nothing: where there is an object of this name already, it stays and is the one that
   * is given. That may be what an earlier try has put whose answer was lost. A bucket's goes up in one piece, from memory.
   */
  putNew(name: string, path: string): Promise<StoredObject>;
  /**
   * Puts a small text by one conditional call: only over this version, or with `undefined` only where there is none.
   * 'changed' where somebody else was first. A lost answer is looked up: its own text found there is its own success.
   */
  putText(name: string, text: string, over: string | undefined): Promise<StoredText | 'changed'>;
  /** Takes away what processes that were killed while they put this text have left. Absent where they leave nothing. */
  clearText?(name: string): Promise<void>;
  /** Copies objects within the store: what takes time is done now, and nothing is seen before `show`. */
  copyHidden(copies: readonly ObjectCopy[]): Promise<HiddenCopies>;
  /** Without a condition: for objects that only this run writes. */
  writeText(name: string, text: string): Promise<StoredText>;
  /** Names that are not there are no error. Exactly these names: nothing is ever removed by a prefix. */
  remove(names: readonly string[]): Promise<void>;
  /**
   * Ends uploads below a folder (`orders/RUN/`) that were begun and never ended. Whoever calls it knows that all that lies
   * there is its own, and that nobody else is writing there, but below the folders of `except`.
   */
  clearUploads(folder: string, except?: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
