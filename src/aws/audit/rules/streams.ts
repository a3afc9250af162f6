import { type Mapping, mappings, partialResponses, referred } from '../mappings.js';
import { type Found, found, type Rule } from '../rule.js';
import type { Template } from '../template.js';
import { fieldsOf, isTrue, textOf } from '../value.js';

const errors = 'https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html';

function* eachStream(template: Template, look: (mapping: Mapping) => Iterable<Found>): Generator<Found> {
  for (const mapping of mappings(template)) if (mapping.kind === 'stream') yield* look(mapping);
}

export const streamRetries: Rule = {
  id: 'stream-retries',
  level: 'error',
  why: 'A record that always fails is tried until it expires, and everything behind it in its shard waits, up to 24 hours.',
  page: errors,
  mend: 'Set MaximumRetryAttempts or MaximumRecordAgeInSeconds, with a destination for what is given up.',
  *check(template) {
    yield* eachStream(template, function* ({ resource }) {
      const attempts = template.number(resource.properties['MaximumRetryAttempts'], -1);
      const age = template.number(resource.properties['MaximumRecordAgeInSeconds'], -1);
      if (attempts !== -1 || age !== -1) return;
      yield found(resource, ['MaximumRetryAttempts'], 'tries a record that fails without an end');
    });
  },
};

export const streamDestination: Rule = {
  id: 'stream-destination',
  level: 'error',
  why: 'What is given up is lost where no destination takes it.',
  page: errors,
  mend: 'Name a bucket: `DestinationConfig: { OnFailure: { Destination: !GetAtt Failed.Arn } }`.',
  *check(template) {
    yield* eachStream(template, function* ({ resource }) {
      if (destinationOf(resource.properties) !== undefined) return;
      yield found(resource, ['DestinationConfig'], 'has no destination for records that fail');
    });
  },
};

export const streamPointers: Rule = {
  id: 'stream-pointers',
  level: 'warning',
  why: 'A queue or topic is told the place of the records only: they are gone from the stream 24 hours after they were written.',
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html#services-dynamodb-onfailure-destination',
  mend: 'Let a bucket be the destination: it gets the records themselves.',
  *check(template) {
    yield* eachStream(template, function* ({ resource }) {
      const destination = destinationOf(resource.properties);
      const text = textOf(destination) ?? '';
      const type = referred(template, destination)?.type ?? '';
      if (!/^AWS::(SQS|SNS)::/.test(type) && !/^arn:[^:]*:(sqs|sns):/.test(text)) return;
      const path = ['DestinationConfig', 'OnFailure', 'Destination'];
      yield found(resource, path, 'keeps pointers to failed records, not the records');
    });
  },
};

export const streamBisect: Rule = {
  id: 'stream-bisect',
  level: 'warning',
  why: 'One bad record fails its whole batch: without halving all of it is given up.',
  page: errors,
  mend: 'Set BisectBatchOnFunctionError: true.',
  *check(template) {
    yield* eachStream(template, function* ({ resource }) {
      if (isTrue(resource.properties['BisectBatchOnFunctionError'])) return;
      yield found(resource, ['BisectBatchOnFunctionError'], 'does not halve a batch that fails');
    });
  },
};

export const streamPartial: Rule = {
  id: 'stream-partial',
  level: 'warning',
  why: 'Without partial responses all of a batch is done again, also what stands before the record that failed.',
  page: 'https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html',
  mend: 'Add `FunctionResponseTypes: [ReportBatchItemFailures]`, and give back where the failing begins.',
  *check(template) {
    yield* eachStream(template, function* (mapping) {
      if (partialResponses(mapping)) return;
      yield found(mapping.resource, ['FunctionResponseTypes'], 'has no partial responses');
    });
  },
};

function destinationOf(properties: Readonly<Record<string, unknown>>): unknown {
  return fieldsOf(fieldsOf(properties['DestinationConfig'])['OnFailure'])['Destination'];
}
