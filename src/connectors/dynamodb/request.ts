import { SluiceError } from '../../errors.js';
import type { Attribute } from '../../values/cell.js';
import { filterValues, NamePlaceholders, placeholderExpression } from './expression.js';
import type { KeyAttribute } from './key.js';
import type { DynamodbSourceOptions } from './options.js';
import { keyCondition } from './query.js';
import type { Index, Table } from './table.js';

/** What all pages of a source are asked with. */
export interface ReadPlan {
  readonly action: 'Scan' | 'Query';
  /** JSON text of the call's body without its closing brace. */
  readonly body: string;
  readonly index: Index | undefined;
  readonly strong: boolean;
  /** The names that say where an item is: the table's key and the index's. */
  readonly place: readonly KeyAttribute[];
  /** Top-level attributes that items can have; undefined where nothing says so. */
  readonly projected: readonly string[] | undefined;
  /** Items with this value are dropped: see KeyCondition. */
  readonly without?: { readonly name: string; readonly value: Attribute };
}

/**
 * @throws SluiceError with the place in the declaration, for what the table's description shows to be wrong.
 */
export function readPlan(options: DynamodbSourceOptions, table: Table): ReadPlan {
  const index = indexOf(options, table);
  const strong = isStrong(options, index);
  const names = new NamePlaceholders();
  const condition = options.query && keyCondition(options.query, index?.key ?? table.key, names);
  const filter = options.filter === undefined ? undefined : placeholderExpression(options.filter, names);
  const values = { ...condition?.values, ...filterValues(options.filter ?? '', options.values ?? {}) };
  const place = [
    ...table.key,
    ...(index?.key ?? []).filter(({ name }) => !table.key.some((k) => k.name === name)),
  ];
  const whole = options.fetch === 'items';
  const projected = projection(options, table, place);
  const asked = whole ? place.map(({ name }) => name) : projected;
  const body = {
    TableName: table.name,
    IndexName: index?.name,
    ConsistentRead: strong || undefined,
    KeyConditionExpression: condition?.expression,
    ScanIndexForward: options.query?.descending === true ? false : undefined,
    FilterExpression: filter,
    ProjectionExpression: asked?.map((name) => names.of(name)).join(','),
    ExpressionAttributeNames: names.names(),
    ExpressionAttributeValues: Object.keys(values).length > 0 ? values : undefined,
    ReturnConsumedCapacity: 'TOTAL',
  };
  return {
    action: options.query ? 'Query' : 'Scan',
    body: JSON.stringify(body).slice(0, -1),
    index,
    strong,
    place,
    projected,
    ...(condition?.without ? { without: condition.without } : {}),
  };
}

function indexOf(options: DynamodbSourceOptions, table: Table): Index | undefined {
  const wanted = options.query?.index;
  if (wanted === undefined) {
    if (options.fetch === undefined) return undefined;
    throw new SluiceError('declaration_invalid', 'fetch: items follows a query of an index', {
      path: 'from.fetch',
      hint: 'name the index: from: { query: { index: … } }',
    });
  }
  const index = table.indexes.find(({ name }) => name === wanted);
  if (index) return index;
  const known = table.indexes.map(({ name }) => name).join(', ');
  throw new SluiceError('declaration_invalid', `the table ${table.name} has no index ${wanted}`, {
    path: 'from.query.index',
    hint: known === '' ? 'the table has no indexes' : `it has ${known}`,
  });
}

function isStrong(options: DynamodbSourceOptions, index: Index | undefined): boolean {
  if (index?.kind !== 'global') return options.consistency !== 'eventual';
  if (options.consistency === 'strong' && options.fetch !== 'items') {
    throw new SluiceError('unsupported', `the global index ${index.name} has no strongly consistent reads`, {
      path: 'from.consistency',
      hint: 'leave consistency out, or read the table itself',
    });
  }
  return false;
}

/** Declared columns and, always, what says where an item is. */
function projection(
  options: DynamodbSourceOptions,
  table: Table,
  place: readonly KeyAttribute[],
): readonly string[] | undefined {
  if (!options.columns) return undefined;
  const needed = options.fetch === 'items' ? table.key : place;
  return [...new Set([...needed.map(({ name }) => name), ...options.columns])];
}
