import { AttributeRows } from '../../values/attribute-rows.js';
import type { Rows } from '../../values/batch.js';
import type { Row } from '../../values/cell.js';
import { isPacked, type JoinedRows } from '../../values/joined-rows.js';
import { TextRows } from '../../values/text-rows.js';
import type { BodyRoom } from './body-room.js';
import { type ItemEncoder, isTooLarge, tooLarge } from './item.js';
import { areAscending, NUMBER_KEY_CLOSE } from './item-bytes.js';
import type { Problem } from './problem.js';

/** The rows of a batch as items. */
export interface BatchItems {
  readonly length: number;
  /** Whether it is known that no two rows have the same key. */
  readonly distinct: boolean;
  /** As KeyOf. */
  keyAt(row: number): string | Problem;
  /** Puts the item's attributes into the body, without braces: always the same. What it put before a problem is left. */
  append(row: number, room: BodyRoom): Problem | undefined;
}

export function batchItems(rows: Rows, encode: ItemEncoder): BatchItems {
  const { appendAttributes, appendValues } = encode;
  if (isPacked(rows) && appendValues) {
    const keys = Array.from({ length: rows.length }, (_, row) => encode.keyOf(keyCells(rows, row, encode)));
    const append: AppendRow =
      rows instanceof AttributeRows
        ? (row, room) => appendValues(rows, row, room)
        : (row, room) => appendValues(rows.partOf(row), rows.within(row), room);
    return keyedItems(rows, encode, keys, append);
  }
  if (!(rows instanceof TextRows) || !appendAttributes) return cellItems(rows, encode);
  const append: AppendRow = (row, room) => appendAttributes(rows, row, room);
  const key = encode.numberKey;
  if (key && areAscending(rows, key)) return numberedItems(rows, encode, key, append);
  return keyedItems(
    rows,
    encode,
    rows.map((row) => encode.keyOf(row)),
    append,
  );
}

/** Puts what a row has besides its key. */
type AppendRow = (row: number, room: BodyRoom) => Problem | undefined;

/** A row of which only the cells of its key are made. */
function keyCells(rows: AttributeRows | JoinedRows, row: number, { keyColumns }: ItemEncoder): Row {
  const cells: Row = [];
  for (const column of keyColumns) cells[column] = rows.cellOf(row, column);
  return cells;
}

/** Of rows that are cells, or become them here. */
function cellItems(all: Rows, encode: ItemEncoder): BatchItems {
  const rows = [...all];
  const keys = rows.map((row) => encode.keyOf(row));
  return {
    length: rows.length,
    distinct: areDistinct(keys),
    keyAt: (row) => keys[row] ?? noRow(row),
    append: (row, room) => {
      const key = keys[row] ?? noRow(row);
      if (typeof key !== 'string') return key;
      const attributes = encode.attributesOf(rows[row] ?? noRow(row), key);
      if (typeof attributes !== 'string') return attributes;
      room.text(key + attributes);
      return undefined;
    },
  };
}

/** From bytes to bytes, but for the keys. */
function keyedItems(
  rows: Rows,
  encode: ItemEncoder,
  keys: readonly (string | Problem)[],
  append: AppendRow,
): BatchItems {
  return {
    length: rows.length,
    distinct: areDistinct(keys),
    keyAt: (row) => keys[row] ?? noRow(row),
    append: (row, room) => {
      const key = keys[row] ?? noRow(row);
      if (typeof key !== 'string') return key;
      const before = room.size;
      room.text(key);
      return append(row, room) ?? sizeProblem(rows, encode, row, room.size - before);
    },
  };
}

/** From bytes to bytes, the keys too: a key becomes text when somebody asks for it. */
function numberedItems(
  rows: TextRows,
  encode: ItemEncoder,
  { index, open }: NonNullable<ItemEncoder['numberKey']>,
  append: AppendRow,
): BatchItems {
  const keyAt = (row: number) => {
    const place = rows.offset(row) + 1 + index;
    const digits = rows.bytes.toString('latin1', rows.spans.starts[place], rows.spans.ends[place]);
    return open + digits + NUMBER_KEY_CLOSE;
  };
  const head = Buffer.from(open);
  const tail = Buffer.from(NUMBER_KEY_CLOSE);
  return {
    length: rows.length,
    distinct: true,
    keyAt,
    append: (row, room) => {
      const before = room.size;
      const place = rows.offset(row) + 1 + index;
      room.put(head);
      room.copy(rows.bytes, rows.spans.starts[place] ?? 0, rows.spans.ends[place] ?? 0);
      room.put(tail);
      return append(row, room) ?? sizeProblem(rows, encode, row, room.size - before);
    },
  };
}

/** `bytes` are those of the item's JSON. */
function sizeProblem(rows: Rows, encode: ItemEncoder, row: number, bytes: number): Problem | undefined {
  return isTooLarge(bytes, () => encode.sizeOf(rows.at(row) ?? noRow(row))) ? tooLarge : undefined;
}

/** Whether each key is longer or greater than the one before, as whole numbers come in order, or no two are the same. */
function areDistinct(keys: readonly (string | Problem)[]): boolean {
  let before = '';
  for (const key of keys) {
    const isNext = typeof key === 'string' && key.length >= before.length;
    if (!isNext || (key.length === before.length && key <= before)) return new Set(keys).size === keys.length;
    before = key;
  }
  return true;
}

function noRow(row: number): never {
  throw new RangeError(`the batch has no row ${row}`);
}
