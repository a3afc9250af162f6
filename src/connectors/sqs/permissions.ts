import { awsPartition } from '../aws-endpoint.js';
import type { Permission } from '../connector.js';
import type { QueueFacts } from './facts.js';

export interface RedriveReach {
  readonly arn: string;
  /** It is found by its name. */
  readonly byName: boolean;
  /** The declaration names it, so that a plan looks for it. */
  readonly declared: boolean;
}

export interface Reach {
  readonly region: string;
  readonly role: string | undefined;
  /** Where rows lie that are too large for a message. */
  readonly objects: { readonly bucket: string; readonly prefix: string } | undefined;
  /** The queue is declared by its name. */
  readonly byName: boolean;
  readonly redrive: RedriveReach | undefined;
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
            ...below(objects, region),
            reason: 'keeps rows too large for a message',
          },
          {
            action: 's3:ListBucket',
            resource: bucketArn(objects, region),
            reason: 'sees before a run that the bucket is there',
          },
        ]),
    ...(reach.redrive?.declared ? lookRedrive(reach.redrive) : []),
    ...kmsPermissions(queue, region, ['kms:GenerateDataKey', 'kms:Decrypt']),
  ]);
}

export function receivePermissions(queue: QueueFacts, reach: Reach): Permission[] {
  const on = (resource: string, action: string, reason: string): Permission => ({ action, resource, reason });
  const { objects, redrive, region } = reach;
  return withRole(reach, [
    ...lookPermissions(queue, reach),
    on(queue.arn, 'sqs:ReceiveMessage', 'receives the messages'),
    on(queue.arn, 'sqs:ChangeMessageVisibility', 'keeps a message while its row is being written'),
    on(queue.arn, 'sqs:DeleteMessage', 'removes a message after its row was written'),
    ...(redrive === undefined ? [] : redrivePermissions(redrive)),
    ...(objects === undefined ? [] : objectPermissions(objects, region)),
    ...kmsPermissions(queue, region, ['kms:Decrypt']),
  ]);
}

function redrivePermissions(redrive: RedriveReach): Permission[] {
  const on = (action: string, reason: string) => ({ action, resource: redrive.arn, reason });
  const later = { only: 'repair' as const };
  return [
    ...lookRedrive(redrive),
    on('sqs:SendMessage', 'sets messages aside that cannot be written'),
    { ...on('sqs:ReceiveMessage', 'reads what was set aside'), ...later },
    { ...on('sqs:ChangeMessageVisibility', 'lets go of what was only looked at'), ...later },
    { ...on('sqs:DeleteMessage', 'removes what was replayed'), ...later },
  ];
}

function lookRedrive({ arn, byName }: RedriveReach): Permission[] {
  const look = {
    action: 'sqs:GetQueueAttributes',
    resource: arn,
    reason: 'reads what the redrive queue takes',
  };
  return byName
    ? [{ action: 'sqs:GetQueueUrl', resource: arn, reason: 'finds the redrive queue' }, look]
    : [look];
}

function objectPermissions(objects: NonNullable<Reach['objects']>, region: string): Permission[] {
  const held = below(objects, region);
  return [
    { action: 's3:GetObject', ...held, reason: 'reads rows too large for a message' },
    { action: 's3:DeleteObject', ...held, reason: 'removes them after their message' },
    {
      action: 's3:ListBucket',
      resource: bucketArn(objects, region),
      reason: 'sees that the bucket is there; without it S3 does not say that an object is gone',
    },
  ];
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

function below(
  objects: NonNullable<Reach['objects']>,
  region: string,
): Pick<Permission, 'resource' | 'wildcard'> {
  return {
    resource: `${bucketArn(objects, region)}/${objects.prefix}*`,
    wildcard: 'each row has an object of its own below the prefix, named by run and message',
  };
}

const UNKNOWN_ACCOUNT = 'the account is known only once the queue is there';

function withRole({ role }: Reach, permissions: Permission[]): Permission[] {
  const calls = permissions.map((call) =>
    call.resource.includes(':*:') ? { ...call, wildcard: UNKNOWN_ACCOUNT } : call,
  );
  if (role === undefined) return calls;
  return [
    ...calls,
    { action: 'sts:AssumeRole', resource: role, reason: "works with the role's permissions" },
  ];
}
