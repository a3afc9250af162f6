import type { Attribute } from '../../values/cell.js';
import { parseDecimal } from '../../values/decimal.js';

/** Deeper than any item: DynamoDB nests 32 levels. */
const MAX_DEPTH = 100;

const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = (value: unknown): boolean => typeof value === 'string' && parseDecimal(value) !== undefined;
const isList = (value: unknown, isMember: (member: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(isMember);

type IsValue = (value: unknown, depth: number) => boolean;

/** By the attribute's type. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html */
const values: Readonly<Record<string, IsValue>> = {
  S: isText,
  N: isNumber,
  B: isText,
  BOOL: (value) => typeof value === 'boolean',
  NULL: (value) => value === true,
  SS: (value) => isList(value, isText),
  NS: (value) => isList(value, isNumber),
  BS: (value) => isList(value, isText),
  L: (value, depth) => isList(value, (member) => isAttribute(member, depth + 1)),
  M: (value, depth) => isObject(value) && Object.values(value).every((one) => isAttribute(one, depth + 1)),
};

/** Whether parsed JSON is an attribute value, with all that it holds. */
export function isAttribute(value: unknown, depth = 0): value is Attribute {
  if (!isObject(value) || depth > MAX_DEPTH) return false;
  const [type, ...others] = Object.keys(value);
  if (type === undefined || others.length > 0 || !Object.hasOwn(values, type)) return false;
  return values[type]?.(value[type], depth) ?? false;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
