/**
 * The contract between the engine and what it moves data between. The engine knows only this file; a
 * connector knows only this file, `errors` and `values`. All semantics are in the comments; the body of
 * tests in test/contract holds every connector to them.
 */
import type { ErrorCode } from '../errors.js';
import type { Batch, Changes, Position } from '../values/batch.js';
import type { Column } from '../values/column.js';
import type { FiringValues } from '../values/firing.js';
import type { Comparison, RowSums } from './comparison.js';
import type { DeliveryStream } from './delivery.js';
import type { Exporter } from './exporter.js';
import type { Feed } from './feed.js';
import type { Queue } from './queue.js';
import type { RunKeys } from './run-keys.js';
import type { Store } from './store.js';
import type { Top, Window } from './window.js';

/** What a run lends to a connector. */
export interface Context {
  /** Aborted when the run stops. Every wait listens to it and throws its reason. */
  readonly signal: AbortSignal;
  /** The environment: `{ env: NAME }` and the AWS variables are read from here only. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /**
   * Calls `call` until it succeeds, fails with `retry: 'never'`, or the patience of the run is over
   * (then the last error is thrown). Waits with full jitter between calls. Connectors turn native errors
   * into SluiceErrors by their table in failures.ts before they reach this.
   */
  retry<T>(call: () => Promise<T>): Promise<T>;
  /**
   * Waits for room in the read pace, and reads. What that cost is `likely`, unless `spent` says what it was.
   * The room is taken from before the call until a second after it.
   */
  paceRead<Answer>(
    likely: Cost,
    read: () => Promise<Answer>,
    spent?: (answer: Answer) => Cost,
  ): Promise<Answer>;
  /** What all reads of the step together may cost in a second; absent where they are not paced. One read asks for less. */
  readonly readRates?: Cost;
  /** Is told of each call that the service asked to go slower, so that the pace can (`adapt`). */
  throttled?(): void;
  /** A folder of this step, mode 0700, for files that may grow with the data (`mirror`'s digests). */
  readonly scratch: string;
  /** Of this copy; absent outside of one. */
  readonly keys?: RunKeys;
  /** The pipeline's name, for the names of things left in a sink (ledger rows, shadow tables). */
  readonly pipeline: string;
  /** This run's identity: sortable, `[0-9a-z-]`, at most 32 characters. */
  readonly run: string;
  /** What the run acts for: the values of `{{ firing.… }}`. */
  readonly firing: FiringValues;
  readonly step: string;
  /**
   * `scratch` is kept from a run's first attempt to its end: what lies there may be gone on with. Where this is absent,
   * whoever puts something there takes it away again.
   */
  readonly lasting?: true;
  /** Opens another source of the pipeline, by options as `from` has them: a key list may come from one. */
  source?(options: { readonly connection: string }): Promise<Source>;
  /** The program's standard input; it can be had once. */
  input?(): AsyncIterable<Uint8Array>;
  /** Of an incremental copy: what it reads of its `since` column; absent means all. */
  readonly window?: Window;
  /** Rows are changes that a service hands over, and may hand over again, also together with others. */
  readonly handed?: true;
  /** Single rows are sent again: modes that swap or compare whole tables (`replace`, `mirror`) only write them. */
  readonly replay?: true;
}

export interface Cost {
  readonly items?: number;
  readonly bytes?: number;
  /** DynamoDB read units; fractions are possible. */
  readonly units?: number;
}

/** A kind of connection. Loaded lazily by the registry. */
export interface Connector {
  /** Opens nothing yet; the first call that needs the server does. `options` passed the kind's own schema. */
  connect(options: object, context: Context): Connection;
}

/** One declared connection. */
export interface Connection {
  /** Names of the tables that match any of the patterns (`*` and `?`), sorted; views are left out. */
  tables(patterns: readonly string[]): Promise<readonly string[]>;
  /** What `tables` needs besides what its sources do. */
  readonly listing: readonly Permission[];
  /** `options` passed the kind's source schema. */
  source(options: object, context: Context): Source;
  /** `options` passed the kind's sink schema. */
  sink(options: object, context: Context): Sink;
  /** `options` passed the kind's source schema. Absent where the kind has no changes to follow. */
  feed?(options: object, context: Context): Feed;
  /** Absent where the kind is no queue. */
  queue?(context: Context): Queue;
  /** Absent where the kind is no delivery stream. */
  delivery?(context: Context): DeliveryStream;
  /** Absent where the kind holds no objects. */
  store?(context: Context): Store;
  /** Absent where the kind makes no exports of its own. */
  exporter?(options: object, context: Context): Exporter;
  /** Absent where there is no server of the user's own. */
  server?(): Promise<ServerFacts>;
  close(): Promise<void>;
}

/** What a server is to those that connect to it. */
export interface ServerFacts {
  /** Its name or address, or the path of a socket, by declaration or secret. */
  readonly host: string;
  /** How many connections it takes, from everybody together; absent where it does not say. */
  readonly maxConnections?: number;
}

/** A share of a source that can be read, and read again from a position, by itself. */
export interface Part {
  /** `0`, `1`, …: stable for the same source and number of parts. */
  readonly id: string;
  /** The part in the source's own words, JSON text: a key range, a Scan segment. */
  readonly range: string;
}

/** What one source row set looks like, before any row is read. */
export interface SourceDescription {
  /** For people: `shop.orders`, `table orders`. */
  readonly name: string;
  /** Equal exactly if two ends are the same table of the same server. */
  readonly identity: string;
  /** All columns; of an open source only those known to exist (its key). */
  readonly columns: readonly Column[];
  /** Rows may have attributes that `columns` does not name. */
  readonly open: boolean;
  /** The primary key's columns, in order; empty when there is none. */
  readonly key: readonly string[];
  /** Estimates by the server; absent when it has none. */
  readonly rows?: number;
  readonly bytes?: number;
  /** Read units that reading it all will cost, by estimate; absent where there are none. */
  readonly units?: number;
  /** DynamoDB: read units a second that the table is provisioned for. */
  readonly capacity?: number | 'on demand';
  /** `read` honours `through`: a hole between two positions can be read again by itself. */
  readonly ranged?: true;
  /** How the rows of one run relate in time, for the report: 'one snapshot', 'a snapshot for each part', … */
  readonly consistency: string;
  readonly findings: readonly Finding[];
  readonly permissions: readonly Permission[];
}

/** Something the plan says. Any `refuse` stops the run before anything is written (exit 2). */
export interface Finding {
  readonly level: 'refuse' | 'warn' | 'note';
  readonly code: ErrorCode | 'note';
  readonly message: string;
  readonly hint?: string;
  /** The column or option it is about. */
  readonly path?: string;
}

/** An AWS action on an ARN, or MySQL privileges (`SELECT, INSERT`) on a table, with why it is needed. */
export interface Permission {
  readonly action: string;
  readonly resource: string;
  readonly reason: string;
  /**
   * A run does not need it. verify: what compares both sides or looks for a row does (`sluice verify`, `trace`, a step
   * `verify`). repair: what sends single rows again does (`sluice repair`, `rejects`, `replay`).
   */
  readonly only?: 'verify' | 'repair';
  /** The connection on which it is needed, where that is not the end's own. */
  readonly connection?: string;
  /** Why the resource is wider than one thing: there exactly where `*` or `?` stands in it (invariant 9). */
  readonly wildcard?: string;
  /** MySQL: the resource as GRANT takes it behind ON; '' for a role. Absent where no statement can grant it. */
  readonly grantOn?: string;
  /** ARN of a service's own role that needs it, to do what it is asked for. */
  readonly by?: string;
}

export interface ReadRequest {
  /** Start after this position of an earlier `read` of the same part. */
  readonly after?: Position;
  /** End with the row of this position, or where it would be (`ranged` sources only). */
  readonly through?: Position;
  /** A batch holds at most this many rows and about this many bytes, at least one row, and is as full as can be. */
  readonly maxRows: number;
  readonly maxBytes: number;
  /** Nobody will ask for more rows than this: the server may be asked for less. */
  readonly atMost?: number;
}

/** How sure it is that no two rows agree in the given columns, byte for byte. */
export type Uniqueness = 'index' | 'counted' | 'unknown' | { readonly duplicates: number };

/** A row's key by column: texts as the columns print them, bytes as they are. */
export type KeyValues = Readonly<Record<string, string | Uint8Array>>;

/** A stretch of a `ranged` source's part, as a `ReadRequest` bounds it. */
export type Stretch = { readonly part: Part } & Pick<ReadRequest, 'after' | 'through'>;

/** A row that was looked for by its key. */
export interface FoundRow {
  /** Of this one row. */
  readonly batch: Batch;
  /** Why `read` does not give the row, though the table holds it: `where leaves it out`. */
  readonly leftOut?: string;
  /** What could not be told about the row. */
  readonly note?: string;
}

export interface Source {
  /** Reads schemas, no rows. Throws SluiceError (table_missing, access_denied, …). */
  describe(): Promise<SourceDescription>;
  /** What reading will need of a table that an earlier step is still to make. Absent where no step can make one. */
  neededAhead?(): Promise<readonly Permission[]>;
  /** At most `wanted` parts that together are all rows, each row in one part. At least one part. */
  parts(wanted: number): Promise<readonly Part[]>;
  /**
   * The part's rows in an order that is the same at each read (by key where there is one). Errors that
   * may pass are retried inside, going on from the last row given. No empty batches. Stops reading
   * ahead when the consumer does (invariant 7).
   */
  read(part: Part, request: ReadRequest): AsyncIterable<Batch>;
  /** Proves uniqueness by an index, or else by counting; 'unknown' where counting would mean reading everything. */
  unique(columns: readonly string[]): Promise<Uniqueness>;
  /** Sums of rows over these columns, by parts as `parts` gives them, at most `wanted`; undefined where it cannot. */
  sums?(
    columns: readonly string[],
    wanted: number,
  ): Promise<(RowSums & { readonly parts: readonly Part[] }) | undefined>;
  /**
   * The row with these values in these columns (its key, or others that tell rows apart), as it is now; undefined where
   * there is none. With `within` only if it lies there (`ranged` sources). Throws `key_unfit` for columns that rows
   * cannot be found by, and for a value that its column cannot hold.
   */
  find(key: KeyValues, within?: Stretch): Promise<FoundRow | undefined>;
  /**
   * The rows with the keys of these, as they are now: for rows of `Batch.refused`, of which only the key is known.
   * Absent where `read` refuses none.
   */
  readAgain?(batch: Batch): Promise<Batch>;
  /** Asked where `since` is declared, before a window is known. Throws where the column cannot order rows. */
  top?(): Promise<Top>;
  /** What was had, once read: like `SourceDescription.consistency`, but true of this run; and read units used. */
  report(): SourceReport;
  close(): Promise<void>;
}

export interface SourceReport {
  readonly consistency: string;
  readonly units: number;
}

/** What will arrive at a sink. */
export interface Incoming {
  /** The columns after `map`; of an open source those known. */
  readonly columns: readonly Column[];
  readonly open: boolean;
  /** Of an open source: the most columns that rows can have, where that is known. */
  readonly named?: readonly Column[];
  /** The source's primary key in the names after `map`; empty when a part of it is dropped or there is none. */
  readonly key: readonly string[];
  readonly rows?: number;
  readonly bytes?: number;
  /**
   * Rows are changes (`Batch.changes`). Mode `append` adds a row for each. `mirror` keeps the table as its source is: removes
   * take rows away, others write them, and a change never undoes a later one of the same key (by `Change.sequence`,
   * kept beside the table), whatever order or however often changes come; a change that is too late is `unchanged`.
   */
  readonly changes?: true;
  /** Of changes: equal where their sequence numbers can be compared (`FeedDescription.numbering`). */
  readonly numbering?: string;
}

/** What a sink will do with what arrives; nothing has been written. */
export interface SinkPlan {
  readonly name: string;
  readonly identity: string;
  readonly exists: boolean;
  /** With `create: true` and no table: the statement or call that makes it, for people. */
  readonly creates?: string;
  /** With `creates`: what a source will find there, so that a later step can be planned before the table is made. */
  readonly becomes?: Pick<SourceDescription, 'columns' | 'open' | 'key'>;
  /** The incoming columns that decide which sink row a row meets; empty if rows cannot meet. */
  readonly key: readonly string[];
  /** A row for each column: its type on both sides. */
  readonly journeys: readonly Journey[];
  readonly findings: readonly Finding[];
  /** The size of batch that this sink writes best. */
  readonly batch: { readonly rows: number; readonly bytes: number };
  /** Rows are added whatever is there: a batch that is written twice is doubled, but for the ledger. */
  readonly appends?: true;
  /** Opened without `resume`, it begins from nothing: what earlier attempts wrote does not count (a shadow table). */
  readonly restarts?: true;
  /** More writers than this do not help or are not safe. */
  readonly maxWriters: number;
  /** Which processes may have it open, all but the first with `resume`, each with parts of its own. Absent: any number at
   * once. `one by one`: never two at once. `one`: only the one that opened it, which finishes it too. */
  readonly processes?: 'one by one' | 'one';
  /** DynamoDB: write units that the rows will cost, by estimate. */
  readonly units?: number;
  /** DynamoDB: write units a second that the table is provisioned for; 'on demand' also where it is still to be made. */
  readonly capacity?: number | 'on demand';
  readonly permissions: readonly Permission[];
}

export interface Journey {
  readonly from: string;
  readonly fromType: string;
  readonly to: string;
  readonly toType: string;
  /** What a person should know: `'' stays ''`, `skipped: generated`. */
  readonly note?: string;
}

/**
 * Life: plan → open → writers write, side by side → finish | abandon → close. `plan` may be all, or plan → comparison.
 */
export interface Sink {
  plan(incoming: Incoming): Promise<SinkPlan>;
  /**
   * Which of the rows the sink would refuse, by what can be told without writing: sizes, keys, values that do not
   * fit. After `plan`; for a table that is still to be made it may know of none.
   */
  trial(batch: Batch): readonly Refused[];
  /**
   * Makes what is missing (tables, shadow, ledger). Called once, after every plan of the pipeline passed. With
   * `resume` an earlier attempt of this run has opened it before: what it wrote (a shadow table, the keys for
   * mirror) stays; without, what other runs left behind is cleared away.
   */
  open(options: { readonly resume: boolean }): Promise<void>;
  /**
   * What the ledger says of batches that may have been written: an entry for each token whose batch is in the
   * sink. Absent where writing a batch twice does no harm.
   */
  recorded?(
    tokens: readonly string[],
  ): Promise<ReadonlyMap<string, Omit<Written, 'rejects'> & { readonly rejected: number }>>;
  /**
   * Which of the changes an earlier batch has taken, by `changeIdentity`, with why one was refused. Waits for a
   * transaction that may have. Absent where writing a change again does no harm; with `Context.handed`. `run`: whose batches are
   * looked at; its own when absent.
   */
  taken?(changes: Changes, run?: string): Promise<ReadonlyMap<string, Omit<Refused, 'row'> | undefined>>;
  writer(): Promise<Writer>;
  /** After `plan`, instead of `open`: the table as it is, to compare it with what a copy would write. */
  comparison(): Promise<Comparison>;
  /** After the last row of a complete read: swaps (replace), deletes what is gone (mirror), checks. */
  finish(totals: { readonly rejected: number }): Promise<Finished>;
  /** After a failure: takes away what only this attempt needed, keeps what a resume needs. Never throws. */
  abandon(): Promise<void>;
  close(): Promise<void>;
}

export interface Finished {
  readonly deleted: number;
  readonly findings: readonly Finding[];
}

/** Is given all of the batch that is refused, if any is; durable when it returns. */
export type KeepRefused = (refused: readonly Refused[]) => Promise<void>;

export interface Writer {
  /**
   * Writes the batch durably or throws; when it returns every row is exactly one of written, unchanged or
   * rejected (invariant 2). `token` names the batch within step and run: writing the same token again after
   * a lost answer does nothing (where the sink has a ledger). Throws `changes_taken`, with nothing written, where somebody else has
   * taken changes of the batch since `Sink.taken` was asked. Retries inside by `context.retry`. Nothing looks at the batch once
   * it has returned: the bytes of its rows may be those of others then. Where there is a ledger, `keep` is called before the
   * batch is in it, each time that an attempt comes so far: of a batch that is in, what was refused is kept.
   */
  write(batch: Batch, token: string, keep?: KeepRefused): Promise<Written>;
  /** The cost of one row for the write pace, in write units; absent where the sink has none. */
  units?(batch: Batch, row: number): number;
  close(): Promise<void>;
}

export interface Written {
  readonly written: number;
  /** Rows that the sink already held as they are, or holds newer (`insert`, `newest`). */
  readonly unchanged: number;
  readonly rejects: readonly Refused[];
  /** Write units consumed as the service told; 0 where there are none. */
  readonly units: number;
}

/** A row of the batch that was not written, and why. Messages hold no values. */
export interface Refused {
  /** Index into `batch.rows`. */
  readonly row: number;
  readonly code: ErrorCode;
  readonly message: string;
  /** The column at fault, where one is. */
  readonly column?: string;
}
