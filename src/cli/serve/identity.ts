import type { Schedule } from '../../schedule/schedule.js';

/** What makes a schedule another one: what it was served for does not count for that. */
export function identityOf({ kind, expression, zone }: Schedule): string {
  return `${kind} ${expression} ${zone}`;
}
