import type { NamedStep } from '../../declare/declaration.js';
import { fieldsOfSteps } from '../../expression/fields.js';

type Fields = Readonly<Record<string, unknown>>;

/** The result of a step that has done nothing: `output` is absent. */
export function emptyResult(kind: NamedStep['kind'], outcome: string): Fields {
  const fields = Object.entries(fieldsOfSteps[kind]).filter(([, { is }]) => is === 'number');
  return { outcome, ...Object.fromEntries(fields.map(([name]) => [name, 0])) };
}

/** Takes a result with exactly its fields from what lies at the path. */
export function resultFrom(kind: NamedStep['kind'], path: string, ...more: readonly string[]): Fields {
  const names = [...Object.keys(fieldsOfSteps[kind]).filter((name) => name !== 'output'), ...more];
  return Object.fromEntries(names.map((name) => [`${name}.$`, `${path}.${name}`]));
}
