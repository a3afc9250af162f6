import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { simulatedClock } from '../../test/fixtures/simulated-clock.js';
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

/** Between 0 and `most`, by a seed. */
function random(seed: number, most: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state * 1664525 + 1013904223) >>> 0;
    return (state / 2 ** 32) * most;
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
  const pacer = new Pacer(rates, { clock });
  const grants: [number, number][] = [];
  for (let left = total; left > 0; ) {
    const { count, landed } = await pacer.take(left, () => cost, never);
    grants.push([clock.nowMs(), count]);
    landed();
    left -= count;
  }
  return grants;
}

/** Spends a cost that lands at once. */
async function spend(pacer: Pacer, cost: Rates): Promise<void> {
  const { landed } = await pacer.takeAll(1, cost, never);
  landed();
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

  test('of 50 a second lets 5000 items through in 100 seconds, within 5 percent', async () => {
    const grants = await run({ items: 50 }, 5000, fakeClock());
    expect(busiestSecond(grants)).toBeLessThanOrEqual(50);
    expect(Math.abs((grants.at(-1)?.[0] ?? 0) / 1000 - 100)).toBeLessThan(5);
  });

  test('holds with timers that are late by up to 50 ms, and still ends within 5 percent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3000 }), fc.integer(), async (rate, seed) => {
        const grants = await run({ items: rate }, rate * 100, fakeClock(random(seed, 50)));
        expect(busiestSecond(grants)).toBeLessThanOrEqual(rate);
        expect((grants.at(-1)?.[0] ?? 0) / 1000).toBeLessThan(105);
      }),
      { numRuns: 15 },
    );
  });

  test('makes up for a machine that stood still, without ever going faster', async () => {
    let slept = 0;
    const clock = fakeClock(() => (++slept === 1000 ? 3000 : 0));
    const grants = await run({ items: 100 }, 40_000, clock);
    expect(busiestSecond(grants)).toBeLessThanOrEqual(100);
    // 410 s without it, 413 s if it were not made up for.
    expect((grants.at(-1)?.[0] ?? 0) / 1000).toBeLessThan(411);
  });

  test('is flat: no tenth of a second holds more than 1.5 times its share', async () => {
    const grants = await run({ items: 1000 }, 10_000, fakeClock(random(7, 20)));
    const tenths = new Map<number, number>();
    for (const [time, count] of grants) {
      const tenth = Math.floor(time / 100);
      tenths.set(tenth, (tenths.get(tenth) ?? 0) + count);
    }
    expect(Math.max(...tenths.values())).toBeLessThanOrEqual(150);
  });

  test('with a fraction ends in time too: a second holds the next whole number', async () => {
    const grants = await run({ items: 2.5 }, 250, fakeClock());
    expect(busiestSecond(grants)).toBeLessThanOrEqual(3);
    expect((grants.at(-1)?.[0] ?? 0) / 1000).toBeLessThan(105);
  });

  test('counts what a thing has cost, not what it was taken for', async () => {
    const clock = fakeClock();
    const pacer = new Pacer({ units: 10 }, { clock });
    const cheap = await pacer.takeAll(1, { units: 10 }, never);
    cheap.landed({ units: 1 });
    const dear = await pacer.takeAll(1, { units: 1 }, never);
    expect(clock.nowMs()).toBeLessThan(200);
    dear.landed({ units: 51 });
    await spend(pacer, { units: 1 });
    expect(clock.nowMs()).toBeGreaterThan(5000);
  });

  test('holds where things arrive, however long each is on its way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 0, max: 3000 }),
        fc.integer(),
        async (rate, workers, slowestMs, seed) => {
          const time = simulatedClock(0);
          const clock = { nowMs: time.now, sleepMs: time.sleep };
          const pacer = new Pacer({ items: rate }, { clock });
          const wayMs = random(seed, slowestMs / 2);
          const arrivals: [number, number][] = [];
          let left = rate * 10;
          const worker = async () => {
            while (left > 0) {
              const wanted = left;
              left = 0;
              const { count, landed } = await pacer.take(wanted, () => ({ items: 1 }), never);
              left += wanted - count;
              await time.sleep(wayMs());
              arrivals.push([time.now(), count]);
              await time.sleep(wayMs());
              landed();
            }
          };
          await Promise.all(Array.from({ length: workers }, worker));
          expect(arrivals.reduce((sum, [, count]) => sum + count, 0)).toBe(rate * 10);
          expect(busiestSecond(arrivals)).toBeLessThanOrEqual(rate);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('waits for what is on its way, and ends that wait when the run stops', async () => {
    const pacer = new Pacer({ items: 1 });
    const controller = new AbortController();
    await pacer.take(1, () => ({ items: 1 }), controller.signal);
    const waiting = pacer.take(1, () => ({ items: 1 }), controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
  });

  test('goes on with what was spent when its rates are set anew', async () => {
    const clock = fakeClock();
    const pacer = new Pacer({ items: 10 }, { clock });
    await spend(pacer, { items: 10 });
    pacer.use({ items: 10, units: 5 });
    await spend(pacer, { items: 1 });
    expect(clock.nowMs()).toBeGreaterThanOrEqual(1000);
  });

  test('is shared: many workers together keep it', async () => {
    const clock = fakeClock();
    const pacer = new Pacer({ items: 100 }, { clock });
    const grants: [number, number][] = [];
    const worker = async () => {
      for (let left = 100; left > 0; ) {
        const { count, landed } = await pacer.take(left, () => ({ items: 1 }), never);
        grants.push([clock.nowMs(), count]);
        landed();
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
    const { count } = await new Pacer({}).take(123, () => ({ items: 1 }), never);
    expect(count).toBe(123);
  });

  test('ends its waits when the run stops', async () => {
    const pacer = new Pacer({ items: 0.001 });
    const controller = new AbortController();
    const { landed } = await pacer.take(1, () => ({ items: 1 }), controller.signal);
    landed();
    const waiting = pacer.take(1, () => ({ items: 1 }), controller.signal);
    controller.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow();
  });
});

describe('a pace that adapts', () => {
  test('halves when the service throttles, once for throttles at the same speed, and recovers in steps', async () => {
    const clock = fakeClock();
    const pacer = new Pacer({ items: 1000 }, { clock, adapt: true });
    const inNextSecond = async () => {
      const until = clock.nowMs() + 1000;
      let sum = 0;
      for (;;) {
        const { count, landed } = await pacer.take(1000, () => ({ items: 1 }), never);
        landed();
        if (clock.nowMs() >= until) return sum;
        sum += count;
      }
    };
    const before = await inNextSecond();
    for (let call = 0; call < 5; call++) pacer.throttled();
    expect(pacer.factor).toBe(0.5);
    const slowed = await inNextSecond();
    await clock.sleepMs(3000, never);
    const later = await inNextSecond();
    await clock.sleepMs(20_000, never);
    const recovered = await inNextSecond();
    expect(before).toBeGreaterThan(950);
    expect(slowed).toBeLessThan(560);
    expect(slowed).toBeGreaterThan(400);
    expect(later).toBeGreaterThan(slowed);
    expect(later).toBeLessThan(900);
    expect(recovered).toBeGreaterThan(950);
  });

  test('goes down again and again while the service throttles, but never stands still', () => {
    const clock = fakeClock();
    const pacer = new Pacer({ units: 100 }, { clock, adapt: true });
    for (let second = 0; second < 100; second++) {
      pacer.throttled();
      void clock.sleepMs(1001, never);
    }
    expect(pacer.factor).toBeLessThan(0.2);
    expect(pacer.factor).toBeGreaterThan(0.02);
  });

  test('does nothing of it unless it is wanted', () => {
    const pacer = new Pacer({ items: 10 });
    pacer.throttled();
    expect(pacer.factor).toBe(1);
  });
});
