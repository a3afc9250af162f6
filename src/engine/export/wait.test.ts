import { expect, test } from 'vitest';
import { patienceOf, poll } from './wait.js';

/** A clock that goes when somebody sleeps. */
function handClock() {
  let ms = 5000;
  return {
    nowMs: () => ms,
    sleep: async (asked: number, signal: AbortSignal) => {
      signal.throwIfAborted();
      ms += asked;
    },
  };
}

const never = new AbortController().signal;

test('it looks until there is something, and not more often than it should', async () => {
  const clock = handClock();
  const patience = patienceOf({ clock }, { pollSeconds: 30, deadlineSeconds: 12 * 3600 });
  const looks: number[] = [];
  const found = await poll({ clock, stop: never }, patience, 'nothing', async () => {
    looks.push(clock.nowMs());
    return looks.length === 4 ? 'found' : undefined;
  });
  expect(found).toBe('found');
  expect(looks).toEqual([5000, 35_000, 65_000, 95_000]);
});

test('it looks for the last time at the deadline, of a day too, and then stops, resumable', async () => {
  const clock = handClock();
  const patience = patienceOf({ clock }, { pollSeconds: 7000, deadlineSeconds: 24 * 3600 });
  let last = 0;
  const polled = poll({ clock, stop: never }, patience, 'the snapshot was not available', async () => {
    last = clock.nowMs();
    return undefined;
  });
  await expect(polled).rejects.toMatchObject({
    code: 'timeout',
    retry: 'later',
    message: 'the snapshot was not available within 24 hours',
  });
  expect(last).toBe(5000 + 86_400_000);
});

test('a stop ends it before the next look', async () => {
  const clock = handClock();
  const controller = new AbortController();
  const patience = patienceOf({ clock }, { pollSeconds: 1, deadlineSeconds: 60 });
  let looks = 0;
  const polled = poll({ clock, stop: controller.signal }, patience, 'nothing', async () => {
    looks++;
    controller.abort(new Error('stopped'));
    return undefined;
  });
  await expect(polled).rejects.toThrow('stopped');
  expect(looks).toBe(1);
});
