import { SluiceError } from '../../errors.js';
import type { Firing } from '../../values/firing.js';

/** Reads `--firing`, by which `sluice serve` says what a run acts for. Throws `usage`. */
export function servedFiring(text: string): Firing {
  try {
    const { time, zone, start, end } = JSON.parse(text) as Partial<Firing>;
    const interval =
      start === undefined && end === undefined ? {} : { start: moment(start), end: moment(end) };
    if (typeof zone === 'string') return { time: moment(time), zone, ...interval };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw wrong();
}

function moment(text: unknown): string {
  const isMoment = typeof text === 'string' && new Date(text).toJSON() === text;
  if (!isMoment) throw wrong();
  return text;
}

function wrong(): SluiceError {
  return new SluiceError('usage', '--firing takes what `sluice serve` writes');
}
