import type { ErrorCode, Retry } from '../../errors.js';
import { type AwsFailure, type AwsFailures, awsFailures, failedForNow, throttled } from '../aws-failures.js';

function failure(code: ErrorCode, retry: Retry, hint?: string): AwsFailure {
  return { code, retry, quote: true, ...(hint === undefined ? {} : { hint }) };
}

const databaseMissing = failure(
  'database_missing',
  'never',
  'check the identifier, the region and the account; an Aurora database is a `cluster`',
);
const snapshotQuota = failure(
  'quota_exceeded',
  'never',
  'waiting does not help: delete manual snapshots that nobody needs, or ask AWS for a higher quota of manual snapshots',
);
const roleRefused = failure(
  'role_refused',
  'never',
  'export.rds.amazonaws.com must be trusted by the role, and the role may s3:PutObject*, GetObject*, ListBucket, DeleteObject*, GetBucketLocation on the bucket',
);
const keyRefused = failure(
  'kms_key_refused',
  'never',
  'the caller needs kms:CreateGrant and kms:DescribeKey on the key, which must be enabled and lie in the same region',
);
const invalid = failure('write_refused', 'never');
const goneOrChanging = failure('server_error', 'later');

/**
 * RDS's own names without the `Fault` that some calls put behind them. The limit of exports in progress is in no list of AWS: the
 * service says it.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html, Errors
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html, Errors
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBClusterSnapshot.html, Errors
 */
const own: AwsFailures = {
  DBInstanceNotFound: databaseMissing,
  DBClusterNotFound: databaseMissing,
  DBSnapshotNotFound: goneOrChanging,
  DBClusterSnapshotNotFound: goneOrChanging,
  ExportTaskNotFound: goneOrChanging,
  InvalidDBInstanceState: goneOrChanging,
  InvalidDBClusterState: goneOrChanging,
  InvalidDBSnapshotState: goneOrChanging,
  InvalidDBClusterSnapshotState: goneOrChanging,
  InvalidExportTaskState: goneOrChanging,
  InvalidExportSourceState: goneOrChanging,
  SnapshotQuotaExceeded: snapshotQuota,
  IamRoleNotFound: roleRefused,
  IamRoleMissingPermissions: roleRefused,
  KMSKeyNotAccessible: keyRefused,
  InvalidS3Bucket: failure(
    'bucket_missing',
    'never',
    'the bucket must be there, in the region of the database, and the role must be allowed to write into it',
  ),
  InvalidExportOnly: failure(
    'table_missing',
    'never',
    '`from.tables` names databases or tables that the snapshot does not have: shop, or shop.orders',
  ),
  InvalidParameterValue: invalid,
  InvalidParameterCombination: invalid,
  MissingParameter: invalid,
  ValidationError: invalid,
  RequestLimitExceeded: throttled,
  OptInRequired: failure('access_denied', 'never'),
  KMSInternalException: failedForNow,
  DependencyTimeoutException: failedForNow,
};

/** What RDS and, for the checks before an export, KMS and IAM say, by the name of their error. */
export const failures: AwsFailures = {
  ...awsFailures,
  ...Object.fromEntries(
    Object.entries(own).flatMap(([name, what]) => [
      [name, what],
      [`${name}Fault`, what],
    ]),
  ),
};

/** Whether what an SDK client threw has one of these names, with `Fault` behind it or without. */
export function isNamed(error: unknown, ...names: readonly string[]): boolean {
  return error instanceof Error && names.includes(error.name.replace(/Fault$/, ''));
}
