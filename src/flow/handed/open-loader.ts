import type { Writer } from '../../connectors/connector.js';
import type { Store } from '../../connectors/store.js';
import type { ReplicateStep } from '../../declare/declaration.js';
import { addCounters, type Counters, zeroCounters } from '../../engine/counters.js';
import type { RejectStore } from '../../engine/rejects.js';
import { deliveredBatch } from '../../engine/replicate/delivered-lines.js';
import { loadHanded } from '../../engine/replicate/load-handed.js';
import { isReplicatePlan, planOfMapped, type ReplicatePlan } from '../../engine/replicate/plan.js';
import { limitsOf } from '../../engine/replicate/replicate.js';
import { SluiceError } from '../../errors.js';
import { prepareReplicate } from '../plan-replicate.js';
import type { World } from '../scope.js';
import { linesIn } from './object-lines.js';

export interface LoaderOptions {
  readonly rejects: RejectStore;
  /** Where a delivery stream puts its objects. */
  readonly store: Store;
}

/** What became of an object, or of several. */
export interface LoadedObject {
  readonly counts: Readonly<Counters>;
  /** When the source made the newest of its changes, epoch milliseconds. Absent where there was none. */
  readonly newestMs?: number;
}

export const loadedNothing: LoadedObject = Object.freeze({ counts: Object.freeze(zeroCounters()) });

export function together(some: LoadedObject, more: LoadedObject): LoadedObject {
  const counts = { ...some.counts };
  addCounters(counts, more.counts);
  const newestMs = later(some.newestMs, more.newestMs);
  return newestMs === undefined ? { counts } : { counts, newestMs };
}

function later(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other);
}

/** Brings what a delivery stream has put into a bucket into the sink. */
export interface OpenLoader {
  /**
   * Loads an object of lines and removes it. Changes that are in the sink are not written again, so that it does no harm to load
   * it twice; one that is gone was loaded before. Throws what stopped it: then the object is there, and is to be loaded again.
   */
  load(name: string, stop: AbortSignal): Promise<LoadedObject>;
  /** The names of objects that are still there. */
  left(prefix: string): AsyncIterable<string>;
  abort(reason: unknown): void;
  close(): Promise<void>;
}

/** @throws SluiceError plan_refused, before anything is written */
export async function openLoader(
  world: World,
  step: ReplicateStep,
  { rejects, store }: LoaderOptions,
): Promise<OpenLoader> {
  const { planned, scope } = await prepareReplicate(world, step, { handed: true });
  const refused = planned.findings.find(({ level }) => level === 'refuse');
  if (!isReplicatePlan(planned) || refused) {
    throw new SluiceError('plan_refused', `${step.name}: ${refused?.message ?? 'it cannot be planned'}`, {
      ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
    });
  }
  await planned.sink.open({ resume: true });
  const writer = await planned.sink.writer();
  const run = { run: world.run, rejects, writer, pacer: scope.pacing.write };
  const plan = endless(await planOfMapped(planned));
  return {
    load: async (name, stop) => {
      const counters = zeroCounters();
      const newestMs = await loadObject({ plan, run: { ...run, counters, stop }, store }, name);
      return { counts: counters, ...(newestMs === undefined ? {} : { newestMs }) };
    },
    left: async function* (prefix) {
      for await (const { name } of store.list(prefix)) yield name;
    },
    abort: (reason) => scope.abort(reason),
    close: async () => {
      await writer.close();
      await planned.sink.abandon();
      await Promise.all([planned.feed.close(), planned.sink.close()]);
    },
  };
}

/** There is nobody to stop for a limit: an object that is not loaded keeps others of it from nothing. */
function endless(plan: ReplicatePlan): ReplicatePlan {
  return { ...plan, step: { ...plan.step, rejects: { limit: { share: 1 } } } };
}

interface Loading {
  readonly plan: ReplicatePlan;
  readonly run: Parameters<typeof loadHanded>[1] & { readonly writer: Writer };
  readonly store: Store;
}

/** Gives when its newest change was made, as `LoadedObject` has it. */
async function loadObject(loading: Loading, name: string): Promise<number | undefined> {
  const { plan, run, store } = loading;
  const content = await store.open(name);
  if (!content) return undefined;
  const limits = limitsOf(plan, run);
  let newestMs: number | undefined;
  let lines: string[] = [];
  let bytes = 0;
  const load = async () => {
    newestMs = later(newestMs, await loadLines(loading, name, lines));
    lines = [];
    bytes = 0;
  };
  for await (const line of linesIn(content)) {
    lines.push(line);
    bytes += line.length;
    if (lines.length >= limits.rows || bytes >= limits.bytes) await load();
  }
  if (lines.length > 0) await load();
  // Only now: whoever is ended before this loads it again, and writes nothing twice (invariant 1).
  await store.remove([name]);
  return newestMs;
}

async function loadLines({ plan, run }: Loading, name: string, lines: readonly string[]): Promise<number> {
  const batch = batchOf(name, lines);
  const loaded = await loadHanded(plan, run, [batch]);
  if (loaded.failure) throw loaded.failure.error;
  return [...(batch.changes ?? [])].reduce(
    (newest, { changedAt }) => Math.max(newest, Date.parse(changedAt)),
    Number.NEGATIVE_INFINITY,
  );
}

function batchOf(name: string, lines: readonly string[]) {
  try {
    return deliveredBatch(lines, []);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The parser's own words would quote the line, and with it values (invariant 8).
    throw new SluiceError('file_torn', `${name} holds a line that is no change`);
  }
}
