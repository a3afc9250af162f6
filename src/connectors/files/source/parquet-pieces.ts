import type { ParquetFile } from './parquet-file.js';

/** Rows of a file: from `start` on, and below `end`. */
export interface Piece {
  readonly start: number;
  readonly end: number;
}

/** Row groups that are smaller are read together. */
const MIN_BYTES = 16 * 1024 * 1024;
const MIN_ROWS = 100_000;
/** Of a larger row group this much at a time is put on disk, as Parquet counts bytes. */
const MAX_BYTES = 256 * 1024 * 1024;

/** Cuts the rows from `begin` to `end` into pieces that DuckDB makes text of one at a time, by row groups where it can. */
export function piecesOf(
  { groups }: Pick<ParquetFile, 'groups'>,
  begin: number,
  end: number,
  atMost = Number.POSITIVE_INFINITY,
): readonly Piece[] {
  const last = Math.min(end, begin + atMost);
  const pieces: Piece[] = [];
  let start = begin;
  let bytes = 0;
  let before = 0;
  for (const group of groups) {
    const after = before + group.rows;
    bytes = after > start ? bytes + group.bytes : 0;
    if (after > start && (bytes >= MIN_BYTES || after - start >= MIN_ROWS || after >= last)) {
      pieces.push(...cut({ start, end: Math.min(after, last) }, bytes));
      start = Math.min(after, last);
      bytes = 0;
    }
    before = after;
    if (start >= last) break;
  }
  return pieces;
}

function cut({ start, end }: Piece, bytes: number): readonly Piece[] {
  if (end <= start) return [];
  const size = Math.ceil((end - start) / Math.ceil(Math.max(1, bytes) / MAX_BYTES));
  const count = Math.ceil((end - start) / size);
  return Array.from({ length: count }, (_, index) => ({
    start: start + index * size,
    end: Math.min(end, start + (index + 1) * size),
  }));
}
