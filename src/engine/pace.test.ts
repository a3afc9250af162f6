import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Clock, Pacer, type Rates } from './pace.js';

/** Time that passes only by sleeping; each sleep is late by what `lateness` says, as real timers are. */
function fakeClock(lateness: () => number = () => 0): Clock & { nowMs(): number } {
  let now = 0;
  return {
    nowMs: () => now,
    sleepMs: async (delayMs) => {
      now += delayMs + lateness();
    },
  };
}

const never = new AbortController().signal;

/** Takes `total` rows by one worker and gives the time of each grant. */
async function run(
  rates: Rates,
  total: number,
  clock: Clock,
  cost: Rates = { items: 1 },
): Promise<[number, number][]> {
  const pacer = new Pacer(rates, clock);
  const grants: [number, number][] = [];
  for (let left = total; left > 0; ) {
    const count = await pacer.take(left, () => cost, never);
    grants.push([clock.nowMs(), count]);
    left -= count;
  }
  return grants;
}

/** The most that any window [t, t + 1 s) holds. */
function busiestSecond(grants: readonly [number, number][]): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const [time, count] of grants) {
    sum += count;
    while (time - (grants[first]?.[0] ?? 0) >= 1000) sum -= grants[first++]?.[1] ?? 0;
    most = Math.max(most, sum);
  }
  return most;
}

describe('a pace', () => {
  test.each([1, 2, 3, 10, 50, 999, 1000, 20_000])(
    'of %i a second is never exceeded in any second',
    async (rate) => {
      const grants = await run({ items: rate }, rate * 20, fakeClock());
      expect(busiestSecond(grants)).toBeLessThanOrEqual(rate);
    },
  );

  test.each([1, 50, 1000, 20_000])('of %i a second ends within 5 percent of its time', async (rate) => {
    const grants = await run({ items: rate }, rate * 100, fakeClock());
    const seconds = (grants.at(-1)?.[0] ?? 0) / 1000;
    expect(seconds).toBeGreaterThan(99);
    expect(seconds).toBeLessThan(105);
  });

  test('of one item in five seconds leaves five seconds between items', async () => {
    const grants = await run({ items: 0.2 }, 5, fakeClock());
    for (let index = 1; index < grants.length; index++) {
      expect((grants[index]?.[0] ?? 0) - (grants[index - 1]?.[0] ?? 0)).toBeGreaterThanOrEqual(5000);
    }
  });

  test('holds with timers that are late, and still ends in time', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), fc.integer(), async (rate, seed) => {
        let state = seed >>> 0;
        const lateness = () => {
          state = (state * 1664525 + 1013904223) >>> 0;
          return (state / 2 ** 32) * 5;
        };
        const grants = await run({ items: rate }, rate * 10, fakeClock(lateness));
        expect(busiestSecond(grants)).toBeLessThanOrEqual(rate);
        expect((grants.at(-1)?.[0] ?? 0) / 1000).toBeLessThan(10.6);
      }),
      { numRuns: 40 },
    );
  });

  test('is shared: many workers together keep it', async () => {
    const clock = fakeClock();
    const pacer = new Pacer({ items: 100 }, clock);
    const grants: [number, number][] = [];
    const worker = async () => {
      for (let left = 100; left > 0; ) {
        const count = await pacer.take(left, () => ({ items: 1 }), never);
        grants.push([clock.nowMs(), count]);
        left -= count;
      }
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    expect(busiestSecond(grants)).toBeLessThanOrEqual(100);
  });

  test('counts bytes and units too, the tightest deciding', async () => {
    const grants = await run({ items: 1000, bytes: 5000, units: 10 }, 100, fakeClock(), {
      items: 1,
      bytes: 100,
      units: 1,
    });
    expect(busiestSecond(grants)).toBeLessThanOrEqual(10);
  });

  test('lets one row pass that is larger than a second holds, and then waits for it', async () => {
    const grants = await run({ bytes: 100 }, 3, fakeClock(), { bytes: 400 });
    expect((grants[1]?.[0] ?? 0) - (grants[0]?.[0] ?? 0)).toBeGreaterThanOrEqual(4000);
  });

  test('without rates grants everything at once', async () => {
    expect(await new Pacer({}).take(123, () => ({ items: 1 }), never)).toBe(123);
  });

  test('ends its waits when the run stops', async () => {
    const pacer = new Pacer({ items: 0.001 });
    const controller = new AbortController();
    await pacer.take(1, () => ({ items: 1 }), controller.signal);
    const waiting = pacer.take(1, () => ({ items: 1 }), controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow();
  });
});
