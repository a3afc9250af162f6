import { type Decimal, parseDecimal, plainDecimal } from '../../values/decimal.js';
import type { Problem } from './problem.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html */
export const MAX_DIGITS = 38;
const MAX_POWER = 125;
const MIN_POWER = -130;

const plainInteger = /^(?:0|-?[1-9]\d{0,37})$/;
const plainFraction = /^-?\d{1,19}\.\d{1,19}$/;

const notANumber: Problem = { code: 'value_type', message: 'not a number' };
const tooManyDigits: Problem = {
  code: 'value_inexact',
  message: `more than ${MAX_DIGITS} significant digits, which DynamoDB would refuse`,
};
const outOfRange: Problem = {
  code: 'value_range',
  message: 'outside the range of a DynamoDB number (1E-130 to 9.9…E+125, both signs, and 0)',
};

/** Why a number's text cannot be an `N` as it is; undefined where it can. */
export function numberProblem(text: string): Problem | undefined {
  if (plainInteger.test(text) || plainFraction.test(text)) return undefined;
  const decimal = parseDecimal(text);
  return decimal ? decimalProblem(decimal) : notANumber;
}

function decimalProblem(decimal: Decimal): Problem | undefined {
  if (decimal.digits === '') return undefined;
  if (decimal.digits.length > MAX_DIGITS) return tooManyDigits;
  const power = decimal.digits.length + decimal.exponent - 1;
  return power > MAX_POWER || power < MIN_POWER ? outOfRange : undefined;
}

/** The one spelling of a number as a key, in plain notation: `1.5` for `1.50` and `15e-1`. Needs a valid `N`. */
export function keyNumber(text: string): string {
  if (plainInteger.test(text)) return text;
  const decimal = parseDecimal(text);
  if (!decimal) return text;
  return plainDecimal(decimal, Math.max(0, -decimal.exponent)) ?? text;
}

/** Bytes that a number counts towards an item's size. */
export function numberSize(text: string): number {
  const decimal = parseDecimal(text);
  if (!decimal) return text.length;
  return Math.ceil(decimal.digits.length / 2) + 1 + (decimal.negative ? 1 : 0);
}

/** Whether one number is less than another. Both must be valid. */
export function isLess(one: string, other: string): boolean {
  const [a, b] = [parseDecimal(one), parseDecimal(other)];
  if (!a || !b) return false;
  if (a.digits === '' || b.digits === '' || a.negative !== b.negative) return signOf(a) < signOf(b);
  return a.negative ? isSmaller(b, a) : isSmaller(a, b);
}

function signOf({ negative, digits }: Decimal): number {
  if (digits === '') return 0;
  return negative ? -1 : 1;
}

function isSmaller(one: Decimal, other: Decimal): boolean {
  const power = (decimal: Decimal) => decimal.digits.length + decimal.exponent;
  if (power(one) !== power(other)) return power(one) < power(other);
  const length = Math.max(one.digits.length, other.digits.length);
  return one.digits.padEnd(length, '0') < other.digits.padEnd(length, '0');
}
