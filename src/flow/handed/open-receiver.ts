import type { CopyStep, PaceDeclaration } from '../../declare/declaration.js';
import { type Counters, zeroCounters } from '../../engine/counters.js';
import type { Pacer } from '../../engine/pace.js';
import { isPlanned } from '../../engine/plan.js';
import type { RejectStore } from '../../engine/rejects.js';
import { type HandedMessage, type HandedOutcome, receiveHanded } from '../../engine/via/receive-handed.js';
import { needsSourceTimes, type Receiving } from '../../engine/via/receiving.js';
import { noSourceTimes, type SharedSourceTimes } from '../../engine/via/source-times.js';
import { SluiceError } from '../../errors.js';
import { prepareCopy } from '../plan.js';
import { receivingOf } from '../plan-via.js';
import { type Scope, stoppedAtOnce, type World } from '../scope.js';

export type { HandedMessage };

/** What receivers of one queue have in common. */
export interface SharedReceiving {
  /** So many may write at once: each keeps an equal part of the pace, so that together they never exceed it (invariant 10). */
  readonly workers: number;
  readonly rejects: RejectStore;
  /** Of modes whose sink does not see to the age of rows itself; by the retention of the queue. */
  times(retentionSeconds: number): SharedSourceTimes;
}

export interface HandedResult extends HandedOutcome {
  readonly counts: Readonly<Counters>;
}

/** The receiving half of a copy for somebody who is handed messages. Used for one batch of messages after the other. */
export interface OpenReceiver {
  /** `stop`: time is over, what is being written is finished first. */
  receive(messages: readonly HandedMessage[], stop: AbortSignal): Promise<HandedResult>;
  /** After a failure: nothing more is waited for. The receiver is of no more use. */
  abort(reason: unknown): void;
  close(): Promise<void>;
}

/** @throws SluiceError plan_refused, before anything is written */
export async function openReceiver(
  world: World,
  step: CopyStep,
  shared: SharedReceiving,
): Promise<OpenReceiver> {
  const parallel = Math.max(1, Math.floor(step.parallel / shared.workers));
  const divided = { ...step, parallel, pace: dividedPace(step.pace, shared.workers) };
  const copy = await prepareCopy({ ...world, half: 'receive' }, { name: step.name, step: divided });
  const { planned, scope, via } = copy;
  const refused = planned.findings.find(({ level }) => level === 'refuse');
  const receiving = isPlanned(planned) && via && !refused ? receivingOf(planned, via) : undefined;
  if (!receiving) {
    const why = refused?.message ?? 'it has no queue to receive from';
    throw new SluiceError('plan_refused', `${step.name}: ${why}`, {
      ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
    });
  }
  await stoppedAtOnce(world, scope, async () => {
    await receiving.sink.open({ resume: true });
    await beginSpent(scope.pacing.write, scope.context.signal);
  });
  const { retentionSeconds } = receiving.description;
  const times = needsSourceTimes(step) ? shared.times(retentionSeconds) : noSourceTimes;
  const about = { receiving: endless(receiving), scope, rejects: shared.rejects, times };
  return {
    receive: (messages, stop) => receive(world, about, messages, stop),
    abort: (reason) => scope.abort(reason),
    close: async () => {
      await receiving.sink.abandon();
      await Promise.all([receiving.sink.close(), receiving.queue.close()]);
    },
  };
}

interface ReceivingAbout extends Pick<SharedReceiving, 'rejects'> {
  readonly receiving: Receiving;
  readonly scope: Scope;
  readonly times: SharedSourceTimes;
}

async function receive(
  world: World,
  { receiving, scope, rejects, times }: ReceivingAbout,
  messages: readonly HandedMessage[],
  stop: AbortSignal,
): Promise<HandedResult> {
  const counters = zeroCounters();
  const run = {
    run: world.run,
    pipeline: world.declaration.pipeline,
    counters,
    rejects,
    times,
    journal: { commit: async () => undefined },
    pacer: scope.pacing.write,
    stop,
    signal: scope.context.signal,
  };
  const outcome = await receiveHanded(receiving, run, messages);
  return { ...outcome, counts: counters };
}

/** There is no end at which a limit would be held: what is refused lies on the redrive queue, whose depth somebody watches. */
function endless(receiving: Receiving): Receiving {
  return { ...receiving, step: { ...receiving.step, rejects: { limit: { share: 1 } } } };
}

/** An equal part of the pace for each of several workers, none of which knows how many there are at the moment. */
function dividedPace(pace: PaceDeclaration, workers: number): PaceDeclaration {
  const { items, bytes, readUnits, writeUnits, share, ...rest } = pace;
  const part = (name: keyof PaceDeclaration, rate: number | undefined) =>
    rate === undefined ? {} : { [name]: rate / workers };
  return {
    ...rest,
    ...part('items', items),
    ...part('bytes', bytes),
    ...part('readUnits', readUnits),
    ...part('writeUnits', writeUnits),
    ...part('share', share),
  };
}

/** Whoever worked before may have spent this second's worth, and is not there to say so. */
async function beginSpent(pacer: Pacer, signal: AbortSignal): Promise<void> {
  if (!pacer.limits) return;
  const { items, ...rates } = pacer.rates;
  const cost = { ...rates, ...(items === undefined ? {} : { items: Math.max(1, items) }) };
  (await pacer.takeAll(1, cost, signal)).landed();
}
