import type { Firing } from '../values/firing.js';
import {
  type Comparison,
  type ComparisonOperator,
  type Expression,
  type FiringField,
  type FiringReference,
  firingFields,
  type Literal,
  type Operand,
  type Reference,
  type StepReference,
} from './expression.js';
import { instantOf, typesOfFiring } from './fields.js';
import type { Values } from './values.js';

/**
 * Whether a condition is true. Never throws: what is not there is null; a value that is neither true nor false
 * is not true; values of different types are unequal, and neither is less than the other.
 */
export function evaluate(expression: Expression, values: Values): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.of.every((part) => evaluate(part, values));
    case 'or':
      return expression.of.some((part) => evaluate(part, values));
    case 'not':
      return !evaluate(expression.of, values);
    case 'comparison':
      return compare(expression, values);
    case 'in':
      return expression.list.some((literal) =>
        compare({ kind: 'comparison', operator: '==', left: expression.left, right: literal }, values),
      );
    default:
      return operandValue(expression, values) === true;
  }
}

/** What a reference or a literal stands for; null where there is nothing. */
export function operandValue(operand: Operand, values: Values): unknown {
  if (operand.kind === 'literal') return operand.value;
  const value = operand.kind === 'step' ? stepValue(operand, values) : firingValue(operand, values);
  return value ?? null;
}

function stepValue({ step, path }: StepReference, { steps }: Values): unknown {
  let value: unknown = steps.get(step);
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return null;
    // A list has places and no names: not its length either.
    if (Array.isArray(value) !== (typeof part === 'number')) return null;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** All that expressions may ask of a firing; null where there is nothing. */
export function firingContext(firing: Firing): Readonly<Record<FiringField, unknown>> {
  const values = { steps: new Map(), firing };
  const fields = firingFields.map((field) => [field, operandValue({ kind: 'firing', field }, values)]);
  return Object.fromEntries(fields) as Record<FiringField, unknown>;
}

function firingValue({ field }: FiringReference, { firing }: Values): unknown {
  if (field === 'time' || field === 'start' || field === 'end') return firing[field];
  const parts = partsOf(firing.time, firing.zone);
  return field === 'weekday' ? parts.get('weekday')?.toUpperCase() : Number(parts.get(field));
}

/** An instant as a calendar and a clock on the wall of the zone show it. */
function partsOf(instant: string, zone: string): ReadonlyMap<string, string> {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    calendar: 'gregory',
    weekday: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  return new Map(format.formatToParts(new Date(instant)).map(({ type, value }) => [type, value]));
}

function compare({ operator, left, right }: Comparison, values: Values): boolean {
  const isInstant = [left, right].some(isMoment);
  const [one, other] = [left, right].map((operand) => {
    const value = operandValue(operand, values);
    return isInstant ? asInstant(value) : value;
  });
  return ordered(operator, one, other);
}

/** Milliseconds since 1970, which no number of an output is: that equals nothing and has no order. */
function asInstant(value: unknown): unknown {
  if (typeof value === 'number') return Number.NaN;
  return typeof value === 'string' ? (instantOf(value) ?? value) : value;
}

function isMoment(operand: Operand): operand is Reference {
  return operand.kind === 'firing' && typesOfFiring[operand.field]?.is === 'moment';
}

function ordered(operator: ComparisonOperator, one: unknown, other: unknown): boolean {
  if (operator === '==') return one === other;
  if (operator === '!=') return one !== other;
  if (!isOrdered(one) || !isOrdered(other) || typeof one !== typeof other) return false;
  if (operator === '<') return one < other;
  if (operator === '<=') return one <= other;
  return operator === '>' ? one > other : one >= other;
}

function isOrdered(value: unknown): value is NonNullable<Literal['value']> {
  return typeof value === 'number' || typeof value === 'string';
}
