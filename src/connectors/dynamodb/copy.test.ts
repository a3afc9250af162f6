/** DynamoDB to DynamoDB: every attribute value arrives as it was. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allItems, createTable, type Item, putItems, tableName } from '../../../test/fixtures/dynamodb.js';
import {
  type DynamodbEnds,
  dynamodbEnds,
  readBatches,
  writeAll,
} from '../../../test/fixtures/dynamodb-ends.js';
import type { Attribute } from '../../values/cell.js';

let ends: DynamodbEnds;
beforeAll(async () => {
  ends = await dynamodbEnds();
});
afterAll(() => ends.close());

/** So many maps and lists, one inside the other; the innermost value is a level too. */
function deep(levels: number): Attribute {
  let attribute: Attribute = { S: 'bottom' };
  for (let level = 0; level < levels; level++) {
    attribute = level % 2 ? { L: [attribute] } : { M: { 'a.b #c': attribute } };
  }
  return attribute;
}

const values: Record<string, Attribute> = {
  'empty text': { S: '' },
  text: { S: '\u0000"\\\u2028 ä漢😀' },
  'big number': { N: '12345678901234567890123456789012345678' },
  'small number': { N: '-0.00000000000000000000000000000000000001' },
  tiny: { N: '1E-130' },
  huge: { N: '9.9999999999999999999999999999999999999E+125' },
  bytes: { B: Buffer.from([0, 255, 10, 13, 39]).toString('base64') },
  'no bytes': { B: '' },
  yes: { BOOL: true },
  no: { BOOL: false },
  nothing: { NULL: true },
  texts: { SS: ['', 'a', 'ä', '#'] },
  numbers: { NS: ['1', '-1.5', '12345678901234567890123456789012345678'] },
  'byte strings': { BS: ['AA==', '/w=='] },
  'empty list': { L: [] },
  'empty map': { M: {} },
  deep: deep(31),
  ['__proto__']: { S: 'an attribute like any other' },
  constructor: { M: { ['__proto__']: { N: '1' } } },
  '#': { S: 'hash' },
  'a.b': { S: 'dot' },
  '漢😀': { S: 'unicode' },
  '1': { S: 'digit' },
  SELECT: { S: 'reserved' },
};

const canonical = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .map(([name, member]) => [
      name,
      /^[SNB]S$/.test(name) && Array.isArray(member) ? [...member].sort() : canonical(member),
    ])
    .sort();
};
const dump = async (table: string) =>
  (await allItems(table)).map((item) => JSON.stringify(canonical(item))).sort();

it.each(['put', 'insert', 'update', 'newest', 'mirror'])(
  'carries every attribute value untouched by %s',
  async (mode) => {
    const [from, to] = [tableName('from'), tableName('to')];
    await createTable(from, ['id', 'S'], ['n', 'N']);
    const items: Item[] = Object.entries(values).map(([name, value], index) => {
      const item: Item = { id: { S: `item ${index}` }, n: { N: `${index}.5` } };
      Object.defineProperty(item, name, { value, enumerable: true });
      return item;
    });
    const all: Item = { id: { S: 'all' }, n: { N: '-1' } };
    for (const [name, value] of Object.entries(values))
      Object.defineProperty(all, name, { value, enumerable: true });
    await putItems(from, [...items, all]);

    const source = ends.source({ table: from });
    const { columns, open, key } = await source.describe();
    const batches = await readBatches(source, { maxRows: 10, parts: 2 });
    const sink = ends.sink({ table: to, create: true, mode, ...(mode === 'newest' ? { by: 'text' } : {}) });
    const result = await writeAll(sink, { columns, open, key }, batches);
    const rejected = mode === 'newest' ? items.length - 1 : 0;
    expect(result.rejects).toHaveLength(rejected);
    expect(result.written + result.rejects.length).toBe(items.length + 1);
    const wanted = await dump(from);
    const found = await dump(to);
    if (mode === 'newest') expect(wanted).toEqual(expect.arrayContaining(found));
    else expect(found).toEqual(wanted);
    expect(found.join()).toContain('an attribute like any other');
  },
);
