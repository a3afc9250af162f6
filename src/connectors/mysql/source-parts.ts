import type { Part } from '../connector.js';
import { quoteIdentifier } from './identifier.js';
import type { Session, SqlCell } from './session.js';
import { type KeyCells, type KeyColumn, keyCell } from './source-key.js';
import type { SourceShape } from './source-shape.js';
import { fromClause, type KeyRange, orderBy, rangeCondition, withCondition } from './source-sql.js';

/** More parts than this only cost time to find. */
const MAX_PARTS = 10_000;
/** Up to so many rows are counted instead of estimated. */
const MAX_COUNTED_ROWS = 1_000_000;
/** Ranges of equal width serve unless one holds more than so many times its share of the rows. */
const MAX_SKEW = 3;
const MAX_LOOKS = 32;

export const WHOLE: Part = { id: '0', range: '{}' };

export function parseRange(range: string): KeyRange {
  return JSON.parse(range) as KeyRange;
}

/**
 * Cuts a table by its key into at most `wanted` ranges, each after one boundary and up to the next, that hold
 * about as many rows each. Together they are all keys there can be, whatever is inserted meanwhile.
 */
export async function splitByKey(
  session: Session,
  shape: SourceShape,
  wanted: number,
): Promise<readonly Part[]> {
  const count = Math.min(wanted, MAX_PARTS);
  if (count < 2 || shape.key.length === 0 || shape.origin.kind === 'query') return [WHOLE];
  const boundaries =
    (await evenBoundaries(session, shape, count)) ?? (await walkedBoundaries(session, shape, count));
  return partsBetween(boundaries);
}

function partsBetween(boundaries: readonly KeyCells[]): readonly Part[] {
  return [...boundaries, undefined].map((upTo, index) => {
    const after = boundaries[index - 1];
    const range: KeyRange = { ...(after ? { after } : {}), ...(upTo ? { upTo } : {}) };
    return { id: String(index), range: JSON.stringify(range) };
  });
}

/** A single integer key is cut into ranges of equal width; undefined where that would be too uneven. */
async function evenBoundaries(
  session: Session,
  shape: SourceShape,
  count: number,
): Promise<readonly KeyCells[] | undefined> {
  const [column, ...others] = shape.key;
  if (column === undefined || others.length > 0 || !column.integer) return undefined;
  const { select } = column;
  const [bounds] = await session.rows(`SELECT MIN(${select}), MAX(${select}) ${tableOnly(shape)}`);
  const [least, most] = (bounds ?? []).map((cell) => (cell === null ? undefined : BigInt(cell.toString())));
  if (least === undefined || most === undefined) return [];
  const width = (most - least + 1n) / BigInt(count);
  if (width === 0n) return walkedBoundaries(session, shape, count);
  const boundaries = Array.from({ length: count - 1 }, (_, index) => [
    String(least + width * BigInt(index + 1) - 1n),
  ]);
  return (await isSkewed(session, shape, boundaries)) ? undefined : boundaries;
}

/** Asks the optimizer how many rows the ranges hold, or every so many of them: looks into the index, no scan. */
async function isSkewed(
  session: Session,
  shape: SourceShape,
  boundaries: readonly KeyCells[],
): Promise<boolean> {
  const estimates: number[] = [];
  const step = Math.ceil(boundaries.length / MAX_LOOKS);
  for (const part of partsBetween(boundaries.filter((_, index) => index % step === 0))) {
    const condition = rangeCondition(shape.key, parseRange(part.range));
    const sql = `EXPLAIN SELECT 1 ${withCondition(bare(shape), tableOnly(shape), condition)}`;
    estimates.push((await estimatedRows(session, sql)) ?? 0);
  }
  const total = estimates.reduce((sum, rows) => sum + rows, 0);
  return Math.max(...estimates) > (MAX_SKEW * total) / estimates.length + 1;
}

/** `rows` of the first line of an EXPLAIN; undefined where the server gives no number. */
export async function estimatedRows(session: Session, explain: string): Promise<number | undefined> {
  const [line] = await session.records(explain);
  const rows = line?.get('rows');
  return rows === undefined || rows === null ? undefined : Number(rows);
}

/** Walks the index in steps of equal numbers of rows; the server compares, so any type and collation will do. */
async function walkedBoundaries(
  session: Session,
  shape: SourceShape,
  count: number,
): Promise<readonly KeyCells[]> {
  const step = Math.ceil((await rowCount(session, shape)) / count);
  const boundaries: KeyCells[] = [];
  while (step > 0 && boundaries.length < count - 1) {
    const next = await keyAfter(session, shape, boundaries.at(-1), step);
    if (next === undefined) break;
    boundaries.push(next);
  }
  return boundaries;
}

async function keyAfter(
  session: Session,
  shape: SourceShape,
  start: KeyCells | undefined,
  step: number,
): Promise<KeyCells | undefined> {
  const selected = shape.key.map((column) => column.select).join(', ');
  const hint = ` FORCE INDEX FOR ORDER BY (${quoteIdentifier(shape.index)})`;
  const condition = rangeCondition(shape.key, start ? { after: start } : {});
  const clause = withCondition(bare(shape), fromClause(bare(shape), hint), condition);
  const [row] = await session.rows(`SELECT ${selected} ${clause}${orderBy(shape.key)} LIMIT ${step - 1}, 1`);
  return row === undefined ? undefined : shape.key.map((column, index) => cellOf(column, row[index]));
}

function cellOf(column: KeyColumn, cell: SqlCell | undefined): string {
  if (cell === null || cell === undefined) throw new Error('a key cell is NULL');
  return keyCell(column.kind === 'bytes' ? Buffer.from(cell) : cell.toString());
}

async function rowCount(session: Session, shape: SourceShape): Promise<number> {
  const estimate = shape.table?.rows ?? 0;
  if (estimate > MAX_COUNTED_ROWS) return estimate;
  const [row] = await session.rows(`SELECT COUNT(*) ${tableOnly(shape)}`);
  return Number(row?.[0] ?? 0);
}

/** The table without the declared WHERE: parts are cut by the index alone, which is cheap. */
function bare(shape: SourceShape): SourceShape['origin'] {
  return shape.origin.kind === 'table' ? { kind: 'table', name: shape.origin.name } : shape.origin;
}

function tableOnly(shape: SourceShape): string {
  return fromClause(bare(shape));
}
