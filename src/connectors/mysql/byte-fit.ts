import { cellKinds } from '../../values/attribute-rows.js';
import type { Attribute } from '../../values/cell.js';
import { type CellWriter, copyBytes, ROOM } from './cell-writer.js';
import type { Fit } from './fit.js';
import { textTypes } from './fit-text.js';
import type { TableColumn } from './schema.js';
import { numberWriter } from './write-number.js';
import { textWriter } from './write-text.js';
import { timeWriter } from './write-time.js';

/** For each of `cellKinds` the writer of such cells; whatever one declines or has none is the column's fit's. */
export type CellWriters = readonly (CellWriter | undefined)[];

/** A column that no writer is known for. */
export const noWriters: CellWriters = [];

/** Cells that hold no bytes of their own. */
const fixedCells: ReadonlyMap<number, Attribute | undefined> = new Map([
  [cellKinds.absent, undefined],
  [cellKinds.null, { NULL: true }],
  [cellKinds.false, { BOOL: false }],
  [cellKinds.true, { BOOL: true }],
]);

/** The writers of attributes for a column, beside the fit, `judge`, that they are faster than. */
export function cellWriters(column: TableColumn, isKey: boolean, judge: Fit): CellWriters {
  const writers: (CellWriter | undefined)[] = [];
  for (const [kind, cell] of fixedCells) writers[kind] = fixedWriter(judge(cell));
  if (column.json) return writers;
  const text = textWriter(column) ?? (isKey ? undefined : timeWriter(column));
  writers[cellKinds.text] = text;
  writers[cellKinds.number] = textTypes.has(column.dataType) ? text : numberWriter(column);
  return writers;
}

function fixedWriter(field: unknown): CellWriter | undefined {
  if (typeof field !== 'string' || field.length > ROOM) return undefined;
  const bytes = Buffer.from(field);
  return (_source, _start, _end, _flags, target, at) => copyBytes(bytes, 0, bytes.length, target, at);
}
