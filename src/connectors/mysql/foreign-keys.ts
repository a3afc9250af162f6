import { SluiceError } from '../../errors.js';
import type { Connections } from './connection.js';
import { quoteIdentifier, quoteTable, showTable, type TableName } from './identifier.js';
import type { ForeignKey, Relations } from './relations.js';
import type { Session } from './session.js';

/**
 * Which tables the steps of this process are still going to write through a connection, so that a foreign key
 * is verified when both its ends are complete: tables that refer to each other in a circle could never be
 * verified one by one.
 */
export class PendingTables {
  static readonly #ofConnections = new WeakMap<Connections, PendingTables>();
  readonly #pending = new Map<string, number>();
  readonly #deferred = new Map<string, ForeignKey>();

  static of(connections: Connections): PendingTables {
    const known = PendingTables.#ofConnections.get(connections) ?? new PendingTables();
    PendingTables.#ofConnections.set(connections, known);
    return known;
  }

  expect(table: TableName): void {
    const name = showTable(table);
    this.#pending.set(name, (this.#pending.get(name) ?? 0) + 1);
  }

  /** The table is complete, or will not be. */
  settle(table: TableName): void {
    const name = showTable(table);
    const left = (this.#pending.get(name) ?? 1) - 1;
    if (left > 0) this.#pending.set(name, left);
    else this.#pending.delete(name);
  }

  isPending(table: TableName): boolean {
    return this.#pending.has(showTable(table));
  }

  defer(key: ForeignKey): void {
    this.#deferred.set(idOf(key), key);
  }

  /** Keys that waited for the table. */
  deferredTo(table: TableName): readonly ForeignKey[] {
    return [...this.#deferred.values()].filter((key) => showTable(key.to) === showTable(table));
  }

  verified(key: ForeignKey): void {
    this.#deferred.delete(idOf(key));
  }
}

function idOf({ name, from }: ForeignKey): string {
  return JSON.stringify([from.database, from.table, name]);
}

/**
 * Verifies the keys of a table that was loaded without checks, and those that waited for it. Throws
 * `foreign_key` with the constraint and the number of rows without parent.
 */
export async function verifyForeignKeys(
  session: Session,
  table: TableName,
  relations: Relations,
  loadedUnchecked: boolean,
  pending: PendingTables,
): Promise<void> {
  const own = loadedUnchecked ? relations.foreignKeys : [];
  const others = loadedUnchecked ? relations.referencedBy.filter(({ from }) => !pending.isPending(from)) : [];
  const due = new Map([...own, ...others, ...pending.deferredTo(table)].map((key) => [idOf(key), key]));
  for (const key of due.values()) {
    if (pending.isPending(key.to)) pending.defer(key);
    else await verify(session, key, pending);
  }
}

async function verify(session: Session, key: ForeignKey, pending: PendingTables): Promise<void> {
  const orphans = await countOrphans(session, key);
  if (orphans > 0) {
    throw new SluiceError(
      'foreign_key',
      `${showTable(key.from)}: ${orphans} rows have no parent in ${showTable(key.to)} (constraint ${key.name})`,
      { hint: 'the rows are in the table; bring the parents, or use foreignKeys: check to reject such rows' },
    );
  }
  pending.verified(key);
}

async function countOrphans(session: Session, key: ForeignKey): Promise<number> {
  const pairs = key.columns.map((column, index) => [
    `c.${quoteIdentifier(column)}`,
    `p.${quoteIdentifier(key.toColumns[index] ?? '')}`,
  ]);
  const join = pairs.map(([child, parent]) => `${child} = ${parent}`).join(' AND ');
  const present = pairs.map(([child]) => `${child} IS NOT NULL`).join(' AND ');
  const rows = await session.rows(
    `SELECT COUNT(*) FROM ${quoteTable(key.from)} c LEFT JOIN ${quoteTable(key.to)} p ON ${join}
     WHERE ${pairs[0]?.[1]} IS NULL AND ${present}`,
  );
  return Number(rows[0]?.[0]);
}
