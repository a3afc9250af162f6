import { type AttributeRows, cellKinds, ESCAPED, KIND_MASK } from '../../../values/attribute-rows.js';
import type { ColumnRows, Route } from './row-encoder.js';
import type { SegmentColumn } from './segment-column.js';

/** What stands around a cell's bytes. */
interface Frame {
  readonly before: Buffer;
  readonly after: Buffer;
}

const frame = (before: string, after: string): Frame => ({
  before: Buffer.from(before),
  after: Buffer.from(after),
});

const frames: readonly (Frame | undefined)[] = (() => {
  const made: (Frame | undefined)[] = [];
  made[cellKinds.null] = frame('{"NULL":true}', '');
  made[cellKinds.false] = frame('{"BOOL":false}', '');
  made[cellKinds.true] = frame('{"BOOL":true}', '');
  made[cellKinds.number] = frame('{"N":"', '"}');
  made[cellKinds.bytes] = frame('{"B":"', '"}');
  made[cellKinds.text] = frame('{"S":"', '"}');
  return made;
})();

/**
 * A column of DynamoDB's items that was given no type: the JSON of each attribute. Texts with escapes, sets, lists and maps go the
 * slow way. False where the column has a type.
 */
export function addAttributeColumn(
  rows: AttributeRows,
  { to, from, index }: Route,
  into: SegmentColumn,
  { skipped, addSlowly }: ColumnRows,
): boolean {
  if (index < 0 || to.column.type !== 'attribute' || from?.type !== 'attribute') return false;
  const { bytes, spans } = rows;
  for (let row = 0; row < rows.length; row++) {
    if (skipped.size > 0 && skipped.has(row)) continue;
    const place = rows.offset(row) + index;
    const kind = rows.kindAt(place);
    const around = (kind & ESCAPED) === 0 ? frames[kind & KIND_MASK] : undefined;
    if ((kind & KIND_MASK) === cellKinds.absent) {
      into.addNull();
    } else if (around === undefined) {
      addSlowly(row);
    } else {
      const isEmpty = around.after.length === 0;
      const start = isEmpty ? 0 : (spans.starts[place] as number);
      addFramed(around, bytes, start, isEmpty ? 0 : (spans.ends[place] as number), into);
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
