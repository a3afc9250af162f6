/** DESIGN.md 11, c to g: faults of the system that brought chosen items through a queue. Each must stay away, by its letter. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { type Project, project } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type QueueOptions, type TestQueue, type TestSqs, testSqs } from '../fixtures/sqs.js';

const PATIENCE = 120_000;

let sqs: TestSqs;
let from: string;
let to: string;
let queue: TestQueue;
let made: Project;

beforeAll(async () => {
  sqs = await testSqs();
});
afterAll(() => sqs.stop());
beforeEach(async () => {
  [from, to] = [tableName('prod'), tableName('dev')];
  for (const table of [from, to]) await createTable(table, ['id', 'S']);
});
afterEach(() => made.remove());

/** A copy through a queue of the items that the lines name. */
async function sample(lines: readonly string[], step: object, options: QueueOptions): Promise<void> {
  queue = await sqs.queue(options);
  made = await project({
    pipeline: 'users-sample',
    connections: { prod: dynamodbConnection(), dev: dynamodbConnection(), inbox: queue.connection },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: from, keys: './keys.txt' },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table: to, mode: 'put' },
        ...step,
      },
    ],
  });
  await writeFile(join(made.folder, 'keys.txt'), `${lines.join('\n')}\n`);
}

/** DynamoDB gives the members of a set in any order. */
const sorted = (item: Item | undefined) =>
  JSON.parse(JSON.stringify(item ?? {}), (name, value) => (/^[NSB]S$/.test(name) ? value.sort() : value));
const byId = async () =>
  new Map((await allItems(to)).map((item) => [item['id'] && 'S' in item['id'] ? item['id'].S : '', item]));

it(
  'faults c to f: numbers, sets, binary, true, false, null and every attribute arrive; a missing key and a poison message stop nothing',
  async () => {
    const digits = '12345678901234567890123456789012345678';
    const c: Item = {
      id: { S: 'c' },
      n: { L: [{ N: '-1.5' }, { N: '-0.1' }, { N: digits }] },
      sets: { M: { ss: { SS: ['a', 'b'] }, ns: { NS: ['-0.1', digits] }, bs: { BS: ['AAE=', '/w=='] } } },
      b: { B: 'AP9cJw==' },
    };
    const d: Item = { id: { S: 'd' }, yes: { BOOL: true }, no: { BOOL: false }, none: { NULL: true } };
    const many = Array.from({ length: 60 }, (_, index) => [`attribute ${index}`, { S: `${index}` }] as const);
    const e: Item = { id: { S: 'e' }, ...Object.fromEntries(many) };
    const f: Item = { id: { S: ' f with  spaces ' }, empty: { S: '' } };
    await putItems(from, [c, d, e, f]);
    await sample(['c', 'd', 'gone', ' f with  spaces ', 'e'], { rejects: { limit: 5 } }, { maxReceives: 3 });
    // As the old sender wrote it: json.dumps of an item, with Python's True for true.
    await sqs.send(queue.url, ["{'id': 'd', 'yes': True}"]);
    const [step] = (await made.run(3)).steps;
    expect(step).toMatchObject({ name: 'users', written: 4 });
    expect(step?.read).toBe((step?.written ?? 0) + (step?.unchanged ?? 0) + (step?.rejected ?? 0));
    const arrived = await byId();
    for (const item of [c, d, e, f]) {
      expect(sorted(arrived.get((item['id'] as { S: string }).S))).toEqual(sorted(item));
    }
    expect(arrived.size).toBe(4);
    expect((await made.rejects()).map(({ reason }) => reason)).toEqual(['message_unfit', 'key_missing']);
    expect(await sqs.drain(queue.url)).toEqual([]);
    const aside = await sqs.drain(queue.redrive?.url ?? '');
    expect(aside).toHaveLength(1);
  },
  PATIENCE,
);

it(
  'fault g: a receiver that is slower than the queue is patient burns no receive counts',
  async () => {
    const names = Array.from({ length: 8 }, (_, index) => `user ${index}`);
    await putItems(
      from,
      names.map((id) => ({ id: { S: id } })),
    );
    // Whoever is received a second time goes aside. All are held for longer than the queue hides them by itself.
    await sample(names, {}, { maxReceives: 1, attributes: { VisibilityTimeout: '1' } });
    expect((await made.command('run', '--only', 'send')).status).toBe(0);
    const declared = await readFile(made.file, 'utf8');
    await writeFile(
      made.file,
      declared.replace('"copy": "users",', '"copy": "users", "pace": { "items": 2 },'),
    );
    const received = await made.command('run', '--only', 'receive', '--drain');
    expect(received.events.at(-1)).toMatchObject({ steps: [{ read: 8, written: 8, rejected: 0 }] });
    expect([...(await byId()).keys()].sort()).toEqual(names);
    expect(await sqs.drain(queue.redrive?.url ?? '')).toEqual([]);
    expect(await sqs.drain(queue.url)).toEqual([]);
  },
  PATIENCE,
);
