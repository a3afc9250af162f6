import type { Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import type { ComparableRow } from '../comparison.js';
import { attributeProblem } from './attribute.js';
import { comparableAttribute } from './compare-item.js';
import { attributeType, type Encode, encoder, NULL } from './encode.js';
import { type ItemEncoder, mayBeTooLarge } from './item.js';
import type { KeySource } from './key.js';
import { keyNumber } from './numbers.js';
import type { Problem } from './problem.js';

/** A row as its item will compare, or why a copy would refuse it, with its key where it has one. */
export type RowSpelling = (row: Row) => ComparableRow | { readonly problem: Problem; readonly key?: string };

/** Compiles the spelling of rows with these columns; the same as `comparableItem` gives for the item once it is there. */
export function rowSpelling(encode: ItemEncoder, key: readonly KeySource[]): RowSpelling {
  const taken = new Set(key.map((source) => source.name));
  const isJoined = key.some((source) => source.columns.length > 1);
  const fields = encode.columns
    .flatMap((column, index) => {
      if (taken.has(column.name)) return [];
      return [
        { index, name: column.name, prefix: `${JSON.stringify(column.name)}:`, spell: spelling(column) },
      ];
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1));

  return (row) => {
    const keyText = encode.keyOf(row);
    if (typeof keyText !== 'string') return { problem: keyText };
    let content = '';
    for (const { index, name, prefix, spell } of fields) {
      const cell = row[index];
      if (cell === undefined) continue;
      const value = cell === null ? NULL : spell(cell);
      if (typeof value !== 'string') return { problem: { ...value, column: name }, key: keyText };
      content += content === '' ? prefix + value : `,${prefix}${value}`;
    }
    if (isJoined || mayBeTooLarge(content.length + keyText.length)) {
      const attributes = encode.attributesOf(row, keyText);
      if (typeof attributes !== 'string') return { problem: attributes, key: keyText };
    }
    return { key: keyText, content: `{${content}}` };
  };
}

function spelling(column: Column): Encode {
  if (column.type === 'attribute') {
    return (cell) => {
      if (typeof cell !== 'object' || cell instanceof Uint8Array) return notAttribute;
      return attributeProblem(cell) ?? comparableAttribute(cell);
    };
  }
  const encode = encoder(column);
  if (attributeType(column) !== 'N') return encode;
  return (cell) => {
    const value = encode(cell);
    return typeof value === 'string' ? `{"N":"${keyNumber(cell as string)}"}` : value;
  };
}

const notAttribute: Problem = { code: 'value_type', message: 'not an attribute value' };
