import { SluiceError } from '../../../errors.js';
import type { FeedStretch } from '../../feed.js';

/** How far one shard was taken. */
export interface ShardPlace {
  /** The shard that it came from. */
  readonly parent?: string;
  /** The sequence number of the last change that was taken; absent where none was. */
  readonly after?: string;
  /**
   * Whatever is still wanted of the shard, and of those that come after it, was changed at this moment or later. Milliseconds
   * since 1970. For a day it is certainly kept.
   */
  readonly at: number;
  /** What was no longer kept at this moment is not asked for: when somebody began at the oldest, and nothing was taken since. */
  readonly begun?: number;
  /** The shard was closed and taken to its end. */
  readonly ended?: true;
}

/** A `FeedPlace`, opened. */
export interface StreamPlace {
  /** The ARN of the stream. A stream that is switched off and on again is another. */
  readonly stream: string;
  /** Changes made before are not asked for. Milliseconds since 1970. */
  readonly since?: number;
  /** Shards that came before one of these are done, named or not. */
  readonly shards: Readonly<Record<string, ShardPlace>>;
}

export function placeText(place: StreamPlace): string {
  return JSON.stringify(place);
}

export function placeOf(text: string): StreamPlace {
  return JSON.parse(text) as StreamPlace;
}

/**
 * The place after these stretches. Shards that are done with and that the stream no longer lists (`listed`: each with
 * its parent) are forgotten once the place names all that came after them.
 */
export function advanced(
  place: StreamPlace,
  stretches: readonly FeedStretch[],
  listed: ReadonlyMap<string, string | undefined> | undefined,
): StreamPlace {
  const shards = new Map(Object.entries(place.shards));
  for (const { shard, to } of stretches) {
    const before = shards.get(shard);
    const next = JSON.parse(to) as ShardPlace;
    if (isBackwards(before, next)) {
      throw new SluiceError('bug', `a place in the shard ${shard} came after a later one`);
    }
    shards.set(shard, before?.after === undefined ? next : { after: before.after, ...next });
  }
  if (listed) forget(shards, listed);
  return { ...place, shards: Object.fromEntries(shards) };
}

function isBackwards(before: ShardPlace | undefined, next: ShardPlace): boolean {
  if (before?.ended) return true;
  if (before?.after === undefined || next.after === undefined) return false;
  return BigInt(next.after) < BigInt(before.after);
}

function forget(shards: Map<string, ShardPlace>, listed: ReadonlyMap<string, string | undefined>): void {
  const followed = new Set([...shards.values()].map(({ parent }) => parent));
  const open = new Set([...listed].filter(([id]) => !shards.has(id)).map(([, parent]) => parent));
  for (const [id, { ended }] of shards) {
    if (ended && followed.has(id) && !listed.has(id) && !open.has(id)) shards.delete(id);
  }
}

/** The moment from which on everything must be kept for nothing to be lost after this place. */
export function neededFrom({ at, begun = at }: Pick<ShardPlace, 'at' | 'begun'>): number {
  return Math.max(at, begun);
}

/** Shards of the place that nothing named follows: whatever is still to be read comes after what was taken of these. */
export function leavesOf(place: StreamPlace): [id: string, ShardPlace][] {
  const followed = new Set(Object.values(place.shards).map(({ parent }) => parent));
  return Object.entries(place.shards).filter(([id]) => !followed.has(id));
}
