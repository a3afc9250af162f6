import { digestText } from '../../connectors/digest.js';
import type { Batch } from '../../values/batch.js';
import { storedCell } from '../../values/stored-cell.js';

/** A row's key in a few characters: equal for rows that meet in one row of the sink. `key`: names of its columns. */
export function rowKey(batch: Batch, row: number, key: readonly string[]): string {
  const cells = batch.rows.at(row) ?? [];
  const values = key.map((name) => {
    const index = batch.columns.findIndex((column) => column.name === name);
    const column = batch.columns[index];
    const cell = cells[index];
    return column === undefined || cell === undefined ? undefined : storedCell(cell, column.type);
  });
  return digestText(JSON.stringify(values));
}
