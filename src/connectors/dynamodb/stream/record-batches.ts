import type { FeedBatch } from '../../feed.js';
import { BatchBuilder, type SharedColumns } from '../batch-builder.js';
import { itemsFrom } from '../page-body.js';
import type { ShardPlace } from './place.js';
import type { StreamRecord } from './records.js';

interface BatchSize {
  readonly maxRows: number;
  readonly maxBytes: number;
}

/** The records of one page of a shard as batches. `placeAfter` is asked for the place after the n-th record. */
export function* recordBatches(
  shard: string,
  records: readonly StreamRecord[],
  pageBytes: number,
  shared: SharedColumns,
  size: BatchSize,
  placeAfter: (index: number) => ShardPlace,
): Generator<FeedBatch> {
  const builder = new BatchBuilder(shared, size, records.length);
  const items = itemsFrom('GetRecords', records);
  const share = pageBytes / records.length;
  let begun = 0;
  const taken = (end: number): FeedBatch => {
    const first = records[begun];
    const changes = records.slice(begun, end).map(({ change }) => change);
    const batch = { ...builder.take(() => ''), changes };
    begun = end;
    const from = first === undefined ? {} : { from: first.change.sequence };
    return { batch, stretch: { shard, ...from, to: JSON.stringify(placeAfter(end - 1)) } };
  };
  for (let index = 0; items.next(); index++) {
    if (!builder.add(items.scanner, share)) {
      yield taken(index);
      builder.add(items.scanner, share);
    }
    if (builder.full) yield taken(index + 1);
  }
  if (!builder.empty) yield taken(records.length);
}

/** A stretch that holds no rows and only moves the place. */
export function emptyStretch(shard: string, shared: SharedColumns, to: ShardPlace): FeedBatch {
  const batch = { columns: shared.current.columns, rows: [], bytes: 0, changes: [] };
  return { batch, stretch: { shard, to: JSON.stringify(to) } };
}
