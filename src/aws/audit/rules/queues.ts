import { mappings, partialResponses, referred } from '../mappings.js';
import { found, ofType, type Rule } from '../rule.js';
import type { Resource, Template } from '../template.js';
import { fieldsOf, isTrue, namesIn, textOf } from '../value.js';

/** Of a function without `Timeout`, and of a queue without `VisibilityTimeout`, in seconds. */
const DEFAULT_TIMEOUT = 3;
const DEFAULT_VISIBILITY = 30;
const DEFAULT_RETENTION = 345_600;
const DEFAULT_BATCH = 10;
const VISIBILITY_FACTOR = 6;
const FEWEST_RECEIVES = 5;
const configuring = 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html';

export const queueVisibility: Rule = {
  id: 'queue-visibility',
  level: 'error',
  why: 'A message that is seen again while its function still works on it is worked on twice, and its receives are used up.',
  page: configuring,
  mend: "Set VisibilityTimeout to at least six times the function's Timeout, plus MaximumBatchingWindowInSeconds.",
  *check(template) {
    for (const { resource, kind, source, handler } of mappings(template)) {
      if (kind !== 'queue' || !source || !handler) continue;
      const timeout = template.number(handler.properties['Timeout'], DEFAULT_TIMEOUT);
      const window = template.number(resource.properties['MaximumBatchingWindowInSeconds'], 0);
      const visibility = template.number(source.properties['VisibilityTimeout'], DEFAULT_VISIBILITY);
      if (timeout === undefined || window === undefined || visibility === undefined) continue;
      const wanted = VISIBILITY_FACTOR * timeout + window;
      if (visibility >= wanted) continue;
      const message = `hides a message for ${visibility} s, and ${handler.name} wants ${wanted} s (timeout ${timeout} s)`;
      yield found(source, ['VisibilityTimeout'], message);
    }
  },
};

export const queueRedrive: Rule = {
  id: 'queue-redrive',
  level: 'error',
  why: 'Without a redrive queue a message that cannot be done comes again until its retention ends, and is lost then.',
  page: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html',
  mend: 'Give the queue a RedrivePolicy with a queue of its own and maxReceiveCount: 5 or more.',
  *check(template) {
    const asides = redriveQueues(template);
    for (const queue of ofType(template, 'AWS::SQS::Queue')) {
      if (queue.properties['RedrivePolicy'] !== undefined || asides.has(queue.name)) continue;
      if (queue.properties['RedriveAllowPolicy'] !== undefined) continue;
      yield found(queue, [], 'has no redrive queue');
    }
  },
};

/** Queues to which something is put that has failed elsewhere. */
function redriveQueues(template: Template): ReadonlySet<string> {
  const texts = template.resources.flatMap(({ properties }) => {
    const { RedrivePolicy, DeadLetterConfig, DestinationConfig, Target } = properties;
    const onFailure = fieldsOf(fieldsOf(DestinationConfig)['OnFailure'])['Destination'];
    return [
      fieldsOf(RedrivePolicy)['deadLetterTargetArn'],
      deadLetterOf(DeadLetterConfig),
      deadLetterOf(fieldsOf(Target)['DeadLetterConfig']),
      ...eventTargets(properties['Targets']),
      onFailure,
    ];
  });
  return new Set(texts.flatMap((value) => namesIn(textOf(value) ?? '')));
}

function deadLetterOf(config: unknown): unknown {
  const { TargetArn, Arn } = fieldsOf(config);
  return TargetArn ?? Arn;
}

function eventTargets(targets: unknown): readonly unknown[] {
  return Array.isArray(targets)
    ? targets.map((target) => deadLetterOf(fieldsOf(target)['DeadLetterConfig']))
    : [];
}

export const queueReceives: Rule = {
  id: 'queue-receives',
  level: 'warning',
  why: 'A function that is throttled or killed uses up receives: after few of them good messages are set aside.',
  page: configuring,
  mend: 'Set maxReceiveCount to 5 or more.',
  *check(template) {
    for (const { kind, source } of mappings(template)) {
      if (kind !== 'queue' || !source) continue;
      const policy = fieldsOf(source.properties['RedrivePolicy']);
      const receives = template.number(policy['maxReceiveCount'], FEWEST_RECEIVES);
      if (receives === undefined || receives >= FEWEST_RECEIVES) continue;
      yield found(
        source,
        ['RedrivePolicy', 'maxReceiveCount'],
        `gives a message up after ${receives} receives`,
      );
    }
  },
};

export const redriveRetention: Rule = {
  id: 'redrive-retention',
  level: 'warning',
  why: 'On a redrive queue the retention counts from the first sending: with the same retention a message is lost soon after it was set aside.',
  page: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html#understanding-message-retention-periods',
  mend: 'Give the redrive queue the longer MessageRetentionPeriod: 1209600, 14 days.',
  *check(template) {
    for (const queue of ofType(template, 'AWS::SQS::Queue')) {
      const aside = referred(template, fieldsOf(queue.properties['RedrivePolicy'])['deadLetterTargetArn']);
      if (aside?.type !== 'AWS::SQS::Queue') continue;
      const kept = template.number(queue.properties['MessageRetentionPeriod'], DEFAULT_RETENTION);
      const longer = template.number(aside.properties['MessageRetentionPeriod'], DEFAULT_RETENTION);
      if (kept === undefined || longer === undefined || longer > kept) continue;
      const message = `keeps messages for ${longer} s, and ${queue.name} for ${kept} s`;
      yield found(aside, ['MessageRetentionPeriod'], message);
    }
  },
};

export const queueConcurrency: Rule = {
  id: 'queue-concurrency',
  level: 'error',
  why: 'The pollers of a mapping do not know reserved concurrency: they receive more than the function may take, and each throttled call uses up a receive.',
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html#events-sqs-max-concurrency',
  mend: 'Limit the mapping: `ScalingConfig: { MaximumConcurrency: 2 }` (2 is the least), and reserve no less than that, or nothing.',
  *check(template) {
    for (const { resource, kind, handler } of mappings(template)) {
      if (kind !== 'queue' || !handler) continue;
      const reserved = reservedOf(template, handler);
      if (reserved === undefined) continue;
      const scaling = fieldsOf(resource.properties['ScalingConfig']);
      const most = template.number(scaling['MaximumConcurrency'], Number.POSITIVE_INFINITY);
      if (most === undefined || most <= reserved) continue;
      const how = most === Number.POSITIVE_INFINITY ? 'without MaximumConcurrency' : `up to ${most} at once`;
      const message = `reserves ${reserved}, and ${resource.name} calls it ${how}`;
      yield found(handler, ['ReservedConcurrentExecutions'], message);
    }
  },
};

/** AWS: so much is never throttled by a standard queue. */
const ENOUGH_RESERVED = 1000;

function reservedOf(template: Template, handler: Resource): number | undefined {
  const value = handler.properties['ReservedConcurrentExecutions'];
  const reserved = template.number(value, ENOUGH_RESERVED);
  return reserved === undefined || reserved >= ENOUGH_RESERVED ? undefined : reserved;
}

export const queuePartial: Rule = {
  id: 'queue-partial',
  level: 'warning',
  why: 'Without partial responses one message that fails brings the whole batch back, and those that were done are done again.',
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html#services-sqs-batchfailurereporting',
  mend: 'Add `FunctionResponseTypes: [ReportBatchItemFailures]`, and give the failed ids back.',
  *check(template) {
    for (const mapping of mappings(template)) {
      if (mapping.kind !== 'queue' || partialResponses(mapping)) continue;
      const size = template.number(mapping.resource.properties['BatchSize'], DEFAULT_BATCH);
      if (size === 1) continue;
      yield found(mapping.resource, ['FunctionResponseTypes'], 'has no partial responses');
    }
  },
};

export const queueUnencrypted: Rule = {
  id: 'queue-unencrypted',
  level: 'error',
  why: 'Queues are encrypted unless somebody switches it off.',
  page: 'https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html',
  mend: 'Leave SqsManagedSseEnabled out, or name a KmsMasterKeyId.',
  *check(template) {
    for (const queue of ofType(template, 'AWS::SQS::Queue')) {
      const { SqsManagedSseEnabled: sse, KmsMasterKeyId } = queue.properties;
      if (sse === undefined || isTrue(sse) || KmsMasterKeyId !== undefined) continue;
      yield found(queue, ['SqsManagedSseEnabled'], 'is not encrypted');
    }
  },
};
