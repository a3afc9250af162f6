import { createHash } from 'node:crypto';
import { dirname, isAbsolute, relative } from 'node:path';
import type { Declaration } from './declaration.js';

/** Fields whose values are paths that the loader has made absolute. */
const pathFields: ReadonlySet<string> = new Set(['ca', 'file']);

/**
 * The same for two declarations that say the same, wherever the file lies, in YAML or TypeScript, in any order
 * of fields. Row functions count with the program that they are in. 64 hex digits.
 */
export function declarationHash({
  file,
  warnings: _warnings,
  deploy: _deploy,
  ...said
}: Declaration): string {
  const folder = dirname(file);
  const text = JSON.stringify(said, (field, value: unknown) => {
    if (typeof value === 'bigint') return { bigint: String(value) };
    if (typeof value === 'function') return 'function';
    if (pathFields.has(field) && typeof value === 'string' && isAbsolute(value))
      return relative(folder, value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    // Nothing that a run does depends on its tests.
    if ('kind' in value && 'tests' in value) return sorted({ ...value, tests: undefined });
    return sorted(value);
  });
  return createHash('sha256').update(text).digest('hex');
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(byName));
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
