/**
 * The alarms over a schedule, evaluated as CloudWatch does it: what is missing is filled in only where fewer points are there than
 * periods are asked for, and it looks at somewhat more periods than that.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
 */
import { expect, it } from 'vitest';
import type { ScheduleDeclaration } from '../../declare/declaration.js';
import { firingsBetween } from '../../schedule/firings.js';
import { scheduleOf } from '../../schedule/parse.js';
import { scheduleAlarms } from './schedule-alarms.js';
import { siteOf } from './site.js';

const site = siteOf({ pipeline: 'p' }, '111122223333', 'eu-west-1');
/** The clocks go back in between. */
const FROM = Date.UTC(2026, 9, 5) / 1000;
const TO = Date.UTC(2026, 10, 9) / 1000;
const HOUR = 3600;

interface Watch {
  readonly Period: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly Threshold: number;
  readonly TreatMissingData: string;
}

function watch(schedule: ScheduleDeclaration, name: 'MissedAlarm' | 'AgeAlarm'): Watch {
  const found = scheduleAlarms(site, schedule)[name];
  if (!found) throw new Error(`no ${name}`);
  return found.Properties as unknown as Watch;
}

/** When it first tells somebody, of what happened at these instants; epoch seconds. `more`: periods that it looks at beyond its own. */
function firstTold(
  alarm: Watch,
  happened: readonly number[],
  { from, until, more }: { readonly from: number; readonly until: number; readonly more: number },
): number | undefined {
  const { Period, EvaluationPeriods, DatapointsToAlarm, Threshold, TreatMissingData } = alarm;
  const perPeriod = new Map<number, number>();
  for (const at of happened) {
    const period = Math.floor(at / Period);
    perPeriod.set(period, (perPeriod.get(period) ?? 0) + 1);
  }
  for (let end = Math.ceil(from / Period); end * Period <= until; end++) {
    const range = Array.from({ length: EvaluationPeriods + more }, (_, back) =>
      perPeriod.get(end - 1 - back),
    );
    const real = range.filter((value) => value !== undefined).slice(0, EvaluationPeriods);
    const filled = TreatMissingData === 'breaching' ? EvaluationPeriods - real.length : 0;
    const bad = real.filter((value) => value < Threshold).length + filled;
    if (bad >= DatapointsToAlarm) return end * Period;
  }
  return undefined;
}

/** Each begins within a minute of its time, the one late and the next early. Thirty, or those of five weeks. */
function beginnings(schedule: ScheduleDeclaration): readonly number[] {
  const firings = [...firingsBetween(scheduleOf(schedule), FROM * 1000, TO * 1000)].slice(0, 30);
  return firings.map((instant, index) => instant / 1000 + (index % 2 === 0 ? 59 : 0));
}

const utc = { zone: 'UTC', missed: 'skip' } as const;

const schedules: readonly (readonly [string, ScheduleDeclaration, number])[] = [
  ['every ten minutes', { ...utc, rate: '10 minutes' }, 600],
  ['every hour', { ...utc, cron: '30 * * * ? *' }, HOUR],
  ['every day, where one has 25 hours', { ...utc, cron: '0 6 * * ? *', zone: 'Europe/Dublin' }, 25 * HOUR],
  ['on weekdays', { ...utc, cron: '0 6 ? * MON-FRI *' }, 72 * HOUR],
];

it.each(schedules)('is quiet while runs begin %s, though one is late and the next is not', (...about) => {
  const [, schedule, gap] = about;
  const all = beginnings(schedule);
  const half = all.filter((_each, index) => index % 2 === 0);
  const time = { from: (all[0] ?? 0) + 2 * gap, until: all.at(-1) ?? 0 };
  for (const more of [0, 3]) {
    expect(firstTold(watch(schedule, 'MissedAlarm'), all, { ...time, more })).toBeUndefined();
    expect(firstTold(watch(schedule, 'AgeAlarm'), half, { ...time, more })).toBeUndefined();
  }
});

it.each(schedules)(
  'tells before the next when the one after the longest pause does not begin: %s',
  (...about) => {
    const [, schedule, gap] = about;
    const all = beginnings(schedule);
    const missing = all.findIndex((at, index) => index > 6 && at - (all[index - 1] ?? at) >= gap - 60);
    const [due = Number.NaN, next = Number.NaN] = all.slice(missing);
    const left = all.filter((_each, index) => index !== missing);
    for (const more of [0, 3]) {
      const time = { from: (all[0] ?? 0) + 2 * gap, until: next, more };
      expect(firstTold(watch(schedule, 'MissedAlarm'), left, time)).toBeGreaterThan(due);
    }
  },
);

it.each(schedules)('tells when none has begun, or succeeded, any more: %s', (...about) => {
  const [, schedule, gap] = about;
  const all = beginnings(schedule).slice(0, 20);
  const last = all.at(-1) ?? 0;
  const time = { from: (all[0] ?? 0) + 2 * gap, until: last + 5 * gap, more: 3 };
  const missed = firstTold(watch(schedule, 'MissedAlarm'), all, time);
  expect(missed).toBeGreaterThan(last + gap);
  expect(missed).toBeLessThan(last + 2 * gap);
  const old = firstTold(watch(schedule, 'AgeAlarm'), all, time);
  expect(old).toBeGreaterThan(last + 2 * gap);
  expect(old).toBeLessThan(last + 5 * gap);
});

it('looks back no further than CloudWatch does, and has what it can tell of longer schedules', () => {
  for (const [, schedule] of schedules) {
    for (const name of ['MissedAlarm', 'AgeAlarm'] as const) {
      const { Period, EvaluationPeriods } = watch(schedule, name);
      expect(Period * EvaluationPeriods).toBeLessThanOrEqual(Period < HOUR ? 86_400 : 604_800);
    }
  }
  const monthly = scheduleAlarms(site, { ...utc, cron: '0 6 1 * ? *' });
  expect(Object.keys(monthly)).toEqual(['ScheduleAsideAlarm', 'SkippedAlarm']);
  expect(Object.keys(scheduleAlarms(site, { ...utc, at: '2027-01-01T06:00:00' }))).toEqual(
    Object.keys(monthly),
  );
});
