import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Rule } from '../../../test/faults/fault-plan.js';
import { type HttpFault, type HttpProxy, startHttpProxy } from '../../../test/faults/http-proxy.js';
import { type TestContext, testContext } from '../../../test/fixtures/context.js';
import { idsOf, items, openQueue, receiveAll, rowsOf } from '../../../test/fixtures/queues.js';
import { type QueueOptions, type TestQueue, type TestSqs, testSqs } from '../../../test/fixtures/sqs.js';
import type { Context } from '../connector.js';
import type { Delivery, Misfit, Queue } from '../queue.js';

const PATIENCE_MS = 120_000;
const origin = { pipeline: 'sample', step: 'users', run: 'r1', readAtMs: Date.UTC(2026, 10, 1) };
const COUNT = 45;

let sqs: TestSqs;
let run: TestContext;

beforeAll(async () => {
  sqs = await testSqs();
  run = await testContext();
});

afterAll(async () => {
  await run.close();
  await sqs.stop();
});

interface Faulty {
  readonly queue: Queue;
  readonly at: TestQueue;
  readonly proxy: HttpProxy;
}

/** A queue behind the faults, for the time of `use`. */
async function behind(
  rules: readonly Rule<HttpFault>[],
  use: (faulty: Faulty) => Promise<void>,
  options: QueueOptions & { readonly connection?: object; readonly context?: Context } = {},
): Promise<void> {
  const at = await sqs.queue(options);
  const proxy = await startHttpProxy(sqs.endpoint, rules, 11);
  const connection = { ...at.connection, ...options.connection, endpoint: proxy.endpoint };
  const queue = openQueue(connection, options.context ?? run.context);
  try {
    await use({ queue, at, proxy });
  } finally {
    await queue.close();
    await proxy.stop();
  }
}

/** Everything that was received until so many messages had been seen. */
async function untilSeen(queue: Queue, count: number, seen: readonly (Delivery | Misfit)[] = []) {
  const all = [...seen];
  while (idsOf(all).length < count) all.push(...(await queue.receive({ max: 10, waitSeconds: 20 })));
  return all;
}

const allIds = Array.from({ length: COUNT }, (_, index) => `r1/t.${index}`).sort();

const troubles: [name: string, fault: HttpFault, options: { times?: number; nth?: number[] }][] = [
  ['throttles', { kind: 'throttle' }, { times: 3 }],
  ['fails', { kind: 'error', status: 500, type: 'InternalFailure' }, { times: 2 }],
  ['is not available', { kind: 'error', status: 503, type: 'ServiceUnavailable' }, { times: 2 }],
  ['is hidden behind a page of a load balancer', { kind: 'page', status: 503 }, { times: 2 }],
  ['resets connections before it has seen the call', { kind: 'reset before' }, { times: 2 }],
  ['loses answers', { kind: 'reset after' }, { times: 2 }],
  ['tears answers', { kind: 'torn' }, { times: 2 }],
  ['carries out 70 % of each batch', { kind: 'partial', share: 0.3 }, {}],
  ['throttles calls now and then', { kind: 'throttle' }, { nth: [1, 3, 4] }],
  ['is not there for a while', { kind: 'refuse', ms: 200 }, { times: 1 }],
  ['answers with nothing', { kind: 'empty' }, { times: 2 }],
];

describe.concurrent.each(troubles)('when the service %s', (_name, fault, often) => {
  const rule = (on: string): Rule<HttpFault>[] => [{ on, fault, ...often }];

  it('every row is sent, and told as sent', { timeout: PATIENCE_MS }, async () => {
    await behind(rule('SendMessageBatch'), async ({ queue, proxy }) => {
      const sent = await queue.send(items(COUNT), ['pk'], origin, 't');
      expect(new Set(sent)).toEqual(new Set(['sent']));
      expect(proxy.plan.struck()[0]).toBeGreaterThan(0);
      expect(idsOf(await receiveAll(queue))).toEqual(allIds);
    });
  });

  it('every message is removed, or told as not removed', { timeout: PATIENCE_MS }, async () => {
    await behind(rule('DeleteMessageBatch'), async ({ queue, at, proxy }) => {
      await queue.send(items(COUNT), ['pk'], origin, 't');
      const received = await receiveAll(queue);
      expect(await queue.remove(received)).toEqual([]);
      expect(proxy.plan.struck()[0]).toBeGreaterThan(0);
      for (const one of await queue.extend(received, 0)) expect(received).toContain(one);
      expect(await sqs.drain(at.url)).toEqual([]);
    });
  });
});

describe.concurrent.each<[name: string, fault: HttpFault]>([
  ['throttles', { kind: 'error', status: 503, type: 'SlowDown' }],
  ['fails', { kind: 'error', status: 500, type: 'InternalError' }],
  ['is hidden behind a page of a load balancer', { kind: 'page', status: 502 }],
  ['resets connections before it has seen the call', { kind: 'reset before' }],
  ['loses answers', { kind: 'reset after' }],
  ['tears answers', { kind: 'torn' }],
])('when the store of large rows %s', (_name, fault) => {
  it('every row arrives, and no object of it stays', { timeout: PATIENCE_MS }, async () => {
    const at = await sqs.queue({ attributes: { MaximumMessageSize: '4096' } });
    const bucket = await sqs.bucket();
    const rules = ['GetObject', 'DeleteObject'].map((on): Rule<HttpFault> => ({ on, fault, nth: [1, 3] }));
    const proxy = await startHttpProxy(sqs.endpoint, [...rules, { on: 'PutObject', fault, nth: [2] }]);
    const queue = openQueue({ ...at.connection, large: { bucket, endpoint: proxy.endpoint } }, run.context);
    const batch = items(5, (index) => ({ S: `${index}`.repeat(5000) }));
    expect(new Set(await queue.send(batch, ['pk'], origin, 't'))).toEqual(new Set(['sent']));
    expect(proxy.plan.struck()[2]).toBe(1);
    // Only a put whose answer was lost leaves an object that nothing points to.
    const left = fault.kind === 'reset after' ? 1 : 0;
    expect(await sqs.objects(bucket)).toHaveLength(batch.rows.length + left);
    const received = await receiveAll(queue);
    expect(rowsOf(received.toSorted((a, b) => a.id.localeCompare(b.id)))).toEqual(batch.rows);
    await queue.remove(received);
    expect(await sqs.objects(bucket)).toHaveLength(left);
    await queue.close();
    await proxy.stop();
  });
});

describe('a call that failed', { timeout: PATIENCE_MS }, () => {
  it('is made again with those entries alone that failed', async () => {
    const partial: Rule<HttpFault> = { on: 'SendMessageBatch', fault: { kind: 'partial', share: 0.3 } };
    await behind([{ ...partial, times: 5 }], async ({ queue, proxy }) => {
      await queue.send(items(COUNT), ['pk'], origin, 't');
      const asked = proxy.events.reduce((sum, event) => sum + event.items, 0);
      const accepted = proxy.events.reduce((sum, event) => sum + event.accepted, 0);
      expect(accepted).toBe(COUNT);
      expect(asked).toBeGreaterThan(COUNT);
      expect(await receiveAll(queue)).toHaveLength(COUNT);
    });
  });

  it('is made at most as long as the patience of the run lasts; then its rows are told', async () => {
    const { context, close } = await testContext({ retry: async (call) => call() });
    const partial: Rule<HttpFault> = { on: 'SendMessageBatch', fault: { kind: 'partial', share: 1 } };
    const use = async ({ queue }: Faulty) => {
      const sent = await queue.send(items(3), ['pk'], origin, 't');
      expect(sent).toEqual(
        Array.from({ length: 3 }, () => ({ code: 'retries_exhausted', message: expect.any(String) })),
      );
    };
    await behind([partial], use, { context });
    await close();
  });

  it('ends the sending where it is no row’s fault', async () => {
    const denied: HttpFault = { kind: 'error', status: 403, type: 'AccessDeniedException' };
    await behind([{ on: 'SendMessageBatch', fault: denied }], async ({ queue }) => {
      await expect(queue.send(items(3), ['pk'], origin, 't')).rejects.toMatchObject({
        code: 'access_denied',
        retry: 'never',
        hint: expect.stringContaining('sluice plan'),
      });
    });
  });

  it('is split where the service takes less at once than it says', async () => {
    const long: HttpFault = { kind: 'error', status: 400, type: 'BatchRequestTooLong' };
    await behind([{ on: 'SendMessageBatch', fault: long, times: 2 }], async ({ queue }) => {
      expect(new Set(await queue.send(items(10), ['pk'], origin, 't'))).toEqual(new Set(['sent']));
      expect(await receiveAll(queue)).toHaveLength(10);
    });
  });

  it('tells the pace of each time that the service asked to go slower', async () => {
    let told = 0;
    const { context, close } = await testContext({
      throttled: () => {
        told++;
      },
    });
    const rule: Rule<HttpFault> = { on: /Message/, fault: { kind: 'throttle' }, times: 3 };
    const use = async ({ queue }: Faulty) => {
      await queue.send(items(3), ['pk'], origin, 't');
      expect(told).toBe(3);
    };
    await behind([rule], use, { context });
    await close();
  });
});

describe('a bucket for large rows', { timeout: PATIENCE_MS }, () => {
  it.each([
    ['is there', 200, undefined],
    ['may not be looked at', 403, 'warn: whether the bucket rows is there may not be seen'],
    ['is not there', 404, 'refuse: the bucket rows does not exist'],
    ['is elsewhere', 301, 'refuse: the bucket rows is in another region'],
  ] as const)('that %s is told by the plan', async (_name, status, told) => {
    const { connection } = await sqs.queue();
    const bucket = await sqs.bucket();
    const fault = { kind: 'error', status, type: 'x' } as const;
    const proxy = await startHttpProxy(sqs.endpoint, status === 200 ? [] : [{ on: 'HeadBucket', fault }]);
    const queue = openQueue({ ...connection, large: { bucket, endpoint: proxy.endpoint } }, run.context);
    const { findings } = await queue.describe();
    const [found] = findings.filter(({ path }) => path === 'large.bucket');
    const text = found && `${found.level}: ${found.message.replace(bucket, 'rows')}`;
    expect(text?.slice(0, told?.length)).toBe(told);
    await queue.close();
    await proxy.stop();
  });
});

describe('a row too large for a message whose sending got no answer', { timeout: PATIENCE_MS }, () => {
  it('lies in an object of each message: removing one message leaves the other whole', async () => {
    const large = { bucket: await sqs.bucket(), endpoint: sqs.endpoint };
    const lost: Rule<HttpFault> = { on: 'SendMessageBatch', fault: { kind: 'reset after' }, times: 1 };
    const use = async ({ queue }: Faulty) => {
      const batch = items(2, () => ({ S: 'x'.repeat(5000) }));
      expect(await queue.send(batch, ['pk'], origin, 't')).toEqual(['sent', 'sent']);
      for (let message = 0; message < 4; message++) {
        const [one] = await queue.receive({ max: 1, waitSeconds: 20 });
        expect(one?.kind).toBe('row');
        if (one !== undefined) await queue.remove([one]);
      }
    };
    await behind([lost], use, { attributes: { MaximumMessageSize: '2048' }, connection: { large } });
  });
});

describe('credentials and clocks', { timeout: PATIENCE_MS }, () => {
  it('a clock that is wrong is corrected by the answer, once', async () => {
    const skewed: HttpFault = {
      kind: 'error',
      status: 403,
      type: 'RequestTimeTooSkewed',
      aheadMs: 3_600_000,
    };
    await behind([{ on: 'GetQueueUrl', fault: skewed, times: 1 }], async ({ queue, proxy }) => {
      await queue.describe();
      expect(proxy.events.map(({ action }) => action)).toEqual([
        'GetQueueUrl',
        'GetQueueUrl',
        'GetQueueAttributes',
      ]);
    });
  });

  it('credentials that have expired are renewed, and the call is made once more', async () => {
    const env: Record<string, string> = { AWS_ACCESS_KEY_ID: 'old', AWS_SECRET_ACCESS_KEY: 's' };
    const { context, close } = await testContext({ env });
    const expired: HttpFault = { kind: 'error', status: 400, type: 'ExpiredTokenException' };
    const use = async ({ queue, proxy }: Faulty) => {
      await queue.describe();
      env['AWS_ACCESS_KEY_ID'] = 'new';
      expect(await queue.send(items(1), ['pk'], origin, 't')).toEqual(['sent']);
      expect(proxy.count('SendMessageBatch')).toBe(2);
    };
    await behind([{ on: 'SendMessageBatch', fault: expired, times: 1 }], use, { context });
    await close();
  });

  it('credentials that have expired and are the same again are an error that says what to do', async () => {
    const expired: HttpFault = { kind: 'error', status: 400, type: 'ExpiredTokenException' };
    await behind([{ on: 'GetQueueUrl', fault: expired }], async ({ queue }) => {
      await expect(queue.describe()).rejects.toMatchObject({
        code: 'credentials_missing',
        hint: expect.stringContaining('expired'),
      });
    });
  });
});

describe('what arrives changed', { timeout: PATIENCE_MS }, () => {
  const once = (on: string, fault: HttpFault): Rule<HttpFault>[] => [{ on, fault, times: 1 }];

  it('is not given to anybody: the message comes again', async () => {
    const use = async ({ queue }: Faulty) => {
      await queue.send(items(3), ['pk'], origin, 't');
      const first = await queue.receive({ max: 10, waitSeconds: 0 });
      expect(first).toHaveLength(2);
      const all = await untilSeen(queue, 3, first);
      const sent = all.map(({ id }) => items(3).rows.at(Number(id.at(-1))));
      expect(rowsOf(all)).toEqual(sent);
    };
    await behind(once('ReceiveMessage', { kind: 'wrong md5' }), use, {
      attributes: { VisibilityTimeout: '2' },
    });
  });

  it('is sent again where the service says so by its digest', async () => {
    await behind(once('SendMessageBatch', { kind: 'wrong md5' }), async ({ queue, proxy }) => {
      expect(new Set(await queue.send(items(3), ['pk'], origin, 't'))).toEqual(new Set(['sent']));
      expect(proxy.count('SendMessageBatch')).toBe(2);
      expect(idsOf(await receiveAll(queue))).toEqual(['r1/t.0', 'r1/t.1', 'r1/t.2']);
    });
  });

  it('in an answer that was torn stays in the queue', async () => {
    const use = async ({ queue }: Faulty) => {
      await queue.send(items(3), ['pk'], origin, 't');
      await untilSeen(queue, 3);
    };
    await behind(once('ReceiveMessage', { kind: 'torn' }), use, { attributes: { VisibilityTimeout: '2' } });
  });
});

describe('what the service may do', { timeout: PATIENCE_MS }, () => {
  const always = (fault: HttpFault): Rule<HttpFault>[] => [{ on: 'SendMessageBatch', fault }];

  it('is to deliver a message more than once: each delivery has the same id', async () => {
    await behind(always({ kind: 'copies', count: 2 }), async ({ queue }) => {
      await queue.send(items(3), ['pk'], origin, 't');
      const received = await receiveAll(queue);
      expect(received).toHaveLength(6);
      expect(idsOf(received)).toEqual(['r1/t.0', 'r1/t.1', 'r1/t.2']);
    });
  });

  it('is to deliver messages in another order', async () => {
    await behind(always({ kind: 'reversed' }), async ({ queue }) => {
      await queue.send(items(3), ['pk'], origin, 't');
      expect((await receiveAll(queue)).map(({ id }) => id)).toEqual(['r1/t.2', 'r1/t.1', 'r1/t.0']);
    });
  });

  it('is to deliver messages late: the time at which their rows were read stays', async () => {
    await behind(always({ kind: 'late', seconds: 2 }), async ({ queue }) => {
      const sentAt = performance.now();
      await queue.send(items(2), ['pk'], origin, 't');
      const received = await untilSeen(queue, 2);
      expect(performance.now() - sentAt).toBeGreaterThan(1_900);
      for (const one of received) expect(one).toMatchObject({ origin });
    });
  });

  it('is to give a message to two: the one whose row has gone with the message gets nothing', async () => {
    const bucket = await sqs.bucket();
    const large = { bucket, prefix: 'p/', endpoint: sqs.endpoint };
    const use = async ({ queue, at, proxy }: Faulty) => {
      await queue.send(
        items(1, () => ({ S: 'x'.repeat(5000) })),
        ['pk'],
        origin,
        't',
      );
      proxy.watch(async (moment, { action }) => {
        if (moment !== 'after' || action !== 'ReceiveMessage') return;
        for (const object of await sqs.objects(bucket)) {
          await fetch(`${sqs.endpoint}/${bucket}/${object}`, { method: 'DELETE' });
        }
        await sqs.call('PurgeQueue', { QueueUrl: at.url });
      });
      expect(await queue.receive({ max: 10, waitSeconds: 0 })).toEqual([]);
      expect(proxy.count('ChangeMessageVisibilityBatch')).toBe(1);
    };
    await behind([], use, { attributes: { MaximumMessageSize: '2048' }, connection: { large } });
  });
});

describe('a run that ends', { timeout: PATIENCE_MS }, () => {
  it('does not wait for the queue', async () => {
    const { context, stop, close } = await testContext();
    const use = async ({ queue, proxy }: Faulty) => {
      await queue.describe();
      proxy.watch((moment, { action }) => {
        if (moment === 'before' && action === 'ReceiveMessage') setImmediate(stop);
      });
      await expect(queue.receive({ max: 10, waitSeconds: 20 })).rejects.toThrow('the test stopped the run');
    };
    await behind([], use, { context });
    await close();
  });
});
