const ZERO = 0x30;
const FEBRUARY = 2;
/** By month, from 1 on. */
const DAYS = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Whether what stands at `at` as `YYYY-MM-DD` is a day of the Gregorian calendar from year 1 on: MySQL also holds
 * 0000-00-00, 2026-00-00 and, in some modes, 2026-02-31. All must be digits where digits belong.
 */
export function isMoment(bytes: Uint8Array, at: number): boolean {
  const year = 100 * two(bytes, at) + two(bytes, at + 2);
  const month = two(bytes, at + 5);
  const day = two(bytes, at + 8);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const days = month === FEBRUARY && isLeap(year) ? 29 : (DAYS[month] as number);
  return day <= days;
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function two(bytes: Uint8Array, at: number): number {
  return 10 * ((bytes[at] as number) - ZERO) + (bytes[at + 1] as number) - ZERO;
}
