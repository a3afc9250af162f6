import * as z from 'zod';

const MAX_SECONDS = 86_400;

const wording = { error: 'expected seconds or a duration: 30, or "5m"' };

/** Seconds, or a text such as `90s`, `5m` or `1.5h`; more than nothing. */
export const duration = z.union(
  [
    z.number().positive().max(MAX_SECONDS),
    z.string().regex(/^(?!0+(\.0+)?[smh])\d{1,5}(\.\d{1,3})?[smh]$/, 'not a duration: one looks like 5m'),
  ],
  wording,
);

/** As ASL has it: a wait of a year at most. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html */
const MAX_WAIT_SECONDS = 31_536_000;

/** The same, and days. */
export const longDuration = z.union(
  [
    z.number().positive().max(MAX_WAIT_SECONDS),
    z
      .string()
      .regex(
        /^(?!0+(\.0+)?[smhd])\d{1,5}(\.\d{1,3})?[smh]$|^[1-9]\d{0,2}d$/,
        'not a duration: one looks like 5m',
      ),
  ],
  wording,
);

const secondsOfUnit: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The seconds of what passed one of the schemas. */
export function secondsOf(given: number | string): number {
  if (typeof given === 'number') return given;
  return Number(given.slice(0, -1)) * (secondsOfUnit[given.slice(-1)] ?? 1);
}
