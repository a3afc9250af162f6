import { SluiceError } from '../../errors.js';
import type { Uniqueness } from '../connector.js';
import type { ReadColumn } from './columns.js';
import { quoteIdentifier } from './identifier.js';
import type { Table } from './schema.js';
import type { Session } from './session.js';
import type { SourceShape } from './source-shape.js';
import { fromClause, withCondition } from './source-sql.js';

/** Whether a UNIQUE index of whole NOT NULL columns lies within the columns, which proves them unique. */
export function uniqueByIndex(table: Table, columns: readonly string[]): boolean {
  const named = new Set(columns);
  return table.indexes.some(
    (index) =>
      index.unique &&
      index.parts.every(
        (part) =>
          part.column !== undefined && part.prefix === undefined && !part.nullable && named.has(part.column),
      ),
  );
}

/**
 * Counts, in the server, the rows that another row equals in all of the columns, byte for byte. Rows with a
 * NULL in one of them are left out: a key with a NULL meets no other.
 */
export async function uniqueByCount(
  session: Session,
  shape: SourceShape,
  columns: readonly string[],
): Promise<Uniqueness> {
  const chosen = columns.map((name) => columnNamed(shape, name));
  const clause = fromClause(shape.origin);
  const present = chosen.map(({ column }) => `${quoteIdentifier(column.name)} IS NOT NULL`).join(' AND ');
  const groups = chosen.map(exactGroup).join(', ');
  const [row] = await session.rows(
    `SELECT COALESCE(SUM(n - 1), 0) FROM (
       SELECT COUNT(*) AS n ${withCondition(shape.origin, clause, present)} GROUP BY ${groups} HAVING COUNT(*) > 1
     ) AS sluice_groups`,
  );
  const duplicates = Number(row?.[0] ?? 0);
  return duplicates === 0 ? 'counted' : { duplicates };
}

/** Text and bytes are compared by a digest of the bytes that are carried, so that no collation folds them. */
function exactGroup({ column, select }: ReadColumn): string {
  if (column.type === 'text' || column.type === 'json') return `SHA2(CONVERT(${select} USING utf8mb4), 256)`;
  return column.type === 'bytes' ? `SHA2(${select}, 256)` : select;
}

function columnNamed(shape: SourceShape, name: string): ReadColumn {
  const found = shape.columns.find(({ column }) => column.name === name);
  if (found !== undefined) return found;
  throw new SluiceError('column_missing', `${shape.name} has no column ${name}`, { path: name });
}
