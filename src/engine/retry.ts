import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../errors.js';

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 20_000;

/**
 * Calls until it succeeds, fails for good, or has failed for longer than the patience; then throws the last
 * error. Waits are random between nothing and a bound that doubles (full jitter:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export async function retry<T>(call: () => Promise<T>, patienceMs: number, signal: AbortSignal): Promise<T> {
  let failingSince: number | undefined;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.retry === 'never') throw error;
      failingSince ??= performance.now();
      const wait = Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 30));
      if (performance.now() + wait - failingSince > patienceMs) throw error;
      await sleep(wait, undefined, { signal });
    }
  }
}
