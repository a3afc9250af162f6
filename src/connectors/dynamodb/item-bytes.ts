import type { Cell, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { NULL_START, type TextRows } from '../../values/text-rows.js';
import { type BodyRoom, put } from './body-room.js';
import { cellCopier, DECLINED } from './cell-bytes.js';
import { framed, NULL } from './encode.js';
import type { KeySource } from './key.js';
import type { Problem } from './problem.js';

/** A column of an item besides its key. */
export interface ItemField {
  readonly index: number;
  readonly column: Column;
  /** JSON text of the name. */
  readonly json: string;
}

/** Puts the attributes of a row besides the key into a body, as ItemEncoder.attributesOf has them in text. */
export type AppendAttributes = (rows: TextRows, row: number, room: BodyRoom) => Problem | undefined;

/** Each cell's bytes are copied where that is exact; else the row is made, and the cell takes the way over text. */
export function attributesAppender(fields: readonly ItemField[]): AppendAttributes {
  const compiled = fields.map((field) => {
    const { open, close, inner } = framed(field.column);
    const head = Buffer.from(`,${field.json}:${open}`);
    const none = Buffer.from(`,${field.json}:${NULL}`);
    const copy = cellCopier(field.column);
    return { ...field, head, tail: Buffer.from(close), none, open, close, inner, copy };
  });
  // One byte more for each cell: a time's Z.
  const frame = compiled.reduce(
    (sum, { head, tail, none }) => sum + head.length + tail.length + none.length + 1,
    0,
  );
  return (rows, row, room) => {
    const { bytes, spans } = rows;
    const { starts, ends } = spans;
    const offset = rows.offset(row);
    const needed = frame + 2 * ((ends[offset] as number) - (starts[offset] as number));
    let made: Row | undefined;
    room.reserve(needed);
    for (const field of compiled) {
      const place = offset + 1 + field.index;
      const start = starts[place] as number;
      if (start < 0) {
        if (start === NULL_START) room.at = put(field.none, room.bytes, room.at);
        continue;
      }
      const body = put(field.head, room.bytes, room.at);
      const end = field.copy?.(bytes, start, ends[place] as number, room.bytes, body) ?? DECLINED;
      if (end !== DECLINED) {
        room.at = put(field.tail, room.bytes, end);
        continue;
      }
      made ??= rows.at(row) ?? [];
      const value = field.inner(made[field.index] as NonNullable<Cell>);
      if (typeof value !== 'string') return { ...value, column: field.column.name };
      room.at = body;
      room.text(value + field.close);
      room.reserve(needed);
    }
    return undefined;
  };
}

/** The key of a table whose only key attribute is a column of whole numbers. */
export interface NumberKey {
  readonly index: number;
  /** What stands before its digits in the key's text. */
  readonly open: string;
}

export const NUMBER_KEY_CLOSE = '"}';

export function numberKey(columns: readonly Column[], key: readonly KeySource[]): NumberKey | undefined {
  const [only, second] = key;
  if (!only || second || only.type !== 'N' || only.columns.length !== 1) return undefined;
  const index = columns.findIndex((column) => column.name === only.columns[0]);
  if (columns[index]?.type !== 'int') return undefined;
  return { index, open: `${JSON.stringify(only.name)}:{"N":"` };
}

const ZERO = 0x30;
const NINE = 0x39;
/** Fewer than a key may have. */
const MAX_KEY_DIGITS = 20;

/** Whether the keys are whole numbers above zero, each greater than the one before: none is there twice then. */
export function areAscending(rows: TextRows, key: NumberKey): boolean {
  const { bytes, spans } = rows;
  let before = 0;
  let size = 0;
  for (let row = 0; row < rows.length; row++) {
    const place = rows.offset(row) + 1 + key.index;
    const start = spans.starts[place] as number;
    const digits = (spans.ends[place] as number) - start;
    if (start < 0 || digits < 1 || digits > MAX_KEY_DIGITS || bytes[start] === ZERO) return false;
    for (let at = start; at < start + digits; at++) {
      if ((bytes[at] as number) < ZERO || (bytes[at] as number) > NINE) return false;
    }
    if (digits < size || (digits === size && !isGreater(bytes, start, before, size))) return false;
    before = start;
    size = digits;
  }
  return true;
}

function isGreater(bytes: Buffer, one: number, other: number, size: number): boolean {
  for (let index = 0; index < size; index++) {
    const difference = (bytes[one + index] as number) - (bytes[other + index] as number);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
