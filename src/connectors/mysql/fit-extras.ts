import type { Attribute, Cell, Row } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { type Fitted, misfit, NULL_FIELD } from './fit.js';
import { documentText } from './fit-json.js';
import { textFit } from './fit-text.js';
import type { TableColumn } from './schema.js';

const noBytes = misfit('value_type', 'bytes without a column cannot become JSON');

export type RowFit = (row: Row) => Fitted;

/**
 * The fit of the column of `extra: { into }`: it writes what has no column as one JSON object; NULL, or `{}` where NULL is not taken, when there is nothing.
 */
export function extrasFit(
  column: TableColumn,
  strays: readonly { readonly from: number; readonly column: Column }[],
): RowFit {
  const check = textFit(column);
  const isNative = column.dataType === 'json';
  return (cells) => {
    const parts: string[] = [];
    for (const { from, column: stray } of strays) {
      const cell = cells[from];
      if (cell === undefined) continue;
      const value = jsonOf(stray, cell, isNative);
      if (typeof value !== 'string') return value;
      parts.push(`${JSON.stringify(stray.name)}:${value}`);
    }
    if (parts.length === 0 && column.nullable) return NULL_FIELD;
    return check(`{${parts.join(',')}}`);
  };
}

function jsonOf({ type }: Column, cell: Exclude<Cell, undefined>, isNative: boolean): Fitted {
  if (cell === null) return 'null';
  if (cell instanceof Uint8Array) return noBytes;
  if (typeof cell === 'boolean') return String(cell);
  if (typeof cell === 'object') return documentText(cell, isNative);
  if (type === 'json') return cell;
  const isNumber = type === 'int' || type === 'decimal' || type === 'float';
  const attribute: Attribute = isNumber ? { N: cell } : { S: cell };
  return documentText(attribute, isNative);
}
