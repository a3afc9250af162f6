import type { Reference } from '../../expression/expression.js';
import { referenceIn } from '../../expression/template.js';
import { NotDrawable } from './not-drawable.js';

type PathOf = (reference: Reference) => string;

/** A call's input as the payload of a Task: texts that are references become paths. Throws `NotDrawable`. */
export function payloadOf(input: unknown, pathOf: PathOf): Readonly<Record<string, unknown>> {
  const reference = typeof input === 'string' ? pathIn(input, pathOf) : undefined;
  return reference === undefined ? { Payload: payload(input, pathOf) } : { 'Payload.$': reference };
}

function payload(value: unknown, pathOf: PathOf): unknown {
  if (Array.isArray(value)) return value.map((part) => payload(part, pathOf));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => field(name, part, pathOf)));
}

function field(name: string, value: unknown, pathOf: PathOf): readonly [string, unknown] {
  if (name.endsWith('.$')) {
    throw new NotDrawable(
      `a field of \`input\` is named ${JSON.stringify(name)}`,
      'names that end in .$ mean paths there',
    );
  }
  const path = typeof value === 'string' ? pathIn(value, pathOf) : undefined;
  if (path !== undefined) return [`${name}.$`, path];
  if (Array.isArray(value) && value.some((part) => holdsReference(part))) {
    return [`${name}.$`, `States.Array(${value.map((part) => argument(part, pathOf)).join(', ')})`];
  }
  return [name, payload(value, pathOf)];
}

/** An argument of an intrinsic function: https://states-language.net/spec.html#appendix-b */
function argument(value: unknown, pathOf: PathOf): string {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') {
    const path = pathIn(value, pathOf);
    if (path !== undefined) return path;
    if (/^[^'\\{}]*$/.test(value)) return `'${value}'`;
  }
  throw new NotDrawable(
    'a list in `input` holds references beside what cannot stand there in a state machine',
    "beside {{ … }}, such a list can hold numbers, and texts without ' \\ { }",
  );
}

function pathIn(text: string, pathOf: PathOf): string | undefined {
  const found = referenceIn(text);
  return found && 'reference' in found ? pathOf(found.reference) : undefined;
}

function holdsReference(value: unknown): boolean {
  if (typeof value === 'string') return referenceIn(value) !== undefined;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsReference);
}
