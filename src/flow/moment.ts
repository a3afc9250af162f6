import { SluiceError } from '../errors.js';
import { instantsOf } from '../schedule/zone.js';

const form = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?$/;

/**
 * The instants (epoch milliseconds) that a time on the command line names, the earliest first: one; or two where it
 * has no offset and the zone's clock shows it twice. A date alone is its midnight. Throws `usage` for what is no time
 * and for one that the clock jumps over.
 */
export function instantsNamed(text: string, zone: string): readonly [number, ...number[]] {
  const [, date, minutes = '00:00', seconds = ':00', fraction = '', offset] = form.exec(text.trim()) ?? [];
  const local = date === undefined ? Number.NaN : Date.parse(`${date}T${minutes}${seconds}${fraction}Z`);
  const isReal = !Number.isNaN(local) && new Date(local).toISOString().startsWith(`${date}T${minutes}`);
  if (!isReal) {
    throw new SluiceError('usage', `${JSON.stringify(text)} is not a time`, {
      hint: `2026-11-01T06:00 is one in ${zone}; 2026-11-01T06:00Z is one in UTC`,
    });
  }
  if (offset !== undefined) return [Date.parse(`${date}T${minutes}${seconds}${fraction}${offset}`)];
  const [first, ...others] = instantsOf(zone, local);
  if (first !== undefined) return [first, ...others];
  throw new SluiceError('usage', `${text} does not exist in ${zone}: the clock jumps over it`, {
    hint: 'give it an offset, as in 2026-11-01T06:00+01:00, or a Z for UTC',
  });
}
