import type { Buffering } from '../../connectors/delivery-stream-options.js';
import { METRICS_NAMESPACE, type MetricName, PIPELINE_DIMENSION, STEP_DIMENSION } from '../metrics.js';
import type { Fields, Resources } from '../template/template.js';
import { above, alarm, metric } from './alarm.js';
import type { DeliveryPlaces } from './delivery-places.js';
import { functionName } from './function.js';
import type { Site } from './site.js';

const FIVE_MINUTES = 300;
/** Changes should be in the bucket, and out of the queue, long before. */
const OLD_SECONDS = 3600;

/**
 * What somebody is told of behind the stream: functions fail, changes are not delivered or not transformed, objects wait or are
 * given up. https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html
 */
export function deliveryAlarms(
  site: Site,
  logical: string,
  about: {
    readonly step: string;
    readonly places: DeliveryPlaces;
    readonly buffering: Buffering;
    /** The ends of the names of those that no stream is mapped to. */
    readonly functions: readonly string[];
  },
): Resources {
  const { step, places, buffering, functions } = about;
  const ofStream = (name: string) =>
    metric('AWS/Firehose', name, { Name: 'DeliveryStreamName', Value: places.stream });
  const ofQueue = (name: string, queue: string) =>
    metric('AWS/SQS', name, { Name: 'QueueName', Value: queue });
  const told = (name: string, description: string, when: Fields) =>
    alarm(site, `${step}-${name}`, `${step}: ${description}`, when);
  const failing = functions.map((name, index) => ({
    [`${logical}FailureAlarm${index + 1}`]: alarm(site, `${name}-failure`, `${name} failed`, {
      ...metric('AWS/Lambda', 'Errors', { Name: 'FunctionName', Value: functionName(site, name) }),
      ...above(0, 'Sum'),
    }),
  }));
  return Object.assign({}, ...failing, {
    [`${logical}DeliveryAlarm`]: told('delivery', 'changes could not be put into the bucket', {
      ...ofStream('DeliveryToS3.Success'),
      ...belowAll,
    }),
    [`${logical}FreshnessAlarm`]: told('freshness', 'changes wait to be put into the bucket', {
      ...ofStream('DeliveryToS3.DataFreshness'),
      ...above(buffering.seconds + OLD_SECONDS, 'Maximum'),
    }),
    [`${logical}TransformAlarm`]: told(
      'transform',
      'the delivery stream could not have changes transformed',
      {
        ...ofStream('ExecuteProcessing.Success'),
        ...belowAll,
      },
    ),
    [`${logical}SetAsideAlarm`]: told('set-aside', `changes lie below ${places.failed}: sluice replay`, {
      ...counted(site, step, 'SetAside'),
      ...above(0, 'Sum'),
    }),
    [`${logical}LagAlarm`]: told('lag', 'changes come into the sink an hour late', {
      ...counted(site, step, 'Lag'),
      ...above((buffering.seconds + OLD_SECONDS) * 1000, 'Maximum'),
    }),
    [`${logical}WaitingAlarm`]: told('waiting', 'objects wait to be loaded', {
      ...ofQueue('ApproximateAgeOfOldestMessage', places.queue),
      ...above(OLD_SECONDS, 'Maximum'),
    }),
    [`${logical}GivenUpAlarm`]: told('given-up', 'objects could not be loaded; each sweep tries them again', {
      ...ofQueue('ApproximateNumberOfMessagesVisible', places.aside),
      ...above(0, 'Maximum'),
    }),
  });
}

/** A share of calls that succeeded, 1 where all did. */
const belowAll: Fields = {
  Statistic: 'Minimum',
  Period: FIVE_MINUTES,
  ComparisonOperator: 'LessThanThreshold',
  Threshold: 1,
  EvaluationPeriods: 1,
  TreatMissingData: 'notBreaching',
};

/** What functions count of the step. */
function counted({ pipeline }: Site, step: string, name: MetricName): Fields {
  return {
    Namespace: METRICS_NAMESPACE,
    MetricName: name,
    Dimensions: [
      { Name: PIPELINE_DIMENSION, Value: pipeline },
      { Name: STEP_DIMENSION, Value: step },
    ],
  };
}
