import type { Top } from '../connectors/window.js';
import type { StepWindow } from '../engine/journal.js';
import { SluiceError } from '../errors.js';
import { localTime } from '../schedule/zone.js';

/** `from.since` of a declaration. */
export interface Since {
  readonly column: string;
  /** A duration such as `5m` for times, a number for numbers. */
  readonly lag?: string | number;
  readonly zone?: string;
}

/** Where the runs before have come to. */
export interface Cursor {
  readonly of: string;
  /** Absent where nothing has been read yet. */
  readonly value?: string;
}

const HOUR_MS = 3_600_000;
/** No clock goes back further: the date line moves a day at most. */
const MAX_BACK_HOURS = 26;
const DAY_MICROS = 86_400_000_000n;
const unitSeconds = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/**
 * The window of a run: from where the runs before have come to, up to where the source is now. The upper bound is one
 * that nothing is written below of any more, as far as `lag` goes: a time is cut to the digits that the column holds,
 * and a clock that will go back has gone back already. It never falls behind the cursor.
 * Throws `since_refused`, `declaration_invalid`.
 */
export function nextWindow(
  top: Top,
  since: Since,
  of: string,
  cursor: Cursor | undefined,
  full: boolean,
): StepWindow {
  if (top.nulls) throw hasNulls(since);
  if (cursor !== undefined && cursor.of !== of && !full) throw otherColumn(since);
  const previous = cursor?.of === of ? cursor.value : undefined;
  const from = full ? undefined : previous;
  const upper = top.kind === 'time' ? timeBelow(top, since) : numberUpTo(top, since);
  const to = later(top.kind, upper, previous);
  return {
    kind: top.kind,
    of,
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(previous === undefined ? {} : { previous }),
  };
}

function timeBelow({ now, fraction, isInstant }: Extract<Top, { kind: 'time' }>, since: Since): string {
  if (typeof since.lag === 'number') throw wrongLag(since, 'holds times', '5m');
  if (isInstant && since.zone !== undefined) throw needlessZone(since);
  const milliseconds = Date.parse(`${now.slice(0, 23).replace(' ', 'T')}Z`) - lagSeconds(since.lag) * 1000;
  const shown = milliseconds + (since.zone === undefined ? 0 : leastOffset(since.zone, milliseconds));
  const micros = BigInt(shown) * 1000n + BigInt(now.slice(23, 26));
  const unit = fraction === 'day' ? DAY_MICROS : 10n ** BigInt(6 - fraction);
  const cut = micros - (micros % unit);
  const text = new Date(Number(cut / 1000n)).toISOString().slice(0, 23).replace('T', ' ');
  return text + String(cut % 1000n).padStart(3, '0');
}

/** The least that the zone's clock will be ahead of UTC from this instant on, until no past time can come again. */
function leastOffset(zone: string, instant: number): number {
  const offsets = Array.from({ length: MAX_BACK_HOURS + 1 }, (_, hours) => {
    const then = instant + hours * HOUR_MS;
    return localTime(zone, then) - then;
  });
  return Math.min(...offsets);
}

function lagSeconds(lag: string | undefined): number {
  if (lag === undefined) return 0;
  const unit = lag.slice(-1) as keyof typeof unitSeconds;
  return Number(lag.slice(0, -1)) * unitSeconds[unit];
}

function numberUpTo({ max }: Extract<Top, { kind: 'number' }>, since: Since): string | undefined {
  if (typeof since.lag === 'string') throw wrongLag(since, 'holds numbers', 1000);
  if (since.zone !== undefined) throw needlessZone(since);
  return max === undefined ? undefined : String(BigInt(max) - BigInt(since.lag ?? 0));
}

function later(kind: Top['kind'], one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const isLater = kind === 'time' ? one > other : BigInt(one) > BigInt(other);
  return isLater ? one : other;
}

function hasNulls({ column }: Since): SluiceError {
  return new SluiceError('since_refused', `rows have NULL in ${column}: no window would ever hold them`, {
    path: 'from.since.column',
    hint: `fill the column, or leave such rows out on purpose: where: "${column} IS NOT NULL"`,
  });
}

function otherColumn({ column }: Since): SluiceError {
  return new SluiceError('since_refused', `the cursor of this step is not of ${column} of this table`, {
    path: 'from.since.column',
    hint: 'run with --full to begin from all rows, or give the step another name',
  });
}

function wrongLag({ column }: Since, what: string, example: string | number): SluiceError {
  return new SluiceError('declaration_invalid', `${column} ${what}: its lag is like ${example}`, {
    path: 'from.since.lag',
  });
}

function needlessZone({ column }: Since): SluiceError {
  return new SluiceError(
    'declaration_invalid',
    `${column} has no time zone to tell: it holds instants or numbers`,
    {
      path: 'from.since.zone',
      hint: 'leave `zone` out; it is for DATETIME and DATE',
    },
  );
}

/** For the plan: which values of the column are read. */
export function windowText({ column, lag, zone }: Since, { kind, from, to, previous }: StepWindow): string {
  if (to === undefined) return `since: ${column} holds nothing yet`;
  const upper = kind === 'time' ? `below ${to}` : `up to ${to}`;
  const lower =
    from === undefined
      ? previous === undefined
        ? 'all'
        : 'all again'
      : kind === 'time'
        ? `from ${from}`
        : `above ${from}`;
  const where = kind === 'time' ? ` (${zone ?? 'UTC'})` : '';
  return `since: ${column} ${lower}, ${upper}${where}${lag === undefined ? '' : `; lag ${lag}`}`;
}
