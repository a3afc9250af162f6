import { awsPartition } from '../aws-endpoint.js';
import type { Permission } from '../connector.js';
import type { QueueFacts } from './facts.js';

export interface Reach {
  readonly region: string;
  readonly role: string | undefined;
  /** Where rows lie that are too large for a message. */
  readonly objects: { readonly bucket: string; readonly prefix: string } | undefined;
  /** The queue is declared by its name. */
  readonly byName: boolean;
  /** ARN of the redrive queue. */
  readonly redriveArn: string | undefined;
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html; batches need the same. */
export function sendPermissions(queue: QueueFacts, reach: Reach): Permission[] {
  const { objects, region } = reach;
  return withRole(reach, [
    ...lookPermissions(queue, reach),
    { action: 'sqs:SendMessage', resource: queue.arn, reason: 'sends a message for each row' },
    ...(objects === undefined
      ? []
      : [
          {
            action: 's3:PutObject',
            resource: below(objects, region),
            reason: 'keeps rows too large for a message',
          },
          {
            action: 's3:ListBucket',
            resource: bucketArn(objects, region),
            reason: 'sees before a run that the bucket is there',
          },
        ]),
    ...kmsPermissions(queue, region, ['kms:GenerateDataKey', 'kms:Decrypt']),
  ]);
}

export function receivePermissions(queue: QueueFacts, reach: Reach): Permission[] {
  const on = (resource: string, action: string, reason: string): Permission => ({ action, resource, reason });
  const { objects, redriveArn, region } = reach;
  return withRole(reach, [
    ...lookPermissions(queue, reach),
    on(queue.arn, 'sqs:ReceiveMessage', 'receives the messages'),
    on(queue.arn, 'sqs:ChangeMessageVisibility', 'keeps a message while its row is being written'),
    on(queue.arn, 'sqs:DeleteMessage', 'removes a message after its row was written'),
    ...(redriveArn === undefined
      ? []
      : [
          on(redriveArn, 'sqs:GetQueueUrl', 'finds the redrive queue'),
          on(redriveArn, 'sqs:GetQueueAttributes', 'reads what the redrive queue takes'),
          on(redriveArn, 'sqs:SendMessage', 'sets messages aside that cannot be written'),
          on(redriveArn, 'sqs:ReceiveMessage', 'reads what was set aside (sluice rejects, sluice replay)'),
          on(redriveArn, 'sqs:ChangeMessageVisibility', 'lets go of what was only looked at'),
          on(redriveArn, 'sqs:DeleteMessage', 'removes what was replayed'),
        ]),
    ...(objects === undefined
      ? []
      : [
          on(below(objects, region), 's3:GetObject', 'reads rows too large for a message'),
          on(below(objects, region), 's3:DeleteObject', 'removes them after their message'),
          on(
            bucketArn(objects, region),
            's3:ListBucket',
            'without it S3 does not say that an object is gone',
          ),
        ]),
    ...kmsPermissions(queue, region, ['kms:Decrypt']),
  ]);
}

function lookPermissions({ arn }: QueueFacts, { byName }: Reach): Permission[] {
  const look = { action: 'sqs:GetQueueAttributes', resource: arn, reason: 'reads what the queue takes' };
  return byName ? [{ action: 'sqs:GetQueueUrl', resource: arn, reason: 'finds the queue' }, look] : [look];
}

function kmsPermissions(queue: QueueFacts, region: string, actions: readonly string[]): Permission[] {
  const { kmsKey, account } = queue;
  if (kmsKey === undefined || kmsKey.endsWith('alias/aws/sqs')) return [];
  const resource = kmsKey.startsWith('arn:')
    ? kmsKey
    : `arn:${awsPartition(region)}:kms:${region}:${account}:${kmsKey.startsWith('alias/') ? kmsKey : `key/${kmsKey}`}`;
  // https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
  const reason = resource.includes(':alias/')
    ? 'the queue is encrypted with the key of this alias; a policy must name the key itself'
    : 'the queue is encrypted with this key';
  return actions.map((action) => ({ action, resource, reason }));
}

function bucketArn({ bucket }: { readonly bucket: string }, region: string): string {
  return `arn:${awsPartition(region)}:s3:::${bucket}`;
}

function below(objects: { readonly bucket: string; readonly prefix: string }, region: string): string {
  return `${bucketArn(objects, region)}/${objects.prefix}*`;
}

function withRole({ role }: Reach, calls: Permission[]): Permission[] {
  if (role === undefined) return calls;
  return [
    ...calls,
    { action: 'sts:AssumeRole', resource: role, reason: "works with the role's permissions" },
  ];
}
