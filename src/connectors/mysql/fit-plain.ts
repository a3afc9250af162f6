import type { Cell } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { textBounds } from './fit-text.js';
import type { TableColumn } from './schema.js';

/** The cell's text, if it is one that the column takes as it is so long as it is ASCII. */
export type PlainText = (cell: Cell) => string | undefined;

/**
 * A shortcut past the column's fit for short texts: the usual ones are told by looking at each character once, while
 * it is written. Undefined where the column or what comes for it has no such shortcut; whatever it does not
 * answer is the fit's.
 */
export function plainText(incoming: Column, column: TableColumn): PlainText | undefined {
  const bounds = textBounds(column);
  if (bounds === undefined) return undefined;
  const { safeUnits, strips } = bounds;
  const fits = (text: string) => text.length <= safeUnits && !(strips && text.endsWith(' '));
  if (incoming.type === 'text') return (cell) => (typeof cell === 'string' && fits(cell) ? cell : undefined);
  if (incoming.type !== 'attribute') return undefined;
  return (cell) => {
    const text = (cell as { S?: string } | null | undefined)?.S;
    return text !== undefined && fits(text) ? text : undefined;
  };
}
