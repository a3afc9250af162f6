import type { ReplicateStep } from '../../declare/declaration.js';
import { type Counters, zeroCounters } from '../../engine/counters.js';
import type { RejectStore } from '../../engine/rejects.js';
import { type HandedLoads, loadHanded } from '../../engine/replicate/load-handed.js';
import { isReplicatePlan } from '../../engine/replicate/plan.js';
import { SluiceError } from '../../errors.js';
import { prepareReplicate } from '../plan-replicate.js';
import type { World } from '../scope.js';

export interface HandedChangesResult extends HandedLoads {
  readonly counts: Readonly<Counters>;
}

/** A replicate for somebody who is handed changes, in batches of one shard. Used for one batch after the other. */
export interface OpenFollower {
  /** `records`: as the service spells them. `stop`: time is over, the load that is being written is finished first. */
  follow(records: readonly unknown[], stop: AbortSignal): Promise<HandedChangesResult>;
  /** After a failure: nothing more is waited for. The follower is of no more use. */
  abort(reason: unknown): void;
  close(): Promise<void>;
}

/** @throws SluiceError plan_refused, before anything is written */
export async function openFollower(
  world: World,
  step: ReplicateStep,
  rejects: RejectStore,
): Promise<OpenFollower> {
  const { planned, scope } = await prepareReplicate(world, step, { handed: true });
  const refused = planned.findings.find(({ level }) => level === 'refuse');
  if (!isReplicatePlan(planned) || refused) {
    throw new SluiceError('plan_refused', `${step.name}: ${refused?.message ?? 'it cannot be planned'}`, {
      ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
    });
  }
  const { feed, sink } = planned;
  await sink.open({ resume: true });
  const writer = await sink.writer();
  const run = { run: world.run, rejects, writer, pacer: scope.pacing.write };
  return {
    follow: async (records, stop) => {
      const counters = zeroCounters();
      const loads = await loadHanded(planned, { ...run, counters, stop }, await feed.handed(records));
      return { ...loads, counts: counters };
    },
    abort: (reason) => scope.abort(reason),
    close: async () => {
      await writer.close();
      await sink.abandon();
      await Promise.all([feed.close(), sink.close()]);
    },
  };
}
