import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { type AppendValues, valuesAppender } from './attribute-bytes.js';
import { cellSize, encoder, framed, NULL } from './encode.js';
import { type AppendAttributes, attributesAppender, type NumberKey, numberKey } from './item-bytes.js';
import { type KeyOf, type KeySource, keyOf } from './key.js';
import type { Problem } from './problem.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html */
const MAX_ITEM_BYTES = 400 * 1024;
/** No character of JSON text stands for more bytes of an item than this. */
const MAX_BYTES_PER_CHARACTER = 3;

/** How rows of one list of columns become items: compiled once for the list. */
export interface ItemEncoder {
  readonly columns: readonly Column[];
  readonly keyOf: KeyOf;
  /** The attributes besides the key, each as `"name":{…}`; the key's text counts towards the size. */
  attributesOf(row: Row, key: string): string | Problem;
  /** The same from bytes to bytes, but that the size is not looked at; absent where a row's cells are needed. */
  readonly appendAttributes: AppendAttributes | undefined;
  readonly appendValues: AppendValues | undefined;
  /** Places in `columns` that `keyOf` looks at. */
  readonly keyColumns: readonly number[];
  /** Present where the key is one column of whole numbers. */
  readonly numberKey: NumberKey | undefined;
  /** The attributes besides the key that a row has, with the JSON text of their values. */
  valuesOf(row: Row): readonly (readonly [name: string, json: string])[] | Problem;
  /** The JSON text of one attribute's value, besides the key's; undefined where the row has none. Needs a valid row. */
  jsonOf(row: Row, name: string): string | undefined;
  /** The size of a row as an item by DynamoDB's rules, in bytes. */
  sizeOf(row: Row): number;
}

export const tooLarge: Problem = { code: 'item_too_large', message: 'the item is larger than 400 KB' };

export function itemEncoder(columns: readonly Column[], key: readonly KeySource[]): ItemEncoder {
  const taken = new Set(key.map((source) => source.name));
  const ofKey = new Set(key.flatMap((source) => source.columns));
  const fields = columns.flatMap((column, index) => {
    if (taken.has(column.name)) return [];
    const clear = {
      index,
      column,
      name: column.name,
      json: JSON.stringify(column.name),
      encode: encoder(column),
    };
    const { open, close, inner } = framed(column);
    return [{ ...clear, null: `,${clear.json}:${NULL}`, open: `,${clear.json}:${open}`, close, inner }];
  });
  const clash = shadowed(columns, key);
  const sizeOf = (row: Row) => rowSize(columns, key, row);

  const attributesOf = (row: Row, keyText: string): string | Problem => {
    if (clash && row[clash.index] !== undefined) return clash.problem;
    let text = '';
    for (const field of fields) {
      const cell = row[field.index];
      if (cell === undefined) continue;
      if (cell === null) {
        text += field.null;
        continue;
      }
      const value = field.inner(cell);
      if (typeof value !== 'string') return { ...value, column: field.name };
      text += field.open + value + field.close;
    }
    return isTooLarge(text.length + keyText.length, () => sizeOf(row)) ? tooLarge : text;
  };

  const valuesOf = (row: Row) => {
    if (clash && row[clash.index] !== undefined) return clash.problem;
    const values: [string, string][] = [];
    for (const { index, name, encode } of fields) {
      const cell = row[index];
      if (cell === undefined) continue;
      const value = cell === null ? NULL : encode(cell);
      if (typeof value !== 'string') return { ...value, column: name };
      values.push([name, value]);
    }
    return sizeOf(row) > MAX_ITEM_BYTES ? tooLarge : values;
  };

  const byName = new Map(fields.map((field) => [field.name, field]));
  const jsonOf = (row: Row, name: string) => {
    const field = byName.get(name);
    const cell = field && row[field.index];
    if (!field || cell === undefined) return undefined;
    const value = cell === null ? NULL : field.encode(cell);
    return typeof value === 'string' ? value : undefined;
  };

  return {
    columns,
    keyOf: keyOf(columns, key),
    attributesOf,
    appendAttributes: clash ? undefined : attributesAppender(fields),
    appendValues: clash ? undefined : valuesAppender(fields),
    keyColumns: columns.flatMap(({ name }, index) => (ofKey.has(name) ? [index] : [])),
    numberKey: numberKey(columns, key),
    valuesOf,
    jsonOf,
    sizeOf,
  };
}

/** Whether JSON text of so many characters can stand for an item that is too large. */
export function mayBeTooLarge(characters: number): boolean {
  return characters * MAX_BYTES_PER_CHARACTER > MAX_ITEM_BYTES;
}

/** Whether an item is too large, whose JSON text has so many characters (or bytes); its size is asked for if need be. */
export function isTooLarge(characters: number, sizeOf: () => number): boolean {
  return mayBeTooLarge(characters) && sizeOf() > MAX_ITEM_BYTES;
}

/** An incoming attribute whose name a joined key has taken: of open sources this is known only now. */
function shadowed(columns: readonly Column[], key: readonly KeySource[]) {
  for (const source of key) {
    const index = columns.findIndex((column) => column.name === source.name);
    if (index === -1 || (source.columns.length === 1 && source.columns[0] === source.name)) continue;
    const message = `the attribute ${source.name} is the table's key, which is joined from ${source.columns.join(', ')}`;
    return { index, problem: { code: 'write_refused', message, column: source.name } satisfies Problem };
  }
  return undefined;
}

function rowSize(columns: readonly Column[], key: readonly KeySource[], row: Row): number {
  let size = 0;
  for (const [index, column] of columns.entries()) {
    const cell = row[index];
    if (cell !== undefined) size += Buffer.byteLength(column.name) + cellSize(column, cell);
  }
  for (const source of key) {
    if (source.columns.length === 1) continue;
    size += Buffer.byteLength(source.name) + source.columns.length - 1;
    for (const name of source.columns) {
      const index = columns.findIndex((column) => column.name === name);
      const column = columns[index];
      if (column) size += cellSize(column, row[index]);
    }
  }
  return size;
}
