import { describe, expect, test } from 'vitest';
import { seriesLines } from './series-text.js';
import { fewer, LiveRates, sparkline } from './sparkline.js';

describe('a graph in a line', () => {
  test('has the highest value as the tallest bar, and nothing as the lowest', () => {
    expect(sparkline([0, 1, 4, 8])).toBe('▁▁▄█');
    expect(sparkline([0, 0])).toBe('▁▁');
    expect(sparkline([])).toBe('');
  });

  test('takes the means where there are too many values', () => {
    expect(fewer([1, 3, 5, 7], 2)).toEqual([2, 6]);
    expect(fewer([1, 3], 5)).toEqual([1, 3]);
  });

  test('of a run that goes on shows the last seconds', () => {
    const live = new LiveRates(0, 0);
    for (let ms = 0; ms <= 30_000; ms += 100) live.see(ms / 10, ms);
    expect(live.line).toBe('█'.repeat(20));
  });

  test('of a finished run says what was most, and leaves out what there was none of', () => {
    const series = { seconds: 2, items: [1, 50], readUnits: [0, 0], writeUnits: [1, 50] };
    expect(seriesLines('users', series)).toEqual([
      '  users  items/s       ▁█  at most 50, 2.0s a point',
      '  users  write units/s ▁█  at most 50, 2.0s a point',
    ]);
  });
});
