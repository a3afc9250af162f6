/** F2 through a queue: what one table holds is sent, received and written into another, in one run or in two. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type CliRun, type Project, project, type StepSummary, sluice } from '../fixtures/cli.js';
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

const send = () => made.command('run', '--only', 'send');
const drain = () => made.command('run', '--only', 'receive', '--drain');
const bodies = async () => (await sqs.drain(queue.url, 0)).map(({ Body }) => Body);

/** What lies in the queue, which is empty then. */
async function takeAll(): Promise<string[]> {
  const messages = await sqs.drain(queue.url);
  for (const { ReceiptHandle } of messages) {
    await sqs.call('DeleteMessage', { QueueUrl: queue.url, ReceiptHandle });
  }
  return messages.map(({ Body }) => Body);
}

describe('messages that come twice, reversed and late', () => {
  it('never put an older item over a newer one, nor undo an edit of the sink', async () => {
    await declared();
    await putItems(
      from,
      ids(12).map((id) => user(id, 'old')),
    );
    stepOf(await send());
    const old = await takeAll();
    await putItems(
      from,
      ids(12).map((id) => user(id, 'new')),
    );
    stepOf(await send());
    const fresh = await takeAll();
    await sqs.send(queue.url, [...fresh.toReversed(), ...old.toReversed()]);
    expect(stepOf(await drain())).toMatchObject({ read: 24, written: 12, unchanged: 12 });
    await expectSame();
    await putItems(to, [user('user 3', 'edited')]);
    await sqs.send(queue.url, [...old, ...fresh, ...fresh]);
    expect(stepOf(await drain())).toMatchObject({ read: 36, written: 0, unchanged: 36 });
    expect(await sqs.drain(queue.url)).toEqual([]);
    const names = (await allItems(to)).map(({ name }) => (name && 'S' in name ? name.S : ''));
    expect(names.sort()).toEqual([...Array(11).fill('new'), 'edited'].sort());
  }, 120_000);
});

/** Runs it until it has written something, kills it, and gives how it ended. */
async function killed(...args: string[]): Promise<CliRun> {
  return await sluice(['run', made.file, '--json', ...args], {
    cwd: made.folder,
    started: (child) => {
      child.stdout?.on('data', (text: string) => {
        if (/"event":"progress".*"written":[1-9]/.test(text)) child.kill('SIGKILL');
      });
    },
  });
}

describe('a run that is killed', () => {
  it.each([
    ['with both halves', [[]]],
    [
      'that sends, and one that receives',
      [
        ['--only', 'send'],
        ['--only', 'receive', '--drain'],
      ],
    ],
  ])(
    '%s is gone on with, and loses nothing',
    async (_name, runs: readonly string[][]) => {
      await declared({
        step: { pace: { items: 20 } },
        queue: { maxReceives: 9, attributes: { VisibilityTimeout: '3' } },
      });
      await putItems(
        from,
        ids(40).map((id) => user(id)),
      );
      for (const args of runs) {
        const run = await killed(...args);
        expect(run.status).toBe(null);
        stepOf(await made.command('run', ...args));
      }
      await expectSame();
      expect(await sqs.drain(queue.url)).toEqual([]);
      expect((await made.command('verify')).status).toBe(0);
    },
    120_000,
  );
});

describe('an item that is larger than a message', () => {
  const large = (): Item => user('large', 'x'.repeat(380_000));
  const limit = { maxReceives: 5, attributes: { MaximumMessageSize: '262144' } };

  it('is refused by the plan', async () => {
    await declared({ queue: limit });
    await putItems(from, [large()]);
    const run = await made.command('run');
    expect(run.status).toBe(2);
    expect(run.stdout).toContain('item_too_large');
  }, 60_000);

  it('goes through S3 where that is declared', async () => {
    const { endpoint } = sqs;
    await declared({
      queue: limit,
      connection: { large: { bucket: await sqs.bucket(), endpoint } },
    });
    await putItems(from, [large(), user('small')]);
    expect(stepOf(await made.command('run'))).toMatchObject({ read: 2, written: 2 });
    await expectSame();
  }, 60_000);
});

describe('a slow pace', () => {
  it('keeps what waits for it out of sight, so that nothing is received twice', async () => {
    await declared({
      step: { pace: { items: 0.4 } },
      queue: { maxReceives: 2, attributes: { VisibilityTimeout: '1' } },
    });
    await putItems(
      from,
      ids(4).map((id) => user(id)),
    );
    expect(stepOf(await made.command('run'))).toMatchObject({ read: 4, written: 4, unchanged: 0 });
    expect(await sqs.drain(queue.redrive?.url ?? '')).toEqual([]);
  }, 120_000);
});

describe('a receiver without --drain', () => {
  it('goes on until it is told to stop, stops cleanly, and keeps no other run from beginning', async () => {
    await declared();
    await putItems(
      from,
      ids(7).map((id) => user(id)),
    );
    stepOf(await send());
    const run = await sluice(['run', made.file, '--json', '--only', 'receive'], {
      cwd: made.folder,
      started: (child) => {
        child.stdout?.on('data', (text: string) => {
          if (/"event":"progress".*"written":7/.test(text)) child.kill('SIGTERM');
        });
      },
    });
    expect(stepOf(run, 143)).toMatchObject({ read: 7, written: 7 });
    await expectSame();
    expect(await bodies()).toEqual([]);
    // A stopped receiver leaves nothing to go on with that a sender would have to wait for.
    expect(stepOf(await send())).toMatchObject({ written: 7 });
  }, 120_000);
});
