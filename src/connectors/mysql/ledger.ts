import { createHash } from 'node:crypto';
import { SluiceError } from '../../errors.js';
import type { Changes } from '../../values/batch.js';
import type { Context, Refused, Written } from '../connector.js';
import { overlapping } from '../handed-token.js';
import { nativeFailure } from './failures.js';
import { quoteTable, type TableName } from './identifier.js';
import type { Session } from './session.js';
import { type TakenBatch, takenOf } from './taken-changes.js';

export const LEDGER_TABLE = 'sluice_ledger';

/** What the sink needs to know of a batch beyond what the writer returns. */
export interface LedgerEntry {
  readonly written: Written;
  /** Rows whose key is not known, so that nothing can be said of their being in the sink. */
  readonly unkeyed: number;
  /** Of changes that were handed over: which they are, packed. */
  readonly changes?: string;
}

/** What one batch of the step came to. */
export type RecordedBatch = Omit<Written, 'rejects'> & { readonly rejected: number };

/** What all batches of the step came to. */
export interface LedgerTotals {
  readonly batches: number;
  readonly written: number;
  readonly rejected: number;
  readonly unkeyed: number;
}

/** Takes the place of a batch's token; no batch has it. */
const FINISHED = '#finished';
/** Of the row that is locked by whoever is recording changes that were handed over. */
const TURN = '#turn';
const ER_DUP_ENTRY = 1062;
const ER_NO_SUCH_TABLE = 1146;
const LOOKUP_TOKENS = 500;
/** A run notes a batch for itself as soon as it is written. */
const NOTED_DAYS = 1;
/** Nobody notes changes that were handed over, and what was put aside of them may be handed over days later. */
const TAKEN_DAYS = 7;
/** Runs that were given up leave their rows for this long. */
const KEPT_MS = 30 * 24 * 3600 * 1000;

/**
 * The record of what a step has durably done, in the sink's own database: a row for each batch, committed
 * with the batch (invariant 1). A lost COMMIT is looked up here instead of being guessed at.
 * docs/reference/ledger.md describes the table.
 */
export class Ledger {
  readonly #table: string;
  readonly #context: Pick<Context, 'pipeline' | 'run' | 'step'>;
  /** Equal for all runs of the same step on the same table. */
  readonly #place: Buffer;

  constructor(sink: TableName, context: Pick<Context, 'pipeline' | 'run' | 'step'>) {
    this.#table = quoteTable({ database: sink.database, table: LEDGER_TABLE });
    this.#context = context;
    this.#place = placeOf(context, sink);
  }

  async create(session: Session): Promise<void> {
    await session.run(
      `CREATE TABLE IF NOT EXISTS ${this.#table} (
        place BINARY(16) NOT NULL,
        run VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
        token VARBINARY(200) NOT NULL,
        pipeline VARCHAR(255) NOT NULL,
        step VARCHAR(255) NOT NULL,
        written BIGINT NOT NULL,
        unchanged BIGINT NOT NULL,
        rejected BIGINT NOT NULL,
        unkeyed BIGINT NOT NULL,
        rejects LONGTEXT NULL,
        recorded_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
        PRIMARY KEY (place, run, token)
      ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='what Sluice has written; see its reference, ledger.md'`,
    );
  }

  /**
   * What became of the batch, if it is in. `changes`: of those that were handed over, as `record` keeps them. Throws
   * `changes_taken` where they are others than the batch of this name had.
   */
  async find(session: Session, token: string, changes?: string): Promise<Written | undefined> {
    const rows = await session.rows(
      `SELECT written, unchanged, rejects FROM ${this.#table} WHERE place = ? AND run = ? AND token = ?`,
      [this.#place, this.#context.run, Buffer.from(token)],
    );
    const row = rows[0];
    if (row === undefined) return undefined;
    const taken = takenBatch(row[2]);
    if (changes !== undefined && taken.changes !== changes) throw changesTaken();
    return { written: Number(row[0]), unchanged: Number(row[1]), rejects: taken.rejects, units: 0 };
  }

  /** Adds the batch to the session's transaction; false if another transaction has already recorded it. */
  async record(
    session: Session,
    token: string,
    { written, unkeyed, changes }: LedgerEntry,
  ): Promise<boolean> {
    const { pipeline, run, step } = this.#context;
    const kept = changes === undefined ? written.rejects : { rejects: written.rejects, changes };
    const rejects = Array.isArray(kept) && kept.length === 0 ? null : JSON.stringify(kept);
    try {
      await session.run(
        `INSERT INTO ${this.#table}
          (place, run, token, pipeline, step, written, unchanged, rejected, unkeyed, rejects)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        [
          this.#place,
          run,
          Buffer.from(token),
          pipeline.slice(0, 255),
          step.slice(0, 255),
          written.written,
          written.unchanged,
          written.rejects.length,
          unkeyed,
          rejects,
        ],
      );
      return true;
    } catch (error) {
      if (nativeFailure(error)?.errno === ER_DUP_ENTRY) return false;
      throw error;
    }
  }

  /**
   * Which of the batches are in, and what they came to. The locks wait for a transaction of a killed run that
   * the server has not ended yet.
   */
  async recorded(session: Session, tokens: readonly string[]): Promise<ReadonlyMap<string, RecordedBatch>> {
    const found = new Map<string, RecordedBatch>();
    for (let start = 0; start < tokens.length; start += LOOKUP_TOKENS) {
      const some = tokens.slice(start, start + LOOKUP_TOKENS).map((token) => Buffer.from(token));
      const rows = await session.rows(
        `SELECT token, written, unchanged, rejected FROM ${this.#table}
         WHERE place = ? AND run = ? AND token IN (${some.map(() => '?').join(', ')})
         LOCK IN SHARE MODE`,
        [this.#place, this.#context.run, ...some],
      );
      for (const [token, written, unchanged, rejected] of rows) {
        found.set(String(token), {
          written: Number(written),
          unchanged: Number(unchanged),
          rejected: Number(rejected),
          units: 0,
        });
      }
    }
    return found;
  }

  /**
   * Batches of changes that were handed over and may hold some of these. The locks wait for a transaction of a function
   * that was ended.
   */
  async overlapping(
    session: Session,
    changes: Changes,
    run = this.#context.run,
  ): Promise<readonly TakenBatch[]> {
    const { from, below, secondAt, secondBelow } = overlapping(changes);
    const rows = await session.rows(
      `SELECT rejects FROM ${this.#table}
       WHERE place = ? AND run = ? AND token >= ? AND token < ? AND SUBSTRING(token, ?) < ?
       LOCK IN SHARE MODE`,
      [this.#place, run, Buffer.from(from), Buffer.from(below), secondAt + 1, Buffer.from(secondBelow)],
    );
    return rows.map(([kept]) => takenBatch(kept));
  }

  /**
   * From here to the end of the session's transaction nobody else records changes of the step that were handed over: of two
   * that hold the same change the second sees what the first has recorded, and throws `changes_taken`.
   */
  async take(session: Session, changes: Changes): Promise<void> {
    if (!(await this.#lockTurn(session))) {
      await this.#addTurn(session);
      await this.#lockTurn(session);
    }
    const before = await this.overlapping(session, changes);
    if (takenOf(changes, before).size > 0) throw changesTaken();
  }

  async #lockTurn(session: Session): Promise<boolean> {
    const rows = await session.rows(
      `SELECT 1 FROM ${this.#table} WHERE place = ? AND run = ? AND token = ? FOR UPDATE`,
      [this.#place, this.#context.run, Buffer.from(TURN)],
    );
    return rows.length > 0;
  }

  async #addTurn(session: Session): Promise<void> {
    const { pipeline, run, step } = this.#context;
    await session.run(
      `INSERT IGNORE INTO ${this.#table} (place, run, token, pipeline, step, written, unchanged, rejected, unkeyed)
       VALUES (?, ?, ?, ?, ?, 0, 0, 0, 0)`,
      [this.#place, run, Buffer.from(TURN), pipeline.slice(0, 255), step.slice(0, 255)],
    );
  }

  /** When the batch, or its last slice, was recorded, ISO 8601 in UTC; undefined if it is not, or where there is no ledger. */
  async recordedAt(session: Session, token: string): Promise<string | undefined> {
    const [whole, slices] = [Buffer.from(token), Buffer.from(`${token}.`)];
    try {
      const rows = await session.rows(
        `SELECT DATE_FORMAT(MAX(recorded_at), '%Y-%m-%dT%TZ') FROM ${this.#table}
         WHERE place = ? AND run = ? AND (token = ? OR LEFT(token, ?) = ?)`,
        [this.#place, this.#context.run, whole, slices.length, slices],
      );
      const at = rows[0]?.[0];
      return at === undefined || at === null ? undefined : String(at);
    } catch (error) {
      if (nativeFailure(error)?.errno === ER_NO_SUCH_TABLE) return undefined;
      throw error;
    }
  }

  /**
   * Takes away batches of this run that are so old that the run has noted them for itself: one without an end has ever more.
   * Changes that are handed over are known for longer.
   */
  async trim(session: Session, handed: boolean): Promise<void> {
    await session.run(
      `DELETE FROM ${this.#table} WHERE place = ? AND run = ? AND token <> ? AND recorded_at < UTC_TIMESTAMP() - INTERVAL ${handed ? TAKEN_DAYS : NOTED_DAYS} DAY`,
      [this.#place, this.#context.run, Buffer.from(TURN)],
    );
  }

  async totals(session: Session): Promise<LedgerTotals> {
    const rows = await session.rows(
      `SELECT COUNT(*), COALESCE(SUM(written), 0), COALESCE(SUM(rejected), 0), COALESCE(SUM(unkeyed), 0) FROM ${this.#table} WHERE place = ? AND run = ?`,
      [this.#place, this.#context.run],
    );
    const [batches = 0, written = 0, rejected = 0, unkeyed = 0] = rows[0]?.map(Number) ?? [];
    return { batches, written, rejected, unkeyed };
  }

  /**
   * The rows that the finished step has deleted, if this run has finished it: a run that is killed before it has
   * noted the end for itself finishes again, and must not swap or delete then.
   */
  async finished(session: Session): Promise<number | undefined> {
    return (await this.find(session, FINISHED))?.written;
  }

  /** Puts one row in the place of the step's batches, to say that it is finished. */
  async finish(session: Session, deleted: number): Promise<void> {
    const written = { written: deleted, unchanged: 0, rejects: [], units: 0 };
    await session.run('START TRANSACTION');
    await this.forget(session);
    await this.record(session, FINISHED, { written, unkeyed: 0 });
    await session.run('COMMIT');
  }

  /** Forgets this run's step, and runs so old that nobody will resume them. */
  async forget(session: Session): Promise<void> {
    await session.run(
      `DELETE FROM ${this.#table} WHERE place = ? AND (run = ? OR token = ? OR recorded_at < ?)`,
      [
        this.#place,
        this.#context.run,
        Buffer.from(FINISHED),
        new Date(Date.now() - KEPT_MS).toISOString().slice(0, 19).replace('T', ' '),
      ],
    );
  }
}

function changesTaken(): SluiceError {
  return new SluiceError('changes_taken', 'another function has written some of these changes meanwhile');
}

function takenBatch(kept: unknown): TakenBatch {
  if (kept === null || kept === undefined) return { rejects: [], changes: '' };
  const value = JSON.parse(String(kept)) as TakenBatch | readonly Refused[];
  return 'changes' in value ? value : { rejects: value, changes: '' };
}

/** A short name for a step of a pipeline on a table (and what else is given), equal for all its runs. */
export function placeOf(
  context: Pick<Context, 'pipeline' | 'step'>,
  sink: TableName,
  ...more: readonly string[]
): Buffer {
  const text = JSON.stringify([context.pipeline, context.step, sink.database, sink.table, ...more]);
  return createHash('sha256').update(text).digest().subarray(0, 16);
}
