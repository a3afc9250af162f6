import { setTimeout as sleep } from 'node:timers/promises';
import type { RetryDeclaration } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import type { Course } from './course.js';

interface Attempted {
  readonly outcome: string;
  readonly error?: unknown;
}

/**
 * `retry`: starts a step again after backoff^n seconds while its failure may pass, from what the journal says it
 * has done. `once` never throws for what the step did.
 */
export async function attempts<E extends Attempted>(
  course: Course,
  {
    name,
    retry,
    stop,
  }: { readonly name: string; readonly retry: RetryDeclaration; readonly stop: AbortSignal },
  once: (attempt: number) => Promise<E>,
): Promise<E> {
  let ending = await once(1);
  for (let attempt = 2; attempt <= retry.attempts && isRetried(ending, retry) && !stop.aborted; attempt++) {
    const waitMs = 1000 * retry.backoff ** (attempt - 1);
    course.observer.waiting(name, new Date(Date.now() + waitMs));
    try {
      await sleep(waitMs, undefined, { signal: stop });
    } catch (error) {
      if (stop.aborted) return ending;
      throw error;
    }
    await course.journal.refresh();
    ending = await once(attempt);
  }
  return ending;
}

/** Without `on`, what failed is started again unless it can never succeed. */
function isRetried({ outcome, error }: Attempted, { on }: RetryDeclaration): boolean {
  if (outcome !== 'failed' || !(error instanceof SluiceError)) return false;
  return on ? on.includes(error.code) : error.retry !== 'never';
}
