import { awsPartition } from '../aws-endpoint.js';
import { madeQueue, madeRedriveName } from '../made-queue.js';
import type { QueueFacts } from './facts.js';
import type { SqsConnectionOptions } from './options.js';

/** The facts of a queue before deploying makes it. */
export function factsBefore(options: SqsConnectionOptions, region: string): QueueFacts {
  const { queue = '', account = options.role?.split(':')[4] ?? '*' } = options;
  const arnOf = (name: string) => `arn:${awsPartition(region)}:sqs:${region}:${account}:${name}`;
  const { visibilitySeconds, retentionSeconds, maxMessageBytes, maxReceives } = madeQueue;
  return {
    url: '',
    name: queue,
    arn: arnOf(queue),
    account,
    visibilitySeconds,
    retentionSeconds,
    maxMessageBytes,
    isFifo: queue.endsWith('.fifo'),
    waiting: 0,
    inFlight: 0,
    policy: { arn: arnOf(madeRedriveName(options)), maxReceives },
  };
}
