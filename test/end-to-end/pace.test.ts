/** The pace as both sides see it: the times at which items are asked for and arrive at the proxy before DynamoDB. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type HttpEvent, type HttpProxy, startHttpProxy } from '../faults/http-proxy.js';
import { type Project, project, sluice } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { type TestQueue, testSqs } from '../fixtures/sqs.js';

const ITEMS_A_SECOND = 50;
const ITEMS = 20 * ITEMS_A_SECOND;

let proxy: HttpProxy;
const made: Project[] = [];

beforeAll(async () => {
  proxy = await startHttpProxy(inject('dynamodb').endpoint);
});
afterAll(async () => {
  await proxy.stop();
  await Promise.all(made.map((one) => one.remove()));
});

/** A copy of listed items from one new table to another, through the proxy. */
async function copying(items: number, pace: object, through = proxy, queue?: TestQueue) {
  const [from, to] = [tableName('prod'), tableName('dev')];
  for (const table of [from, to]) await createTable(table, ['id', 'N']);
  const ids = Array.from({ length: items }, (_, id) => String(id));
  await putItems(
    from,
    ids.map((id) => ({ id: { N: id } })),
  );
  const connection = { ...dynamodbConnection(), endpoint: through.endpoint };
  const copy = await project({
    pipeline: 'paced',
    connections: { dy: connection, ...(queue ? { inbox: queue.connection } : {}) },
    steps: [
      {
        copy: 'copy',
        ...(queue ? { via: { connection: 'inbox' } } : {}),
        from: { connection: 'dy', table: from, keys: 'keys.txt' },
        to: { connection: 'dy', table: to },
        pace,
      },
    ],
  });
  made.push(copy);
  await writeFile(join(copy.folder, 'keys.txt'), ids.join('\n'));
  return { copy, from, to };
}

const callsOf = (action: string, table: string, through = proxy) =>
  through.events.filter((event) => event.action === action && event.table === table);

/** How many milliseconds the shortest stretch takes that holds more items than a second may. */
function shortestAbove(events: readonly HttpEvent[], count: (event: HttpEvent) => number): number {
  const stretches = events.map((first, index) => {
    let sum = 0;
    const last = events.slice(index).find((event) => {
      sum += count(event);
      return sum > ITEMS_A_SECOND;
    });
    return last ? last.arrivedMs - first.arrivedMs : Number.POSITIVE_INFINITY;
  });
  return Math.min(...stretches);
}

function secondsOf(events: readonly HttpEvent[]): number {
  const arrivals = events.map(({ arrivedMs }) => arrivedMs);
  return (Math.max(...arrivals) - Math.min(...arrivals)) / 1000;
}

describe('a paced copy of chosen items', () => {
  it('has no second above the pace on either side, and goes on all the time', async () => {
    const { copy, from, to } = await copying(ITEMS, { items: ITEMS_A_SECOND });
    const run = await copy.run();
    expect(run.steps).toMatchObject([{ read: ITEMS, written: ITEMS }]);
    expect((await allItems(to)).length).toBe(ITEMS);
    const reads = callsOf('BatchGetItem', from);
    const writes = callsOf('BatchWriteItem', to);
    expect(reads.reduce((sum, event) => sum + event.items, 0)).toBeGreaterThanOrEqual(ITEMS);
    expect(writes.reduce((sum, event) => sum + event.accepted, 0)).toBe(ITEMS);
    expect(shortestAbove(writes, ({ accepted }) => accepted)).toBeGreaterThanOrEqual(1000);
    expect(shortestAbove(reads, ({ items }) => items)).toBeGreaterThanOrEqual(1000);
    const wanted = ITEMS / ITEMS_A_SECOND;
    const seconds = secondsOf(writes);
    expect(seconds).toBeGreaterThan(wanted - 1);
    // That it ends in time is tested with a clock of our own: here the machine may be busy with other tests.
    console.info(`${ITEMS} items at ${ITEMS_A_SECOND} a second took ${seconds.toFixed(2)} s on the wire`);
    const shown = await copy.command('runs', run.run);
    const steps = (shown.events[0]?.['steps'] ?? []) as { series: { items: number[] } }[];
    const points = steps.flatMap(({ series }) => series.items);
    expect(points.length).toBeGreaterThan(15);
    expect(Math.max(...points)).toBeLessThan(1.5 * ITEMS_A_SECOND);
    const text = await sluice(['runs', copy.file, run.run], { cwd: copy.folder });
    expect(text.stdout).toMatch(/items\/s {7}\S{15,} {2}at most/);
  });

  it('that adapts goes at half its pace after a throttle, and faster again then', { retry: 2 }, async () => {
    const own = await startHttpProxy(inject('dynamodb').endpoint);
    const { copy, to } = await copying(400, { items: 100, adapt: true }, own);
    const writes = () => callsOf('BatchWriteItem', to, own);
    let throttledMs = 0;
    own.watch((moment, { action, arrivedMs }) => {
      if (moment !== 'before' || action !== 'BatchWriteItem' || writes().length !== 100) return;
      throttledMs = arrivedMs;
      own.plan.use([{ on: 'BatchWriteItem', fault: { kind: 'throttle' }, times: 1 }]);
    });
    await copy.run();
    await own.stop();
    const acceptedIn = (fromMs: number, toMs: number) =>
      writes()
        .filter(({ arrivedMs }) => arrivedMs >= throttledMs + fromMs && arrivedMs < throttledMs + toMs)
        .reduce((sum, { accepted }) => sum + accepted, 0);
    expect(own.plan.struck()).toEqual([1]);
    expect((await allItems(to)).length).toBe(400);
    expect(acceptedIn(-900, 0)).toBeGreaterThan(75);
    const after = acceptedIn(100, 1100);
    expect(after).toBeLessThan(70);
    expect(acceptedIn(2100, 3100)).toBeGreaterThan(after);
  });
});

describe('a paced copy through a queue', () => {
  it('has no second above the pace on either side', async () => {
    const sqs = await testSqs();
    const items = 4 * ITEMS_A_SECOND;
    const queue = await sqs.queue({ maxReceives: 5 });
    const { copy, from, to } = await copying(items, { items: ITEMS_A_SECOND }, proxy, queue);
    expect((await copy.run()).steps).toMatchObject([{ read: items, written: items }]);
    await sqs.stop();
    const writes = callsOf('BatchWriteItem', to);
    expect(writes.reduce((sum, event) => sum + event.accepted, 0)).toBe(items);
    expect(shortestAbove(writes, ({ accepted }) => accepted)).toBeGreaterThanOrEqual(1000);
    expect(shortestAbove(callsOf('BatchGetItem', from), ({ items: asked }) => asked)).toBeGreaterThanOrEqual(
      1000,
    );
  });
});

describe('a paced replicate', () => {
  it('has no second above the pace, and writes every change', async () => {
    const [from, to] = [tableName('prod'), tableName('dev')];
    await createTable(from, ['id', 'N'], undefined, 'NEW_IMAGE');
    await createTable(to, ['id', 'N']);
    const items = 4 * ITEMS_A_SECOND;
    await putItems(
      from,
      Array.from({ length: items }, (_, id) => ({ id: { N: String(id) } })),
    );
    const follow = await project({
      pipeline: 'paced',
      connections: { dy: { ...dynamodbConnection(), endpoint: proxy.endpoint } },
      steps: [
        {
          replicate: 'changes',
          from: { connection: 'dy', table: from },
          to: { connection: 'dy', table: to, mode: 'mirror' },
          pace: { items: ITEMS_A_SECOND },
        },
      ],
    });
    made.push(follow);
    const run = await follow.command('run', '--drain');
    expect(run.status, run.stderr).toBe(0);
    const writes = callsOf('BatchWriteItem', to);
    expect(writes.reduce((sum, event) => sum + event.accepted, 0)).toBe(items);
    expect(shortestAbove(writes, ({ accepted }) => accepted)).toBeGreaterThanOrEqual(1000);
    expect(secondsOf(writes)).toBeGreaterThan(items / ITEMS_A_SECOND - 1);
  });
});

describe('a share of the capacity', () => {
  const provisioned = async (table: string, read: number, write: number) =>
    await dynamodbCall('CreateTable', {
      TableName: table,
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      ProvisionedThroughput: { ReadCapacityUnits: read, WriteCapacityUnits: write },
    });

  async function plan(from: string, to: string, pace: object) {
    const copy = await project({
      pipeline: 'share',
      connections: { dy: dynamodbConnection() },
      steps: [
        { copy: 'copy', from: { connection: 'dy', table: from }, to: { connection: 'dy', table: to }, pace },
      ],
    });
    made.push(copy);
    const { status, events } = await copy.command('plan');
    return { status, findings: JSON.stringify(events.find(({ event }) => event === 'plan')?.['findings']) };
  }

  it('is of what each table is provisioned for; a table on demand has none, and two are refused', async () => {
    const [from, to, onDemand, other] = [
      tableName('from'),
      tableName('to'),
      tableName('demand'),
      tableName('other'),
    ];
    await provisioned(from, 40, 5);
    await provisioned(to, 5, 10);
    for (const table of [onDemand, other]) await createTable(table, ['id', 'S']);
    const both = await plan(from, to, { share: '20%' });
    expect(both.status).toBe(0);
    expect(both.findings).toContain('readUnits 8 a second, 20% of 40');
    expect(both.findings).toContain('writeUnits 2 a second, 20% of 10');
    const one = await plan(from, onDemand, { share: '20%' });
    expect(one.status).toBe(0);
    expect(one.findings).toContain('its writeUnits are not paced');
    expect(one.findings).toContain('pace: { writeUnits: … }');
    const none = await plan(onDemand, other, { share: '20%' });
    expect(none.status).toBe(2);
    expect(none.findings).toContain('no table here has any');
    const said = await plan(from, onDemand, { share: '20%', writeUnits: 5 });
    expect(said.status).toBe(0);
    expect(said.findings ?? '').not.toContain('not paced');
  });
});
