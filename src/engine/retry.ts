import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../errors.js';

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 20_000;
/** Whoever waits for a call is told after it has failed for so long. */
const TELL_AFTER_MS = 3_000;

/** Errors that patience has been lost with: a call around the one that threw it does not begin anew. */
const givenUp = new WeakSet<Error>();

/**
 * Calls until it succeeds, fails for good, or has failed for longer than the patience; then throws the last
 * error. Waits are random between nothing and a bound that doubles (full jitter:
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). `stillTrying` is told once what
 * it waits for, where that takes longer than a moment.
 */
export async function retry<T>(
  call: () => Promise<T>,
  patienceMs: number,
  signal: AbortSignal,
  stillTrying?: (error: SluiceError) => void,
): Promise<T> {
  let failingSince: number | undefined;
  let isTold = false;
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof SluiceError) || error.retry === 'never' || givenUp.has(error)) throw error;
      failingSince ??= performance.now();
      const wait = Math.random() * Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 30));
      if (performance.now() + wait - failingSince > patienceMs) {
        givenUp.add(error);
        throw error;
      }
      if (!isTold && performance.now() - failingSince > TELL_AFTER_MS) {
        isTold = true;
        stillTrying?.(error);
      }
      await sleep(wait, undefined, { signal });
    }
  }
}
