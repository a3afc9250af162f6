/** DynamoDB → DynamoDB: attribute values go as they are, and are read back raw. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attribute } from '../../src/values/cell.js';
import { copyOnce, type Project, project } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';

let from: string;
let to: string;
const projects: Project[] = [];

beforeEach(async () => {
  [from, to] = [tableName('from'), tableName('to')];
  for (const table of [from, to]) await createTable(table, ['id', 'S']);
});
afterEach(async () => {
  await Promise.all(projects.splice(0).map((made) => made.remove()));
});

const DEPTH = 31;

/** A document of 32 levels: lists and maps in turn, a text at the bottom. */
function nested(): Attribute {
  let value: Attribute = { S: 'bottom' };
  for (let level = 0; level < DEPTH; level++) value = level % 2 === 0 ? { L: [value] } : { M: { '': value } };
  return replaceEmptyNames(value);
}

function replaceEmptyNames(value: Attribute): Attribute {
  if ('L' in value) return { L: value.L.map(replaceEmptyNames) };
  if (!('M' in value)) return value;
  return {
    M: Object.fromEntries(
      Object.entries(value.M).map(([name, inner]) => [name || 'in', replaceEmptyNames(inner)]),
    ),
  };
}

const every: Item = {
  id: { S: 'every type' },
  text: { S: 'a\u0000b "quoted" \\ ü 😀\n' },
  empty: { S: '' },
  integer: { N: '12345678901234567890123456789012345678' },
  negative: { N: '-0.00000000000000000000000000000000000012345678901234567890123456789012345678' },
  large: { N: '9'.repeat(38) + '0'.repeat(88) },
  bytes: { B: Buffer.from([0, 1, 254, 255]).toString('base64') },
  noBytes: { B: '' },
  yes: { BOOL: true },
  no: { BOOL: false },
  nothing: { NULL: true },
  texts: { SS: ['a', 'ü', ' '] },
  numbers: { NS: ['1', '-2.5', '12345678901234567890123456789012345678'] },
  binaries: { BS: ['AQ==', '//8='] },
  list: { L: [{ S: '' }, { N: '0' }, { L: [] }, { M: {} }, { NULL: true }] },
  map: { M: { 'a b': { M: { constructor: { BOOL: false } } }, nul: { NULL: true } } },
  deep: nested(),
  'odd name: ü."\\': { S: 'x' },
};

/** Sets have no order. */
function comparable(items: readonly Item[]): unknown {
  const sorted = (value: Attribute): Attribute => {
    if ('SS' in value) return { SS: value.SS.toSorted() };
    if ('NS' in value) return { NS: value.NS.toSorted() };
    return 'BS' in value ? { BS: value.BS.toSorted() } : value;
  };
  const pairs = items.map((item) => [
    JSON.stringify(item['id']),
    Object.fromEntries(Object.entries(item).map(([name, value]) => [name, sorted(value)])),
  ]);
  return Object.fromEntries(pairs);
}

async function byKeys(keys: string): Promise<void> {
  const connection = dynamodbConnection();
  const made = await project({
    pipeline: 'untouched',
    connections: { dy: connection },
    steps: [
      {
        copy: 'copy',
        from: { connection: 'dy', table: from, keys: 'keys.txt' },
        to: { connection: 'dy', table: to },
      },
    ],
  });
  projects.push(made);
  await writeFile(join(made.folder, 'keys.txt'), keys);
  await made.run();
}

describe('an item is not touched', () => {
  it('of every type, by its key', async () => {
    await putItems(from, [every]);
    await byKeys('every type\n');
    expect(comparable(await allItems(to))).toEqual(comparable(await allItems(from)));
    expect(comparable(await allItems(to))).toEqual(comparable([every]));
  });

  it('of every type, by a Scan', async () => {
    await putItems(from, [every]);
    const connections = { dy: dynamodbConnection() };
    await copyOnce(connections, {
      from: { connection: 'dy', table: from },
      to: { connection: 'dy', table: to },
    });
    expect(comparable(await allItems(to))).toEqual(comparable(await allItems(from)));
  });

  it('of 400 KB, of which a call cannot bring all that were asked for', async () => {
    const ids = Array.from({ length: 45 }, (_, id) => `big ${String(id).padStart(2, '0')}`);
    const filled = 400 * 1024 - 'id'.length - 6 - 'v'.length;
    for (const id of ids) {
      const v = { S: id.slice(-1).repeat(filled) };
      await dynamodbCall('PutItem', { TableName: from, Item: { id: { S: id }, v } });
    }
    await byKeys(ids.join('\n'));
    const copied = await allItems(to);
    expect(copied.length).toBe(ids.length);
    for (const { id, v } of copied) {
      const key = id && 'S' in id ? id.S : '';
      expect(v && 'S' in v && v.S === key.slice(-1).repeat(filled)).toBe(true);
    }
  });
});
