import type { Batch } from '../values/batch.js';
import { Refusal } from './refusal.js';
import type { Transformed } from './transform.js';

/** Applies a transform to the rows that could be read; the others are dropped with the source's reasons. */
export function readableRows(
  { refused = [], changes, ...batch }: Batch,
  apply: (rest: Batch) => Transformed,
): Transformed {
  const unread = new Set(refused.map(({ row }) => row));
  const places: number[] = [];
  for (let row = 0; row < batch.rows.length; row++) if (!unread.has(row)) places.push(row);
  const dropped = refused.map(({ row, code, message }) => ({ row, refusal: new Refusal(code, message) }));
  if (places.length === 0) {
    return { batch: { ...batch, rows: [], ...(changes ? { changes: [] } : {}) }, origin: [], dropped };
  }
  const readable = places.map((place) => batch.rows.at(place) ?? []);
  const left = changes && places.flatMap((place) => changes.at(place) ?? []);
  const result = apply({ ...batch, rows: readable, ...(left ? { changes: left } : {}) });
  const placeOf = (row: number): number => places[row] ?? row;
  return {
    batch: result.batch,
    origin: result.origin ? result.origin.map(placeOf) : places,
    dropped: [...dropped, ...result.dropped.map((one) => ({ ...one, row: placeOf(one.row) }))].sort(
      (a, b) => a.row - b.row,
    ),
  };
}
