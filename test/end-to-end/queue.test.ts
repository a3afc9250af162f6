/** F2 through a queue: what one table holds is sent, received and written into another, in one run or in two. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CliRun, type Project, project, type StepSummary } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbConnection,
  type Item,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type QueueOptions, type TestQueue, type TestSqs, testSqs } from '../fixtures/sqs.js';

let sqs: TestSqs;
let from: string;
let to: string;
let queue: TestQueue;
let made: Project;

beforeAll(async () => {
  sqs = await testSqs();
});
afterAll(async () => {
  await sqs.stop();
});
beforeEach(async () => {
  from = tableName('prod');
  to = tableName('dev');
  for (const table of [from, to]) await createTable(table, ['id', 'S']);
});
afterEach(async () => {
  await made.remove();
});

const user = (id: string, name = `the name of ${id}`): Item => ({
  id: { S: id },
  name: { S: name },
  age: { N: '12345678901234567890123456789012345678' },
  tags: { SS: ['a', 'b'] },
  deep: { M: { list: { L: [{ NULL: true }, { BOOL: false }, { B: 'AQI=' }] } } },
  empty: { S: '' },
});

const ids = (count: number) => Array.from({ length: count }, (_, index) => `user ${index}`);

interface Declared {
  readonly step?: object;
  readonly connection?: object;
  readonly to?: object;
  readonly queue?: QueueOptions;
}

async function declared({ step = {}, connection = {}, to: sink = {}, queue: options }: Declared = {}) {
  queue = await sqs.queue(options ?? { maxReceives: 5 });
  made = await project({
    pipeline: 'users-sample',
    connections: {
      prod: dynamodbConnection(),
      dev: dynamodbConnection(),
      inbox: { ...queue.connection, ...connection },
    },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: from },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table: to, mode: 'put', ...sink },
        ...step,
      },
    ],
  });
}

/** The one step of a run, whose counts must add up. */
function stepOf(run: CliRun, status = 0): StepSummary {
  if (run.status !== status) throw new Error(`exit ${run.status}\n${run.stderr}\n${run.stdout}`);
  const { steps } = run.events.at(-1) as unknown as { steps: readonly StepSummary[] };
  const [step] = steps;
  if (!step) throw new Error(run.stdout);
  expect(step.read).toBe(step.written + step.unchanged + step.rejected);
  return step;
}

const sorted = (items: readonly Item[]) =>
  items.map((item) => JSON.stringify(Object.fromEntries(Object.entries(item).sort()))).sort();

async function expectSame(): Promise<void> {
  expect(sorted(await allItems(to))).toEqual(sorted(await allItems(from)));
}

describe('both halves in one run', () => {
  it('carry every item untouched, and leave the queue empty', async () => {
    await putItems(
      from,
      ids(130).map((id) => user(id)),
    );
    await declared();
    const run = await made.command('run');
    expect(stepOf(run)).toMatchObject({ read: 130, written: 130 });
    await expectSame();
    expect(await sqs.drain(queue.url)).toEqual([]);
    const verified = await made.command('verify');
    expect(verified.status).toBe(0);
  }, 60_000);
});

describe('a half alone', () => {
  it('sends without access to the sink, and receives without access to the source', async () => {
    await putItems(
      from,
      ids(25).map((id) => user(id)),
    );
    await declared({ step: { mask: { name: 'redact' } } });
    const text = JSON.stringify({});
    await writeFile(join(made.folder, 'unused.json'), text);
    const sent = stepOf(await made.command('run', '--only', 'send'));
    expect(sent).toMatchObject({ read: 25, written: 25 });
    expect(await allItems(to)).toEqual([]);
    const received = stepOf(await made.command('run', '--only', 'receive', '--drain'));
    expect(received).toMatchObject({ read: 25, written: 25 });
    const items = await allItems(to);
    expect(items.length).toBe(25);
    expect(JSON.stringify(items)).not.toContain('the name of');
  }, 60_000);
});
