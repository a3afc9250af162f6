import type { Attribute, Cell, Row } from './cell.js';
import type { Column, LogicalType } from './column.js';

/** A cell in a form that JSON carries without loss; an absent one is left out of the row. */
export type StoredCell =
  | null
  | boolean
  | { readonly type: LogicalType; readonly text: string }
  | { readonly bytes: string }
  | { readonly attribute: Attribute };

/** The cells of a row by column; absent ones are left out. */
export function storedRow(row: Row, columns: readonly Column[]): Record<string, StoredCell> {
  const cells = columns.flatMap((column, index): [string, StoredCell][] => {
    const cell = row[index];
    return cell === undefined ? [] : [[column.name, storedCell(cell, column.type)]];
  });
  return Object.fromEntries(cells);
}

export function storedCell(cell: Exclude<Cell, undefined>, type: LogicalType): StoredCell {
  if (cell === null || typeof cell === 'boolean') return cell;
  if (typeof cell === 'string') return { type, text: cell };
  if (cell instanceof Uint8Array) return { bytes: Buffer.from(cell).toString('base64') };
  return { attribute: cell };
}

/** The cell that was stored; undefined for one that was left out. */
export function restoredCell(cell: StoredCell | undefined): Cell {
  if (cell === undefined || cell === null || typeof cell === 'boolean') return cell;
  if ('text' in cell) return cell.text;
  return 'bytes' in cell ? Buffer.from(cell.bytes, 'base64') : cell.attribute;
}
