/** What a plan says of a queue that deploying has made: the functions that receive from it know what they wrote, and nobody else does. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createTable, dynamodbConnection, tableName } from '../../test/fixtures/dynamodb.js';
import { pipeline } from '../../test/fixtures/in-process.js';
import { type TestSqs, testSqs } from '../../test/fixtures/sqs.js';
import { type TableStates, tableStates } from '../../test/fixtures/states.js';
import { stateAddress } from '../journal/aws/state-address.js';

let sqs: TestSqs;
let ground: TableStates;
const from = tableName('prod');
const table = tableName('dev');

beforeAll(async () => {
  [sqs, ground] = await Promise.all([testSqs(), tableStates()]);
  for (const name of [from, table]) await createTable(name, ['id', 'S']);
});
afterAll(() => Promise.all([sqs.stop(), ground.close()]));

interface Declared {
  /** Deploying has made the queue. */
  readonly create?: boolean;
  readonly to?: object;
}

/** Whether a plan warns of functions that receive, too; `options`: of the plan. */
async function warned(
  { create = true, to = { mode: 'put' } }: Declared,
  options: Parameters<Awaited<ReturnType<typeof pipeline>>['plan']>[0] = {},
): Promise<boolean> {
  const queue = await sqs.queue({ maxReceives: 5 });
  const made = await pipeline({
    pipeline: 'users-sample',
    connections: { place: dynamodbConnection(), inbox: { ...queue.connection, ...(create && { create }) } },
    steps: [
      {
        copy: 'users',
        from: { connection: 'place', table: from },
        via: { connection: 'inbox' },
        to: { connection: 'place', table, ...to },
      },
    ],
  });
  const { status, out, err } = await made.plan({ ...options, json: true });
  expect(status, out + err).toBe(0);
  const findings = out.split('\n').filter((line) => line.includes('functions receive from this queue'));
  for (const line of findings) expect(line).toContain('StateUrl');
  return findings.length > 0;
}

it('warns whoever receives beside its functions with a state that they do not have', async () => {
  expect(await warned({})).toBe(true);
  expect(await warned({}, { only: 'receive' })).toBe(true);
});

it('says nothing to whoever only sends, has the state of the functions, or made the queue', async () => {
  expect(await warned({}, { only: 'send' })).toBe(false);
  expect(await warned({}, { only: 'receive', state: stateAddress(ground.place) })).toBe(false);
  expect(await warned({ create: false }, { only: 'receive' })).toBe(false);
});

it('says nothing where the sink itself keeps what is there or newer', async () => {
  expect(await warned({ to: { mode: 'insert' } })).toBe(false);
  expect(await warned({ to: { mode: 'newest', by: 'version' } })).toBe(false);
});
