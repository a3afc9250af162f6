import { type AttributeRows, cellKinds } from '../../../values/attribute-rows.js';
import { type Frame, frameAt } from '../attribute-frames.js';
import type { ColumnRows, Route } from './row-encoder.js';
import type { SegmentColumn } from './segment-column.js';

/**
 * A column of DynamoDB's items that was given no type: the JSON of each attribute. Sets, lists and maps, and texts with escapes that nobody
 * needs, go the slow way. False where the column has a type.
 */
export function addAttributeColumn(
  rows: AttributeRows,
  { to, from, index }: Route,
  into: SegmentColumn,
  { skipped, addSlowly }: ColumnRows,
): boolean {
  if (to.column.type !== 'attribute' || from?.type !== 'attribute') return false;
  const { bytes, spans } = rows;
  for (let row = 0; row < rows.length; row++) {
    if (skipped.size > 0 && skipped.has(row)) continue;
    const place = rows.offset(row) + index;
    const kind = rows.kindAt(place);
    const around = frameAt(rows, place);
    if (kind === cellKinds.absent) {
      into.addNull();
    } else if (around === undefined) {
      addSlowly(row, rows.cell(place));
    } else {
      const start = around.isAll ? 0 : (spans.starts[place] as number);
      addFramed(around, bytes, start, around.isAll ? 0 : (spans.ends[place] as number), into);
    }
  }
  return true;
}

function addFramed(
  { before, after }: Frame,
  bytes: Buffer,
  start: number,
  end: number,
  into: SegmentColumn,
): void {
  const length = before.length + (end - start) + after.length;
  into.reserve(length);
  const { buffer } = into;
  let to = into.position;
  into.view.setUint32(to, length, true);
  to += 4;
  to += before.copy(buffer, to);
  to += bytes.copy(buffer, to, start, end);
  to += after.copy(buffer, to);
  into.position = to;
  into.added();
}
