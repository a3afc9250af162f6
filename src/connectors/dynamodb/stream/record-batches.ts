import type { FeedBatch } from '../../feed.js';
import { BatchBuilder, type SharedColumns } from '../batch-builder.js';
import type { ShardPlace } from './place.js';
import type { StreamRecords } from './stream-records.js';

interface BatchSize {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** The records of one page of a shard as batches. `placeAfter` is asked for the place after the n-th record. */
export function* recordBatches(
  shard: string,
  records: StreamRecords,
  pageBytes: number,
  shared: SharedColumns,
  size: BatchSize,
  placeAfter: (index: number) => ShardPlace,
): Generator<FeedBatch> {
  const builder = new BatchBuilder(shared, size, { rows: records.length, keepsPages: true });
  const share = pageBytes / records.length;
  let begun = 0;
  const taken = (end: number): FeedBatch => {
    const from = records.sequenceOf(begun);
    const batch = { ...builder.take(() => ''), changes: records.changes(begun, end) };
    begun = end;
    return { batch, stretch: { shard, from, to: JSON.stringify(placeAfter(end - 1)) } };
  };
  let index = 0;
  for (const item of records.items()) {
    if (!builder.add(item, share)) {
      yield taken(index);
      builder.add(item, share);
    }
    index++;
    if (builder.full) yield taken(index);
  }
  if (!builder.empty) yield taken(records.length);
}

/** A stretch that holds no rows and only moves the place. */
export function emptyStretch(shard: string, shared: SharedColumns, to: ShardPlace): FeedBatch {
  const batch = { columns: shared.current.columns, rows: [], bytes: 0, changes: [] };
  return { batch, stretch: { shard, to: JSON.stringify(to) } };
}
