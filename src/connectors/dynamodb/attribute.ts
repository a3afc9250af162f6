import type { Attribute } from '../../values/cell.js';
import { canonicalNumber } from '../../values/decimal.js';
import { numberProblem, numberSize } from './numbers.js';
import type { Problem } from './problem.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html, nested attribute depth */
const MAX_DEPTH = 32;

const tooDeep: Problem = { code: 'write_refused', message: `nested deeper than ${MAX_DEPTH} levels` };
const emptySet: Problem = { code: 'write_refused', message: 'an empty set, which DynamoDB refuses' };
const repeated: Problem = { code: 'write_refused', message: 'a set that holds a value twice' };
const malformed: Problem = { code: 'value_type', message: 'not an attribute value' };
const emptyName: Problem = { code: 'write_refused', message: 'a map with an empty name' };

/** Why DynamoDB would refuse an attribute; undefined where it would not. `depth` is that of its parent. */
export function attributeProblem(attribute: Attribute, depth = 0): Problem | undefined {
  if ('S' in attribute) return typeof attribute.S === 'string' ? undefined : malformed;
  if ('N' in attribute) return numberProblem(String(attribute.N));
  if ('B' in attribute) return typeof attribute.B === 'string' ? undefined : malformed;
  if ('BOOL' in attribute) return typeof attribute.BOOL === 'boolean' ? undefined : malformed;
  if ('NULL' in attribute) return undefined;
  if ('L' in attribute) return nestedProblem(attribute.L, depth);
  if ('M' in attribute) {
    if (Object.hasOwn(attribute.M, '')) return emptyName;
    return nestedProblem(Object.values(attribute.M), depth);
  }
  return setProblem(attribute);
}

function nestedProblem(values: readonly Attribute[], depth: number): Problem | undefined {
  if (depth + 1 > MAX_DEPTH) return tooDeep;
  for (const value of values) {
    const problem = attributeProblem(value, depth + 1);
    if (problem) return problem;
  }
  return undefined;
}

function setProblem(attribute: Attribute): Problem | undefined {
  if ('SS' in attribute) return listProblem(attribute.SS, attribute.SS);
  if ('BS' in attribute) return listProblem(attribute.BS, attribute.BS);
  if (!('NS' in attribute)) return malformed;
  for (const number of attribute.NS) {
    const problem = numberProblem(number);
    if (problem) return problem;
  }
  return listProblem(attribute.NS, attribute.NS.map(canonicalNumber));
}

function listProblem(values: readonly string[], canonical: readonly unknown[]): Problem | undefined {
  if (values.length === 0) return emptySet;
  return new Set(canonical).size < values.length ? repeated : undefined;
}

/** Bytes of a list or map besides its members, and for each member. */
const CONTAINER_BYTES = 3;
const MEMBER_BYTES = 1;

/**
 * Bytes that a value counts towards an item's size.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function attributeSize(attribute: Attribute): number {
  if ('S' in attribute) return Buffer.byteLength(attribute.S);
  if ('N' in attribute) return numberSize(attribute.N);
  if ('B' in attribute) return base64Size(attribute.B);
  if ('BOOL' in attribute || 'NULL' in attribute) return 1;
  if ('SS' in attribute) return sum(attribute.SS, (text) => Buffer.byteLength(text));
  if ('NS' in attribute) return sum(attribute.NS, numberSize);
  if ('BS' in attribute) return sum(attribute.BS, base64Size);
  if ('L' in attribute) {
    return CONTAINER_BYTES + sum(attribute.L, (value) => attributeSize(value) + MEMBER_BYTES);
  }
  const members = Object.entries(attribute.M);
  const size = ([name, value]: [string, Attribute]) => Buffer.byteLength(name) + attributeSize(value);
  return CONTAINER_BYTES + sum(members, (member) => size(member) + MEMBER_BYTES);
}

function base64Size(text: string): number {
  return Buffer.byteLength(text, 'base64');
}

function sum<T>(values: readonly T[], size: (value: T) => number): number {
  let total = 0;
  for (const value of values) total += size(value);
  return total;
}
