import { randomBytes } from 'node:crypto';

/** A name for a run: sorts by its start, and no two are alike. */
export function newRunName(now = new Date()): string {
  const stamp = now.toISOString().slice(0, 23).replaceAll(/[-:.]/g, '').toLowerCase();
  return `${stamp}-${randomBytes(4).toString('hex')}`;
}
