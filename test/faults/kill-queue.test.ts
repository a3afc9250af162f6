/** A copy through a queue is killed at moments of its talk with both tables and the queue, and run again. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { project } from '../fixtures/cli.js';
import {
  allItems,
  createTable,
  dynamodbCall,
  dynamodbConnection,
  putItems,
  tableName,
} from '../fixtures/dynamodb.js';
import { needsServer } from '../fixtures/servers.js';
import { type TestQueue, type TestSqs, testSqs } from '../fixtures/sqs.js';
import { type HttpProxy, startHttpProxy } from './http-proxy.js';
import { type Scenario, sweep } from './kill-sweep.js';
import { sweepExtent } from './sweep-extent.js';

needsServer('dynamodb');

const extent = sweepExtent(2);
const ITEMS = 60;
/** Every so many items one is too large for a message, and goes through S3, where that is declared. */
const LARGE_EVERY = 12;

/** What one sweep has to itself, so that two run side by side. */
interface Ground {
  readonly from: string;
  readonly to: string;
  readonly queue: TestQueue;
  readonly large: string | undefined;
  readonly dynamodb: HttpProxy;
  readonly proxy: HttpProxy;
}

let sqs: TestSqs;
const grounds: Ground[] = [];

beforeAll(async () => {
  sqs = await testSqs();
  grounds.push(await ground(await sqs.bucket()), await ground(undefined));
}, 600_000);

afterAll(async () => {
  await Promise.all(grounds.flatMap(({ dynamodb, proxy }) => [dynamodb.stop(), proxy.stop()]));
  await sqs.stop();
});

async function ground(large: string | undefined): Promise<Ground> {
  const [from, to] = [tableName('from'), tableName('to')];
  await createTable(from, ['id', 'S']);
  const isLarge = (id: number) => large !== undefined && id % LARGE_EVERY === 0;
  const value = (id: number) => ({
    id: { S: `user ${id}` },
    n: { N: `${id}` },
    text: { S: 'x'.repeat(isLarge(id) ? 5000 : 50) },
  });
  await putItems(
    from,
    Array.from({ length: ITEMS }, (_, index) => value(index)),
  );
  return {
    from,
    to,
    // What a killed receiver held is to be seen again soon.
    queue: await sqs.queue({
      maxReceives: 50,
      attributes: { VisibilityTimeout: '1', MaximumMessageSize: '4096' },
    }),
    large,
    dynamodb: await startHttpProxy(inject('dynamodb').endpoint),
    proxy: await startHttpProxy(sqs.endpoint),
  };
}

function scenario(
  own: Ground,
  options: readonly string[],
  status: number,
  fill: () => Promise<void>,
): Scenario {
  const { from, to, queue, dynamodb, proxy } = own;
  const table = { ...dynamodbConnection(), endpoint: dynamodb.endpoint };
  const inbox = { ...queue.connection, endpoint: proxy.endpoint };
  const large = own.large === undefined ? {} : { large: { bucket: own.large, endpoint: proxy.endpoint } };
  const urls = [queue.url, queue.redrive?.url ?? ''];
  return {
    options,
    status,
    declaration: {
      pipeline: 'sweep',
      connections: { prod: table, dev: table, inbox: { ...inbox, ...large } },
      steps: [
        {
          copy: 'users',
          from: { connection: 'prod', table: from },
          via: { connection: 'inbox' },
          to: { connection: 'dev', table: to },
          rejects: { limit: 10 },
        },
      ],
    },
    reset: async () => {
      await dynamodbCall('DeleteTable', { TableName: to }).catch(() => undefined);
      await createTable(to, ['id', 'S']);
      for (const url of urls) await sqs.call('PurgeQueue', { QueueUrl: url });
      await fill();
    },
    dump: async () => {
      const items = (await allItems(to)).map((item) => JSON.stringify(Object.entries(item).sort()));
      const [left, aside] = await Promise.all(urls.map((url) => sqs.drain(url)));
      return { items: items.sort(), left, aside: [...new Set(aside?.map(({ Body }) => Body))] };
    },
  };
}

async function swept(own: Ground, made: Scenario): Promise<void> {
  const wire = { dynamodb: own.dynamodb, sqs: own.proxy };
  const result = await sweep(made, wire, extent);
  expect(result.failures).toEqual([]);
  expect(result.killed).toBeGreaterThanOrEqual(result.tried / 2);
}

/** What a sender leaves in the queue, and a message that is none of ours. */
async function sentBodies(own: Ground): Promise<string[]> {
  const { declaration } = scenario(own, [], 0, async () => undefined);
  await createTable(own.to, ['id', 'S']);
  const made = await project(declaration);
  const { status, stderr } = await made.command('run', '--only', 'send');
  await made.remove();
  if (status !== 0) throw new Error(stderr);
  expect(stderr).not.toContain('Warning');
  const bodies = (await sqs.drain(own.queue.url)).map(({ Body }) => Body);
  return [...bodies.slice(0, 5), 'not ours', ...bodies.slice(5)];
}

test.concurrent('killed at any moment and run again, sender and receiver in one leave what an undisturbed run leaves', async () => {
  const [own] = grounds;
  if (own === undefined) throw new Error('no ground');
  await swept(
    own,
    scenario(own, [], 0, async () => undefined),
  );
}, 3_600_000);

test.concurrent('killed at any moment and run again, a receiver leaves what an undisturbed one leaves', async () => {
  const [, own] = grounds;
  if (own === undefined) throw new Error('no ground');
  const bodies = await sentBodies(own);
  expect(bodies).toHaveLength(ITEMS + 1);
  await swept(
    own,
    scenario(own, ['--only', 'receive', '--drain'], 3, () => sqs.send(own.queue.url, bodies)),
  );
}, 3_600_000);
