import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../errors.js';
import type { Context } from '../connector.js';

/** Throttled calls are repeated so often, at short waits, before they count as failed. */
const SHORT_TRIES = 8;
const FIRST_WAIT_MS = 10;
const LONGEST_WAIT_MS = 250;

/**
 * `context.retry` for a call of DynamoDB. Throttling is how a table says "not all at once": it passes in
 * milliseconds, so it is met with short waits first, and only what stays throttled with the run's long ones.
 */
export function patiently<T>(context: Context, call: () => Promise<T>): Promise<T> {
  return context.retry(async () => {
    for (let attempt = 1; attempt < SHORT_TRIES; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof SluiceError) || error.retry !== 'slower') throw error;
        context.throttled?.();
        await shortWait(attempt, context.signal);
      }
    }
    return call();
  });
}

/** Full jitter: random up to a bound that doubles with each attempt. */
export async function shortWait(attempt: number, signal: AbortSignal): Promise<void> {
  const bound = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 20));
  await sleep(Math.random() * bound, undefined, { signal });
}
