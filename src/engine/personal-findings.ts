import type { Finding } from '../connectors/connector.js';
import type { CopyStep } from '../declare/declaration.js';
import { looksPersonal } from '../transform/mask/personal.js';
import type { Column } from '../values/column.js';

/**
 * Columns that look as if they held personal data and are not masked: a note, or a warning where the step masks
 * others, since this one was probably forgotten.
 */
export function personalFindings(
  { mask, from, to }: Pick<CopyStep, 'mask' | 'from' | 'to'>,
  columns: readonly Column[],
): readonly Finding[] {
  if (mask === undefined && from.connection === to.connection) return [];
  const named = new Set(Object.keys(mask ?? {}).map((path) => path.split('.')[0]));
  const forgotten = columns.map(({ name }) => name).filter((name) => looksPersonal(name) && !named.has(name));
  if (forgotten.length === 0) return [];
  const message = `looks like personal data and is not masked: ${forgotten.join(', ')}`;
  if (mask === undefined) return [{ level: 'note', code: 'note', message, path: 'mask' }];
  const hint = 'add it to mask, or leave it out with map: { drop: [ … ] }';
  return [{ level: 'warn', code: 'note', message, hint, path: 'mask' }];
}
