import type { Writer, Written } from '../connectors/connector.js';
import type { Batch } from '../values/batch.js';
import type { Grant, Rates } from './pace.js';

/** What each row of a batch will take of the write pace, counted from the row `start`. */
export function rowCosts(batch: Batch, writer: Writer, start = 0): (index: number) => Required<Rates> {
  const bytes = batch.bytes / batch.rows.length;
  return (index) => ({ items: 1, bytes, units: writer.units?.(batch, start + index) ?? 1 });
}

/** What a whole batch will take of the write pace. */
export function batchCost(batch: Batch, writer: Writer): Required<Rates> {
  const cost = rowCosts(batch, writer);
  let units = 0;
  for (let row = 0; row < batch.rows.length; row++) units += cost(row).units;
  return { items: batch.rows.length, bytes: batch.bytes, units };
}

/** Writes what was granted. It has cost the units that the service tells; what was estimated where it tells none. */
export async function writeGranted(grant: Grant, write: () => Promise<Written>): Promise<Written> {
  let units = 0;
  try {
    const written = await write();
    units = written.units;
    return written;
  } finally {
    grant.landed(units > 0 ? { units } : {});
  }
}
