import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { type HttpProxy, startHttpProxy } from '../../../test/faults/http-proxy.js';
import { allItems, dynamodbCall, putItems } from '../../../test/fixtures/dynamodb.js';
import { httpServer } from '../../../test/fixtures/http-server.js';
import { type TableStates, tableStates } from '../../../test/fixtures/states.js';
import type { Guard } from '../state.js';
import { machineMark } from './machine.js';
import { parseStateAddress, stateAddress } from './state-address.js';

const PATIENCE_MS = 60_000;
const free: Guard = { check: async () => undefined };
const quick = { beatMs: 20, deadAfterMs: 600, lookMs: 10 };

let ground: TableStates;
let proxy: HttpProxy;
let pipelines = 0;
const pipeline = () => `p${pipelines}`;
const state = () => ground.open(pipeline());
/** The same, through the faults. */
const troubled = () => ground.open(pipeline(), { place: { ...ground.place, endpoint: proxy.endpoint } });

beforeAll(async () => {
  ground = await tableStates();
  proxy = await startHttpProxy(inject('dynamodb').endpoint);
});
afterAll(async () => {
  await Promise.all([ground.close(), proxy.stop()]);
});
beforeEach(() => {
  pipelines++;
  proxy.plan.use([]);
  proxy.watch(undefined);
});

const key = (sk: string, pk = pipeline()) => ({ pk: { S: pk }, sk: { S: sk } });

function signal(): { readonly given: Promise<void>; give(): void } {
  let give: () => void = () => undefined;
  const given = new Promise<void>((done) => {
    give = done;
  });
  return { given, give: () => give() };
}

/** What a holder on another machine has left. */
async function heldElsewhere(more: object = {}): Promise<void> {
  const holder = { owner: { S: 'x' }, fence: { N: '3' }, beat: { N: '7' }, run: { S: 'r1' } };
  const process = { host: { S: 'elsewhere' }, pid: { N: '1' }, processStart: { S: '' }, machine: { S: 'm' } };
  await putItems(ground.table, [{ ...key('lease#runs'), ...holder, ...process, ...more }]);
}

describe('the lease in a table', { timeout: PATIENCE_MS }, () => {
  test('is taken over from a holder on another machine whose beat was not seen to move', async () => {
    await heldElsewhere();
    const lease = await ground.open(pipeline(), { times: quick }).lease('runs');
    await lease.check();
    const [item] = (await allItems(ground.table)).filter(
      ({ pk }) => JSON.stringify(pk) === JSON.stringify({ S: pipeline() }),
    );
    expect(item?.['fence']).toEqual({ N: '4' });
    await lease.release();
  });

  test('is not taken from a holder whose beat moves, however old it says that it is', async () => {
    await heldElsewhere();
    const taken = ground.open(pipeline(), { times: { ...quick, deadAfterMs: 5_000 } }).lease('runs');
    let isSettled = false;
    const settled = () => {
      isSettled = true;
    };
    taken.then(settled, settled);
    for (let beat = 8; !isSettled && beat < 1_000; beat++) {
      await dynamodbCall('UpdateItem', {
        TableName: ground.table,
        Key: key('lease#runs'),
        UpdateExpression: 'SET beat = :beat',
        ExpressionAttributeValues: { ':beat': { N: `${beat}` } },
      });
    }
    const locked = {
      code: 'run_locked',
      message: expect.stringContaining('run r1 (process 1 on elsewhere)'),
    };
    await expect(taken).rejects.toMatchObject(locked);
  });

  test('is no longer waited for once somebody wants an end', async () => {
    await heldElsewhere();
    const stop = new AbortController();
    const reason = new Error('stopped');
    const times = { ...quick, deadAfterMs: PATIENCE_MS };
    const taken = ground.open(pipeline(), { times }).lease('runs', stop.signal);
    stop.abort(reason);
    await expect(taken).rejects.toBe(reason);
  });

  test('of a process of this machine that was killed is taken over at once', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const machine = { S: (await machineMark()) ?? '' };
    const start = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(' ')[21] ?? '';
    await heldElsewhere({
      machine,
      host: { S: hostname() },
      pid: { N: `${child.pid}` },
      processStart: { S: start },
    });
    await expect(state().lease('runs')).rejects.toMatchObject({ code: 'run_locked' });
    child.kill('SIGKILL');
    await gone;
    const lease = await state().lease('runs');
    await lease.release();
  });

  test('moves its beat while it is held, and its fence stays when it is given back', async () => {
    const beat = async () => {
      const { Item: item } = await dynamodbCall('GetItem', {
        TableName: ground.table,
        Key: key('lease#runs'),
      });
      return item as Record<string, { N?: string }>;
    };
    const lease = await ground.open(pipeline(), { times: quick }).lease('runs');
    while (Number((await beat())['beat']?.N) < 3) await new Promise((done) => setTimeout(done, 10));
    await lease.release();
    expect((await beat())['fence']).toEqual({ N: '1' });
    const next = await state().lease('runs');
    expect((await beat())['fence']).toEqual({ N: '2' });
    await next.release();
  });

  test("is one holder's, of many that take it at once", async () => {
    const taken = await Promise.allSettled(Array.from({ length: 8 }, () => state().lease('runs')));
    const held = taken.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    expect(held).toHaveLength(1);
    await Promise.all(held.map((lease) => lease.release()));
  });

  test('whose answers are lost is taken, named and given back once', async () => {
    proxy.plan.use([{ on: 'UpdateItem', fault: { kind: 'reset after' }, nth: [1, 3, 5] }]);
    const lease = await troubled().lease('runs');
    await lease.name('r1');
    await lease.check();
    await lease.release();
    await (await state().lease('runs')).release();
    expect(proxy.plan.struck()).toEqual([3]);
  });
});

describe('what is added to a log of a table', { timeout: PATIENCE_MS }, () => {
  test('by a holder that was passed over is not written, also where it was on its way before', async () => {
    const first = await troubled().lease('runs');
    const { log } = await troubled().runs.open('r1', first);
    await log.add({ n: 1 });
    const [there, gone] = [signal(), signal()];
    proxy.watch(async (moment, { action }) => {
      if (moment !== 'before' || action !== 'TransactWriteItems') return;
      there.give();
      await gone.given;
    });
    const held = log.add({ n: 2 });
    await there.given;
    // As another machine does that has seen no beat.
    await dynamodbCall('UpdateItem', {
      TableName: ground.table,
      Key: key('lease#runs'),
      UpdateExpression: 'REMOVE #o',
      ExpressionAttributeNames: { '#o': 'owner' },
    });
    const second = await state().lease('runs');
    const other = await state().runs.open('r1', second);
    await other.log.add({ n: 3 });
    gone.give();
    await expect(held).rejects.toMatchObject({ code: 'run_locked' });
    await expect(log.rewrite(() => [])).rejects.toMatchObject({ code: 'run_locked' });
    expect(await state().runs.read('r1')).toEqual([{ n: 1 }, { n: 3 }]);
    await first.release();
    await other.log.add({ n: 4 });
    expect(await state().runs.read('r1')).toEqual([{ n: 1 }, { n: 3 }, { n: 4 }]);
    await second.release();
  });

  test('is there once, whatever becomes of the answers', async () => {
    const kinds = ['reset after', 'torn', 'empty', 'throttle', 'reset before'] as const;
    const conflict = { kind: 'error', status: 400, type: 'TransactionCanceledException' } as const;
    proxy.plan.use([
      { on: 'TransactWriteItems', fault: conflict, nth: [5, 6, 9] },
      ...kinds.map((kind) => ({ on: /./, fault: { kind }, chance: 0.1, times: 6 })),
    ]);
    const lease = await troubled().lease('runs');
    const { log } = await troubled().runs.open('r1', lease);
    for (let n = 0; n < 40; n++) {
      await log.add({ n });
      if (n % 10 === 9) await log.rewrite((records) => [...records]);
    }
    await log.close();
    expect(await state().runs.read('r1')).toEqual(Array.from({ length: 40 }, (_, n) => ({ n })));
    expect(proxy.plan.struck().reduce((sum, each) => sum + each)).toBeGreaterThan(10);
    await lease.release();
  });

  test('is looked up where a transaction is told as canceled that was carried out', async () => {
    const target = inject('dynamodb').endpoint;
    let lies = 3;
    const server = await httpServer(async (request, response, body) => {
      const headers = ['content-type', 'x-amz-target', 'authorization', 'x-amz-date'].map((name) => [
        name,
        String(request.headers[name]),
      ]);
      const answer = await fetch(target, { method: 'POST', headers: headers as [string, string][], body });
      const text = await answer.text();
      const isLie = String(request.headers['x-amz-target']).endsWith('.TransactWriteItems') && lies-- > 0;
      response.writeHead(isLie ? 400 : answer.status);
      response.end(isLie ? JSON.stringify({ __type: 'x#TransactionCanceledException' }) : text);
    });
    const { endpoint } = server;
    const lied = ground.open(pipeline(), { place: { ...ground.place, endpoint } });
    const lease = await lied.lease('runs');
    const { log } = await lied.runs.open('r1', lease);
    for (const n of [1, 2]) await log.add({ n });
    await log.rewrite((records) => [...records, { n: 3 }]);
    await log.add({ n: 4 });
    expect(await state().runs.read('r1')).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }, { n: 4 }]);
    expect(lies).toBeLessThan(0);
    await lease.release();
    await server.stop();
  });

  test('is refused once the item that says whose turn it is is gone', async () => {
    const lease = await state().lease('runs');
    const { log } = await state().runs.open('r1', lease);
    await log.add({ n: 1 });
    await dynamodbCall('DeleteItem', { TableName: ground.table, Key: key('lease#runs') });
    await expect(log.add({ n: 2 })).rejects.toMatchObject({ code: 'run_locked' });
    await lease.release();
    expect(await state().runs.read('r1')).toEqual([{ n: 1 }]);
  });

  test("twice for one part is the second worker's, and the others stay as they are", async () => {
    const main = await state().runs.open('r1', free);
    await main.log.add({ n: 0 });
    const first = await state().runs.openBeside('r1', '[0]orders');
    const other = await state().runs.openBeside('r1', '[1]orders');
    await first.log.add({ n: 1 });
    const second = await state().runs.openBeside('r1', '[0]orders');
    expect(second.records).toEqual([{ n: 1 }, { n: 0 }]);
    await expect(first.log.add({ n: 2 })).rejects.toMatchObject({ code: 'run_locked' });
    await expect(first.log.rewrite(() => [])).rejects.toMatchObject({ code: 'run_locked' });
    await Promise.all([second.log.add({ n: 3 }), other.log.add({ n: 4 }), main.log.add({ n: 5 })]);
    await second.log.rewrite((records) => [{ sum: records.length }]);
    expect(await state().runs.read('r1')).toEqual([{ sum: 2 }, { n: 4 }, { n: 0 }, { n: 5 }]);
  });

  test('is no item where it is large or holds rows, and its object goes with it', async () => {
    const text = 'secret'.repeat(100_000);
    const { log } = await state().runs.open('r1', free);
    await log.add({ text });
    await state()
      .rejects('r1')
      .create('orders', [{ row: { name: 'secret' } }]);
    expect(JSON.stringify(await allItems(ground.table))).not.toContain('secret');
    const mine = async () => (await ground.objects()).filter((name) => name.startsWith(`${pipeline()}/`));
    expect(await mine()).toHaveLength(2);
    await state().rejects('r1').removeAll();
    await state().runs.remove('r1');
    expect(await mine()).toEqual([]);
    expect(JSON.stringify(await allItems(ground.table))).not.toContain(`"${pipeline()}#`);
  });
});

describe('a state that cannot be used', { timeout: PATIENCE_MS }, () => {
  test('says which flush is missing', async () => {
    const { log } = await state().runs.open('r1', free);
    for (const n of [1, 2, 3]) await log.add({ n });
    await dynamodbCall('DeleteItem', {
      TableName: ground.table,
      Key: key('00000001', `${pipeline()}#runs#r1#1`),
    });
    const message = expect.stringContaining('the item 00000001');
    await expect(state().runs.read('r1')).rejects.toMatchObject({ code: 'state_unusable', message });
  });

  test('says that its table or its bucket is not there, and how to make them', async () => {
    const nowhere = (more: object) => ground.open(pipeline(), { place: { ...ground.place, ...more } });
    const hint = expect.stringContaining(
      'aws dynamodb create-table --table-name not-there --attribute-definitions',
    );
    await expect(nowhere({ table: 'not-there' }).runs.names()).rejects.toMatchObject({
      code: 'state_unusable',
      hint,
    });
    await expect(nowhere({ table: 'not-there' }).lease('runs')).rejects.toMatchObject({
      code: 'state_unusable',
      hint,
    });
    const made = nowhere({ bucket: 'not-there' }).reports.create('a', [{ n: 1 }]);
    await expect(made).rejects.toMatchObject({
      code: 'state_unusable',
      hint: expect.stringContaining('s3 mb'),
    });
  });

  test('says that its table has another key', async () => {
    const table = `${ground.table}-other`;
    await dynamodbCall('CreateTable', {
      TableName: table,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    });
    const other = ground.open(pipeline(), { place: { ...ground.place, table } });
    await expect(other.lease('runs')).rejects.toMatchObject({
      code: 'state_unusable',
      hint: expect.stringContaining('pk and sk'),
    });
  });
});

test('a log whose removal was interrupted is gone, and the next removal takes what is left of it', async () => {
  const { log } = await state().runs.open('r1', free);
  await log.add({ n: 1 });
  await state().runs.create('r2', [{ n: 2 }]);
  proxy.plan.use([
    { on: 'BatchWriteItem', fault: { kind: 'error', status: 400, type: 'AccessDeniedException' } },
  ]);
  await expect(troubled().runs.remove('r1')).rejects.toMatchObject({ code: 'access_denied' });
  expect(await state().runs.names()).toEqual(['r2']);
  await state().runs.remove('r2');
  expect(JSON.stringify(await allItems(ground.table))).not.toContain(`"${pipeline()}#`);
});

test('an address says where a state is, and is refused with the place of what is wrong', () => {
  const text =
    'dynamodb://sluice-state?bucket=lake-1&region=eu-west-1&endpoint=http%3A%2F%2F127.0.0.1%3A8000';
  expect(stateAddress(parseStateAddress(text))).toBe(text);
  for (const [wrong, why] of [
    ['dynamodb://a?bucket=lake', "not a table's name"],
    ['dynamodb://state', 'it names no bucket'],
    ['dynamodb://state?bucket=lake&ragion=x', 'ragion is none of'],
  ] as const) {
    expect(() => parseStateAddress(wrong)).toThrow(why);
  }
});

test('a state makes no other calls than those that it says it needs', { timeout: PATIENCE_MS }, async () => {
  const first = proxy.events.length;
  const lease = await troubled().lease('runs');
  const { log } = await troubled().runs.open('r1', lease);
  await log.add({ n: 1 });
  await log.rewrite((records) => records);
  await troubled().served.write({ schedule: 'x', start: '', handled: '' });
  await troubled().runs.remove('r1');
  await lease.release();
  const called = new Set(proxy.events.slice(first).map(({ action }) => action));
  const granted = troubled().needs.permissions.map(({ action }) => action.replace(/^dynamodb:/, ''));
  // A transaction is granted by what it holds: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
  expect(called.delete('TransactWriteItems')).toBe(true);
  called.add('ConditionCheckItem');
  expect([...called].sort()).toEqual(granted.filter((action) => !action.startsWith('s3:')).sort());
});
