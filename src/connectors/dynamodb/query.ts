import { SluiceError } from '../../errors.js';
import type { Attribute } from '../../values/cell.js';
import { canonicalNumber } from '../../values/decimal.js';
import type { NamePlaceholders, Scalar } from './expression.js';
import type { KeyAttribute } from './key.js';
import { numberProblem } from './numbers.js';
import type { DynamodbSourceOptions } from './options.js';

type Query = NonNullable<DynamodbSourceOptions['query']>;

/** A Query's condition on the key. */
export interface KeyCondition {
  readonly expression: string;
  readonly values: Readonly<Record<string, Attribute>>;
  /** DynamoDB's BETWEEN takes in both ends; `to` is left out: items that have this value are dropped. */
  readonly without?: { readonly name: string; readonly value: Attribute };
}

/**
 * The key condition of a declared query: `sort.from` is taken in, `sort.to` is not.
 * @throws SluiceError declaration_invalid, key_type
 */
export function keyCondition(
  query: Query,
  key: readonly KeyAttribute[],
  names: NamePlaceholders,
): KeyCondition {
  const [partition, sort] = key;
  if (!partition) throw new RangeError('a DynamoDB table has a key');
  const expression = `${names.of(partition.name)} = :kp`;
  const values = { ':kp': keyValue(query.partition, partition) };
  if (!query.sort || Object.keys(query.sort).length === 0) return { expression, values };
  if (!sort) {
    throw invalid(`${query.index === undefined ? 'the table' : `the index ${query.index}`} has no sort key`);
  }
  const condition = sortCondition(query.sort, sort, names.of(sort.name));
  return {
    ...condition,
    expression: `${expression} AND ${condition.expression}`,
    values: { ...values, ...condition.values },
  };
}

function sortCondition(sort: NonNullable<Query['sort']>, key: KeyAttribute, name: string): KeyCondition {
  const given = Object.entries(sort).filter(([, value]) => value !== undefined);
  const range = given.every(([option]) => option === 'from' || option === 'to');
  if (given.length > 1 && !range) throw invalid('sort takes from and to, or equals, or beginsWith');
  const value = (scalar: Scalar) => keyValue(scalar, key);
  if (sort.equals !== undefined)
    return { expression: `${name} = :ks`, values: { ':ks': value(sort.equals) } };
  if (sort.beginsWith !== undefined) {
    if (key.type === 'N') throw invalid(`the sort key ${key.name} is a number: beginsWith is for text`);
    return { expression: `begins_with(${name}, :ks)`, values: { ':ks': value(sort.beginsWith) } };
  }
  if (sort.from === undefined)
    return { expression: `${name} < :kt`, values: { ':kt': value(sort.to ?? null) } };
  if (sort.to === undefined) return { expression: `${name} >= :kf`, values: { ':kf': value(sort.from) } };
  const to = value(sort.to);
  return {
    expression: `${name} BETWEEN :kf AND :kt`,
    values: { ':kf': value(sort.from), ':kt': to },
    without: { name: key.name, value: to },
  };
}

function invalid(message: string): SluiceError {
  return new SluiceError('declaration_invalid', message, { path: 'from.query' });
}

/** A declared value as the key's type has it: a number where it is N, text where it is S, base64 where it is B. */
function keyValue(value: Scalar, key: KeyAttribute): Attribute {
  const text = scalarText(value);
  const fits = text !== undefined && text !== '' && (key.type !== 'N' || numberProblem(text) === undefined);
  if (!fits) {
    throw new SluiceError(
      'key_type',
      `the ${key.role} key ${key.name} is of type ${key.type}, the query's value is not`,
      {
        path: `from.query.${key.role}`,
      },
    );
  }
  if (key.type === 'N') return { N: text };
  return key.type === 'B' ? { B: text } : { S: text };
}

function scalarText(value: Scalar): string | undefined {
  if (value === null || typeof value === 'boolean') return undefined;
  return typeof value === 'object' ? value.N : String(value);
}

/** Whether an item has exactly this scalar value. */
export function hasValue(item: Readonly<Record<string, Attribute>>, name: string, value: Attribute): boolean {
  const found = Object.hasOwn(item, name) ? item[name] : undefined;
  if (found === undefined) return false;
  if ('N' in value) return 'N' in found && canonicalNumber(found.N) === canonicalNumber(value.N);
  return JSON.stringify(found) === JSON.stringify(value);
}
