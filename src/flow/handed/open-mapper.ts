import type { Feed } from '../../connectors/feed.js';
import type { ReplicateStep } from '../../declare/declaration.js';
import { type Counters, zeroCounters } from '../../engine/counters.js';
import type { RejectStore } from '../../engine/rejects.js';
import { type Mapped, mapHanded } from '../../engine/replicate/map-handed.js';
import { planMapping } from '../../engine/replicate/plan.js';
import { SluiceError } from '../../errors.js';
import { maskKeyOf } from '../mask-key.js';
import { copyOf } from '../replicate-copy.js';
import { openScope, type World } from '../scope.js';

/** A change of which nothing could be read. */
const unreadable = 'unreadable';

/** What became of a change; `unreadable`: it is no record of a stream. */
export type MappedRecord = Mapped | typeof unreadable;

/** Parses, checks and maps changes by a replicate, for somebody else to load. It needs no sink. */
export interface OpenMapper {
  /** `records`: as the stream spells them, of any shards. Rejects are kept when it returns. */
  map(records: readonly unknown[]): Promise<{
    readonly mapped: readonly MappedRecord[];
    readonly counts: Readonly<Counters>;
  }>;
  /** Nothing more is waited for. The mapper is of no more use. */
  abort(reason: unknown): void;
  close(): Promise<void>;
}

export async function openMapper(
  world: World,
  step: ReplicateStep,
  rejects: RejectStore,
): Promise<OpenMapper> {
  const scope = openScope(world, copyOf(step), step.name, { handed: true });
  const from = await world.connections.get(step.from.connection);
  if (!from.feed) throw new Error('the declaration takes connections with a feed only');
  const feed = from.feed(step.from, scope.context);
  const plan = await planMapping({ step, feed, ...(step.mask ? { maskKey: maskKeyOf(world) } : {}) });
  return {
    map: async (records) => {
      const counters = zeroCounters();
      const run = { run: world.run, rejects, counters };
      const mapped: MappedRecord[] = [];
      for (const batches of await readable(feed, records)) {
        if (batches === unreadable) mapped.push(unreadable);
        else for (const batch of batches) mapped.push(...(await mapHanded(plan, run, batch)));
      }
      return { mapped, counts: counters };
    },
    abort: (reason) => scope.abort(reason),
    close: () => feed.close(),
  };
}

/** All at once; one by one where one of them cannot be read. */
async function readable(
  feed: Feed,
  records: readonly unknown[],
): Promise<readonly (Awaited<ReturnType<Feed['handed']>> | typeof unreadable)[]> {
  try {
    return [await feed.handed(records)];
  } catch (error) {
    if (!(error instanceof SluiceError) || error.code !== 'response_invalid') throw error;
  }
  const read = async (record: unknown) => {
    try {
      return await feed.handed([record]);
    } catch (error) {
      if (error instanceof SluiceError && error.code === 'response_invalid') return unreadable;
      throw error;
    }
  };
  return await Promise.all(records.map(read));
}
