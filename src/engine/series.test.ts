import { describe, expect, test } from 'vitest';
import { mergedSeries, SeriesRecorder } from './series.js';

const zero = { items: 0, readUnits: 0, writeUnits: 0 };

function recorded(seconds: number, perSecond: (second: number) => number) {
  const recorder = new SeriesRecorder(zero, 0);
  let items = 0;
  for (let second = 0; second < seconds; second++) {
    items += perSecond(second);
    recorder.add({ items, readUnits: items / 2, writeUnits: items }, (second + 1) * 1000);
  }
  return { recorder, totals: { items, readUnits: items / 2, writeUnits: items } };
}

describe('the series of a run', () => {
  test('has a point for each second, and one for what is left of the last', () => {
    const { recorder, totals } = recorded(3, (second) => second);
    const series = recorder.finish({ ...totals, items: totals.items + 5 }, 3_500);
    expect(series).toEqual({
      seconds: 1,
      items: [0, 1, 2, 10],
      readUnits: [0, 0.5, 1, 0],
      writeUnits: [0, 1, 2, 0],
    });
  });

  test('stays short however long the run is, and says how many seconds a point stands for', () => {
    const { recorder, totals } = recorded(100_000, () => 10);
    const { seconds, items } = recorder.finish(totals, 100_000_000);
    expect(items.length).toBeLessThanOrEqual(120);
    expect(items.length * seconds).toBeGreaterThan(99_000);
    expect(new Set(items)).toEqual(new Set([10]));
  });

  test('keeps what was done when points become one', () => {
    const { recorder, totals } = recorded(960, (second) => second % 7);
    const { seconds, items } = recorder.finish(totals, 960_000);
    expect(items.reduce((sum, value) => sum + value * seconds, 0)).toBeCloseTo(totals.items, 0);
  });

  test('is even where the pace was, however late a busy machine looks', () => {
    const recorder = new SeriesRecorder(zero, 0);
    const at = (ms: number) => ({ items: ms / 20, readUnits: 0, writeUnits: 0 });
    for (const ms of [1000, 2003, 3900, 4001, 7500, 8000, 9100]) recorder.add(at(ms), ms);
    const { items } = recorder.finish({ ...zero, items: 465 }, 9_140);
    expect(items).toHaveLength(9);
    for (const value of items) expect(value).toBeGreaterThanOrEqual(50);
    for (const value of items) expect(value).toBeLessThan(60);
  });
});

describe('the series of several processes', () => {
  const own = (beganMs: number, seconds: number, perSecond: (second: number) => number) => {
    const { recorder, totals } = recorded(Math.floor(seconds), perSecond);
    return { beganMs, seconds, series: recorder.finish(totals, seconds * 1000), items: totals.items };
  };
  const sum = ({ seconds, items }: { seconds: number; items: readonly number[] }) =>
    items.reduce((total, value) => total + value * seconds, 0);

  test('is that of the one, where there is one', () => {
    const one = own(5_000, 7, (second) => second);
    expect(mergedSeries([one])).toEqual(one.series);
  });

  test('has in each second what all of them did in it', () => {
    const all = [own(10_000, 4, () => 10), own(12_000, 4, () => 3), own(20_000, 1, () => 7)];
    expect(mergedSeries(all).items).toEqual([10, 10, 13, 13, 3, 3, 0, 0, 0, 0, 7]);
  });

  test('keeps what was done, however long they were at work one after the other, and stays short', () => {
    const all = Array.from({ length: 9 }, (_, index) =>
      own(index * 840_000 + 123 * index, 840, (second) => 100 + ((second + index) % 50)),
    );
    const merged = mergedSeries(all);
    expect(merged.items.length).toBeLessThanOrEqual(120);
    const wanted = all.reduce((total, { items }) => total + items, 0);
    expect(sum(merged) / wanted).toBeCloseTo(1, 1);
  });
});
