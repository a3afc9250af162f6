import type { AtSchedule, Parsed, ScheduleProblem } from './schedule.js';
import { instantsOf, localText, localTime } from './zone.js';

const rule = 'a time is a date and a time of day in the zone';
const example = '2026-12-31T06:00:00';

/**
 * Reads `2026-12-31T06:00:00`; the seconds may be left out. A time that the clock shows twice is the first of both. AWS
 * does not say what it makes of a time that the clock jumps over: it is refused.
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#one-time
 */
export function parseAt(text: string, zone: string): Parsed<AtSchedule> {
  const trimmed = text.trim();
  const [whole, minutes, seconds = ':00', sign] =
    /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(:\d{2})?(Z|[+-]\d{2}:?\d{2})?$/.exec(trimmed) ?? [];
  if (whole === undefined) return refused(notATime(trimmed), spaced(trimmed));
  const expression = `${minutes}${seconds}`;
  const local = localOf(expression);
  if (local === undefined) {
    return refused(`"${trimmed}" is not a time: the calendar or the clock lacks it`, undefined);
  }
  if (sign !== undefined)
    return refused(`"${trimmed}" has an offset; the field \`zone\` says where the clock is`, expression);
  const [instant] = instantsOf(zone, local);
  if (instant === undefined) {
    const after = localText(localTime(zone, afterGap(zone, local)));
    return refused(`"${trimmed}" does not exist in ${zone}: the clock jumps over it`, after);
  }
  return { schedule: Object.freeze({ kind: 'at', expression, zone, instant }), notes: [] };
}

function notATime(text: string): string {
  return text.length > 60 ? 'the text is not a time' : `"${text}" is not a time`;
}

/** `2026-12-31 06:00` with the T that belongs there, and `2026-12-31` with a time. */
function spaced(text: string): string | undefined {
  const [, date, time = '00:00', seconds = ':00'] =
    /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(:\d{2})?)?$/.exec(text) ?? [];
  const moment = `${date}T${time}${seconds}`;
  return date !== undefined && localOf(moment) !== undefined ? moment : undefined;
}

/** Undefined for a day that the calendar lacks. */
function localOf(text: string): number | undefined {
  const local = Date.parse(`${text}Z`);
  return !Number.isNaN(local) && localText(local) === text ? local : undefined;
}

/** A clock that was not put forward would show the time at this instant. */
function afterGap(zone: string, local: number): number {
  const before = local - 26 * 3_600_000;
  return local - (localTime(zone, before) - before);
}

function refused(
  message: string,
  instead: string | undefined,
): { readonly problems: readonly ScheduleProblem[] } {
  return { problems: [{ field: 'at', message, hint: `${rule}: "${instead ?? example}"` }] };
}
