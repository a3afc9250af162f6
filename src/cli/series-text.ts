import type { Series } from '../engine/series.js';
import { fewer, sparkline } from './sparkline.js';
import { count, durationText } from './text.js';

const POINTS = 60;

const labels = { items: 'items/s', readUnits: 'read units/s', writeUnits: 'write units/s' } as const;

/** A graph for each thing that was counted: what there was most of in a second, and how it went. */
export function seriesLines(step: string, series: Series): string[] {
  const names = (['items', 'readUnits', 'writeUnits'] as const).filter((name) =>
    series[name].some((value) => value > 0),
  );
  return names.map((name) => {
    const values = series[name];
    const most = Math.max(...values);
    const each = durationText(series.seconds * Math.max(1, values.length / POINTS));
    return `  ${step}  ${labels[name].padEnd(13)} ${sparkline(fewer(values, POINTS))}  at most ${count(most)}, ${each} a point`;
  });
}
