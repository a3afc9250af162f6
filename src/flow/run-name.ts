import { randomBytes } from 'node:crypto';

const STAMP = /^(\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)(\d{3})-/;

/**
 * A name for a run: sorts by its start, and no two are alike. It sorts behind `newest`, the last name so far, also
 * where the clock was put back since: the run to go on with is found by its name.
 */
export function newRunName(newest?: string, now = Date.now()): string {
  const at = new Date(Math.max(now, newest === undefined ? 0 : timeOf(newest) + 1));
  const stamp = at.toISOString().slice(0, 23).replaceAll(/[-:.]/g, '').toLowerCase();
  return `${stamp}-${randomBytes(4).toString('hex')}`;
}

/** When a name says that its run began; the epoch for what is not such a name. */
function timeOf(name: string): number {
  const [year = 1970, month = 1, ...rest] = STAMP.exec(name)?.slice(1).map(Number) ?? [];
  const [day = 1, hour = 0, minute = 0, second = 0, ms = 0] = rest;
  return Date.UTC(year, month - 1, day, hour, minute, second, ms);
}
