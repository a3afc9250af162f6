import type { Declaration } from '../declare/declaration.js';
import { SluiceError } from '../errors.js';
import type { PipelineState } from '../journal/state.js';
import { type Moment, momentsAfter } from '../schedule/firings.js';
import { scheduleOf } from '../schedule/parse.js';
import { type Schedule, startingAt } from '../schedule/schedule.js';
import { instantsOf, localText } from '../schedule/zone.js';
import { hereZone, utcText, wallText, wallTextAt, zonedText } from './clock-text.js';
import { exitStatus } from './exit-status.js';
import type { Io } from './io.js';
import { identityOf } from './serve/identity.js';
import { openState } from './session.js';
import { table } from './text.js';

export interface NextOptions {
  readonly n: number;
  /** ISO 8601; without an offset it is a time in the schedule's zone. */
  readonly from?: string | undefined;
  readonly state?: string | undefined;
  readonly json?: boolean | undefined;
}

const MAX_FIRINGS = 10_000;

/** `sluice next`: the firings from a moment on, and what the clocks do to them. Gives the exit status. */
export async function showNext(declaration: Declaration, io: Io, options: NextOptions): Promise<number> {
  const { n, json = false } = options;
  if (!Number.isInteger(n) || n < 1 || n > MAX_FIRINGS) {
    throw new SluiceError('usage', `-n takes a whole number from 1 to ${MAX_FIRINGS}`);
  }
  const declared = declaredSchedule(declaration);
  const from = options.from === undefined ? Date.now() : momentIn(options.from, declared.zone);
  const schedule = await startedAt(declared, from, await openState(declaration, io, options.state));
  const lines = nextLines(schedule, from, n);
  if (json) sayEvents(lines, schedule, declaration.pipeline, io);
  else io.out(linesText(lines, schedule, declaration.pipeline, n));
  return exitStatus.complete;
}

/** Throws `usage` where the declaration has none. */
export function declaredSchedule({ schedule, pipeline }: Declaration): Schedule {
  if (schedule) return scheduleOf(schedule);
  throw new SluiceError('usage', `pipeline ${pipeline} has no schedule`, {
    hint: 'give it one: schedule: { cron: "0 6 * * ? *", zone: Europe/Berlin }',
  });
}

/** A rate counts from when it was first served; before that, from the moment that is asked about. */
async function startedAt(schedule: Schedule, from: number, state: PipelineState): Promise<Schedule> {
  if (schedule.kind !== 'rate') return schedule;
  const served = await state.served.read();
  const isKnown = served?.schedule === identityOf(schedule);
  return startingAt(schedule, isKnown ? Date.parse(served.start) : from);
}

/** Throws `usage` for what is no moment. */
function momentIn(text: string, zone: string): number {
  const [, date, time = 'T00:00', seconds = ':00', offset] =
    /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2})?(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? [];
  const local = `${date}${time}${seconds}`;
  const instant = Date.parse(`${local}${offset ?? 'Z'}`);
  const isTime = !Number.isNaN(instant) && localText(Date.parse(`${local}Z`)) === local;
  if (date === undefined || !isTime) {
    throw new SluiceError('usage', `${text} is not a time`, {
      hint: '--from takes 2026-12-31T06:00 in the zone, or with Z or an offset such as +09:00',
    });
  }
  if (offset !== undefined) return instant;
  return instantsOf(zone, instant)[0] ?? instantsOf(zone, instant + 3_600_000)[0] ?? instant;
}

/** A firing, or a series of times that the clock jumps over: all of one day. */
type Line =
  | { readonly kind: 'fires'; readonly moment: Moment; readonly instant: number }
  | { readonly kind: 'skipped'; readonly first: number; readonly last: number; readonly count: number };

function nextLines(schedule: Schedule, from: number, n: number): readonly Line[] {
  const lines: Line[] = [];
  let firings = 0;
  for (const moment of momentsAfter(schedule, from - 1)) {
    const before = lines.at(-1);
    if (moment.instant !== undefined) {
      lines.push({ kind: 'fires', moment, instant: moment.instant });
      firings++;
    } else if (before?.kind === 'skipped') {
      lines[lines.length - 1] = { ...before, last: moment.local, count: before.count + 1 };
    } else {
      lines.push({ kind: 'skipped', first: moment.local, last: moment.local, count: 1 });
    }
    if (firings === n) break;
  }
  return lines;
}

function linesText(lines: readonly Line[], schedule: Schedule, pipeline: string, n: number): string {
  const { zone, kind, expression } = schedule;
  const here = hereZone();
  const head = `${pipeline}: ${kind} ${expression}, ${zone}`;
  const fired = lines.filter((line) => line.kind === 'fires').length;
  const end = fired === 0 ? 'never fires any more' : 'no more firings';
  if (lines.length === 0) return `${head}\n${end}`;
  const rows = lines.map((line) => {
    if (line.kind === 'skipped') return [wallText(line.first), '', '', skippedText(line)];
    const { instant, moment } = line;
    return [wallTextAt(zone, instant), wallTextAt(here, instant), utcText(instant), repeatedText(moment)];
  });
  const text = [head, ...table([zone, `here: ${here}`, 'UTC', ''], rows)];
  return [...text, ...(fired < n ? [end] : [])].join('\n');
}

function skippedText({ last, count }: Extract<Line, { kind: 'skipped' }>): string {
  const what = count === 1 ? 'skipped' : `${count} times up to ${wallText(last).slice(4)} skipped`;
  return `${what}: the clock jumps over it`;
}

function repeatedText({ repeated }: Moment): string {
  return repeated === undefined ? '' : `once: the clock shows it again at ${utcText(repeated)}`;
}

function sayEvents(lines: readonly Line[], schedule: Schedule, pipeline: string, io: Io): void {
  const { zone, kind, expression } = schedule;
  const emit = (event: object) => io.out(JSON.stringify(event));
  for (const line of lines) {
    if (line.kind === 'skipped') {
      const [from, to] = [localText(line.first), localText(line.last)];
      emit({ event: 'skipped', pipeline, from, to, count: line.count, zone });
      continue;
    }
    const { instant, moment } = line;
    const { repeated } = moment;
    emit({
      event: 'firing',
      pipeline,
      time: utcText(instant),
      zoned: zonedText(zone, instant),
      local: zonedText(hereZone(), instant),
      ...(repeated === undefined ? {} : { notAgain: utcText(repeated) }),
    });
  }
  const firings = lines.filter((line) => line.kind === 'fires').length;
  emit({ event: 'summary', pipeline, schedule: { [kind]: expression, zone }, firings });
}
