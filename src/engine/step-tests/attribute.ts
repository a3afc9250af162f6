import type { Attribute } from '../../values/cell.js';
import { canonicalNumber } from '../../values/decimal.js';

type Mapping = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === 'string';
const areTexts = (value: unknown): boolean => Array.isArray(value) && value.length > 0 && value.every(isText);

/** Whether what stands under the one key of a mapping makes it an AttributeValue. */
const forms: Readonly<Record<string, (value: unknown) => boolean>> = {
  S: isText,
  N: (value) => isText(value) && canonicalNumber(value) !== undefined,
  B: isText,
  BOOL: (value) => typeof value === 'boolean',
  NULL: (value) => value === true,
  SS: areTexts,
  NS: areTexts,
  BS: areTexts,
  L: (value) => Array.isArray(value) && value.every(isAttribute),
  M: (value) => isMapping(value) && Object.values(value).every(isAttribute),
};

/** Whether it is an AttributeValue as DynamoDB's JSON spells it: `{ N: "8" }`. */
function isAttribute(value: unknown): value is Attribute {
  if (!isMapping(value)) return false;
  const [name, ...more] = Object.keys(value);
  return name !== undefined && more.length === 0 && forms[name]?.(value[name]) === true;
}

/** What a test writes: an AttributeValue, or plain JSON of which numbers are whole. */
export function attributeOf(value: unknown): Attribute {
  if (isAttribute(value)) return value;
  if (value === null || value === undefined) return { NULL: true };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'number' || typeof value === 'bigint') return { N: String(value) };
  if (typeof value === 'string') return { S: value };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  return {
    M: Object.fromEntries(Object.entries(value as Mapping).map(([name, part]) => [name, attributeOf(part)])),
  };
}

/** Equal for attributes that mean the same, whatever the spelling of numbers and the order of names and of sets. */
export function canonicalText(attribute: Attribute): string {
  if ('N' in attribute) return `N${canonicalNumber(attribute.N)}`;
  if ('L' in attribute) return `L[${attribute.L.map(canonicalText).join(',')}]`;
  if ('M' in attribute) {
    const members = Object.entries(attribute.M).map(([name, part]) => [name, canonicalText(part)] as const);
    return `M${JSON.stringify(members.sort(([one], [other]) => (one < other ? -1 : 1)))}`;
  }
  if ('NS' in attribute) return `NS${attribute.NS.map((text) => canonicalNumber(text)).sort()}`;
  if ('SS' in attribute) return `SS${JSON.stringify([...attribute.SS].sort())}`;
  if ('BS' in attribute) return `BS${[...attribute.BS].sort()}`;
  return JSON.stringify(attribute);
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
