import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type HttpProxy, startHttpProxy } from '../../../test/faults/http-proxy.js';
import { createTable, type Item, putItems, tableName } from '../../../test/fixtures/dynamodb.js';
import {
  type DynamodbEnds,
  dynamodbEnds,
  itemsOf,
  readBatches,
} from '../../../test/fixtures/dynamodb-ends.js';
import type { Batch } from '../../values/batch.js';
import type { Source } from '../connector.js';

let proxy: HttpProxy;
let ends: DynamodbEnds;
let table: string;

beforeAll(async () => {
  proxy = await startHttpProxy(inject('dynamodb').endpoint);
});
afterAll(() => proxy.stop());
beforeEach(async () => {
  ends = await dynamodbEnds({}, proxy.endpoint);
  table = tableName('keyed');
});
afterEach(async () => {
  proxy.plan.use([]);
  await ends.close();
});

async function list(text: string | Uint8Array, name = 'keys.txt'): Promise<string> {
  const file = join(ends.context.scratch, name);
  await writeFile(file, text);
  return file;
}

const item = (id: string): Item => ({ id: { S: id }, v: { S: `value of ${id}` } });

async function texts(...ids: string[]): Promise<void> {
  await createTable(table, ['id', 'S']);
  await putItems(table, ids.map(item));
}

/** Everything the source gives: items, and what it could not read as [code, message, row]. */
async function outcome(source: Source, size = {}) {
  const batches = await readBatches(source, size);
  const refused = batches.flatMap(({ refused: unread = [], rows }) =>
    unread.map(({ row, code, message }) => [code, message, rows.at(row)?.find((cell) => cell !== undefined)]),
  );
  return { items: itemsOf(batches.map(readable)), refused };
}

function readable(batch: Batch): Batch {
  const unread = new Set(batch.refused?.map(({ row }) => row));
  return { ...batch, rows: [...batch.rows].filter((_, row) => !unread.has(row)) };
}

describe('a key list as text', () => {
  it('names one key a line, spaces and all, with any line ends', async () => {
    await texts('a', ' b c ', 'ü\tx');
    const file = await list('\ufeffa\r\n b c \n\nü\tx');
    const source = ends.source({ table, keys: { file } });
    expect(await source.describe()).toMatchObject({ rows: 3, units: 3, ranged: true, key: ['id'] });
    expect(await outcome(source)).toEqual({ items: [item('a'), item(' b c '), item('ü\tx')], refused: [] });
  });

  it('reads a key once that stands there twice, and names the lines', async () => {
    await texts('a', 'b');
    const file = await list('a\nb\na\nb\na\n');
    const source = ends.source({ table, keys: file });
    const { findings, rows } = await source.describe();
    expect(rows).toBe(2);
    expect(findings).toContainEqual({
      level: 'warn',
      code: 'note',
      message: '3 keys of the list repeat an earlier one and will be left out: lines 3, 4, 5',
    });
    expect((await outcome(source)).items).toEqual([item('a'), item('b')]);
  });

  it('gives a key without an item as a row that could not be read, by its line', async () => {
    await texts('a', 'c');
    const source = ends.source({ table, keys: await list('a\nb\nc\n') });
    expect(await outcome(source)).toEqual({
      items: [item('a'), item('c')],
      refused: [['key_missing', 'line 2 of the key list: no item has this key', { S: 'b' }]],
    });
  });

  it('says what is no key of the table, and goes on', async () => {
    await texts('a', 'z');
    const bytes = Buffer.concat([
      Buffer.from(`a\n${'x'.repeat(2049)}\n`),
      Buffer.from([0xff, 0x0a]),
      Buffer.from('z'),
    ]);
    const source = ends.source({ table, keys: await list(bytes) });
    expect(await source.describe()).toMatchObject({ rows: 4 });
    const { items, refused } = await outcome(source);
    expect(items).toEqual([item('a'), item('z')]);
    expect(refused).toEqual([
      ['key_too_long', 'line 2: the partition key id is longer than 2048 bytes', 'x'.repeat(2049)],
      ['key_invalid', 'line 3: longer than any key, or not UTF-8', ''],
    ]);
  });

  it('takes numbers and base64 for keys of these types; 1 and 1.0 are one number', async () => {
    await createTable(table, ['id', 'N']);
    await putItems(table, [{ id: { N: '1' } }, { id: { N: '12345678901234567890123456789012345678' } }]);
    const numbers = ends.source({
      table,
      keys: await list('1\n1.0\n12345678901234567890123456789012345678\none\n'),
    });
    const read = await outcome(numbers);
    expect(read.items).toHaveLength(2);
    expect(read.refused).toEqual([['value_type', 'line 4: not a number', 'one']]);
    const binary = tableName('keyed');
    await createTable(binary, ['id', 'B']);
    await putItems(binary, [{ id: { B: '/w==' } }]);
    const bytes = ends.source({ table: binary, keys: await list('/w==\n!\n') });
    expect(await outcome(bytes)).toMatchObject({
      items: [{ id: { B: '/w==' } }],
      refused: [['key_invalid', expect.any(String), '!']],
    });
  });

  it('is refused for a table with a sort key', async () => {
    await createTable(table, ['p', 'S'], ['s', 'N']);
    const source = ends.source({ table, keys: await list('a\n') });
    await expect(source.describe()).rejects.toMatchObject({ code: 'declaration_invalid', path: 'from.keys' });
  });
});

describe('a key list as JSON Lines', () => {
  it('names sort keys, numbers of 38 digits and binary, plain and typed', async () => {
    const long = '12345678901234567890123456789012345678';
    await createTable(table, ['p', 'B'], ['s', 'N']);
    const items = [
      { p: { B: 'AQ==' }, s: { N: '7' } },
      { p: { B: 'AQ==' }, s: { N: long } },
    ];
    await putItems(table, items);
    const file = await list(
      `{"p":{"B":"AQ=="},"s":7,"more":[1]}\n{"s":{"N":"${long}"},"p":{"B":"AQ=="}}\n{"p":{"B":"AQ=="},"s":${long}}\n`,
      'keys.jsonl',
    );
    const source = ends.source({ table, keys: file });
    expect(await source.describe()).toMatchObject({ rows: 2 });
    expect(await outcome(source)).toEqual({ items, refused: [] });
  });

  it('says of each line why it is none', async () => {
    await createTable(table, ['p', 'S'], ['s', 'N']);
    const file = await list(
      'nonsense\n[1]\n{"p":"a"}\n{"p":"a","s":"7"}\n{"p":"","s":7}\n{"p":"a","s":{"N":7}}\n{"p":"\\ud800","s":1}\n',
      'k.jsonl',
    );
    const { items, refused } = await outcome(ends.source({ table, keys: file }));
    expect(items).toEqual([]);
    expect(refused.map(([code, message]) => [code, message])).toEqual([
      ['key_invalid', 'line 1: not JSON'],
      ['key_invalid', 'line 2: not an object with the attributes of a key'],
      ['key_empty', 'line 3: the key column s is empty, NULL or absent'],
      ['value_type', "line 4: the table's sort key is of type N"],
      ['key_empty', 'line 5: the key column p is empty, NULL or absent'],
      ['value_type', expect.stringContaining('line 6: s is not a value of a key')],
      ['key_invalid', 'line 7: not valid Unicode text'],
    ]);
  });
});

describe('a key list as CSV', () => {
  it('may begin with a byte order mark, end its lines with CRLF and have empty ones', async () => {
    await texts('a', 'b');
    const file = await list('\ufeffid,name\r\na,x\r\n\r\n"b","é"\r\n', 'keys.csv');
    const source = ends.source({ table, keys: file });
    expect(await outcome(source)).toEqual({ items: [item('a'), item('b')], refused: [] });
  });

  it('has a header that names the key, in any order, and quotes', async () => {
    await createTable(table, ['p', 'S'], ['s', 'N']);
    const items = [
      { p: { S: 'a,"b' }, s: { N: '1' } },
      { p: { S: ' c\nd ' }, s: { N: '2' } },
    ];
    await putItems(table, items);
    const file = await list('s,note,p\n1,x,"a,""b"\n2,,"\u0020c\nd "\n3,\n4,x,"a"b\n', 'keys.csv');
    const { items: read, refused } = await outcome(ends.source({ table, keys: file }));
    expect(read).toEqual(items);
    expect(refused.map(([code, message]) => [code, message])).toEqual([
      ['key_empty', 'line 5: the key column p is empty, NULL or absent'],
      ['key_invalid', expect.stringMatching(/^line 6: not a record of CSV/)],
    ]);
  });

  it('is refused when the header lacks the key', async () => {
    await texts('a');
    const source = ends.source({ table, keys: { file: await list('x\na\n', 'keys.txt'), format: 'csv' } });
    await expect(source.describe()).rejects.toMatchObject({ code: 'column_missing', path: 'from.keys' });
  });
});

describe('a key list that can be had once', () => {
  const lasting = async () =>
    await dynamodbEnds({ lasting: true, input: () => Readable.from([Buffer.from('a\nb\n')]) });

  it('is read from standard input, and known to the run that goes on', async () => {
    await texts('a', 'b');
    const first = await lasting();
    const source = first.source({ table, keys: '-' });
    expect(await source.describe()).toMatchObject({ rows: 2 });
    const [part] = await source.parts(1);
    if (!part) throw new Error('no part');
    const size = { maxRows: 1, maxBytes: 1000 };
    let after = '';
    for await (const { position = '' } of source.read(part, size)) {
      after = position;
      break;
    }
    await source.close();
    const { run, scratch } = first.context;
    const nothing = () => {
      throw new Error('standard input was read again');
    };
    const again = await dynamodbEnds({ lasting: true, input: nothing, run, scratch });
    const resumed = again.source({ table, keys: '-' });
    const rows: unknown[] = [];
    for await (const batch of resumed.read(part, { ...size, after })) rows.push(...batch.rows);
    expect(rows).toEqual([[{ S: 'b' }, { S: 'value of b' }]]);
    await again.close();
    await first.close();
  });
});

describe('a source of listed keys', () => {
  it('says that a list has changed since its parts were made', async () => {
    await texts('a', 'b');
    const keys = { file: await list('a\nb\n') };
    const [part] = await ends.source({ table, keys }).parts(1);
    await list('a\nb\nc\n');
    if (!part) throw new Error('no part');
    const reading = ends
      .source({ table, keys })
      .read(part, { maxRows: 9, maxBytes: 999 })
      [Symbol.asyncIterator]();
    await expect(reading.next()).rejects.toMatchObject({ code: 'run_changed' });
  });

  it('asks again for the keys that the service did not process', async () => {
    const ids = Array.from({ length: 250 }, (_, id) => `k${id}`);
    await texts(...ids);
    proxy.plan.use([{ on: 'BatchGetItem', fault: { kind: 'partial', share: 0.5 } }]);
    const before = proxy.count('BatchGetItem');
    const { items, refused } = await outcome(ends.source({ table, keys: await list(ids.join('\n')) }));
    expect(items).toEqual(ids.map(item));
    expect(refused).toEqual([]);
    expect(proxy.count('BatchGetItem') - before).toBeGreaterThan(3);
  });

  it('reads by GetItem, one by one, where the pace is below a batch', async () => {
    await texts('a', 'b', 'c');
    const costs: (number | undefined)[] = [];
    const slow = await dynamodbEnds(
      {
        readRates: { items: 1 },
        paceRead: async ({ items }, read) => {
          costs.push(items);
          return await read();
        },
      },
      proxy.endpoint,
    );
    const source = slow.source({ table, keys: await list('a\nb\nx\nc\n') });
    const { permissions } = await source.describe();
    expect(permissions.map(({ action }) => action)).toEqual(['dynamodb:DescribeTable', 'dynamodb:GetItem']);
    const before = proxy.count('GetItem');
    expect((await outcome(source)).items).toHaveLength(3);
    expect(proxy.count('GetItem') - before).toBe(4);
    expect(costs).toEqual([1, 1, 1, 1]);
    await slow.close();
  });

  it('reads only the named attributes, and the key', async () => {
    await texts('a');
    const source = ends.source({ table, keys: await list('a'), columns: ['v'] });
    expect((await source.describe()).columns.map(({ name }) => name)).toEqual(['id', 'v']);
    expect((await outcome(source)).items).toEqual([item('a')]);
  });

  it('says that there is no such file', async () => {
    await texts('a');
    const source = ends.source({ table, keys: './not-there.txt' });
    await expect(source.describe()).rejects.toMatchObject({ code: 'file_unreadable', path: 'from.keys' });
  });

  it('takes its list away again, unless the run may go on with it', async () => {
    await texts('a');
    const source = ends.source({ table, keys: await list('a') });
    await source.describe();
    expect((await readdir(ends.context.scratch)).length).toBe(2);
    await source.close();
    expect(await readdir(ends.context.scratch)).toEqual(['keys.txt']);
  });
});
