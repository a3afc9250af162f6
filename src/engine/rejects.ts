import type { Refused } from '../connectors/connector.js';
import { type ErrorCode, SluiceError } from '../errors.js';
import type { Batch, Change } from '../values/batch.js';
import type { Column } from '../values/column.js';
import { restoredCell, type StoredCell, storedRow } from '../values/stored-cell.js';
import type { Counters } from './counters.js';

/** A row that was refused, as it came from its source, and why. A line of the reject file. */
export interface RejectRecord {
  readonly step: string;
  readonly reason: ErrorCode;
  readonly message: string;
  readonly column?: string;
  /** The key's cells by name, for people. */
  readonly key: Readonly<Record<string, StoredCell>>;
  readonly row: Readonly<Record<string, StoredCell>>;
  readonly run: string;
  readonly part: string;
  /** The batch, and the row's place in it: a batch that was written again names its rejects again. */
  readonly token: string;
  readonly index: number;
  readonly attempts: number;
  /** What happened to the row, where it is a change. */
  readonly change?: Change;
  /** The source could not read it: the row is no more than its key. */
  readonly unread?: true;
  /**
   * It came in a message of the step's queue (`token` is the message's identity), mapped and masked before it was sent:
   * it goes to the sink as it is. `misfit`: the message holds no row.
   */
  readonly received?: 'row' | 'misfit';
  /** The row is as it goes to the sink: it was mapped and masked before it was refused. */
  readonly mapped?: true;
  /** Of a message: when its row was read from its source, in milliseconds since 1970. */
  readonly readAtMs?: number;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** A later line of the reject file: a replay has written the row, or found it there, or a later attempt at the run has. */
export interface RejectSettled extends Pick<RejectRecord, 'token' | 'index' | 'at'> {
  /** `discarded`: somebody gave it up. `reread`: a later attempt at the run has read the row again, in another batch. */
  readonly settled: 'written' | 'unchanged' | 'discarded' | 'reread';
}

/** Where rejects are kept: durable when `add` returns. Files of mode 0600 (invariant 8). */
export interface RejectStore {
  add(lines: readonly (RejectRecord | RejectSettled)[]): Promise<void>;
  /** For each of these batches the numbers of its rows that are rejects and not settled; those that have none are left out. */
  open(tokens: ReadonlySet<string>): Promise<ReadonlyMap<string, ReadonlySet<number>>>;
  close(): Promise<void>;
}

/** What settles rows of a batch that were refused. */
export function settledRows(
  token: string,
  rows: Iterable<number>,
  settled: RejectSettled['settled'],
): RejectSettled[] {
  const at = new Date().toISOString();
  return [...rows].map((index) => ({ token, index, settled, at }));
}

export type RejectLimit = { readonly rows: number } | { readonly share: number };

/** A share is judged during a run only after this many rows, so that an early reject does not stop a long run. */
const SHARE_FROM_ROWS = 1000;

/** Throws rejects_exceeded when more rows were refused than the limit allows; says why `last` was. */
export function checkRejectLimit(
  limit: RejectLimit,
  counters: Counters,
  complete: boolean,
  last?: Omit<Refused, 'row'>,
): void {
  if (counters.rejected === 0) return;
  if ('rows' in limit) {
    if (counters.rejected <= limit.rows) return;
  } else {
    if (!complete && counters.read < SHARE_FROM_ROWS) return;
    if (counters.rejected <= limit.share * counters.read) return;
  }
  const allowed = 'rows' in limit ? `${limit.rows}` : `${limit.share * 100}%`;
  const column = last?.column === undefined ? '' : ` (column ${last.column})`;
  const reason = last ? `; the last one as ${last.code}: ${last.message}${column}` : '';
  const message = `${counters.rejected} rejected; rejects.limit is ${allowed}${reason}`;
  throw new SluiceError('rejects_exceeded', message, {
    hint: 'see the rejects and their reasons, mend the source or the declaration, or raise rejects.limit',
  });
}

/** The row as it came from the source, with what is needed to explain it and to send it again. */
export function rejectRecord(
  refused: Refused,
  incoming: Batch,
  about: Pick<RejectRecord, 'step' | 'run' | 'part' | 'token'> & {
    readonly key: readonly string[];
    /** Rows that the source could not read. */
    readonly unread?: ReadonlySet<number>;
  },
): RejectRecord {
  const { step, run, part, token } = about;
  const row = storedRow(incoming.rows.at(refused.row) ?? [], incoming.columns);
  const change = incoming.changes?.at(refused.row);
  const key = Object.fromEntries(
    about.key.flatMap((name) => (Object.hasOwn(row, name) ? [[name, row[name] ?? null]] : [])),
  );
  return {
    step,
    reason: refused.code,
    message: refused.message,
    ...(refused.column === undefined ? {} : { column: refused.column }),
    key,
    row,
    run,
    part,
    token,
    index: refused.row,
    attempts: 1,
    ...(change ? { change } : {}),
    ...(about.unread?.has(refused.row) ? { unread: true as const } : {}),
    at: new Date().toISOString(),
  };
}

/** The stored row as cells again, in the order of the columns; what the columns do not name is added to them. */
export function restoredBatch(record: RejectRecord, columns: readonly Column[]): Batch {
  const known = new Set(columns.map((column) => column.name));
  const added = Object.entries(record.row).flatMap(([name, cell]) =>
    known.has(name) ? [] : [columnFor(name, cell)],
  );
  const all = added.length === 0 ? columns : [...columns, ...added];
  const row = all.map((column) =>
    restoredCell(Object.hasOwn(record.row, column.name) ? record.row[column.name] : undefined),
  );
  const changes = record.change ? { changes: [record.change] } : {};
  return { columns: all, rows: [row], bytes: JSON.stringify(record.row).length, ...changes };
}

export function columnFor(name: string, cell: StoredCell): Column {
  const stored = typeof cell === 'object' && cell !== null;
  const type = stored && 'type' in cell ? cell.type : stored && 'bytes' in cell ? 'bytes' : 'attribute';
  return { name, type: typeof cell === 'boolean' ? 'bool' : type, nullable: true };
}
