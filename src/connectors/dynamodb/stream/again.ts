import type { FeedBatch, FeedStretch } from '../../feed.js';
import type { SharedColumns } from '../batch-builder.js';
import type { StreamCalls } from './calls.js';
import type { ShardPlace } from './place.js';
import { recordBatches } from './record-batches.js';
import { changesLost } from './retention.js';
import { ShardReader } from './shard-reader.js';
import { isLater, type StreamRecords } from './stream-records.js';

/** Far more empty pages than ever stand between two changes that were read one after the other. */
const MAX_EMPTY_PAGES = 1000;

/**
 * The changes of a stretch, page by page: they were one batch, or what was made of several by joining.
 * @throws SluiceError changes_lost where one of them is no longer kept, before any is given
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
  const pages = await pagesUpTo(new ShardReader(calls, start), end.after);
  const last = pages.at(-1)?.records;
  if (pages[0]?.records.sequenceOf(0) !== from || last?.sequenceOf(last.length - 1) !== end.after) {
    throw changesLost(`the stream no longer keeps what was read of its shard ${shard}`);
  }
  const size = { maxRows: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };
  for (const { records, bytes } of pages) {
    const placeAfter = (index: number): ShardPlace => {
      const after = records.sequenceOf(index);
      return after === end.after ? end : { ...end, after, at: records.atMs(index) };
    };
    yield* recordBatches(shard, records, bytes, shared, size, placeAfter);
  }
}

interface Wanted {
  readonly records: StreamRecords;
  /** Their share of their page. */
  readonly bytes: number;
}

async function pagesUpTo(reader: ShardReader, last: string): Promise<readonly Wanted[]> {
  const pages: Wanted[] = [];
  for (let empty = 0; empty < MAX_EMPTY_PAGES; ) {
    const { records, bytes, ended } = await reader.page();
    let count = 0;
    while (count < records.length && !isLater(records.sequenceOf(count), last)) count++;
    if (count > 0) pages.push({ records: records.slice(0, count), bytes: (bytes * count) / records.length });
    if (records.length === 0) empty++;
    if (ended || count < records.length || (count > 0 && records.sequenceOf(count - 1) === last)) break;
  }
  return pages;
}
