import type { Rows, Unread } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import type { ReadRequest } from '../connector.js';

/** A place in a file of text, between two rows. */
export interface TextPlace {
  /** Bytes before it, of the text as it is when nothing compresses it. */
  readonly offset: number;
  /** Of what follows, from 1. */
  readonly line: number;
  /** Rows before it. */
  readonly rows: number;
}

/** Rows of one file that are read together. */
export interface FileBatch<Place> {
  readonly columns: readonly Column[];
  readonly rows: Rows;
  readonly refused: readonly Unread[];
  readonly bytes: number;
  /** After the last row. */
  readonly place: Place;
}

/** What is to be read of a file of text. */
export interface TextReading {
  /** Where a row is, for people: `orders.csv line 17`. */
  where(place: { readonly line: number; readonly row: number }): string;
  /** The text from `place` on. */
  readonly chunks: AsyncIterable<Buffer>;
  readonly place: TextPlace;
  /** Rows that begin here or later are not read. */
  readonly until?: number;
  readonly request: ReadRequest;
}

/** A record, or a line, that is longer than this is taken for a file that is none (invariant 7). */
export const MAX_RECORD_BYTES = 256 * 1024 * 1024;

/** How a place in a file is told to people. */
export function lineOf(name: string): TextReading['where'] {
  return ({ line }) => `${name} line ${line}`;
}
