import { awsPartition } from '../../aws-endpoint.js';
import type { Permission } from '../../connector.js';
import type { StoreUse } from '../../store.js';

export interface BucketReach {
  readonly bucket: string;
  /** Empty, or ends with `/`. */
  readonly prefix: string;
  readonly region: string;
  readonly role: string | undefined;
  /** ARN or id of the key that the bucket encrypts with; absent without one of its own. */
  readonly kmsKey: string | undefined;
}

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
export function bucketPermissions(reach: BucketReach, use: StoreUse): Permission[] {
  const { role } = reach;
  const arn = bucketArn(reach);
  return [
    on(arn, 's3:ListBucket', 'finds objects, and sees before a run that the bucket is there'),
    ...objectPermissions(reach, use),
    ...(use === 'write'
      ? [on(arn, 's3:ListBucketMultipartUploads', 'finds uploads of runs that were killed')]
      : []),
    ...(use === 'write' || use === 'publish'
      ? [on(arn, 's3:GetBucketVersioning', 'says in the plan whether removed objects stay; may be left out')]
      : []),
    ...(use === 'read'
      ? []
      : [
          on(
            arn,
            's3:GetBucketPolicyStatus',
            'says in the plan whether the bucket is public; may be left out',
          ),
        ]),
    on(arn, 's3:GetEncryptionConfiguration', 'says in the plan which key is needed; may be left out'),
    ...kmsPermissions(reach, use),
    ...(role === undefined ? [] : [on(role, 'sts:AssumeRole', "works with the role's permissions")]),
  ];
}

function bucketArn({ bucket, region }: BucketReach): string {
  return `arn:${awsPartition(region)}:s3:::${bucket}`;
}

function objectPermissions(reach: BucketReach, use: StoreUse): Permission[] {
  const below = (action: string, reason: string): Permission => ({
    ...on(`${bucketArn(reach)}/${reach.prefix}*`, action, reason),
    wildcard:
      use === 'add' ? 'objects are made below the prefix' : 'objects are made and removed below the prefix',
  });
  if (use === 'read') return [below('s3:GetObject', 'reads objects')];
  if (use === 'add') return [below('s3:PutObject', 'writes objects under new names')];
  return [
    below('s3:GetObject', 'reads manifests, and looks at what was written'),
    below('s3:PutObject', 'writes objects'),
    below('s3:DeleteObject', 'removes the objects of exports that are no longer kept'),
    ...(use === 'write' ? [below('s3:AbortMultipartUpload', 'ends uploads that failed')] : []),
  ];
}

function on(resource: string, action: string, reason: string): Permission {
  return { action, resource, reason };
}

/** Parts of an upload are decrypted to be put together: https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuAndPermissions.html */
const kmsActions: Readonly<Record<StoreUse, readonly string[]>> = {
  read: ['kms:Decrypt'],
  write: ['kms:GenerateDataKey', 'kms:Decrypt'],
  add: ['kms:GenerateDataKey'],
  publish: ['kms:GenerateDataKey', 'kms:Decrypt'],
};

function kmsPermissions({ kmsKey, region }: BucketReach, use: StoreUse): Permission[] {
  if (kmsKey === undefined || kmsKey === '') return [];
  const resource = kmsKey.startsWith('arn:')
    ? kmsKey
    : `arn:${awsPartition(region)}:kms:${region}:*:${kmsKey.startsWith('alias/') ? kmsKey : `key/${kmsKey}`}`;
  const reason = 'the bucket is encrypted with this key';
  const actions = kmsActions[use];
  const wide = resource.includes(':*:') ? { wildcard: 'the bucket names its key without an account' } : {};
  return actions.map((action) => ({ action, resource, reason, ...wide }));
}
