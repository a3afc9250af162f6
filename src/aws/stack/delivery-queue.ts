import { arnOf, type Resources } from '../template/template.js';
import { metadataOf } from '../template/waivers.js';
import type { DeliveryPlaces } from './delivery-places.js';
import { asideQueueResources, ownKey, queuePolicy } from './queue.js';
import { type Site, tagsOf } from './site.js';

/** Lambda wants six times what its function may take: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const VISIBILITY_SHARE = 6;
/** An object that cannot be loaded so often is somebody's business. */
const MAX_RECEIVES = 5;
/** Four days; behind it the redrive queue keeps a message for ten more. */
const KEPT_SECONDS = 345_600;

/** The queue that the bucket tells of objects, and where it sets aside messages that were received too often. */
export function deliveryQueueResources(
  site: Site,
  logical: string,
  places: DeliveryPlaces,
  functionSeconds: number,
): Resources {
  const aside = `${logical}Aside`;
  const holds = 'names of objects, no data';
  const bucket = {
    Sid: 'Bucket',
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: places.queueArn,
    // The ARN of a bucket does not say whose it is.
    Condition: {
      StringEquals: { 'aws:SourceAccount': site.account },
      ArnEquals: { 'aws:SourceArn': places.bucketArn },
    },
  };
  return {
    ...asideQueueResources(site, aside, { name: places.aside, holds }),
    [logical]: {
      Type: 'AWS::SQS::Queue',
      ...metadataOf(ownKey(holds)),
      Properties: {
        QueueName: places.queue,
        SqsManagedSseEnabled: true,
        VisibilityTimeout: functionSeconds * VISIBILITY_SHARE,
        MessageRetentionPeriod: KEPT_SECONDS,
        RedrivePolicy: { deadLetterTargetArn: arnOf(aside), maxReceiveCount: MAX_RECEIVES },
        Tags: tagsOf(site),
      },
    },
    [`${logical}Policy`]: queuePolicy(site, logical, places.queue, [bucket]),
  };
}
