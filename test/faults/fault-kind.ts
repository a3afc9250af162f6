import type { ChildProcess } from 'node:child_process';
import type { ErrorCode } from '../../src/errors.js';
import type { TestDatabase } from '../fixtures/mysql.js';
import type { Rule } from './fault-plan.js';
import type { HttpFault } from './http-proxy.js';
import type { MysqlFault } from './mysql-proxy.js';

/** The two copies that every kind of fault is tried on, by where MySQL is: an upsert would hide a doubled row. */
export type Direction = 'from MySQL' | 'into MySQL';

/** What is done to one run of the copy. */
export interface Disturbance {
  readonly http?: readonly Rule<HttpFault>[];
  readonly mysql?: readonly Rule<MysqlFault>[];
  readonly deed?: Deed;
  /** Surroundings that the run needs; taken down when the trouble is over. */
  readonly arrange?: (database: TestDatabase) => Promise<Arrangement>;
  /** What the copy says besides, where the trouble needs it. */
  readonly copy?: CopyVariant;
}

export interface CopyVariant {
  readonly from?: object;
  readonly to?: object;
  readonly step?: object;
}

/** Something done to the program or its session when the k-th call or statement is about to be forwarded. */
export interface Deed {
  readonly on: RegExp;
  readonly nth: number;
  /** Counts only from when this holds. */
  ready?(target: Target): Promise<boolean>;
  act(target: Target): void | Promise<void>;
}

export interface Target {
  readonly child: ChildProcess;
  /** The server's number for the session whose statement it is; 0 for a call of DynamoDB. */
  readonly threadId: number;
  readonly database: TestDatabase;
  /** Where the run keeps its state. */
  readonly state: string;
}

export interface Arrangement {
  readonly env?: Readonly<Record<string, string>>;
  /** Instead of the folder of the run. */
  readonly state?: string;
  /** Overrides of the connection to MySQL. */
  readonly mysql?: object;
  /** The trouble is over: what comes now meets a healthy world. */
  over(): Promise<void>;
  remove(): Promise<void>;
}

/**
 * How a run ends that meets it alone: complete; stopped with one of these codes; by a signal. In each case but the first
 * `sluice run` completes it.
 */
export type Ending = 'complete' | readonly ErrorCode[] | 'signal';

export interface FaultKind {
  /** As docs/failure-behaviour.md calls it. */
  readonly name: string;
  readonly ends: Ending;
  /** What it is in a copy in that direction; undefined where it cannot be. */
  disturb(direction: Direction): Disturbance | undefined;
  /** Why this machine cannot try it; undefined where it can. */
  missing?(): string | undefined;
  /** Takes half a minute, so it is not part of the pairs that are sampled. */
  readonly long?: true;
}
