import type { Batch } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import { type ItemEncoder, itemEncoder } from './item.js';
import type { KeySource } from './key.js';

/** One compiled encoder for each list of columns, for as long as somebody holds the list. */
export interface EncoderCache {
  of(columns: readonly Column[]): ItemEncoder;
}

export function encoderCache(key: readonly KeySource[]): EncoderCache {
  const known = new WeakMap<readonly Column[], ItemEncoder>();
  let last: ItemEncoder | undefined;
  return {
    of: (columns) => {
      if (last?.columns === columns) return last;
      last = known.get(columns) ?? itemEncoder(columns, key);
      known.set(columns, last);
      return last;
    },
  };
}

/** A write unit is a write of up to this many bytes. */
const UNIT_BYTES = 1024;

/** Write units of one row as an item, its indexes not counted. */
export function unitsOf(encode: ItemEncoder, batch: Batch, row: number): number {
  const cells = batch.rows.at(row);
  return cells ? Math.max(1, Math.ceil(encode.sizeOf(cells) / UNIT_BYTES)) : 1;
}
