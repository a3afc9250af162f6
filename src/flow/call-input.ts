import { operandValue } from '../expression/evaluate.js';
import { referenceIn } from '../expression/template.js';
import type { Values } from '../expression/values.js';
import { type Course, expressionValues } from './course.js';

/** A call's input with the values in place of the references. */
export function resolveInput(course: Course, input: unknown): unknown {
  return resolved(input, expressionValues(course));
}

function resolved(input: unknown, values: Values): unknown {
  if (typeof input === 'string') {
    const found = referenceIn(input);
    return found && 'reference' in found ? operandValue(found.reference, values) : input;
  }
  if (Array.isArray(input)) return input.map((part: unknown) => resolved(part, values));
  if (typeof input !== 'object' || input === null) return input;
  return Object.fromEntries(Object.entries(input).map(([key, part]) => [key, resolved(part, values)]));
}
