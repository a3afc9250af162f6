import type { Delivery, Misfit, Queue } from '../../connectors/queue.js';

/** What is to come again comes later each time, and sooner than after all the time for which the service hides it. */
const FIRST_AGAIN_SECONDS = 15;
const LAST_AGAIN_SECONDS = 900;

/** Lets messages come again that were handed over. Undefined: one that could not be read. Never throws. */
export async function comeAgain(
  queue: Pick<Queue, 'extend'>,
  messages: readonly (Delivery | Misfit | undefined)[],
): Promise<void> {
  const bySeconds = new Map<number, (Delivery | Misfit)[]>();
  for (const message of messages) {
    if (!message) continue;
    const seconds = Math.min(LAST_AGAIN_SECONDS, FIRST_AGAIN_SECONDS * 2 ** Math.max(1, message.receives));
    bySeconds.set(seconds, [...(bySeconds.get(seconds) ?? []), message]);
  }
  // Where it cannot be said the service lets go of them by itself, later; what ended the work is told.
  await Promise.allSettled([...bySeconds].map(([seconds, some]) => queue.extend(some, seconds)));
}
