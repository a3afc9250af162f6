import type { FieldPacket } from 'mysql2';
import { SluiceError } from '../../errors.js';
import { nativeFailure } from './failures.js';
import { quoteTable, quoteText, type TableName } from './identifier.js';
import type { Session } from './session.js';

/**
 * Proves that `where` is one condition, by the server's own parser: it must stand both by itself and in
 * parentheses, which `1) OR (1` and `1 LIMIT 5` do not. Reads no rows. Throws `sql_invalid`, `column_missing`.
 */
export async function checkWhere(session: Session, name: TableName, where: string): Promise<void> {
  const table = quoteTable(name);
  await refusable('where', () => session.check(`SELECT 1 FROM ${table} WHERE (\n${where}\n) LIMIT 0`));
  await refusable('where', () => session.check(`SELECT 1 FROM ${table} WHERE\n${where}\nLIMIT 0`));
}

/**
 * Proves that the user may read every column: information_schema leaves out those that he may not, and a copy
 * would lack them without a word (invariant 4). Throws `access_denied`.
 */
export async function checkAllReadable(session: Session, name: TableName): Promise<void> {
  await session.check(`SELECT * FROM ${quoteTable(name)} LIMIT 0`);
}

/**
 * Proves that `query` is one SELECT, without running it: it must be a statement, and a derived table, which
 * only a SELECT can be. Returns its columns. Throws `sql_invalid` and what the server refuses.
 */
export async function checkQuery(session: Session, query: string): Promise<readonly FieldPacket[]> {
  await session.run(`SET @sluice_query = ${quoteText(query)}`);
  await refusable('query', () => session.check('PREPARE sluice_query FROM @sluice_query'));
  await session.run('DEALLOCATE PREPARE sluice_query');
  return await refusable('query', () =>
    session.check(`SELECT * FROM (\n${query}\n) AS sluice_query LIMIT 0`),
  );
}

/** `SELECT …;` is what people write; only the last semicolon is harmless. */
export function withoutSemicolon(query: string): string {
  return query.trim().replace(/;$/, '').trim();
}

async function refusable<T>(field: 'where' | 'query', check: () => Promise<T>): Promise<T> {
  try {
    return await check();
  } catch (error) {
    if (!(error instanceof SluiceError) || nativeFailure(error) === undefined) throw error;
    if (error.retry !== 'never' || kept.has(error.code)) throw error;
    throw new SluiceError('sql_invalid', `${field}: ${error.message}`, {
      path: field,
      hint: hints[field],
      cause: error.cause,
    });
  }
}

const hints = {
  where: "one SQL condition, as it stands behind WHERE: status <> 'draft'",
  query: 'one SELECT statement',
} as const;

/** Refusals that say more than that the SQL is wrong. */
const kept: ReadonlySet<string> = new Set([
  'access_denied',
  'table_missing',
  'column_missing',
  'tls_required',
]);
