import type { Permission } from '../../connectors/connector.js';

/** Where a state lies, as ARNs say it. */
export interface StateArns {
  readonly table: string;
  readonly bucket: string;
  readonly pipeline: string;
}

const tableActions = {
  GetItem: 'sees who may write, and where a log begins',
  Query: 'reads runs',
  PutItem: 'records what was done',
  UpdateItem: 'takes the lease, keeps it and gives it back',
  ConditionCheckItem: 'records only while the lease is held',
  BatchWriteItem: 'forgets old runs',
} as const;

const objectActions = {
  GetObject: 'reads rejects, reports, and records that are too large for the table',
  PutObject: 'keeps rejects, reports, and records that are too large for the table',
  DeleteObject: 'forgets those of old runs',
} as const;

/**
 * Every call of a state, with why it is made: the only list of them.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
 */
export function statePermissions({ table, bucket, pipeline }: StateArns): readonly Permission[] {
  const account = table.includes(':*:')
    ? { wildcard: 'the account is known only once the table is there' }
    : {};
  const objects = { wildcard: 'objects are made and removed below the pipeline' };
  return [
    ...Object.entries(tableActions).map(([action, reason]) => ({
      action: `dynamodb:${action}`,
      resource: table,
      reason,
      ...account,
    })),
    ...Object.entries(objectActions).map(([action, reason]) => ({
      action: `s3:${action}`,
      resource: `${bucket}/${pipeline}/*`,
      reason,
      ...objects,
    })),
  ];
}
