import type { FeedBatch, FeedStretch } from '../../feed.js';
import type { SharedColumns } from '../batch-builder.js';
import type { StreamCalls } from './calls.js';
import type { ShardPlace } from './place.js';
import { recordBatches } from './record-batches.js';
import type { StreamRecord } from './records.js';
import { changesLost } from './retention.js';
import { isLater, ShardReader } from './shard-reader.js';

/** Far more empty pages than ever stand between two changes that were read one after the other. */
const MAX_EMPTY_PAGES = 1000;

/**
 * The changes of a stretch, as one batch where its columns allow it: they were one, or what was made of one by joining.
 * @throws SluiceError changes_lost where one of them is no longer kept
 */
export async function* rereadStretch(
  calls: StreamCalls,
  stream: string,
  { shard, from, to }: FeedStretch,
  shared: SharedColumns,
): AsyncGenerator<FeedBatch> {
  const end = JSON.parse(to) as ShardPlace;
  if (from === undefined || end.after === undefined) return;
  const start = { stream, shard, parent: end.parent, beginning: { first: from, at: 0 }, place: { at: 0 } };
  const { records, bytes } = await recordsUpTo(new ShardReader(calls, start), end.after);
  if (records[0]?.change.sequence !== from || records.at(-1)?.change.sequence !== end.after) {
    throw changesLost(`the stream no longer keeps what was read of its shard ${shard}`);
  }
  const size = { maxRows: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };
  const placeAfter = (index: number): ShardPlace => {
    const record = records[index];
    return !record || index === records.length - 1
      ? end
      : { ...end, after: record.change.sequence, at: record.atMs };
  };
  yield* recordBatches(shard, records, bytes, shared, size, placeAfter);
}

async function recordsUpTo(
  reader: ShardReader,
  last: string,
): Promise<{ readonly records: readonly StreamRecord[]; readonly bytes: number }> {
  const records: StreamRecord[] = [];
  let bytes = 0;
  for (let empty = 0; empty < MAX_EMPTY_PAGES; ) {
    const page = await reader.page();
    const wanted = page.records.filter(({ change }) => !isLater(change.sequence, last));
    records.push(...wanted);
    if (page.records.length > 0) bytes += (page.bytes * wanted.length) / page.records.length;
    else empty++;
    if (page.ended || wanted.length < page.records.length || wanted.at(-1)?.change.sequence === last) break;
  }
  return { records, bytes };
}
