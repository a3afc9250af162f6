import { createHash } from 'node:crypto';
import { SluiceError } from '../../errors.js';
import { quoteTable, showTable, type TableName } from './identifier.js';
import type { Ledger } from './ledger.js';
import type { Session } from './session.js';

const MAX_NAME_CHARS = 64;

/**
 * `replace`: rows go into a table made like the sink's, which takes its place by one RENAME when all are in.
 * The old table goes last (invariant 6). What a killed run left behind is told apart by which tables exist.
 */
export class Shadow {
  readonly name: TableName;
  readonly #table: TableName;
  readonly #old: TableName;

  constructor(table: TableName) {
    this.#table = table;
    const { fresh, old } = shadowTables(table);
    this.name = fresh;
    this.#old = old;
  }

  /** Empty and new, or as an earlier attempt of this run left it. */
  async open(session: Session, ledger: Ledger, resume: boolean): Promise<void> {
    if (!(await exists(session, this.#table))) throw this.#lost();
    if (!resume) {
      await session.run(`DROP TABLE IF EXISTS ${quoteTable(this.name)}, ${quoteTable(this.#old)}`);
    } else if ((await exists(session, this.#old)) || (await ledger.totals(session)).batches > 0) {
      return;
    }
    await session.run(`CREATE TABLE IF NOT EXISTS ${quoteTable(this.name)} LIKE ${quoteTable(this.#table)}`);
  }

  /** Swaps the tables, unless that is done, and drops the old one. May be called again after a failure. */
  async finish(session: Session, expectedRows: number | undefined): Promise<void> {
    if (await exists(session, this.name)) {
      await this.#check(session, expectedRows);
      await this.#keepCounter(session);
      await session.run(`DROP TABLE IF EXISTS ${quoteTable(this.#old)}`);
      await session.run(
        `RENAME TABLE ${quoteTable(this.#table)} TO ${quoteTable(this.#old)}, ${quoteTable(this.name)} TO ${quoteTable(this.#table)}`,
      );
    }
    await session.run(`DROP TABLE IF EXISTS ${quoteTable(this.#old)}`);
  }

  async #check(session: Session, expectedRows: number | undefined): Promise<void> {
    if (expectedRows === undefined) return;
    const rows = await session.rows(`SELECT COUNT(*) FROM ${quoteTable(this.name)}`);
    const count = Number(rows[0]?.[0]);
    if (count === expectedRows) return;
    throw new SluiceError(
      'counts_differ',
      `${showTable(this.#table)}: the new table holds ${count} rows, ${expectedRows} were written; the old one stays`,
    );
  }

  /** Numbers that the old table has given out are not given out again. */
  async #keepCounter(session: Session): Promise<void> {
    const old = await nextNumber(session, this.#table);
    const own = await nextNumber(session, this.name);
    if (old === undefined || (own !== undefined && own >= old)) return;
    await session.run(`ALTER TABLE ${quoteTable(this.name)} AUTO_INCREMENT = ${old}`);
  }

  #lost(): SluiceError {
    return new SluiceError('table_missing', `the table ${showTable(this.#table)} does not exist`, {
      hint: `if ${showTable(this.#old)} exists, it is the table: rename it back`,
    });
  }
}

/** The names of the table that is loaded, and of the one that has left its place. */
export function shadowTables({ database, table }: TableName): {
  readonly fresh: TableName;
  readonly old: TableName;
} {
  return {
    fresh: { database, table: besideName('sluice_new_', table) },
    old: { database, table: besideName('sluice_old_', table) },
  };
}

/** The table's name behind a prefix, shortened by a hash where it would be too long. */
function besideName(prefix: string, table: string): string {
  const name = prefix + table;
  if ([...name].length <= MAX_NAME_CHARS) return name;
  const hash = createHash('sha256').update(table).digest('hex').slice(0, 12);
  const kept = [...table].slice(0, MAX_NAME_CHARS - prefix.length - hash.length - 1);
  return `${prefix}${kept.join('')}_${hash}`;
}

async function exists(session: Session, { database, table }: TableName): Promise<boolean> {
  const rows = await session.rows(
    'SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [database, table],
  );
  return rows.length > 0;
}

async function nextNumber(session: Session, { database, table }: TableName): Promise<bigint | undefined> {
  const rows = await session.rows(
    'SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?',
    [database, table],
  );
  const next = rows[0]?.[0];
  return next === null || next === undefined ? undefined : BigInt(String(next));
}
