import { deliveryStreamName } from '../../connectors/delivery-stream-options.js';
import { deliveredPrefix, failedPrefix } from '../../flow/handed/open-deliveries.js';
import { bounded, bucketName } from './names.js';
import { arn, bucketArn, nameOf, type Site } from './site.js';

/** What a delivery stream of a step, its bucket and its queues are called. */
export interface DeliveryPlaces {
  readonly stream: string;
  readonly streamArn: string;
  readonly bucket: string;
  readonly bucketArn: string;
  /** Below it lie changes to be loaded, and what could not be transformed. */
  readonly delivered: string;
  readonly failed: string;
  /** Tells of objects to be loaded. */
  readonly queue: string;
  readonly queueArn: string;
  /** Has the messages that were given up. */
  readonly aside: string;
}

export function deliveryPlaces(site: Site, step: string): DeliveryPlaces {
  const stream = deliveryStreamName(site.pipeline, step);
  const bucket = deliveryBucket(site);
  const queue = queueName(site, step, 'changes');
  return {
    stream,
    streamArn: arn(site, 'firehose', `deliverystream/${stream}`),
    bucket,
    bucketArn: bucketArn(site, bucket),
    delivered: deliveredPrefix(step),
    failed: failedPrefix(step),
    queue,
    queueArn: arn(site, 'sqs', queue),
    aside: queueName(site, step, 'aside'),
  };
}

/** One for all steps of the pipeline. */
export function deliveryBucket({ pipeline, account, region }: Site): string {
  return bucketName(`sluice-${pipeline}-changes-${account}-${region}`);
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html */
const MAX_QUEUE_NAME = 80;

function queueName(site: Site, step: string, what: string): string {
  return bounded(`${nameOf(site, step)}-${what}`, MAX_QUEUE_NAME);
}
