import type { ReadColumn } from './columns.js';
import { quoteIdentifier, quoteTable, type TableName } from './identifier.js';
import { after, type KeyCells, type KeyColumn, upTo } from './source-key.js';

/** What rows are read from: a table or view, or a query of the declaration. */
export type Origin =
  | { readonly kind: 'table'; readonly name: TableName; readonly where?: string | undefined }
  | { readonly kind: 'query'; readonly sql: string; readonly wrapped: boolean };

/** The keys of a part: after the first bound, up to and with the second; an absent bound is open. */
export interface KeyRange {
  readonly after?: KeyCells;
  readonly upTo?: KeyCells;
  /** Only the rows of this condition. */
  readonly condition?: string;
}

/** FROM and the declared WHERE. What the declaration wrote stands on lines of its own, in parentheses. */
export function fromClause(origin: Origin, hint = ''): string {
  if (origin.kind === 'query') return `FROM (\n${origin.sql}\n) AS sluice_query`;
  const where = origin.where === undefined ? '' : ` WHERE (\n${origin.where}\n)`;
  return `FROM ${quoteTable(origin.name)}${hint}${where}`;
}

/** A condition added to what `fromClause` gave. */
export function withCondition(origin: Origin, clause: string, condition: string): string {
  if (condition === '') return clause;
  const has = origin.kind === 'table' && origin.where !== undefined;
  return `${clause} ${has ? 'AND' : 'WHERE'} (${condition})`;
}

export interface Selection {
  readonly origin: Origin;
  readonly columns: readonly ReadColumn[];
  /** Selected after the columns, to say where a batch ends. */
  readonly hidden: readonly KeyColumn[];
  readonly key: readonly KeyColumn[];
  /** The index that holds the key. */
  readonly index: string;
}

/** The statement that reads a range of a selection in key order, and no more rows than `atMost`. */
export function readStatement(selection: Selection, range: KeyRange, atMost?: number): string {
  const { origin, key } = selection;
  if (origin.kind === 'query' && !origin.wrapped) return origin.sql;
  const selected = [...selection.columns, ...selection.hidden].map((column) => column.select).join(', ');
  const clause = withCondition(origin, fromClause(origin, indexHint(selection)), rangeCondition(key, range));
  const limit = atMost === undefined ? '' : ` LIMIT ${atMost}`;
  return `SELECT ${selected} ${clause}${orderBy(key)}${limit}`;
}

/**
 * Without a condition of the user the key's index is the best way; the optimizer could take a narrower index
 * and sort all rows before the first is sent.
 */
function indexHint({ origin, index, key }: Selection): string {
  if (origin.kind !== 'table' || origin.where !== undefined || key.length === 0) return '';
  return ` FORCE INDEX FOR ORDER BY (${quoteIdentifier(index)})`;
}

export function rangeCondition(key: readonly KeyColumn[], range: KeyRange): string {
  const conditions: string[] = [];
  if (range.after !== undefined) conditions.push(after(key, range.after));
  if (range.upTo !== undefined) conditions.push(upTo(key, range.upTo));
  if (range.condition !== undefined) conditions.push(range.condition);
  return conditions.map((condition) => `(${condition})`).join(' AND ');
}

export function orderBy(key: readonly KeyColumn[]): string {
  if (key.length === 0) return '';
  return ` ORDER BY ${key.map((column) => quoteIdentifier(column.name)).join(', ')}`;
}
