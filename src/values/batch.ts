import type { ErrorCode } from '../errors.js';
import type { Row } from './cell.js';
import type { Column } from './column.js';

/**
 * A place in a part, in its source's own words: JSON text that `Source.read` of the same part accepts
 * as `after`. Opaque to everybody else.
 */
export type Position = string;

/**
 * Rows by their numbers. An array of rows is one; AttributeRows, JoinedRows and TextRows make each row when it is asked for:
 * whoever looks at rows more than once keeps them.
 */
export interface Rows extends Iterable<Row> {
  readonly length: number;
  at(index: number): Row | undefined;
  /** `start` and `end` are not negative. */
  slice(start: number, end: number): Rows;
  map<Result>(make: (row: Row, index: number) => Result): Result[];
  entries(): Iterable<[number, Row]>;
}

/**
 * Rows that travel together. `columns` is frozen and shared: while its identity stays the same its
 * meaning does, so consumers compile once per identity. A source with open columns makes a new array
 * when an attribute appears that it has not seen (and starts over at `MAX_OPEN_COLUMNS`).
 */
export interface Batch {
  readonly columns: readonly Column[];
  readonly rows: Rows;
  /** Size of the rows as their source sent them, in bytes: for limits, pace and reports. */
  readonly bytes: number;
  /** The place after the last row; absent where the source cannot be resumed there. */
  readonly position?: Position;
  /** Rows that could not be read, in order: what is there of them (a key) is no row to write. Absent means none. */
  readonly refused?: readonly Unread[];
  /**
   * Called by whoever is done with the rows for good, and with whatever was made of them without copying: what they stand in
   * serves other rows then. Absent, or not called, it is garbage.
   */
  release?(): void;
  /** Rows that are changes: what happened to each, by the row's index. Stages that drop or reorder rows keep it in step. */
  readonly changes?: Changes;
}

/** Changes by their numbers. An array of them is one; PackedChanges makes each when it is asked for. */
export interface Changes extends Iterable<Change> {
  readonly length: number;
  at(index: number): Change | undefined;
}

/** What happened to an item. The row holds it as it became; after `remove` it holds the key alone. */
export interface Change {
  readonly event: 'insert' | 'modify' | 'remove';
  /** Decimal digits. Of two changes of one item the later has the larger number; numbers of different items say nothing. */
  readonly sequence: string;
  /** When the source made the change: ISO 8601, UTC, as exact as the source tells it. */
  readonly changedAt: string;
  /** When this program got it: ISO 8601, UTC. */
  readonly receivedAt: string;
  /** The service removed the item because its time to live was over. */
  readonly expired?: true;
  /** Of changes that a service hands over: a digest of the item's key. With `sequence` it is no other change of the table. */
  readonly item?: string;
}

/** A row that a source was asked for and could not read: a reject. Its message holds no value. */
export interface Unread {
  /** Index into `rows`. */
  readonly row: number;
  readonly code: ErrorCode;
  readonly message: string;
}

/** An open source starts a new column list beyond this many, so that odd items cannot make rows endlessly wide. */
export const MAX_OPEN_COLUMNS = 2000;
