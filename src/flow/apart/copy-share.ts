import { copyParts, type PartsRequest } from '../../engine/copy-parts.js';
import { type Counters, zeroCounters } from '../../engine/counters.js';
import { joinCopy } from '../../engine/open-copy.js';
import { errorValues } from '../outcome.js';
import { copySteps } from '../scope.js';
import { copyNamed } from '../single-copy.js';
import { type CopyApart, copyApart } from './copy-apart.js';
import { type Apart, concerns, joinRun, noSuchStep, workerName } from './open-apart.js';
import type { PartsPointer } from './plan-step.js';

export interface ShareCopied {
  /** False where time was up: whoever is given the same pointer goes on. */
  readonly done: boolean;
  /** What has become of these parts by now. */
  readonly counters: Readonly<Counters>;
}

/**
 * Copies what a pointer says until all of it is in, or until time is up. Whoever was given the same pointer before writes no
 * more. Why it failed is noted for `failedStep`.
 */
export async function copyShare(
  apart: Apart,
  {
    run,
    step: stepName,
    pointer,
  }: { readonly run: string; readonly step: string; readonly pointer: PartsPointer },
  until: AbortSignal,
): Promise<ShareCopied> {
  const { copy: name, worker, workers, attempt } = pointer;
  const copy = copyNamed(copySteps(apart.declaration.steps), name);
  if (!copy) throw noSuchStep(name);
  const joined = await joinRun(apart, run, workerName(name, worker), concerns(name, worker));
  const { past } = joined.journal.step(name);
  const wanted = new Set(pointer.parts.filter((id) => !past.copied.has(id)));
  const parts = past.parts?.filter(({ id }) => wanted.has(id)) ?? [];
  try {
    if (past.result || past.moved || parts.length === 0) return { done: true, counters: zeroCounters() };
    const parallel = Math.max(1, Math.floor(copy.step.parallel / workers));
    const step = { ...copy.step, parallel };
    const opened = await copyApart(joined, { name, step }, { worker, stop: apart.signal });
    try {
      await joinCopy(opened.plan, opened.run);
      const done = await copyAndTell(opened, { parts, until });
      if (done) for (const { id } of parts) await opened.run.journal.copied(id);
      return { done, counters: { ...opened.run.counters } };
    } catch (error) {
      opened.run.abort(error);
      throw error;
    } finally {
      await opened.close();
    }
  } catch (error) {
    const loss = { is: 'lost', step: stepName, attempt, error: errorValues(error) } as const;
    await joined.journal.note(loss).catch(() => undefined); // whoever was shut out has nothing to say
    throw error;
  } finally {
    await joined.close();
  }
}

/** Copies, and notes how it went; true when all rows are in. */
async function copyAndTell({ plan, run }: CopyApart, request: PartsRequest): Promise<boolean> {
  const drift = plan.transform.watchDrift();
  const began = new Date();
  const { done, series } = await copyParts(plan, run, request);
  const seconds = (Date.now() - began.getTime()) / 1000;
  await run.journal.seen({
    began: began.toISOString(),
    seconds,
    ...(series && { series }),
    ...(drift && { drift: drift.counts() }),
  });
  return done;
}
