import type { Parsed, RateSchedule } from './schedule.js';

const unitsMs: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** What people write for AWS's units, and what is of another length. */
const otherUnits: Readonly<Record<string, readonly [unit: string, times: number]>> = {
  m: ['minute', 1],
  min: ['minute', 1],
  mins: ['minute', 1],
  h: ['hour', 1],
  hr: ['hour', 1],
  hrs: ['hour', 1],
  d: ['day', 1],
  w: ['day', 7],
  week: ['day', 7],
  weeks: ['day', 7],
};

const MAX_VALUE = 999_999;
const rule = 'a rate is a whole number of minutes, hours or days';

/**
 * Reads `15 minutes`. A day is 24 hours, whatever the clocks do.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#rate-based
 */
export function parseRate(text: string, zone: string): Parsed<RateSchedule> {
  const [, value = '', unit = ''] = /^(?:every\s+)?(-?[\d.]*)\s*([A-Za-z]*)$/i.exec(text.trim()) ?? [];
  const plain = /^[1-9]\d{0,5}$/.test(value) ? Number(value) : undefined;
  const singular = unit.replace(/s$/, '');
  const unitMs = Object.hasOwn(unitsMs, singular) ? unitsMs[singular] : undefined;
  if (plain !== undefined && unitMs !== undefined && /^\d+ [a-z]+$/.test(text.trim())) {
    const expression = rateText(plain, singular);
    return {
      schedule: Object.freeze({ kind: 'rate', expression, zone, everyMs: plain * unitMs, start: 0 }),
      notes: [],
    };
  }
  const instead = corrected(value, unit.toLowerCase());
  const hint = instead === undefined ? `${rule}: "15 minutes"` : `${rule}: "${instead}"`;
  return { problems: [{ field: 'rate', message: complaint(text, value, unit.toLowerCase()), hint }] };
}

function rateText(value: number, unit: string): string {
  return `${value} ${unit}${value === 1 ? '' : 's'}`;
}

function complaint(text: string, value: string, unit: string): string {
  const short = text.length > 60 ? 'the text' : `"${text}"`;
  if (value === '' && unit === '') return `${short} is not a rate`;
  if (/^s(ec(ond)?s?)?$/.test(unit)) return `${short} is faster than a minute, AWS's shortest rate`;
  if (/^(mo|month|y|year)s?$/.test(unit))
    return `${short} is not a rate: months and years have no one length`;
  if (value !== '' && !(Number(value) > 0)) return `${short} is not a rate: it has to be more than 0`;
  if (Number(value) > MAX_VALUE) return `${short} is not a rate: ${MAX_VALUE} is the largest number`;
  return `${short} is not a rate`;
}

function corrected(value: string, unit: string): string | undefined {
  const seconds = /^s(ec(ond)?s?)?$/.exec(unit);
  const singular = unit.replace(/s$/, '');
  const [own, times] = otherUnits[unit] ?? [singular, 1];
  const unitMs = seconds ? 1000 : unitsMs[own];
  if (unitMs === undefined) return undefined;
  const wholeMs = (value === '' ? 1 : Number(value)) * times * unitMs;
  const whole = ['day', 'hour', 'minute'].find(
    (each) => each === own && wholeMs % (unitsMs[each] ?? 1) === 0,
  );
  const fitting = whole ?? ['day', 'hour', 'minute'].find((each) => wholeMs % (unitsMs[each] ?? 1) === 0);
  if (fitting === undefined || !(wholeMs > 0)) return seconds ? '1 minute' : undefined;
  const count = wholeMs / (unitsMs[fitting] ?? 1);
  return count <= MAX_VALUE ? rateText(count, fitting) : undefined;
}
