import type { Queue } from '../../connectors/queue.js';
import type { Held, HeldMessages } from './held-messages.js';

/** Messages are kept out of others' sight anew when so much of the time is over. */
const EXTEND_AFTER = 1 / 3;
/** Looked at no more often than this, however short the queue's own time is. */
const LEAST_MS = 200;
const LEAST_SECONDS = 10;
/** A timer takes no longer time than this. */
const LONGEST_MS = 3600 * 1000;

/** Keeps what is held out of others' sight for as long as it is; gives what ends that. */
export function keepHidden(
  queue: Queue,
  held: HeldMessages,
  visibilitySeconds: number,
  failed: (error: unknown) => void,
): () => Promise<void> {
  const everyMs = Math.min(LONGEST_MS, Math.max(LEAST_MS, visibilitySeconds * 1000 * EXTEND_AFTER));
  const since = new WeakMap<Held, number>();
  let extending: Promise<void> = Promise.resolve();
  const look = async () => {
    const now = performance.now();
    const due = held.all().filter((each) => {
      if (!since.has(each)) since.set(each, now);
      return now - (since.get(each) ?? now) >= everyMs;
    });
    if (due.length === 0) return;
    const lost = await queue.extend(
      due.map(({ delivery }) => delivery),
      Math.max(LEAST_SECONDS, visibilitySeconds),
    );
    for (const each of due) since.set(each, now);
    held.lose(new Set(lost));
  };
  const timer = setInterval(() => {
    extending = extending.then(look).catch(failed);
  }, everyMs / 2);
  return async () => {
    clearInterval(timer);
    await extending;
  };
}
