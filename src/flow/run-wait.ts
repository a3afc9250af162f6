import { setTimeout as sleep } from 'node:timers/promises';
import type { WaitStep } from '../declare/declaration.js';
import type { Course } from './course.js';
import { plainEnd, type StepEnd } from './outcome.js';

/** A timer takes no more than 2^31 ms. */
const LONGEST_SLEEP_MS = 86_400_000;

/**
 * Waits until its time has come. Its end is journaled when it begins, so that a run that goes on waits for what
 * is left only. A stop ends it at once.
 */
export async function runWait(course: Course, step: WaitStep, stop: AbortSignal): Promise<StepEnd> {
  const { name } = step;
  const known = course.journal.flow(name).until;
  const until = known ?? step.until ?? new Date(Date.now() + 1000 * (step.seconds ?? 0)).toISOString();
  if (known === undefined) await course.journal.note({ is: 'waiting', step: name, until });
  const end = Date.parse(until);
  course.observer.waiting(name, new Date(end));
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  try {
    for (let left = end - Date.now(); left > 0; left = end - Date.now()) {
      await sleep(Math.min(left, LONGEST_SLEEP_MS), undefined, { signal: stop });
    }
    return plainEnd('wait', 'complete', { seconds: seconds() });
  } catch (error) {
    if (!stop.aborted) throw error;
    return plainEnd('wait', 'interrupted', { seconds: seconds(), error: stop.reason });
  }
}
