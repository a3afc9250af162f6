import { expect, it } from 'vitest';
import { forecast } from '../../src/engine/forecast.js';
import type { CopyPlan } from '../../src/engine/plan.js';

/** docs/scale.md: a copy of many rows by parts, each called again and again, into a table of some capacity. */
interface Case {
  readonly rows: number;
  readonly parts: number;
  /** Of the sink's table, in a second. */
  readonly units: number;
  /** Of one function, if nothing else held it up. */
  readonly rowsPerSecond: number;
}

interface Simulated {
  readonly seconds: number;
  /** Of all parts. */
  readonly calls: number;
  /** Of the longest history of a child execution. */
  readonly events: number;
  readonly functionSeconds: number;
}

const CALL_SECONDS = 880;
/** The function is asked again, opens its connections and reads the journal. */
const HAND_OVER_SECONDS = 3;
/** Task: entered, scheduled, started, succeeded, left. Choice: entered, left. */
const EVENTS_OF_A_CALL = 7;
/** Started, the last state entered and left, succeeded. */
const EVENTS_AROUND = 4;

/** Second by second: the table's units are shared by the parts that are at work. */
function simulate({ rows, parts, units, rowsPerSecond }: Case): Simulated {
  const left = Array.from({ length: parts }, () => rows / parts);
  // Not all at once: parts begin a second apart, as Map starts them.
  const inCall = left.map((_, index) => -index);
  const calls = left.map(() => 1);
  let [seconds, functionSeconds] = [0, 0];
  while (left.some((rest) => rest > 0)) {
    seconds++;
    const working = left.flatMap((rest, part) => (rest > 0 && (inCall[part] ?? 0) >= 0 ? [part] : []));
    const share = Math.min(rowsPerSecond, units / Math.max(1, working.length));
    left.forEach((rest, part) => {
      const at = inCall[part] ?? 0;
      if (rest <= 0) return;
      if (at >= 0) {
        left[part] = rest - share;
        functionSeconds++;
      }
      inCall[part] = at + 1;
      if (at + 1 < CALL_SECONDS || (left[part] ?? 0) <= 0) return;
      inCall[part] = -HAND_OVER_SECONDS;
      calls[part] = (calls[part] ?? 0) + 1;
    });
  }
  const sum = calls.reduce((all, some) => all + some, 0);
  const events = Math.max(...calls) * EVENTS_OF_A_CALL + EVENTS_AROUND;
  return { seconds, calls: sum, events, functionSeconds };
}

function forecastOf({ rows }: Case, bytes: number) {
  const plan = {
    description: { rows, bytes },
    sinkPlan: { units: rows * Math.ceil(bytes / rows / 1024) },
    step: { pace: {} },
  };
  return forecast(plan as unknown as CopyPlan);
}

const billion = { rows: 1e9, parts: 16, rowsPerSecond: 50_000 } as const;

it('a new table: what plan forecasts is what a simulated run of 10⁹ rows takes and costs', () => {
  const run = simulate({ ...billion, units: 4000 });
  const { seconds = 0, dollars, writeUnits, boundBy } = forecastOf({ ...billion, units: 4000 }, 200e9);
  expect({ dollars, writeUnits, boundBy }).toEqual({
    dollars: 625,
    writeUnits: 1e9,
    boundBy: 'write units of a new table',
  });
  expect(run.seconds).toBeGreaterThanOrEqual(seconds);
  expect(run.seconds / seconds).toBeLessThan(1.01);
  expect(Math.round(seconds / 3600)).toBe(69);
});

it('quotas of Step Functions are far away, and functions are a tenth of the price', () => {
  const run = simulate({ ...billion, units: 4000 });
  expect(run.calls / billion.parts).toBeLessThan(300);
  expect(run.events).toBeLessThan(25_000 / 10);
  const gibSecond = 0.0000133334;
  expect(Math.round(run.functionSeconds * gibSecond)).toBe(53);
  const transitions = run.calls * 2;
  expect((transitions / 1000) * 0.025).toBeLessThan(0.25);
  // A part could be called for weeks before its history is full.
  const mostCalls = Math.floor((25_000 - EVENTS_AROUND) / EVENTS_OF_A_CALL);
  expect(mostCalls).toBe(3570);
  expect(Math.floor((mostCalls * CALL_SECONDS) / 86_400)).toBe(36);
});

it('a table of ten times the units takes a tenth of the time', () => {
  const run = simulate({ ...billion, units: 40_000 });
  expect(run.seconds / 3600).toBeGreaterThan(6.9);
  expect(run.seconds / 3600).toBeLessThan(7.1);
});

it('a pointer to a part is small enough for thousands of them to go through a state', () => {
  const pointer = {
    copy: 'orders-out',
    worker: '1999',
    parts: ['1999'],
    workers: 2000,
    attempt: '20261121t060000-0123456789ab',
  };
  const bytes = Buffer.byteLength(JSON.stringify(pointer)) + 1;
  expect(bytes).toBeLessThan(131);
  expect(bytes * 2000).toBeLessThan(262_144);
});
