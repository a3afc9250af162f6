import type { DriftFinding } from '../transform/drift.js';

/** One finding in words: names and counts, never values. */
export function driftText({ path, what, rows, of, kinds = {}, before = 0 }: DriftFinding): string {
  const types = Object.entries(kinds)
    .map(([kind, times]) => `${times} ${kind}`)
    .join(', ');
  switch (what) {
    case 'new':
      return `${path} is new: ${rows} of ${of} (${types})`;
    case 'type':
      return `${path} is of another type: ${types}`;
    case 'nulls':
      return `${path} is NULL in ${rows} of ${of}; it was in ${Math.round(before * 100)}% of the first`;
    case 'absent':
      return `${path} is absent in ${rows} of ${of}; it was in ${Math.round(before * 100)}% of the first`;
  }
}
