import { type AttributeRows, cellKinds, KIND_MASK } from '../../values/attribute-rows.js';
import type { BodyRoom } from './body-room.js';
import { NULL } from './encode.js';
import type { ItemField } from './item-bytes.js';
import { MAX_DIGITS, numberProblem } from './numbers.js';
import type { Problem } from './problem.js';

const { absent, null: nullKind, false: falseKind, true: trueKind, other, number, bytes, text } = cellKinds;

/** As AppendAttributes, of items that came as bytes: a table held their values, which go on as they came. */
export type AppendValues = (rows: AttributeRows, row: number, room: BodyRoom) => Problem | undefined;

/** Undefined where a column holds anything but attributes as they came. */
export function valuesAppender(fields: readonly ItemField[]): AppendValues | undefined {
  if (fields.some(({ column }) => column.type !== 'attribute')) return undefined;
  const compiled = fields.map(({ index, json, column }) => ({
    index,
    column,
    heads: headsOf(`,${json}:`),
  }));
  return (rows, row, room) => {
    const { starts, ends } = rows.spans;
    const offset = rows.offset(row);
    for (const { index, column, heads } of compiled) {
      const place = offset + index;
      const kind = rows.kindAt(place) & KIND_MASK;
      if (kind === absent) continue;
      const start = starts[place] as number;
      const end = ends[place] as number;
      if (kind === number && end - start > MAX_DIGITS) {
        const problem = numberProblem(rows.bytes.toString('latin1', start, end));
        if (problem) return { ...problem, column: column.name };
      }
      room.put(heads[kind] as Buffer);
      if (kind >= other) room.copy(rows.bytes, start, end);
      if (kind > other) room.put(CLOSE);
    }
    return undefined;
  };
}

const CLOSE = Buffer.from('"}');

/** What stands before a cell's span, by its kind; of kinds without a span all of the attribute. */
function headsOf(name: string): readonly Buffer[] {
  const heads: string[] = [];
  heads[absent] = '';
  heads[nullKind] = NULL;
  heads[falseKind] = '{"BOOL":false}';
  heads[trueKind] = '{"BOOL":true}';
  heads[other] = '';
  heads[number] = '{"N":"';
  heads[bytes] = '{"B":"';
  heads[text] = '{"S":"';
  return heads.map((head) => Buffer.from(name + head));
}
