/**
 * What a declaration is once it has been read and found right. Plain frozen data; defaults are filled in.
 * YAML and TypeScript give the same object.
 */
import type { ConnectionKind } from '../connectors/registry.js';
import type { ErrorCode, Problem } from '../errors.js';
import type { Expression } from '../expression/expression.js';
import type { StepValues } from '../expression/values.js';
import type { AsType } from '../transform/as.js';
import type { Extra } from '../transform/check/extra.js';
import type { SchemaSource } from '../transform/check/schema-source.js';
import type { Constant, Origin } from '../transform/map.js';
import type { Masks } from '../transform/mask/mask-stage.js';
import type { RowFunction } from '../transform/row.js';
import type { Change } from '../values/batch.js';
import type { LogicalType } from '../values/column.js';
import type { Firing } from '../values/firing.js';

export interface Declaration {
  readonly pipeline: string;
  /** The absolute path of the file. Paths in the declaration have been resolved against its folder. */
  readonly file: string;
  readonly connections: Readonly<Record<string, ConnectionDeclaration>>;
  readonly schedule?: ScheduleDeclaration;
  /** What only matters on AWS; no run depends on it. */
  readonly deploy?: DeployDeclaration;
  /** What masks are made with. */
  readonly maskKey?: { readonly env: string };
  /** A series. At least one. */
  readonly steps: readonly Step[];
  /** Only where a `row` function is used: the digest of the program text that declares it. */
  readonly code?: string;
  /** What does not stop the pipeline from being declared: unix cron, environment variables that are not set. */
  readonly warnings: readonly Problem[];
}

/** The options of a connection, as its kind's `connection` schema gave them. */
export interface ConnectionDeclaration {
  readonly kind: ConnectionKind;
  readonly [option: string]: unknown;
}

/**
 * Exactly one of cron, rate and at, as EventBridge Scheduler takes them within `cron(…)`, `rate(…)` and `at(…)`:
 * `scheduleOf` of src/schedule reads them. The zone defaults to UTC.
 */
export type ScheduleDeclaration = (
  | { readonly cron: string; readonly zone: string }
  | { readonly rate: string; readonly zone: string }
  | { readonly at: string; readonly zone: string }
) & {
  /** What becomes of firings that came due while nothing could begin: one run for all of them, or none. */
  readonly missed: 'run-once' | 'skip';
};

export interface DeployDeclaration {
  /** Of functions that talk to a database. Absent: that of a database of RDS. `none`: outside. */
  readonly vpc?:
    | 'none'
    | { readonly subnets: readonly string[]; readonly securityGroups: readonly string[] }
    | undefined;
  /** Host names of RDS Proxies, by connection. */
  readonly proxy?: Readonly<Record<string, string>> | undefined;
  /** MiB of each step's function. */
  readonly memory: number;
  /** Of one call that copies; then it hands over. */
  readonly workSeconds?: number | undefined;
  readonly logRetentionDays: number;
  /** ARN of a topic of the user's. */
  readonly alarms?: { readonly topic: string } | undefined;
  /** ARN of a policy. */
  readonly permissionsBoundary?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

export type Step = NamedStep | ParallelStep;

/** Every step but a parallel one has a name, unique in the pipeline. */
export type NamedStep = CopyStep | ReplicateStep | ExportStep | WaitStep | VerifyStep | CallStep;

/** What every kind of step may have. */
interface StepBase {
  /** Where the step stands in the document, for messages: `steps[1].parallel[0]`. */
  readonly path: string;
  /** Looked at just before the step; the step is skipped unless it is true. */
  readonly when?: Expression;
  readonly retry: RetryDeclaration;
  readonly onFailure?: FailureBranch;
}

export interface RetryDeclaration {
  /** Starts of the step in all. Before start n+1 it waits backoff^n seconds. */
  readonly attempts: number;
  readonly backoff: number;
  /** The failures after which it is started again; when absent, every one that may pass. */
  readonly on?: readonly ErrorCode[];
}

/** What runs after the last attempt at a step failed. */
export interface FailureBranch {
  /** A series of at least one step. */
  readonly steps: readonly Step[];
  /** Whether the run ends with it, resumable, or goes on behind the step that failed. */
  readonly then: 'stop' | 'continue';
}

export interface CopyStep extends StepBase {
  readonly kind: 'copy';
  readonly name: string;
  /** What passed the source schema of the connection's kind: `Connection.source` takes it as it is. */
  readonly from: SourceDeclaration;
  /** What passed the sink schema of the connection's kind: `Connection.sink` takes it as it is. */
  readonly to: SinkDeclaration;
  /** What lies between source and sink: of a copy a queue, of a replicate that is deployed a delivery stream. */
  readonly via?: { readonly connection: string };
  /** Columns of the source that hold JSON text and become documents. */
  readonly parse?: readonly string[];
  /** What is asked of rows after `parse` and before `map`. At least one. */
  readonly checks?: readonly CheckDeclaration[];
  /** What becomes of what the schemas do not know. */
  readonly extra?: Extra;
  /** What `sluice test` does; runs do not look at it. */
  readonly tests?: readonly StepTest[];
  readonly map: MapDeclaration;
  /** Column (its name after `map`), or path into a document, to what becomes of its values. */
  readonly mask?: Masks;
  /** What becomes of ''. */
  readonly empty: 'keep' | 'null';
  /** Whether NULL travels or its attribute is left out. */
  readonly nulls: 'keep' | 'omit';
  readonly rejects: { readonly limit: Limit };
  readonly pace: PaceDeclaration;
  /** Writers side by side, 1 to 64. */
  readonly parallel: number;
  /** How long one failing call is tried again. */
  readonly patienceSeconds: number;
  /** TypeScript declarations only. */
  readonly row?: RowFunction;
}

/** Given items, and what becomes of them before the sink. */
export interface StepTest {
  readonly name: string;
  /** At least one. Values are AttributeValues or plain JSON; numbers are whole. */
  readonly given: readonly Readonly<Record<string, unknown>>[];
  /** Types of a MySQL source's columns; without, they follow from the values. */
  readonly columns?: Readonly<Record<string, LogicalType>>;
  /** Of steps that follow changes: what happened to the items. */
  readonly change?: Partial<Change>;
  /** In order. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** In order; what is not named may be anything. */
  readonly rejects: readonly {
    readonly code: ErrorCode;
    readonly column?: string;
    /** A part of it. */
    readonly message?: string;
  }[];
}

export interface CheckDeclaration {
  /** The column of the source; absent for the whole item. */
  readonly of?: string;
  readonly schema: SchemaSource;
}

/**
 * Follows the changes of a table without an end. `from` and `to` hold what a copy between the two would have; what is
 * the changes' own is here. `parallel` is for the first copy.
 */
export interface ReplicateStep extends Omit<CopyStep, 'kind'> {
  readonly kind: 'replicate';
  /** Where a reader begins that has no place yet. */
  readonly changes: 'oldest' | 'latest';
  /** What is taken of what happens; of the rest nothing is read, written or counted. */
  readonly events: readonly Change['event'][];
  readonly load: LoadDeclaration;
  /** A full copy before the changes. */
  readonly first?: 'copy';
}

/** How much is written at once: whatever limit is reached first. */
export interface LoadDeclaration {
  readonly rows: number;
  readonly bytes: number;
  /** Since the first row of the load came. */
  readonly seconds: number;
}

/** A snapshot of a database, exported into a bucket by the service that has it. */
export interface ExportStep extends StepBase {
  readonly kind: 'export';
  /** What snapshots and exports are called, before the time. */
  readonly name: string;
  /** `shop.orders`, `shop`; empty means all. */
  readonly from: { readonly connection: string; readonly tables: readonly string[] };
  /** ARNs: the key that RDS writes with, the role by which it does. */
  readonly to: { readonly connection: string; readonly kmsKey: string; readonly role: string };
  /** How many stay, the new one included. */
  readonly keep: { readonly exports: number; readonly snapshots: number };
  /** Without a snapshot. */
  readonly direct: boolean;
  /** A copy of the newest export alone lies below `newest/`, for readers that know no LATEST.json. */
  readonly layout?: 'newest-only';
  /** A connection to the same database: its tables are compared with those of the export. */
  readonly count?: { readonly connection: string };
  readonly pollSeconds: number;
  /** How long an attempt waits for the service. */
  readonly deadlineSeconds: number;
  /** How long one failing call is tried again. */
  readonly patienceSeconds: number;
}

/** Exactly one of `seconds` and `until` is there. */
export interface WaitStep extends StepBase {
  readonly kind: 'wait';
  readonly name: string;
  readonly seconds?: number;
  /** An instant, ISO 8601 in UTC. */
  readonly until?: string;
}

/** Compares both sides of copies that ended before; fails with `different`. */
export interface VerifyStep extends StepBase {
  readonly kind: 'verify';
  readonly name: string;
  /** Names of copy steps, at least one. */
  readonly of: readonly string[];
  /** Rows to compare of each copy; all when absent. */
  readonly sample?: number;
}

/** At least one of `run` (from here) and `function` (when deployed, and from here where there is no `run`). */
export interface CallStep extends StepBase {
  readonly kind: 'call';
  readonly name: string;
  /** A command's argv, run in the declaration's folder, or (TypeScript) a function. */
  readonly run?: readonly string[] | CallFunction;
  /** The ARN of a Lambda function; `region`, `role` and `endpoint` go with it. */
  readonly function?: string;
  readonly region?: string;
  readonly role?: string;
  readonly endpoint?: string;
  /** JSON; texts `{{ reference }}` stand for values. `{}` when nothing is declared. */
  readonly input: unknown;
  readonly timeoutSeconds: number;
}

/** Takes a call's input and gives its output, a plain object or nothing. */
export type CallFunction = (input: unknown, about: CallAbout) => unknown;

export interface CallAbout {
  /** Aborted when the run is interrupted or the call's time is up. */
  readonly signal: AbortSignal;
  readonly firing: Firing;
  /** What the steps that ended before have done, by their names. */
  readonly steps: Readonly<Record<string, StepValues>>;
}

export interface ParallelStep extends StepBase {
  readonly kind: 'parallel';
  /** Each branch is a series of at least one step. */
  readonly branches: readonly (readonly Step[])[];
  /** Branches that run at once; all when absent. */
  readonly limit?: number;
}

/**
 * Exactly one of `table`, `tables` and (MySQL) `query` says what is read. With `tables`, the step is one
 * copy for each matching table: hand on `{ ...from, table }` without `tables`.
 */
export interface SourceDeclaration {
  readonly connection: string;
  readonly table?: string;
  /** Patterns with `*` and `?`. */
  readonly tables?: readonly string[];
  readonly [option: string]: unknown;
}

export interface SinkDeclaration {
  readonly connection: string;
  /**
   * Always there. With `from.tables` it holds `{table}`, which stands for the source table's name, or `{match}`,
   * which stands for what the wildcards of the first matching pattern stood for.
   */
  readonly table: string;
  readonly [option: string]: unknown;
}

/** Rows: a number of them. Share: of the rows read, 0 to 1. */
export type Limit = { readonly rows: number } | { readonly share: number };

/** Each per second; absent means no limit. Fractions are possible. */
export interface PaceDeclaration {
  readonly items?: number;
  readonly bytes?: number;
  readonly readUnits?: number;
  readonly writeUnits?: number;
  /** Of the units a second that each DynamoDB table is provisioned for, 0 to 1. */
  readonly share?: number;
  /** Slower while the service throttles. */
  readonly adapt?: boolean;
}

export interface MapDeclaration {
  /**
   * New name to path (`payload.session.start`), to a constant, or to what is known of the change; everything else is
   * left out. A list has become name: name.
   */
  readonly only?: Readonly<Record<string, string | Origin>>;
  /** New name to old name. */
  readonly rename?: Readonly<Record<string, string>>;
  readonly drop?: readonly string[];
  /** Name to a value that every row gets. Integers beyond 2^53 are bigint; there are no fractions. */
  readonly add?: Readonly<Record<string, Constant | Origin>>;
  /** Column (its new name) to the type it is read as. */
  readonly as?: Readonly<Record<string, AsType>>;
}

/** The steps within a step: its branches, and what follows its failure. */
export function innerSteps(step: Step): readonly Step[] {
  const branches = step.kind === 'parallel' ? step.branches.flat() : [];
  return [...branches, ...(step.onFailure?.steps ?? [])];
}

export const asTypes = [
  'bool',
  'text',
  'int',
  'decimal',
  'float',
  'bytes',
  'json',
  'date',
  'datetime',
  'time',
  'timestamp',
  'stringSet',
  'document',
] as const satisfies readonly AsType[];
