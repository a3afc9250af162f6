import type { Finding } from '../../connectors/connector.js';
import { runCopy } from '../copy.js';
import type { CopyResult, CopyRun } from '../copy-run.js';
import { type Counters, zeroCounters } from '../counters.js';
import { halvesOf, joined, QUEUE_PART, type StepResult } from '../journal.js';
import type { Pacer } from '../pace.js';
import type { CopyPlan } from '../plan.js';
import { checkRejectLimit } from '../rejects.js';
import { recordSeries } from '../series.js';
import type { QueueSink } from './queue-sink.js';
import { type ReceiveRun, receiveAll } from './receive.js';
import type { Receiving } from './receiving.js';
import { Unreceived } from './unreceived.js';

/** What the receiving half needs besides what a copy is run with. */
export type ReceiverRun = CopyRun & Pick<ReceiveRun, 'pipeline' | 'times' | 'drain'>;

/**
 * Only receives: until the queue is empty (`drain`), or until it is stopped, by then throwing the reason. Counts go on
 * from what earlier attempts of the run received.
 */
export async function runReceiver(receiving: Receiving, run: ReceiverRun): Promise<CopyResult> {
  const started = performance.now();
  const { past } = run.journal;
  Object.assign(run.counters, halvesOf(past).received);
  const series = recordSeries(() => totalsOf(run.counters));
  const { sink } = receiving;
  try {
    await sink.open({ resume: past.parts !== undefined });
    if (!past.parts)
      await run.journal.begin([{ id: QUEUE_PART, range: JSON.stringify(receiving.description.name) }]);
    await receiveAll(receiving, { ...run, isResumed: past.parts !== undefined });
    checkRejectLimit(receiving.step.rejects.limit, run.counters, true);
    const { deleted, findings } = await sink.finish({ rejected: run.counters.rejected });
    const result = {
      ...run.counters,
      deleted,
      seconds: (performance.now() - started) / 1000,
      consistency: `received from ${receiving.description.name}`,
      series: series(),
    };
    await run.journal.complete(result);
    return { ...result, name: receiving.name, findings };
  } catch (error) {
    await sink.abandon();
    run.abort(error);
    throw error;
  } finally {
    series();
    await run.rejects.close();
  }
}

/** After one half has failed or was stopped, the other gets this long to finish what it is writing. */
const GRACE_MS = 8_000;

/** Where the two halves of one run differ: what each is paced by, and counts. */
export interface BothRun extends ReceiverRun {
  readonly sendPacer: Pacer;
}

/**
 * Sends and receives side by side, until what was sent has been received. The first half that fails stops the other at
 * its next batch. `run.counters` shows both as one while they run: rows written are those behind the queue.
 */
export async function runBoth(
  plan: CopyPlan & { readonly sink: QueueSink },
  receiving: Receiving,
  run: BothRun,
): Promise<CopyResult> {
  const started = performance.now();
  const { past } = run.journal;
  const isResumed = past.parts !== undefined;
  const sent = zeroCounters();
  const received = { ...halvesOf(past).received };
  showJoined(run.counters, sent, received);
  const unreceived = new Unreceived();
  plan.sink.unreceived = unreceived;
  const halt = new AbortController();
  const stop = AbortSignal.any([run.stop, halt.signal]);
  const series = recordSeries(() => ({
    ...totalsOf(received),
    readUnits: plan.source.report().units,
  }));
  const { sink } = receiving;
  let grace: NodeJS.Timeout | undefined;
  // What one half gives up must not take the other's writes from it at once.
  const abort = (error: unknown) => {
    halt.abort(error);
    grace ??= setTimeout(() => run.abort(error), GRACE_MS);
  };
  const shared = { ...run, stop, abort, rejects: openOnly(run.rejects) };
  try {
    await sink.open({ resume: isResumed });
    const sending = runCopy(plan, {
      ...shared,
      counters: sent,
      pacer: run.sendPacer,
      // The step is complete when both halves are.
      journal: { ...run.journal, complete: async () => undefined },
    }).then((result) => {
      unreceived.complete();
      return result;
    });
    const taking = receiveAll(receiving, { ...shared, counters: received, unreceived, isResumed }).finally(
      () => unreceived.giveUp(),
    );
    const result = await bothOrFail(sending, taking, (error) => halt.abort(error));
    checkRejectLimit(receiving.step.rejects.limit, run.counters, true);
    const finished = await sink.finish({ rejected: run.counters.rejected });
    const whole: StepResult = {
      ...joined(sent, received),
      deleted: finished.deleted,
      seconds: (performance.now() - started) / 1000,
      consistency: `${result.consistency}; ${sent.written} sent to ${receiving.description.name}, ${received.read} received`,
      series: series(),
    };
    await run.journal.complete(whole);
    const findings: readonly Finding[] = [...result.findings, ...finished.findings];
    return { ...whole, name: plan.name, findings };
  } catch (error) {
    await sink.abandon();
    run.abort(error);
    throw error;
  } finally {
    clearTimeout(grace);
    series();
    await run.rejects.close();
  }
}

/** The halves share one reject file: neither may close it for the other. */
function openOnly(rejects: CopyRun['rejects']): CopyRun['rejects'] {
  return {
    add: (lines) => rejects.add(lines),
    open: (tokens) => rejects.open(tokens),
    close: async () => undefined,
  };
}

/** Waits for both; the first failure stops the other half and is thrown. */
async function bothOrFail<T>(
  sending: Promise<T>,
  taking: Promise<void>,
  halt: (error: unknown) => void,
): Promise<T> {
  let first: { readonly error: unknown } | undefined;
  const failed = (error: unknown) => {
    first ??= { error };
    halt(error);
  };
  const [sent] = await Promise.allSettled([
    sending.catch((error: unknown) => {
      failed(error);
      throw error;
    }),
    taking.catch(failed),
  ]);
  if (first) throw first.error;
  if (sent.status === 'rejected') throw sent.reason;
  return sent.value;
}

/** Makes counters that always say what both halves have come to. */
function showJoined(shown: Counters, sent: Counters, received: Counters): void {
  for (const name of Object.keys(shown) as (keyof Counters)[]) {
    Object.defineProperty(shown, name, {
      enumerable: true,
      configurable: true,
      get: () => joined(sent, received)[name],
    });
  }
}

function totalsOf({ written, unchanged, rejected, units }: Counters) {
  return { items: written + unchanged + rejected, readUnits: 0, writeUnits: units };
}
