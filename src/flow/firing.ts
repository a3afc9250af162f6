import type { Declaration } from '../declare/declaration.js';
import type { Firing } from '../values/firing.js';

/** What a run acts for where nothing else is known: the present moment, and no interval. */
export function firingNow({ schedule }: Pick<Declaration, 'schedule'>, now = new Date()): Firing {
  return { time: now.toISOString(), zone: schedule?.zone ?? 'UTC' };
}
