import { type ConnectionKind, registry } from '../connectors/registry.js';
import type { Declaration } from '../declare/declaration.js';
import type { Replayed } from '../engine/replay.js';
import { openAside } from '../flow/handed/replay-aside.js';
import { replicateSteps } from '../flow/scope.js';
import type { PipelineState } from '../journal/state.js';
import type { Io } from './io.js';
import type { ReplayOptions } from './replay-rejects.js';

/** What would be sent again. */
export interface Waiting {
  readonly step: string;
  /** Or by which way it came. */
  readonly run: string;
  readonly rows: number;
}

/** What became of changes that services had put aside; `waiting` only where nothing is to be done. */
export interface ReplayedAside {
  readonly sums: ReadonlyMap<string, Replayed & { readonly discarded: number }>;
  readonly waiting: readonly Waiting[];
  /** Names of objects that stay. */
  readonly left: readonly string[];
}

/**
 * Brings what Lambda and Firehose have put aside of a deployed pipeline into its sinks. Conditions are of rejects: where there is
 * one, nothing else is touched.
 */
export async function replayAside(
  declaration: Declaration,
  io: Io,
  state: PipelineState,
  { aside: places, step: only, where, dryRun, discard }: ReplayOptions,
  signal: AbortSignal,
): Promise<ReplayedAside> {
  const sums = new Map<string, Replayed & { discarded: number }>();
  const waiting: Waiting[] = [];
  const left: string[] = [];
  const steps = places && where === undefined ? replicateSteps(declaration.steps) : [];
  const load = async (kind: ConnectionKind) => await registry[kind].load();
  for (const step of steps.filter(({ name }) => only === undefined || name === only)) {
    if (!places) break;
    const aside = await openAside({ declaration, state, env: io.env, load, signal }, step, places);
    try {
      if (dryRun) {
        const rows = await aside.count();
        if (rows > 0) waiting.push({ step: step.name, run: 'put aside', rows });
        continue;
      }
      const { left: stays, ...counts } = discard ? await aside.discard(signal) : await aside.load(signal);
      if (Object.values(counts).some((count) => count > 0)) sums.set(step.name, counts);
      left.push(...stays);
    } finally {
      await aside.close();
    }
  }
  for (const name of left) {
    io.err(
      `${name} stays: it holds what is no change, or changes so old that nobody knows whether the sink has them; --discard gives it up`,
    );
  }
  return { sums, waiting, left };
}
