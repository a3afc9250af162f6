import type { ReplicateStep } from '../../declare/declaration.js';
import type { Grant } from '../policy/holder.js';
import { grant } from '../template/role.js';
import { arnOf, type Resources, ref } from '../template/template.js';
import { above, alarm, metric } from './alarm.js';
import { bucketResources } from './bucket.js';
import { bucketName } from './names.js';
import { bucketArn, type Site, tagsOf } from './site.js';

/** https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html */
const MAX_BATCH = 10_000;
const MAX_WINDOW_SECONDS = 300;
/** A stream keeps changes for 24 hours. What could not be loaded for so long is kept as it came, while it is there. */
const MAX_AGE_SECONDS = 22 * 3600;
/** What was set aside is looked at within this time. */
const KEPT_DAYS = 90;

/** Where changes go that were given up: with the records themselves, which a queue would not get. */
export function failedBucket({ pipeline, account, region }: Site): string {
  return bucketName(`sluice-${pipeline}-failed-${account}-${region}`);
}

export function failedBucketResources(site: Site): Resources {
  return bucketResources(site, 'FailedBucket', {
    name: failedBucket(site),
    keep: true,
    unversioned: 'each object is written once, under a name of its own',
    more: {
      LifecycleConfiguration: {
        Rules: [{ Id: 'looked-at', Status: 'Enabled', ExpirationInDays: KEPT_DAYS }],
      },
    },
  });
}

/** What Lambda does as the function's role to read the stream, and to set aside what it gives up. */
export function mappingGrants(site: Site, stream: string): readonly Grant[] {
  const read = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
  const failed = bucketArn(site, failedBucket(site));
  return [
    ...grant(
      read.map((action) => `dynamodb:${action}`),
      stream,
      'Lambda reads the changes for it',
    ),
    ...grant(
      's3:PutObject',
      `${failed}/aws/lambda/*`,
      'Lambda keeps changes that it gives up; it names them itself',
    ).map((each) => ({ ...each, wildcard: 'Lambda names each object by mapping, shard and time' })),
    ...grant('s3:ListBucket', failed, 'Lambda looks for the bucket'),
  ];
}

/** One batch of a shard after the other: what is halved and tried again never passes what came before it. */
export function streamMapping(
  site: Site,
  logical: string,
  { stream, step }: { readonly stream: string; readonly step: ReplicateStep },
): Resources {
  const { rows, seconds } = step.load;
  return {
    [`${logical}Mapping`]: {
      Type: 'AWS::Lambda::EventSourceMapping',
      // Lambda looks whether the role may read.
      DependsOn: [`${logical}Role`],
      Properties: {
        EventSourceArn: stream,
        FunctionName: ref(`${logical}Function`),
        StartingPosition: step.changes === 'latest' ? 'LATEST' : 'TRIM_HORIZON',
        BatchSize: Math.min(MAX_BATCH, rows),
        MaximumBatchingWindowInSeconds: Math.min(MAX_WINDOW_SECONDS, Math.floor(seconds)),
        ParallelizationFactor: 1,
        BisectBatchOnFunctionError: true,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: MAX_AGE_SECONDS,
        DestinationConfig: { OnFailure: { Destination: arnOf('FailedBucket') } },
        MetricsConfig: { Metrics: ['EventCount'] },
        Tags: tagsOf(site),
      },
    },
    ...givenUpAlarms(site, logical, step.name),
  };
}

/** https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html#event-source-mapping-metrics */
function givenUpAlarms(site: Site, logical: string, step: string): Resources {
  const told = (name: string, description: string, what: string) =>
    alarm(site, `step-${step}-${name}`, description, {
      ...metric('AWS/Lambda', what, { Name: 'EventSourceMappingUUID', Value: ref(`${logical}Mapping`) }),
      ...above(0, 'Sum'),
    });
  const aside = `changes of ${step} were given up: ${failedBucket(site)} has them`;
  return {
    [`${logical}AsideAlarm`]: told('aside', aside, 'OnFailureDestinationDeliveredEventCount'),
    [`${logical}LostAlarm`]: told('lost', `changes of ${step} are lost`, 'DroppedEventCount'),
  };
}
