import type { Connection } from '../../src/connectors/connector.js';
import type { Queue } from '../../src/connectors/queue.js';
import type { Row } from '../../src/values/cell.js';
import type { TestContext } from '../fixtures/context.js';

/** Stands in every row and in the passwords; no error of a connector may hold it (invariant 8). */
export const CANARY = 'canary-5d1f0c';

/** A store with a connection to it, made for one test. */
export interface Opened {
  readonly connection: Connection;
  readonly context: TestContext;
  /** Everything in the store, as text: equal if and only if nothing was written in between. */
  fingerprint(): Promise<string>;
  close(): Promise<void>;
}

/** A way of reading that a connector offers, over `rows` rows that the case makes itself. */
export interface SourceCase {
  readonly name: string;
  /** Rows have a column or attribute `id` that holds 0, 1, 2 … as a number. */
  open(rows: number): Promise<Opened & { readonly options: object }>;
}

/** A way of writing that a connector offers. Incoming rows are those of `incoming.ts`. */
export interface SinkCase {
  readonly name: string;
  /** `existing` rows are there before, with ids from 0 on and the label `before`. */
  open(existing: number): Promise<OpenedSink>;
  /** What the mode does with rows that it is not handed, once the copy is complete. */
  readonly others: 'kept' | 'deleted';
  /** What the mode does with a row whose key is there already. */
  readonly met: 'overwritten' | 'kept' | 'rejected' | 'added';
  /** A row that the sink refuses; without, one that is too long; 'none' where it takes all rows. */
  readonly bad?: ((id: number) => Row) | 'none';
  /** Rows need no key, and a table that is missing is made without being asked for. */
  readonly keyless?: true;
  /** Nothing has to be granted: a folder of this machine. */
  readonly free?: true;
}

export interface OpenedSink extends Opened {
  readonly options: object;
  /** The ids in the sink table, with multiplicity, sorted; the labels by id. */
  stored(): Promise<{ ids: number[]; labels: Map<number, string> }>;
  /** Names of all the tables that are there. */
  tables(): Promise<string[]>;
}

/** A queue of a kind, empty when it is opened. */
export interface QueueCase {
  readonly name: string;
  open(): Promise<OpenedQueue>;
}

export interface OpenedQueue {
  readonly queue: Queue;
  /** Puts a message that is none of ours into the queue. */
  foreign(text: string): Promise<void>;
  close(): Promise<void>;
}

/** What a kind of connection must bring to be held to the contract. */
export interface ContractCases {
  readonly sources: readonly SourceCase[];
  readonly sinks: readonly SinkCase[];
  readonly queues: readonly QueueCase[];
  /** A connection to a server that is not there, and one with a password that is wrong; where that can be. */
  readonly broken: readonly { readonly name: string; open(): Promise<Opened> }[];
}
