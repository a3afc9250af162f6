import { describe, expect, test } from 'vitest';
import { SeriesRecorder } from './series.js';

const zero = { items: 0, readUnits: 0, writeUnits: 0 };

function recorded(seconds: number, perSecond: (second: number) => number) {
  const recorder = new SeriesRecorder(zero);
  let items = 0;
  for (let second = 0; second < seconds; second++) {
    items += perSecond(second);
    recorder.add({ items, readUnits: items / 2, writeUnits: items });
  }
  return { recorder, totals: { items, readUnits: items / 2, writeUnits: items } };
}

describe('the series of a run', () => {
  test('has a point for each second, and one for what is left of the last', () => {
    const { recorder, totals } = recorded(3, (second) => second);
    const series = recorder.finish({ ...totals, items: totals.items + 5 }, 0.5);
    expect(series).toEqual({
      seconds: 1,
      items: [0, 1, 2, 10],
      readUnits: [0, 0.5, 1, 0],
      writeUnits: [0, 1, 2, 0],
    });
  });

  test('stays short however long the run is, and says how many seconds a point stands for', () => {
    const { recorder, totals } = recorded(100_000, () => 10);
    const { seconds, items } = recorder.finish(totals, 0.1);
    expect(items.length).toBeLessThanOrEqual(120);
    expect(items.length * seconds).toBeGreaterThan(99_000);
    expect(new Set(items)).toEqual(new Set([10]));
  });

  test('keeps what was done when points become one', () => {
    const { recorder, totals } = recorded(960, (second) => second % 7);
    const { seconds, items } = recorder.finish(totals, 0.1);
    expect(items.reduce((sum, value) => sum + value * seconds, 0)).toBeCloseTo(totals.items, 0);
  });
});
