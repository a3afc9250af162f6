import { isLosslessNumber, parse } from 'lossless-json';
import { canonicalNumber } from '../../values/decimal.js';

/**
 * The one spelling of JSON text that documents of equal value share: members by name, no spaces, numbers by value.
 * `asDoubles`: as MySQL's own type stores numbers. Text that is no JSON stays as it is.
 */
export function comparableJson(text: string, asDoubles: boolean): string {
  try {
    return spelled(parse(text), asDoubles);
  } catch (error) {
    if (error instanceof SyntaxError) return text;
    throw error;
  }
}

function spelled(value: unknown, asDoubles: boolean): string {
  if (isLosslessNumber(value)) return numberText(value.value, asDoubles);
  if (Array.isArray(value)) return `[${value.map((element) => spelled(element, asDoubles)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${spelled(member, asDoubles)}`).join(',')}}`;
}

const wholeForm = /^-?\d{1,19}$/;

function numberText(text: string, asDoubles: boolean): string {
  const stored = asDoubles && !wholeForm.test(text) ? String(Number(text)) : text;
  return canonicalNumber(stored) ?? stored;
}
