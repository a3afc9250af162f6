import type { Fields, Resources } from '../template/template.js';
import { arnOf } from '../template/template.js';
import { bucketResources } from './bucket.js';
import { deliveryBucket } from './delivery-places.js';
import type { Site } from './site.js';

/** What was not loaded, or could not be transformed, is looked at within this time. */
const KEPT_DAYS = 90;

/** A queue that is told of the objects below a prefix. */
export interface Told {
  /** Logical name. */
  readonly queue: string;
  readonly prefix: string;
}

/** Where delivery streams put changes: each object is loaded, and removed behind it. */
export function deliveryBucketResources(site: Site, told: readonly Told[]): Resources {
  const { DeliveryBucket: bucket, ...rest } = bucketResources(site, 'DeliveryBucket', {
    name: deliveryBucket(site),
    keep: true,
    unversioned: 'each object is written once, under a name of its own, and goes when it is loaded',
    more: {
      LifecycleConfiguration: {
        Rules: [
          {
            Id: 'looked-at',
            Status: 'Enabled',
            ExpirationInDays: KEPT_DAYS,
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
          },
        ],
      },
      NotificationConfiguration: { QueueConfigurations: told.map(notification) },
    },
  });
  if (!bucket) throw new Error('a bucket is made of its request');
  // S3 tries whether it may send.
  const DependsOn = told.map(({ queue }) => `${queue}Policy`);
  return { DeliveryBucket: { ...bucket, DependsOn }, ...rest };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html */
function notification({ queue, prefix }: Told): Fields {
  return {
    Event: 's3:ObjectCreated:*',
    Queue: arnOf(queue),
    Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: prefix }] } },
  };
}
