import type { Attribute, Row } from '../../values/cell.js';
import { sameItem } from './compare-item.js';
import { NULL } from './encode.js';
import type { ItemEncoder } from './item.js';
import type { KeySource } from './key.js';
import type { Problem } from './problem.js';
import type { RowCall, RowMode } from './row-writer.js';

const RETURN_OLD = ',"ReturnValuesOnConditionCheckFailure":"ALL_OLD"';

/** insert: what is there stays. */
export function insertMode(key: readonly KeySource[]): RowMode {
  const [partition] = key;
  if (!partition) throw new RangeError('a DynamoDB table has a key');
  const names = JSON.stringify({ '#k': partition.name });
  const condition = `,"ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":${names}${RETURN_OLD}`;
  return {
    callOf: (encode, row, keyText) => {
      const attributes = encode.attributesOf(row, keyText);
      if (typeof attributes !== 'string') return attributes;
      const item = `{${keyText}${attributes}}`;
      return { action: 'PutItem', text: `,"Item":${item}${condition}`, item };
    },
  };
}

/** append: each change is an item of its own; the same item again is no other change. */
export function appendMode(key: readonly KeySource[]): RowMode {
  const clash: Problem = { code: 'unique_clash', message: 'another item with this key is there already' };
  return {
    ...insertMode(key),
    objection: (row, encode, found) => {
      const keyText = encode.keyOf(row);
      const attributes = typeof keyText === 'string' ? encode.attributesOf(row, keyText) : keyText;
      if (typeof keyText !== 'string' || typeof attributes !== 'string') return clash;
      return sameItem(JSON.parse(`{${keyText}${attributes}}`), found) ? undefined : clash;
    },
  };
}

/** newest: what is there stays unless it is older by the attribute `by`, or has none. */
export function newestMode(by: string): RowMode {
  const names = JSON.stringify({ '#b': by });
  const condition = `,"ConditionExpression":"attribute_not_exists(#b) OR #b < :b","ExpressionAttributeNames":${names}${RETURN_OLD}`;
  const absent: Problem = {
    code: 'value_null',
    message: `${by}, which says what is newer, is NULL or absent`,
    column: by,
  };
  const unordered: Problem = {
    code: 'value_type',
    message: `${by} is neither text, number nor bytes: nothing is newer by it`,
    column: by,
  };
  const otherType: Problem = {
    code: 'value_type',
    message: `${by} is of another type in the sink: which item is newer cannot be said`,
    column: by,
  };
  return {
    callOf: (encode, row, keyText) => {
      const attributes = encode.attributesOf(row, keyText);
      if (typeof attributes !== 'string') return attributes;
      const item = `{${keyText}${attributes}}`;
      const value = encode.jsonOf(row, by);
      if (value === undefined || value === NULL) return absent;
      if (!/^\{"[SNB]":/.test(value)) return unordered;
      return {
        action: 'PutItem',
        text: `,"Item":${item}${condition},"ExpressionAttributeValues":{":b":${value}}`,
        item,
      };
    },
    objection: (row, encode, found) => {
      const own = encode.jsonOf(row, by);
      const there = Object.hasOwn(found, by) ? found[by] : undefined;
      return own === undefined || there === undefined || typeIn(own) === typeOf(there)
        ? undefined
        : otherType;
    },
  };
}

function typeIn(json: string): string {
  return json.slice(2, json.indexOf('"', 2));
}

function typeOf(attribute: Attribute): string {
  return Object.keys(attribute)[0] ?? '';
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html, operators in an UpdateExpression */
const MAX_UPDATED = 300;

const tooMany: Problem = {
  code: 'write_refused',
  message: `more than ${MAX_UPDATED} attributes, which one update cannot set`,
};

/** update: sets the attributes that the row has; others of the item stay. Makes the item when it is missing. */
export function updateMode(): RowMode {
  return { callOf: updateCall };
}

function updateCall(encode: ItemEncoder, row: Row, keyText: string): RowCall | Problem {
  const values = encode.valuesOf(row);
  if ('code' in values) return values;
  const key = `,"Key":{${keyText}}`;
  if (values.length === 0) return { action: 'UpdateItem', text: key };
  if (values.length > MAX_UPDATED) return tooMany;
  const sets: string[] = [];
  const names: string[] = [];
  const texts: string[] = [];
  for (const [index, [name, json]] of values.entries()) {
    sets.push(`#${index}=:${index}`);
    names.push(`"#${index}":${JSON.stringify(name)}`);
    texts.push(`":${index}":${json}`);
  }
  const text =
    `${key},"UpdateExpression":"SET ${sets.join(',')}","ExpressionAttributeNames":{${names.join(',')}}` +
    `,"ExpressionAttributeValues":{${texts.join(',')}}`;
  return { action: 'UpdateItem', text };
}
