import type { Reference } from '../../expression/expression.js';
import { NotDrawable } from './not-drawable.js';

/**
 * The one object that goes through the machine: `{ run, firing, steps, nothing }`. `firing` has all its fields (those
 * that are absent are null), `steps` an entry for each step from the beginning, with the outcome `pending`; `nothing`
 * is null, since a Pass state cannot write one down.
 */
export const contextFields = {
  'run.$': '$.run',
  'firing.$': '$.firing',
  'steps.$': '$.steps',
  'nothing.$': '$.nothing',
} as const;

export const nothing = '$.nothing';

/** Where the result of a step, or one of its fields, lies. */
export function resultPath(label: string, ...fields: readonly (string | number)[]): string {
  return pathOf(['steps', label, ...fields]);
}

/** A JSONPath from the root. Throws `NotDrawable` for names that not every reader of JSONPath takes between quotes. */
export function pathOf(parts: readonly (string | number)[]): string {
  return `$${parts.map(partOf).join('')}`;
}

function partOf(part: string | number): string {
  if (typeof part === 'number') return `[${part}]`;
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(part)) return `.${part}`;
  if (/^[\p{L}\p{N}_ -]+$/u.test(part)) return `['${part}']`;
  const hint = 'names of letters, digits, spaces, _ and - can be';
  throw new NotDrawable(`the name ${JSON.stringify(part)} cannot be referred to in a state machine`, hint);
}

/** What a reference reads. */
export function referencePath(reference: Reference, labelOf: (step: string) => string): string {
  return reference.kind === 'firing'
    ? pathOf(['firing', reference.field])
    : resultPath(labelOf(reference.step), ...reference.path);
}
