import type { Finding } from '../connectors/connector.js';
import type { RetryDeclaration } from '../declare/declaration.js';
import type { Counters } from '../engine/counters.js';
import type { StepResult } from '../engine/journal.js';
import { SluiceError } from '../errors.js';
import { attempts } from './attempts.js';
import type { Course } from './course.js';
import { completeMove, type StepEnd } from './outcome.js';
import type { PreparedCopy } from './plan.js';
import type { PreparedExport } from './plan-export.js';
import type { PreparedReplicate } from './plan-replicate.js';

/** A step, or one copy of a step, that moves data and is to be run. */
interface Move<Prepared> {
  readonly kind: 'copy' | 'replicate' | 'export';
  readonly step: { readonly retry: RetryDeclaration };
  readonly prepared: Prepared & { readonly name: string };
  readonly stop: AbortSignal;
  /** A plan for another attempt: what the one before was made of may have changed. */
  planAgain(): Promise<Prepared>;
  /** What has been counted under a plan. */
  counted(prepared: Prepared): Readonly<Counters>;
}

/**
 * Runs what an earlier attempt of this run has not completed, with `retry`: each attempt goes on from what the journal says
 * is done, with a plan of its own. `once` throws what it fails of, and closes what it was given.
 */
export async function runMove<Prepared extends PreparedCopy | PreparedReplicate | PreparedExport>(
  course: Course,
  move: Move<Prepared>,
  once: (prepared: Prepared, attempt: number) => Promise<StepResult>,
): Promise<StepEnd> {
  const { kind, prepared, stop } = move;
  const { name } = prepared;
  const { result } = course.journal.step(name).past;
  if (result) return completeMove(kind, result);
  return await attempts(course, { name, retry: move.step.retry, stop }, async (attempt) => {
    const started = performance.now();
    let current: Prepared = prepared;
    try {
      const isFresh = !('early' in prepared && prepared.early) && !course.used.has(prepared);
      course.used.add(prepared);
      if (!isFresh) current = await move.planAgain();
      return completeMove(kind, await once(current, attempt));
    } catch (error) {
      const outcome = stop.aborted ? 'interrupted' : 'failed';
      const seconds = (performance.now() - started) / 1000;
      return { kind, outcome, error, counters: { ...move.counted(current) }, deleted: 0, seconds };
    }
  });
}

/** Gives the plan if it is whole and nothing refuses it; throws `plan_refused` with the first reason. */
export function unrefused<Planned extends { readonly findings: readonly Finding[] }, Whole extends Planned>(
  name: string,
  planned: Planned,
  isWhole: (planned: Planned) => planned is Whole,
): Whole {
  const refused = planned.findings.find(({ level }) => level === 'refuse');
  if (isWhole(planned) && !refused) return planned;
  throw new SluiceError('plan_refused', `${name}: ${refused?.message ?? 'not planned'}`, {
    ...(refused?.hint === undefined ? {} : { hint: refused.hint }),
  });
}
