import type { Declaration } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import { firingBefore, firingsAfter, firingsBetween } from '../schedule/firings.js';
import { scheduleOf } from '../schedule/parse.js';
import type { Schedule } from '../schedule/schedule.js';
import { localText, localTime } from '../schedule/zone.js';
import type { Firing, FiringValues } from '../values/firing.js';
import { instantsNamed } from './moment.js';

type Scheduled = Pick<Declaration, 'schedule'>;

/** More runs than this of one command are a mistake. */
const MAX_FIRINGS = 10_000;

/** What a person asks a run to act for: one firing, or those after one moment and up to another. */
export interface FiringRequest {
  readonly at?: string | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

export function isAsked({ at, from, to }: FiringRequest): boolean {
  return at !== undefined || from !== undefined || to !== undefined;
}

/**
 * What a run acts for when nobody says: the schedule's latest firing; without a schedule, and before its first
 * firing, the present moment and no interval.
 */
export function firingNow({ schedule }: Scheduled, now = new Date()): Firing {
  const zone = schedule?.zone ?? 'UTC';
  if (schedule) {
    const parsed = scheduleOf(schedule);
    const latest = firingBefore(parsed, now.getTime() + 1);
    if (latest !== undefined) return firingAt(parsed, latest);
  }
  return { time: now.toISOString(), zone };
}

/** The schedule's firing at an instant (epoch milliseconds), which must be one of its firings. */
function firingAt(schedule: Schedule, instant: number): Firing {
  const before = firingBefore(schedule, instant);
  const time = new Date(instant).toISOString();
  const interval = before === undefined ? {} : { start: new Date(before).toISOString(), end: time };
  return { time, ...interval, zone: schedule.zone };
}

/**
 * The firings that were asked for, each for a run of its own, in order; at least one. Throws `usage` for what is no
 * time, no firing of the schedule, or a range without any.
 */
export function firingsAsked(
  declaration: Scheduled,
  request: FiringRequest,
  now = new Date(),
): readonly Firing[] {
  const { at, from, to } = request;
  if (at !== undefined) {
    if (from !== undefined || to !== undefined) throw wrong('--at and --from … --to exclude each other');
    return [firingNamed(declaration, at)];
  }
  if (from === undefined && to === undefined) return [firingNow(declaration, now)];
  if (from === undefined || to === undefined) {
    throw wrong('--from and --to go together', 'run FILE --from 2026-11-01 --to 2026-11-08');
  }
  return firingsOfRange(declaration, from, to, now);
}

function firingNamed({ schedule }: Scheduled, at: string): Firing {
  const zone = schedule?.zone ?? 'UTC';
  const instants = instantsNamed(at, zone);
  if (!schedule) return { time: new Date(instants[0]).toISOString(), zone };
  const parsed = scheduleOf(schedule);
  const found = instants.find((instant) => !firingsBetween(parsed, instant, instant + 1).next().done);
  if (found !== undefined) return firingAt(parsed, found);
  throw noFiring(parsed, instants[0], at);
}

function noFiring(schedule: Schedule, instant: number, at: string): SluiceError {
  const before = firingBefore(schedule, instant);
  const [after] = firingsAfter(schedule, instant, 1);
  const nearest = [before, after].filter((one) => one !== undefined).map((one) => told(schedule, one));
  const hint =
    nearest.length === 0 ? 'the schedule has no firings' : `the nearest are ${nearest.join(' and ')}`;
  return wrong(`the schedule does not fire at ${at}`, hint);
}

function told({ zone }: Schedule, instant: number): string {
  const utc = new Date(instant).toISOString().replace('.000Z', 'Z');
  return zone === 'UTC' ? utc : `${localText(localTime(zone, instant))} (${utc})`;
}

function firingsOfRange({ schedule }: Scheduled, from: string, to: string, now: Date): readonly Firing[] {
  const zone = schedule?.zone ?? 'UTC';
  const [start] = instantsNamed(from, zone);
  const [end] = instantsNamed(to, zone);
  if (start >= end) throw wrong('--from is not before --to');
  const range = [new Date(start).toISOString(), new Date(end).toISOString()] as const;
  if (!schedule) return [{ time: now.toISOString(), start: range[0], end: range[1], zone, range }];
  const parsed = scheduleOf(schedule);
  const firings: Firing[] = [];
  for (const instant of firingsBetween(parsed, start + 1, end + 1)) {
    firings.push({ ...firingAt(parsed, instant), range });
    if (firings.length > MAX_FIRINGS) throw wrong(`more than ${MAX_FIRINGS} firings lie in the range`);
  }
  if (firings.length > 0) return firings;
  throw noFiring(parsed, end, `any time after ${from} and up to ${to}`);
}

/** Whether two runs act for the same: a run without an interval acts for whenever it began. */
export function sameFiring(one: Firing, other: Firing): boolean {
  if (one.start !== other.start || one.end !== other.end) return false;
  return one.start !== undefined || one.time === other.time;
}

/** For people: `2026-11-01T06:00:00.000Z`, or the interval where it is another. */
export function firingText({ time, start, end }: Firing): string {
  return start === undefined || end === time ? time : `${start} to ${end}`;
}

/** What `{{ firing.… }}` stands for. */
export function firingValues({ time, start, end, zone }: Firing): FiringValues {
  return {
    time,
    localTime: localOf(zone, time),
    ...(start === undefined ? {} : { start, localStart: localOf(zone, start) }),
    ...(end === undefined ? {} : { end, localEnd: localOf(zone, end) }),
  };
}

function localOf(zone: string, instant: string): string {
  return new Date(localTime(zone, Date.parse(instant))).toISOString().replace('Z', '');
}

function wrong(message: string, hint?: string): SluiceError {
  return new SluiceError('usage', message, hint === undefined ? {} : { hint });
}
