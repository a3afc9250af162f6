import { isExpired, isGone, type StreamCalls, shardIterator } from './calls.js';
import { recordPage } from './records.js';
import { EMPTY_PAGES } from './retention.js';

/** What was found at a shard's beginning: its first change, or nothing up to a moment. */
export interface Beginning {
  readonly first?: string;
  readonly at: number;
}

/** Empty pages between what is kept of a shard and its first change, and iterators that grew too old. */
const MAX_CALLS = 4 * EMPTY_PAGES;

/**
 * Looks at a shard that is to be read later. If its first change is then gone, changes were lost; without having looked
 * nobody could tell.
 */
export async function beginningOf(calls: StreamCalls, stream: string, shard: string): Promise<Beginning> {
  const at = calls.nowMs();
  let iterator: string | undefined;
  for (let call = 0, empty = 0; call < MAX_CALLS && empty < EMPTY_PAGES; call++) {
    try {
      iterator ??= await shardIterator(calls, stream, shard, { at: 'oldest' });
      const body = { ShardIterator: iterator, Limit: 1 };
      const page = recordPage(await calls.call('GetRecords', body), at);
      if (page.records.length > 0) return { first: page.records.sequenceOf(0), at };
      if (page.next === undefined) return { at };
      iterator = page.next;
      empty++;
    } catch (error) {
      if (!isExpired(error) && !isGone(error)) throw error;
      iterator = undefined;
      empty = 0;
    }
  }
  return { at };
}
