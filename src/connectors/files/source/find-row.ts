import { SluiceError } from '../../../errors.js';
import type { Batch } from '../../../values/batch.js';
import type { Cell } from '../../../values/cell.js';
import { canonicalNumber } from '../../../values/decimal.js';
import type { FoundRow, KeyValues } from '../../connector.js';

/** The first row of the batches with these values. Files have no index: all are looked at. */
export async function findRow(batches: AsyncIterable<Batch>, key: KeyValues): Promise<FoundRow | undefined> {
  const wanted = Object.entries(key);
  for await (const batch of batches) {
    const unread = new Set(batch.refused?.map(({ row }) => row));
    const places = wanted.map(([name]) => batch.columns.findIndex((column) => column.name === name));
    for (const [index, row] of batch.rows.entries()) {
      if (unread.has(index)) continue;
      if (!wanted.every(([, value], at) => isValue(row[places[at] ?? -1], value))) continue;
      const { columns } = batch;
      return { batch: { columns, rows: [row], bytes: Math.ceil(batch.bytes / batch.rows.length) } };
    }
  }
  return undefined;
}

/** @throws SluiceError key_unfit for names that are no columns */
export function checkKey(key: KeyValues, columns: readonly { readonly name: string }[], open: boolean): void {
  const stray = Object.keys(key).find((name) => !open && !columns.some((column) => column.name === name));
  if (stray === undefined && Object.keys(key).length > 0) return;
  throw new SluiceError('key_unfit', 'the key names no column of the files', {
    hint: `the columns are ${columns.map(({ name }) => name).join(', ')}`,
  });
}

function isValue(cell: Cell, value: string | Uint8Array): boolean {
  if (cell === null || cell === undefined) return false;
  if (typeof cell === 'string') return cell === value;
  if (typeof cell === 'boolean') return String(cell) === value;
  if (cell instanceof Uint8Array) return value instanceof Uint8Array && Buffer.compare(cell, value) === 0;
  if ('S' in cell) return cell.S === value;
  if ('N' in cell) {
    return typeof value === 'string' && canonicalNumber(cell.N) === (canonicalNumber(value) ?? value);
  }
  return 'B' in cell && value instanceof Uint8Array && Buffer.from(cell.B, 'base64').equals(value);
}
