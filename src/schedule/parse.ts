import { parseAt } from './at.js';
import { parseCron } from './cron.js';
import { parseRate } from './rate.js';
import type { Parsed, Schedule } from './schedule.js';
import { isZone, zoneLike } from './zone.js';

/** A schedule as a declaration has it: one of three texts, and a name of the time zone database. */
export type ScheduleText =
  | { readonly cron: string; readonly zone: string }
  | { readonly rate: string; readonly zone: string }
  | { readonly at: string; readonly zone: string };

/** Reads a schedule; each text may also be spelled as AWS does: `cron(0 6 * * ? *)`, `rate(15 minutes)`, `at(…)`. */
export function readSchedule(declared: ScheduleText): Parsed<Schedule> {
  const { zone } = declared;
  if (!isZone(zone)) {
    const message = `"${zone}" is not a time zone`;
    const hint = `one looks like ${zoneLike(zone) ?? 'Asia/Tokyo'}`;
    return { problems: [{ field: 'zone', message, hint }] };
  }
  if ('cron' in declared) return parseCron(unwrapped('cron', declared.cron), zone);
  if ('rate' in declared) return parseRate(unwrapped('rate', declared.rate), zone);
  return parseAt(unwrapped('at', declared.at), zone);
}

/**
 * Reads a schedule as EventBridge Scheduler spells it: `cron(0 6 * * ? *)`, `rate(15 minutes)` or
 * `at(2026-12-31T06:00:00)`. A text that is none of these is read as what stands within `cron(…)`.
 */
export function parseSchedule(text: string, zone = 'UTC'): Parsed<Schedule> {
  const kind = (['rate', 'at'] as const).find((each) => text.trim().startsWith(`${each}(`));
  if (kind === 'rate') return readSchedule({ rate: text, zone });
  return readSchedule(kind === 'at' ? { at: text, zone } : { cron: text, zone });
}

/** The schedule of a declaration that has been found right. */
export function scheduleOf(declared: ScheduleText): Schedule {
  const parsed = readSchedule(declared);
  if ('schedule' in parsed) return parsed.schedule;
  throw new Error(`not a schedule: ${parsed.problems.map(({ message }) => message).join('; ')}`);
}

function unwrapped(kind: string, text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith(`${kind}(`) && trimmed.endsWith(')') ? trimmed.slice(kind.length + 1, -1) : text;
}
