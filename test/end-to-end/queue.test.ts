/** F2 through a queue: what one table holds is sent, received and written into another, in one run or in two. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { startHttpProxy } from '../faults/http-proxy.js';
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

/** Most of it is waiting: the tests run side by side. */
const test = it.concurrent;
const LIMIT_MS = 180_000;

let sqs: TestSqs;
const grounds: Ground[] = [];

beforeAll(async () => {
  sqs = await testSqs();
});
afterAll(async () => {
  await Promise.all(grounds.map(({ made }) => made.remove()));
  await sqs.stop();
});

/** Two tables, a queue and a declaration that no other test uses. */
interface Ground {
  readonly from: string;
  readonly to: string;
  readonly queue: TestQueue;
  readonly made: Project;
}

interface Declared {
  /** The endpoint of the sink's connection. */
  readonly sink?: string;
  readonly step?: object;
  readonly connection?: object;
  readonly queue?: QueueOptions;
}

async function ground(declared: Declared = {}): Promise<Ground> {
  const { sink = inject('dynamodb').endpoint, step = {}, connection = {}, queue: options } = declared;
  const [from, to] = [tableName('prod'), tableName('dev')];
  for (const table of [from, to]) await createTable(table, ['id', 'S']);
  const queue = await sqs.queue(options ?? { maxReceives: 5 });
  const made = await project({
    pipeline: 'users-sample',
    connections: {
      prod: dynamodbConnection(),
      dev: { ...dynamodbConnection(), endpoint: sink },
      inbox: { ...queue.connection, ...connection },
    },
    steps: [
      {
        copy: 'users',
        from: { connection: 'prod', table: from },
        via: { connection: 'inbox' },
        to: { connection: 'dev', table: to, mode: 'put' },
        ...step,
      },
    ],
  });
  const own = { from, to, queue, made };
  grounds.push(own);
  return own;
}

const user = (id: string, name = `the name of ${id}`): Item => ({
  id: { S: id },
  name: { S: name },
  age: { N: '12345678901234567890123456789012345678' },
  tags: { SS: ['a', 'b'] },
  deep: { M: { list: { L: [{ NULL: true }, { BOOL: false }, { B: 'AQI=' }] } } },
  empty: { S: '' },
});

const users = (count: number, name?: string) =>
  Array.from({ length: count }, (_, index) => user(`user ${index}`, name));

/** The one step of a run, whose counts must add up. */
function stepOf(run: CliRun, status = 0): StepSummary {
  if (run.status !== status) throw new Error(`exit ${run.status}\n${run.stderr}\n${run.stdout}`);
  const { steps } = run.events.at(-1) as unknown as { steps: readonly StepSummary[] };
  const [step] = steps;
  if (!step) throw new Error(run.stdout);
  expect(step.read).toBe(step.written + step.unchanged + step.rejected);
  return step;
}

const send = ({ made }: Ground) => made.command('run', '--only', 'send');
const drain = ({ made }: Ground) => made.command('run', '--only', 'receive', '--drain');

const sorted = (items: readonly Item[]) =>
  items.map((item) => JSON.stringify(Object.fromEntries(Object.entries(item).sort()))).sort();

/** The sink holds what the source does, and nothing is left on the way. */
async function expectMoved({ from, to, queue }: Ground): Promise<void> {
  expect(sorted(await allItems(to))).toEqual(sorted(await allItems(from)));
  expect(await sqs.drain(queue.url)).toEqual([]);
  expect(await sqs.drain(queue.redrive?.url ?? '')).toEqual([]);
}

test(
  'both halves in one run carry every item untouched, and leave the queue empty',
  async () => {
    const own = await ground();
    await putItems(own.from, users(130));
    expect(stepOf(await own.made.command('run'))).toMatchObject({ read: 130, written: 130 });
    await expectMoved(own);
    expect((await own.made.command('verify')).status).toBe(0);
  },
  LIMIT_MS,
);

test(
  'a half alone sends what is masked already, or receives without access to the source',
  async () => {
    const own = await ground({ step: { mask: { name: 'redact' } } });
    await putItems(own.from, users(25));
    expect(stepOf(await send(own))).toMatchObject({ read: 25, written: 25 });
    expect(await allItems(own.to)).toEqual([]);
    const bodies = await takeAll(own);
    expect(bodies.join()).not.toContain('the name of');
    await sqs.send(own.queue.url, bodies);
    expect(stepOf(await drain(own))).toMatchObject({ read: 25, written: 25 });
    const items = await allItems(own.to);
    expect(items.length).toBe(25);
    expect(JSON.stringify(items)).not.toContain('the name of');
  },
  LIMIT_MS,
);

/** What lies in the queue, which is empty then. */
async function takeAll({ queue }: Ground): Promise<string[]> {
  const messages = await sqs.drain(queue.url);
  for (const { ReceiptHandle } of messages) {
    await sqs.call('DeleteMessage', { QueueUrl: queue.url, ReceiptHandle });
  }
  return messages.map(({ Body }) => Body);
}

test(
  'messages that come twice, reversed and late put no older item over a newer one, and undo no edit',
  async () => {
    const own = await ground();
    await putItems(own.from, users(12, 'old'));
    stepOf(await send(own));
    const old = await takeAll(own);
    await putItems(own.from, users(12, 'new'));
    stepOf(await send(own));
    const fresh = await takeAll(own);
    await sqs.send(own.queue.url, [...fresh.toReversed(), ...old.toReversed()]);
    expect(stepOf(await drain(own))).toMatchObject({ read: 24, written: 12, unchanged: 12 });
    await expectMoved(own);
    await putItems(own.to, [user('user 3', 'edited')]);
    await sqs.send(own.queue.url, [...old, ...fresh, ...fresh]);
    expect(stepOf(await drain(own))).toMatchObject({ read: 36, written: 0, unchanged: 36 });
    const names = (await allItems(own.to)).map(({ name }) => (name && 'S' in name ? name.S : ''));
    expect(names.sort()).toEqual([...Array(11).fill('new'), 'edited'].sort());
  },
  LIMIT_MS,
);

/** Runs it, and sends it the signal once it has written as many rows as the pattern says. */
async function signalled(
  { made }: Ground,
  signal: NodeJS.Signals,
  written: string,
  args: readonly string[],
): Promise<CliRun> {
  const seen = new RegExp(`"event":"progress".*"written":${written}`);
  return await sluice(['run', made.file, '--json', ...args], {
    cwd: made.folder,
    started: (child) => {
      let isSent = false;
      child.stdout?.on('data', (text: string) => {
        // A second one would not let it finish.
        if (!isSent && seen.test(text)) isSent = child.kill(signal);
      });
    },
  });
}

test.each([
  ['with both halves', [[]]],
  [
    'that sends, and one that receives,',
    [
      ['--only', 'send'],
      ['--only', 'receive', '--drain'],
    ],
  ],
])(
  'a run %s that is killed is gone on with, and loses nothing',
  async (_name, runs: readonly string[][]) => {
    const own = await ground({
      step: { pace: { items: 20 } },
      queue: { maxReceives: 9, attributes: { VisibilityTimeout: '3' } },
    });
    await putItems(own.from, users(40));
    for (const args of runs) {
      expect((await signalled(own, 'SIGKILL', '[1-9]', args)).status).toBe(null);
      stepOf(await own.made.command('run', ...args));
    }
    await expectMoved(own);
  },
  LIMIT_MS,
);

test(
  'a receiver without --drain goes on until it is told to stop, stops cleanly, and keeps no other run from beginning',
  async () => {
    const own = await ground();
    await putItems(own.from, users(7));
    stepOf(await send(own));
    const run = await signalled(own, 'SIGTERM', '7', ['--only', 'receive']);
    expect(stepOf(run, 143)).toMatchObject({ read: 7, written: 7 });
    await expectMoved(own);
    // A stopped receiver leaves nothing to go on with that a sender would have to wait for.
    expect(stepOf(await send(own))).toMatchObject({ written: 7 });
  },
  LIMIT_MS,
);

test(
  'what a receiver holds whose sink is away is seen by others as soon as it is stopped',
  async () => {
    const away = await startHttpProxy(inject('dynamodb').endpoint);
    const own = await ground({
      sink: away.endpoint,
      queue: { maxReceives: 5, attributes: { VisibilityTimeout: '3600' } },
    });
    await putItems(own.from, users(30));
    stepOf(await send(own));
    const run = await sluice(['run', own.made.file, '--json', '--only', 'receive'], {
      cwd: own.made.folder,
      started: (child) =>
        away.watch(async (moment, { action }) => {
          if (moment !== 'before' || !action.includes('Write')) return;
          // A second one would not let it finish.
          if (away.count(action) === 1) child.kill('SIGTERM');
          await new Promise(() => undefined);
        }),
    });
    expect(run.status).toBe(143);
    expect(await sqs.hiddenSeconds(own.queue.name)).toEqual([]);
    expect(await sqs.drain(own.queue.url)).toHaveLength(30);
    await away.stop();
  },
  LIMIT_MS,
);

const large = (): Item => user('large', 'x'.repeat(380_000));
const oldLimit = { maxReceives: 5, attributes: { MaximumMessageSize: '262144' } };

test(
  'the plan says what lies between the ends, for both halves or one, and writes nothing',
  async () => {
    const own = await ground();
    const planOf = async (...args: string[]) => {
      const { status, events } = await own.made.command('plan', ...args);
      expect(status).toBe(0);
      const found = events.find(({ event }) => event === 'plan') ?? {};
      const permissions = found['permissions'] as readonly {
        readonly action: string;
        readonly only?: string;
      }[];
      const ofRuns = permissions.filter(({ only }) => only === undefined);
      return { ...found, actions: new Set(ofRuns.map(({ action }) => action)) };
    };
    const both = await planOf();
    const queue = `queue ${own.queue.name}`;
    expect(both).toMatchObject({ via: { half: 'both', queue, redrive: { maxReceives: 5 }, waiting: 0 } });
    const all = ['dynamodb:Scan', 'sqs:SendMessage', 'sqs:ReceiveMessage', 'dynamodb:BatchWriteItem'];
    expect([...both.actions]).toEqual(expect.arrayContaining(all));
    const sends = (await planOf('--only', 'send')).actions;
    expect(all.map((action) => sends.has(action))).toEqual([true, true, false, false]);
    const receives = (await planOf('--only', 'receive')).actions;
    expect(receives.has('dynamodb:Scan')).toBe(false);
    expect(receives.has('dynamodb:BatchWriteItem')).toBe(true);
    expect(await sqs.drain(own.queue.url)).toEqual([]);
  },
  LIMIT_MS,
);

test(
  '--only is refused where no copy goes through a queue',
  async () => {
    const made = await project({
      pipeline: 'direct',
      connections: { dy: dynamodbConnection() },
      steps: [
        { copy: 'a', from: { connection: 'dy', table: 'abc' }, to: { connection: 'dy', table: 'xyz' } },
      ],
    });
    const { status, stdout, stderr } = await made.command('run', '--only', 'send');
    await made.remove();
    expect([status, `${stdout}${stderr}`]).toEqual([2, expect.stringContaining('--only send')]);
  },
  LIMIT_MS,
);

test(
  'an item that is larger than a message is refused by the plan',
  async () => {
    const own = await ground({ queue: oldLimit });
    await putItems(own.from, [large()]);
    const run = await own.made.command('run');
    expect(run.status).toBe(2);
    expect(run.stdout).toContain('item_too_large');
  },
  LIMIT_MS,
);

test(
  'an item that is larger than a message goes through S3 where that is declared',
  async () => {
    const bucket = await sqs.bucket();
    const own = await ground({
      queue: oldLimit,
      connection: { large: { bucket, endpoint: sqs.endpoint } },
    });
    await putItems(own.from, [large(), user('small')]);
    expect(stepOf(await own.made.command('run'))).toMatchObject({ read: 2, written: 2 });
    await expectMoved(own);
  },
  LIMIT_MS,
);

test(
  'a bucket for large items that does not exist is refused by the plan, for both halves or one',
  async () => {
    const large = { bucket: 'no-such-bucket-here', endpoint: sqs.endpoint };
    const own = await ground({ queue: oldLimit, connection: { large } });
    for (const args of [[], ['--only', 'send'], ['--only', 'receive']]) {
      const run = await own.made.command('plan', ...args);
      expect(run.status).toBe(2);
      expect(run.stdout).toContain('the bucket no-such-bucket-here does not exist');
    }
  },
  LIMIT_MS,
);

/** Gives the step of the declaration a pace. */
async function slowDown({ made }: Ground, items: number): Promise<void> {
  const declaration = JSON.parse(await readFile(made.file, 'utf8')) as { steps: object[] };
  const steps = declaration.steps.map((step) => ({ ...step, pace: { items } }));
  await writeFile(made.file, JSON.stringify({ ...declaration, steps }));
}

test(
  'what waits for a slow pace stays out of sight, so that nothing is received twice',
  async () => {
    const queue = { maxReceives: 2, attributes: { VisibilityTimeout: '1' } };
    const own = await ground({ queue });
    await putItems(own.from, users(8));
    stepOf(await send(own));
    await slowDown(own, 2);
    expect(stepOf(await drain(own))).toMatchObject({ read: 8, written: 8, unchanged: 0 });
    await expectMoved(own);
  },
  LIMIT_MS,
);
