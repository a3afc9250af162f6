/**
 * Clocks of time zones. An instant is epoch milliseconds. A local time is what a clock on the wall shows, as the
 * epoch milliseconds that it would be in UTC; with its zone it names no instant (the clock jumped over it), one, or
 * two (the clock went back). The rules are those of the time zone database in this Node, as EventBridge Scheduler
 * takes them: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#time-zones
 */

const HOUR_MS = 3_600_000;

/** No clock goes back further: the date line moves a day at most. */
const MAX_BACK_MS = 26 * HOUR_MS;

/** Offsets are asked for at these distances from a local time read as UTC: a change of clocks lies between them. */
const PROBES_MS = [-26, -12, 0, 12, 26].map((hours) => hours * HOUR_MS);

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Three letters that ICU takes for zones and the zone database does not have: BST is Dhaka's time there. */
const icuOnly: ReadonlySet<string> = new Set(
  'ACT AET AGT ART AST BET BST CAT CNT CST CTT EAT ECT IET IST JST MIT NET NST PLT PNT PRT PST SST VST'.split(
    ' ',
  ),
);

/** Names of the zone database only: `+09:00` would be accepted by Intl too, and has no summer time. */
export function isZone(text: string): boolean {
  // The list is fast and lacks older names, such as UTC; a formatter knows them all and takes 20 ms to make.
  if (Intl.supportedValuesOf('timeZone').includes(text)) return true;
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/.test(text) || icuOnly.has(text)) return false;
  if (namesLike(text).length > 0) return false;
  try {
    return formatterOf(text).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** The name that was probably meant: in another case, or with its continent. */
export function zoneLike(text: string): string | undefined {
  const [same] = namesLike(text);
  if (same !== undefined) return same;
  const city = text.replaceAll(' ', '_').toLowerCase();
  return Intl.supportedValuesOf('timeZone').find((name) => name.toLowerCase().split('/').at(-1) === city);
}

/** Intl takes names in any case; the zone database, and AWS with it, does not. */
function namesLike(text: string): readonly string[] {
  const lower = text.toLowerCase();
  return Intl.supportedValuesOf('timeZone').filter((name) => name.toLowerCase() === lower);
}

/** What a clock in the zone shows at an instant. */
export function localTime(zone: string, instant: number): number {
  if (zone === 'UTC') return instant;
  const parts = Object.fromEntries(
    formatterOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const within = ((instant % 1000) + 1000) % 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second) + within;
}

/** Local time minus UTC, in milliseconds. */
function offsetAt(zone: string, instant: number): number {
  return localTime(zone, instant) - instant;
}

/** The instants at which a clock in the zone shows a local time, the earliest first: none, one or two. */
export function instantsOf(zone: string, local: number): readonly number[] {
  if (zone === 'UTC') return [local];
  const offsets = new Set(PROBES_MS.map((probe) => offsetAt(zone, local + probe)));
  const instants = [...offsets].map((offset) => local - offset);
  return instants.filter((instant) => localTime(zone, instant) === local).sort((a, b) => a - b);
}

/** The latest local time that the zone's clock has shown up to an instant: later than now where it has gone back. */
export function latestLocalTime(zone: string, instant: number): number {
  const back = offsetAt(zone, instant - MAX_BACK_MS) - offsetAt(zone, instant);
  return localTime(zone, instant) + Math.max(0, back);
}

/** `2026-12-31T06:00:00`. */
export function localText(local: number): string {
  return new Date(local).toISOString().slice(0, 19);
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(zone, made);
  return made;
}
