import type { Rule } from '../faults/fault-plan.js';
import { type HttpFault, startHttpProxy } from '../faults/http-proxy.js';
import { testContext } from '../fixtures/context.js';
import { openQueue } from '../fixtures/queues.js';
import { type QueueOptions, testSqs } from '../fixtures/sqs.js';
import type { ContractCases, OpenedQueue, QueueCase } from './cases.js';

interface Circumstances extends QueueOptions {
  /** Rows go through S3: no message takes one. */
  readonly isSmall?: boolean;
  readonly rules?: readonly Rule<HttpFault>[];
}

async function open({ isSmall, rules = [], ...options }: Circumstances): Promise<OpenedQueue> {
  const sqs = await testSqs();
  const run = await testContext();
  const attributes = { ...options.attributes, ...(isSmall ? { MaximumMessageSize: '1024' } : {}) };
  const at = await sqs.queue({ maxReceives: 100, ...options, attributes });
  const proxy = await startHttpProxy(sqs.endpoint, rules, 5);
  const large = isSmall ? { large: { bucket: await sqs.bucket(), endpoint: sqs.endpoint } } : {};
  const queue = openQueue({ ...at.connection, ...large, endpoint: proxy.endpoint }, run.context);
  return {
    queue,
    foreign: async (text) => {
      const fifo = options.fifo ? { MessageGroupId: 'g', MessageDeduplicationId: text } : {};
      await sqs.call('SendMessage', { QueueUrl: at.url, MessageBody: text, ...fifo });
    },
    close: async () => {
      await queue.close();
      await Promise.all([proxy.stop(), sqs.stop(), run.close()]);
    },
  };
}

function queueCase(name: string, circumstances: Circumstances): QueueCase {
  return { name, open: () => open(circumstances) };
}

const partly: Rule<HttpFault> = { on: /Batch$/, fault: { kind: 'partial', share: 0.3 } };
const lost: Rule<HttpFault> = { on: /Message/, fault: { kind: 'reset after' }, chance: 0.1, times: 3 };

export const sqsCases: Partial<ContractCases> = {
  queues: [
    queueCase('a queue', {}),
    queueCase('a FIFO queue', { fifo: true }),
    queueCase('a queue whose messages are too small for a row', { isSmall: true }),
    queueCase('a queue that does a part of each call, and loses answers', {
      rules: [lost, partly],
      attributes: { VisibilityTimeout: '5' },
    }),
  ],
};
