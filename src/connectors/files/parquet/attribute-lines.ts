import { type AttributeRows, cellKinds, ESCAPED, KIND_MASK } from '../../../values/attribute-rows.js';
import type { LineWriter, Route } from './row-encoder.js';
import type { SegmentBytes } from './segment-bytes.js';

const COMMA = 0x2c;

/** What stands around a cell's bytes, as CSV spells the JSON. */
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
  made[cellKinds.absent] = frame('\\N', '');
  made[cellKinds.null] = frame('"{""NULL"":true}"', '');
  made[cellKinds.false] = frame('"{""BOOL"":false}"', '');
  made[cellKinds.true] = frame('"{""BOOL"":true}"', '');
  made[cellKinds.number] = frame('"{""N"":""', '""}"');
  made[cellKinds.bytes] = frame('"{""B"":""', '""}"');
  made[cellKinds.text] = frame('"{""S"":""', '""}"');
  return made;
})();

/** Bytes around a cell at most, with its comma. */
const FRAME_BYTES = 24;

/**
 * Lines of DynamoDB's items, of columns that were given no type: the JSON of each attribute. Texts with escapes, sets, lists
 * and maps go the slow way. Undefined where a column has a type.
 */
export function attributeLineWriter(rows: AttributeRows, routes: readonly Route[]): LineWriter | undefined {
  if (routes.some(({ to, takesRest }) => to.column.type !== 'attribute' || takesRest)) return undefined;
  const cells = routes.map(({ index }) => index);
  const { bytes, spans } = rows;
  return (row, into) => {
    const offset = rows.offset(row);
    for (const cell of cells) {
      const place = offset + cell;
      const kind = cell < 0 ? cellKinds.absent : rows.kindAt(place);
      const around = (kind & ESCAPED) === 0 ? frames[kind & KIND_MASK] : undefined;
      if (around === undefined) return false;
      const isEmpty = around.after.length === 0;
      const start = isEmpty ? 0 : (spans.starts[place] as number);
      writeFramed(around, bytes, start, isEmpty ? 0 : (spans.ends[place] as number), into);
    }
    return true;
  };
}

function writeFramed(
  { before, after }: Frame,
  bytes: Buffer,
  start: number,
  end: number,
  into: SegmentBytes,
): void {
  into.reserve(end - start + FRAME_BYTES);
  const { buffer } = into;
  let to = into.position;
  to += before.copy(buffer, to);
  to += bytes.copy(buffer, to, start, end);
  to += after.copy(buffer, to);
  buffer[to++] = COMMA;
  into.position = to;
}
