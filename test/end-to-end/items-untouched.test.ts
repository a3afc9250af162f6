/** DynamoDB → DynamoDB: attribute values go as they are, and are read back raw. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyOnce, type Project, project } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { comparableItems, everyItem } from '../fixtures/every-item.js';

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
    await putItems(from, [everyItem]);
    await byKeys('every type\n');
    expect(comparableItems(await allItems(to))).toEqual(comparableItems(await allItems(from)));
    expect(comparableItems(await allItems(to))).toEqual(comparableItems([everyItem]));
  });

  it('of every type, by a Scan', async () => {
    await putItems(from, [everyItem]);
    const connections = { dy: dynamodbConnection() };
    await copyOnce(connections, {
      from: { connection: 'dy', table: from },
      to: { connection: 'dy', table: to },
    });
    expect(comparableItems(await allItems(to))).toEqual(comparableItems(await allItems(from)));
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
