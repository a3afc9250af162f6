import type { TextRows } from '../../../values/text-rows.js';
import { carefulPutter, putValue, sourceOf } from './put-value.js';
import type { ColumnRows, Route } from './row-encoder.js';
import type { SegmentColumn } from './segment-column.js';

/**
 * A column of rows that are text, MySQL's or those of a file: bytes to bytes. False where the column is of another type than the
 * one that the plan was made with.
 */
export function addTextColumn(
  rows: TextRows,
  { to, index, from }: Route,
  into: SegmentColumn,
  { skipped, addSlowly }: ColumnRows,
): boolean {
  if (from?.type !== to.column.type || from.type === 'attribute') return false;
  const putter = carefulPutter(to);
  const { bytes, spans } = rows;
  const source = sourceOf(bytes);
  const { starts, ends } = spans;
  for (let row = 0; row < rows.length; row++) {
    if (skipped.size > 0 && skipped.has(row)) continue;
    const place = rows.offset(row) + 1 + index;
    const start = starts[place] as number;
    if (start < 0) {
      into.addNull();
      continue;
    }
    const end = ends[place] as number;
    into.reserve(end - start);
    if (putValue(putter, source, start, end, into)) into.added();
    else addSlowly(row, bytes.toString('latin1', start, end));
  }
  return true;
}
