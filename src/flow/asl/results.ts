import type { NamedStep } from '../../declare/declaration.js';
import { fieldsOfSteps } from '../../expression/fields.js';

type Fields = Readonly<Record<string, unknown>>;

/** The result of a step that has done nothing: numbers are 0, an output is null. */
export function emptyResult(kind: NamedStep['kind'], outcome: string): Fields {
  const fields = Object.entries(fieldsOfSteps[kind]).map(([name, { is }]) => [
    name,
    is === 'number' ? 0 : null,
  ]);
  return { ...Object.fromEntries(fields), outcome };
}

/** Takes a result with exactly its fields from what lies at the path. */
export function resultFrom(kind: NamedStep['kind'], path: string, ...more: readonly string[]): Fields {
  const names = [...Object.keys(fieldsOfSteps[kind]).filter((name) => name !== 'output'), ...more];
  return Object.fromEntries(names.map((name) => [`${name}.$`, `${path}.${name}`]));
}
