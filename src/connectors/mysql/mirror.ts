import { SluiceError } from '../../errors.js';
import type { Rows } from '../../values/batch.js';
import type { Context, Finding } from '../connector.js';
import { DEFAULT_DELETES_LIMIT, type DeletesLimit, guardDeletes } from '../deletes-limit.js';
import { columnDefinition } from './create.js';
import { isBinary } from './fit-bytes.js';
import { quoteIdentifier, quoteTable, showTable, type TableName } from './identifier.js';
import { type LedgerTotals, placeOf } from './ledger.js';
import type { Loader } from './load.js';
import type { MysqlSinkOptions } from './options.js';
import type { Table, TableColumn } from './schema.js';
import type { Session } from './session.js';
import type { ColumnMap } from './sink-columns.js';
import { keyLine } from './sink-rows.js';

/** Rows that are deleted in one transaction. */
const DELETE_ROWS = 5000;

/**
 * Deletes what is gone from the source. The keys that came are kept in a table beside the sink, written in
 * the transactions of their rows; what the sink holds and this table lacks is gone.
 */
export class Mirror {
  readonly #table: Table;
  readonly #keys: TableName;
  readonly #key: readonly TableColumn[];
  readonly #limit: DeletesLimit;
  readonly #run: string;
  /** Rows found gone, by the first of the attempts to delete them. */
  #gone = 0;

  constructor(table: Table, options: MysqlSinkOptions, context: Context) {
    this.#table = table;
    this.#key = table.primaryKey.flatMap(
      (name) => table.columns.find((column) => column.name === name) ?? [],
    );
    this.#limit = options.deletes?.limit ?? DEFAULT_DELETES_LIMIT;
    this.#run = context.run;
    this.#keys = keysTable(table, context);
  }

  /**
   * Makes the table of keys, in the place of an earlier run's. When batches are in already, their keys must be too:
   * without them all that was copied would look gone.
   */
  async open(session: Session, hasBatches: boolean): Promise<void> {
    const isOurs = (await commentOf(session, this.#keys)) === this.#run;
    if (hasBatches && !isOurs) throw this.#keysLost();
    if (isOurs) return;
    await drop(session, this.#keys);
    const columns = this.#key.map((column) => `${columnDefinition(column)} NOT NULL`);
    const names = this.#key.map(({ name }) => quoteIdentifier(name)).join(', ');
    await session.run(
      `CREATE TABLE ${quoteTable(this.#keys)} (${columns.join(', ')}, PRIMARY KEY (${names})) ENGINE=InnoDB COMMENT=${quoteComment(this.#run)}`,
    );
  }

  /** Adds the keys of all rows, refused ones too, to the session's transaction; returns how many have none. */
  async addKeys(session: Session, rows: Rows, map: ColumnMap, loader: Loader): Promise<number> {
    const lines = [...rows].flatMap((row) => keyLine(map, row, loader.spelling) ?? []);
    const columns = this.#key.map((column) => ({ name: column.name, binary: isBinary(column) }));
    await loader.loadNew(session, { table: this.#keys, columns }, lines);
    return rows.length - lines.length;
  }

  /** Deletes what did not come, behind the guard; withheld when rows were rejected whose keys are not known. */
  async finish(
    session: Session,
    rejected: number,
    totals: LedgerTotals,
  ): Promise<{ readonly deleted: number; readonly findings: readonly Finding[] }> {
    const unknown = totals.unkeyed + Math.max(0, rejected - totals.rejected);
    if (unknown > 0) return { deleted: 0, findings: [withheld(unknown)] };
    const gone = await this.#count(session, `${this.#antiJoin()}`);
    this.#gone = Math.max(this.#gone, gone);
    if (gone === 0) return { deleted: this.#gone, findings: [] };
    const total = await this.#count(session, `SELECT COUNT(*) FROM ${quoteTable(this.#table)}`);
    guardDeletes(showTable(this.#table), gone, total, this.#limit);
    await this.#delete(session);
    return { deleted: this.#gone, findings: [] };
  }

  async close(session: Session): Promise<void> {
    await drop(session, this.#keys);
  }

  #keysLost(): SluiceError {
    return new SluiceError(
      'state_unusable',
      `the table ${this.#keys.table} with the keys of the interrupted run is gone, so that it cannot go on`,
      { hint: 'begin a new run with --fresh' },
    );
  }

  #antiJoin(what = 'COUNT(*)'): string {
    const first = this.#key[0]?.name ?? '';
    return `SELECT ${what} FROM ${quoteTable(this.#table)} t LEFT JOIN ${quoteTable(this.#keys)} k ON ${this.#join('k')} WHERE k.${quoteIdentifier(first)} IS NULL`;
  }

  #join(other: string): string {
    return this.#key
      .map(({ name }) => `t.${quoteIdentifier(name)} = ${other}.${quoteIdentifier(name)}`)
      .join(' AND ');
  }

  async #count(session: Session, sql: string): Promise<number> {
    return Number((await session.rows(sql))[0]?.[0]);
  }

  /** By numbered keys, a bounded number in each transaction. */
  async #delete(session: Session): Promise<void> {
    const gone = quoteTable({ database: this.#table.database, table: 'sluice_gone' });
    const names = this.#key.map(({ name }) => quoteIdentifier(name));
    await session.run(`DROP TEMPORARY TABLE IF EXISTS ${gone}`);
    await session.run(
      `CREATE TEMPORARY TABLE ${gone} (sluice_row BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY) ENGINE=InnoDB
       SELECT ${names.join(', ')} FROM ${quoteTable(this.#table)} LIMIT 0`,
    );
    const columns = names.map((name) => `t.${name}`).join(', ');
    await session.run(`INSERT INTO ${gone} (${names.join(', ')}) ${this.#antiJoin(columns)}`);
    const last = await this.#count(session, `SELECT COALESCE(MAX(sluice_row), 0) FROM ${gone}`);
    for (let first = 1; first <= last; first += DELETE_ROWS) {
      await session.run(
        `DELETE t FROM ${quoteTable(this.#table)} t JOIN ${gone} g ON ${this.#join('g')}
         WHERE g.sluice_row BETWEEN ${first} AND ${first + DELETE_ROWS - 1}`,
      );
    }
    await session.run(`DROP TEMPORARY TABLE ${gone}`);
  }
}

function withheld(unknown: number): Finding {
  return {
    level: 'warn',
    code: 'note',
    message: `nothing was deleted: ${unknown} rejected rows have keys that are not known, so rows that look gone may not be`,
    hint: 'mend or drop the rejected rows and run again',
  };
}

/** Equal for all runs of a step on a table, so that a user can be allowed just this one; its comment names the run. */
export function keysTable(table: TableName, context: Context): TableName {
  const place = placeOf(context, table).toString('hex').slice(0, 16);
  return { database: table.database, table: `sluice_keys_${place}` };
}

/** A run's name holds none of the characters that would have to be escaped. */
function quoteComment(run: string): string {
  return `'${run.replaceAll(/[^0-9a-zA-Z-]/g, '')}'`;
}

async function commentOf(session: Session, { database, table }: TableName): Promise<string | undefined> {
  const [row] = await session.rows(
    'SELECT TABLE_COMMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [database, table],
  );
  return row === undefined ? undefined : String(row[0]);
}

async function drop(session: Session, table: TableName): Promise<void> {
  await session.run(`DROP TABLE IF EXISTS ${quoteTable(table)}`);
}
