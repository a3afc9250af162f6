import { setTimeout as sleep } from 'node:timers/promises';
import { SluiceError } from '../../errors.js';
import type { Clock, ExportRun } from './export-run.js';

/** Until when an attempt waits for RDS, and how often it asks. */
export interface Patience {
  readonly untilMs: number;
  readonly pollMs: number;
  /** For people: `12 hours`. */
  readonly deadline: string;
}

export function patienceOf(
  { clock }: Pick<ExportRun, 'clock'>,
  { pollSeconds, deadlineSeconds }: { readonly pollSeconds: number; readonly deadlineSeconds: number },
): Patience {
  const [amount, unit] =
    deadlineSeconds % 3600 === 0 ? [deadlineSeconds / 3600, 'hour'] : [deadlineSeconds, 'second'];
  const deadline = `${amount} ${unit}${amount === 1 ? '' : 's'}`;
  return { untilMs: clock.nowMs() + deadlineSeconds * 1000, pollMs: pollSeconds * 1000, deadline };
}

/**
 * Looks again and again until there is something. Throws `timeout` at the deadline: what was begun goes on in RDS, and the next
 * run of the pipeline goes on waiting for it.
 */
export async function poll<T>(
  { clock, stop }: Pick<ExportRun, 'clock' | 'stop'>,
  patience: Patience,
  what: string,
  look: () => Promise<T | undefined>,
): Promise<T> {
  for (;;) {
    stop.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    const leftMs = patience.untilMs - clock.nowMs();
    if (leftMs <= 0) throw late(what, patience);
    await clock.sleep(Math.min(patience.pollMs, leftMs), stop);
  }
}

function late(what: string, { deadline }: Patience): SluiceError {
  return new SluiceError('timeout', `${what} within ${deadline}`, {
    hint: 'run again to go on waiting for it, or give it more time: deadline: "24h"',
    retry: 'later',
  });
}

/** The process's own clock, which nobody puts back. */
export const processClock: Clock = {
  nowMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await sleep(ms, undefined, { signal });
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    }
  },
};
