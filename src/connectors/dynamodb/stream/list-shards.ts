import { SluiceError } from '../../../errors.js';
import { tornAnswer } from '../../dynamodb-failures.js';
import { answerOf, isGone, type StreamCalls, shardIterator } from './calls.js';
import { changesLost } from './retention.js';

/** What a stream says of itself: its shards, each with its parent if it names one. */
export interface StreamListing {
  readonly shards: ReadonlyMap<string, string | undefined>;
  /** Those that were open, as far as the stream tells. */
  readonly open: ReadonlySet<string>;
  /** Shards are left out, because their parents are not listed yet. */
  readonly isPartial: boolean;
  /** The stream takes changes; else it was switched off, and ends. */
  readonly isOn: boolean;
}

interface DescribedShard {
  readonly ShardId: string;
  readonly ParentShardId?: string;
  readonly SequenceNumberRange?: { readonly EndingSequenceNumber?: string };
}

interface Described {
  readonly StreamStatus?: string;
  readonly Shards?: readonly DescribedShard[];
  readonly LastEvaluatedShardId?: string;
}

/** What is known of parents that no list has. */
export interface Unlisted {
  /** They are there no longer. */
  readonly gone: Set<string>;
  /** They can be read. In how many lists they were looked for. */
  readonly hidden: Map<string, number>;
}

/** A parent that is still not listed after so many lists never will be, and is taken for one without a parent. */
const MAX_HIDDEN_LISTS = 30;
/** A stream of more pages, of up to 100 shards each, is none. */
const MAX_PAGES = 10_000;

/**
 * All shards that the stream lists, but for those whose parents are there and not listed: lists come late, and nobody could
 * tell what comes before such a parent. That a shard has an end here does not say that it is closed: emulators show one always.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_DescribeStream.html
 */
export async function listShards(
  calls: StreamCalls,
  stream: string,
  unlisted: Unlisted,
): Promise<StreamListing> {
  const shards = new Map<string, string | undefined>();
  const open = new Set<string>();
  let isOn = true;
  let start: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const described = await describe(calls, stream, start);
    for (const { ShardId, ParentShardId, SequenceNumberRange } of described.Shards ?? []) {
      shards.set(ShardId, ParentShardId);
      if (SequenceNumberRange?.EndingSequenceNumber === undefined) open.add(ShardId);
    }
    isOn = described.StreamStatus !== 'DISABLED' && described.StreamStatus !== 'DISABLING';
    start = described.LastEvaluatedShardId;
    if (start === undefined) {
      const hidden = await hiddenParents(calls, stream, shards, unlisted);
      return { shards: withoutThoseAfter(hidden, shards), open, isPartial: hidden.size > 0, isOn };
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

async function hiddenParents(
  calls: StreamCalls,
  stream: string,
  shards: Map<string, string | undefined>,
  { gone, hidden }: Unlisted,
): Promise<Set<string>> {
  const found = new Set<string>();
  for (const parent of new Set(shards.values())) {
    if (parent === undefined || shards.has(parent) || gone.has(parent)) continue;
    const lists = hidden.get(parent) ?? 0;
    hidden.set(parent, lists + 1);
    if (!(await isThere(calls, stream, parent))) gone.add(parent);
    else if (lists < MAX_HIDDEN_LISTS) found.add(parent);
    else shards.set(parent, undefined);
  }
  return found;
}

function withoutThoseAfter(
  hidden: ReadonlySet<string>,
  shards: ReadonlyMap<string, string | undefined>,
): Map<string, string | undefined> {
  const comesAfter = (id: string): boolean => {
    const parent = shards.get(id);
    return parent !== undefined && (hidden.has(parent) || comesAfter(parent));
  };
  return new Map([...shards].filter(([id]) => !comesAfter(id)));
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
