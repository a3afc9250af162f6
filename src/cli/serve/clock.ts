import { setTimeout as sleep } from 'node:timers/promises';

/** Where `serve` takes the time from: the machine, or a test's hand. */
export interface Clock {
  /** Epoch milliseconds. */
  now(): number;
  /** Returns once it is so late, or the signal is aborted. */
  until(instant: number, signal: AbortSignal): Promise<void>;
}

/** A timer stands still while a machine sleeps, and does not see its clock being set: it is asked again so often. */
const LOOK_AGAIN_MS = 15_000;

export const systemClock: Clock = {
  now: () => Date.now(),
  until: async (instant, signal) => {
    while (!signal.aborted) {
      const leftMs = instant - Date.now();
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, LOOK_AGAIN_MS), undefined, { signal }).catch(ignoreAbort);
    }
  },
};

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}
