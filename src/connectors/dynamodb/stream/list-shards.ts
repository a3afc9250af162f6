import { SluiceError } from '../../../errors.js';
import { tornAnswer } from '../failures.js';
import { answerOf, isGone, type StreamCalls, shardIterator } from './calls.js';
import { changesLost } from './retention.js';

/** What a stream says of itself: its shards, each with its parent if it names one. */
export interface StreamListing {
  readonly shards: ReadonlyMap<string, string | undefined>;
  /** The stream takes changes; else it was switched off, and ends. */
  readonly isOn: boolean;
}

interface Described {
  readonly StreamStatus?: string;
  readonly Shards?: readonly { readonly ShardId: string; readonly ParentShardId?: string }[];
  readonly LastEvaluatedShardId?: string;
}

/** A stream of more pages, of up to 100 shards each, is none. */
const MAX_PAGES = 10_000;

/**
 * All shards that the stream lists, and those that it does not list yet though a listed one names them as its parent.
 * Whether a shard is closed is not taken from here: engines differ in when they tell. `gone` holds parents that are
 * known to be there no longer, and is added to.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html
 */
export async function listShards(
  calls: StreamCalls,
  stream: string,
  gone: Set<string>,
): Promise<StreamListing> {
  const shards = new Map<string, string | undefined>();
  let isOn = true;
  let start: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const described = await describe(calls, stream, start);
    for (const { ShardId, ParentShardId } of described.Shards ?? []) shards.set(ShardId, ParentShardId);
    isOn = described.StreamStatus !== 'DISABLED' && described.StreamStatus !== 'DISABLING';
    start = described.LastEvaluatedShardId;
    if (start === undefined) {
      await addParents(calls, stream, shards, gone);
      return { shards, isOn };
    }
  }
  throw tornAnswer('DescribeStream', 'the list of shards has no end');
}

async function describe(calls: StreamCalls, stream: string, start: string | undefined): Promise<Described> {
  const body = { StreamArn: stream, ...(start === undefined ? {} : { ExclusiveStartShardId: start }) };
  try {
    const answer = answerOf('DescribeStream', await calls.call('DescribeStream', body));
    return (answer['StreamDescription'] ?? {}) as Described;
  } catch (error) {
    if (!isGone(error)) throw error;
    throw changesLost('the stream was switched off');
  }
}

/** Lists come late: a shard may be on them before its parent is. A parent that can still be read comes first. */
async function addParents(
  calls: StreamCalls,
  stream: string,
  shards: Map<string, string | undefined>,
  gone: Set<string>,
): Promise<void> {
  const missing = new Set(
    [...shards.values()].filter((parent) => parent !== undefined && !shards.has(parent)),
  );
  for (const parent of missing) {
    if (parent === undefined || gone.has(parent)) continue;
    if (await isThere(calls, stream, parent)) shards.set(parent, undefined);
    else gone.add(parent);
  }
}

async function isThere(calls: StreamCalls, stream: string, shard: string): Promise<boolean> {
  try {
    await shardIterator(calls, stream, shard, { at: 'oldest' });
    return true;
  } catch (error) {
    if (error instanceof SluiceError && isGone(error)) return false;
    throw error;
  }
}
