import { SluiceError } from '../../errors.js';
import type { Attribute } from '../../values/cell.js';
import type { Context, FoundRow, KeyValues } from '../connector.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import { filterValues, NamePlaceholders, placeholderExpression } from './expression.js';
import type { KeyAttribute } from './key.js';
import { isLess, numberProblem } from './numbers.js';
import type { Item } from './open-columns.js';
import type { DynamodbSourceOptions } from './options.js';
import { patiently } from './patience.js';
import { hasValue, keyCondition } from './query.js';
import type { ReadPlan } from './request.js';
import type { Table } from './table.js';

interface Finder {
  readonly client: DynamodbClient;
  readonly context: Context;
  readonly used: { units: number };
  readonly table: Table;
  readonly plan: ReadPlan;
  readonly options: DynamodbSourceOptions;
}

export type FoundItem = { readonly item: Item } & Pick<FoundRow, 'leftOut' | 'note'>;

/** Pages of items that share an index key; among more the item is not looked for. */
const MAX_PAGES = 50;

/**
 * The item with this key, as a copy reads it: of a query what its index holds. An item of the table that the query
 * or the filter does not reach is given with the reason.
 */
export async function findItem(finder: Finder, values: KeyValues): Promise<FoundItem | undefined> {
  const { table, plan, options } = finder;
  const key = keyItem(table.key, values);
  const whole = await ask(finder, { key, isFiltered: false });
  if (!whole) return undefined;
  const left = (leftOut: string) => ({ item: projected(whole, plan), leftOut });
  if (options.query && !isInQuery(whole, finder)) return left('`query` does not reach it');
  const place = plan.index && Object.fromEntries(plan.index.key.map(({ name }) => [name, whole[name]]));
  const through = place ? { key, place: place as Item } : { key };
  const seen = place ? await ask(finder, { ...through, isFiltered: false }) : whole;
  if (!seen) return left(`the index ${plan.index?.name} does not hold it`);
  const item = projected(options.fetch === undefined ? seen : whole, plan);
  if (options.filter === undefined) return { item };
  if (!options.query && namesKey(options.filter, table)) {
    return { item, note: 'whether `filter` lets it through was not asked: the filter names the key' };
  }
  const passed = await ask(finder, { ...through, isFiltered: true });
  return passed ? { item } : { item, leftOut: '`filter` leaves it out' };
}

/** The key as an item of nothing else. Throws `key_unfit`. */
export function keyItem(key: readonly KeyAttribute[], values: KeyValues): Item {
  const names = Object.keys(values);
  if (names.length !== key.length || !key.every(({ name }) => Object.hasOwn(values, name))) {
    throw new SluiceError(
      'key_unfit',
      `items are found by ${key.map(({ name }) => name).join(' and ')} only`,
    );
  }
  return Object.fromEntries(key.map((part) => [part.name, keyAttribute(part, values[part.name] ?? '')]));
}

function keyAttribute({ name, type }: KeyAttribute, value: string | Uint8Array): Attribute {
  if (type === 'B' && typeof value !== 'string') return { B: Buffer.from(value).toString('base64') };
  if (type === 'S' && typeof value === 'string' && value !== '') return { S: value };
  if (type === 'N' && typeof value === 'string' && !numberProblem(value)) return { N: value };
  const wanted = { S: 'a text that is not empty', N: 'a number', B: 'bytes' }[type];
  throw new SluiceError('key_unfit', `attribute ${name}: the value for it is not ${wanted}`, {
    ...(type === 'B' ? { hint: 'write bytes as 0x0a1b' } : {}),
  });
}

interface Asked {
  readonly key: Item;
  /** The item's key in the index of the query; absent: the table is asked. */
  readonly place?: Item;
  readonly isFiltered: boolean;
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Query.html */
async function ask(finder: Finder, asked: Asked): Promise<Item | undefined> {
  const { client, context, used } = finder;
  const body = JSON.stringify(bodyOf(finder, asked)).slice(0, -1);
  let start = '';
  for (let page = 0; page < MAX_PAGES; page++) {
    const text = `${body}${start}}`;
    const answer = await context.paceRead({ items: 1, units: 1 }, () =>
      patiently(context, () => client.call<Answer>('Query', text)),
    );
    used.units += answer.ConsumedCapacity?.CapacityUnits ?? 0;
    const item = answer.Items?.[0];
    if (item || !answer.LastEvaluatedKey) return item;
    start = `,"ExclusiveStartKey":${JSON.stringify(answer.LastEvaluatedKey)}`;
  }
  return undefined;
}

interface Answer {
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Item;
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

function bodyOf({ table, plan, options }: Finder, { key, place, isFiltered }: Asked): object {
  const names = new NamePlaceholders();
  const values: Record<string, Attribute> = {};
  const condition = (item: Item, mark: string) =>
    Object.entries(item).map(([name, value], index) => {
      values[`:sluice_${mark}${index}`] = value;
      return `${names.of(name)} = :sluice_${mark}${index}`;
    });
  const others =
    place && Object.fromEntries(Object.entries(key).filter(([name]) => !Object.hasOwn(place, name)));
  const filters = others ? condition(others, 't') : [];
  if (isFiltered && options.filter !== undefined) {
    filters.push(`(${placeholderExpression(options.filter, names)})`);
    Object.assign(values, filterValues(options.filter, options.values ?? {}));
  }
  return {
    TableName: table.name,
    IndexName: place && plan.index?.name,
    ConsistentRead: (place ? plan.strong : options.consistency !== 'eventual') || undefined,
    KeyConditionExpression: condition(place ?? key, 'k').join(' AND '),
    FilterExpression: filters.length === 0 ? undefined : filters.join(' AND '),
    ExpressionAttributeNames: names.names(),
    ExpressionAttributeValues: values,
    ReturnConsumedCapacity: 'TOTAL',
  };
}

function projected(item: Item, { projected: names }: ReadPlan): Item {
  if (!names) return item;
  return Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name)));
}

/** A Query's filter may not name the key that the Query is by. */
function namesKey(filter: string, table: Table): boolean {
  const names = new NamePlaceholders();
  placeholderExpression(filter, names);
  const named = Object.values(names.names() ?? {});
  return table.key.some(({ name }) => named.includes(name));
}

/** As the key condition of the declared query has it. */
function isInQuery(item: Item, { table, plan, options }: Finder): boolean {
  const key = plan.index?.key ?? table.key;
  if (!options.query || !key.every(({ name }) => Object.hasOwn(item, name))) return false;
  const { values } = keyCondition(options.query, key, new NamePlaceholders());
  const [partition, sort] = key;
  const wanted = values[':kp'];
  if (!partition || !wanted || !hasValue(item, partition.name, wanted)) return false;
  const found = sort && item[sort.name];
  if (!sort || !found) return true;
  const { ':ks': only, ':kf': from, ':kt': to } = values;
  if (only)
    return options.query.sort?.equals === undefined
      ? beginsWith(found, only)
      : hasValue(item, sort.name, only);
  return !(from && isBefore(found, from)) && !(to && !isBefore(found, to));
}

function beginsWith(found: Attribute, start: Attribute): boolean {
  const [one, other] = [bytesOf(found), bytesOf(start)];
  return one.subarray(0, other.length).equals(other);
}

function isBefore(one: Attribute, other: Attribute): boolean {
  if ('N' in one && 'N' in other) return isLess(one.N, other.N);
  return Buffer.compare(bytesOf(one), bytesOf(other)) < 0;
}

function bytesOf(attribute: Attribute): Buffer {
  if ('B' in attribute) return Buffer.from(attribute.B, 'base64');
  return Buffer.from('S' in attribute ? attribute.S : '');
}
