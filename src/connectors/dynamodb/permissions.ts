import { awsPartition } from '../aws-endpoint.js';
import type { Permission } from '../connector.js';

/** Every call of the connector, with why it is made: the only list of them. */
const reasons = {
  /** It knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */
  ListTables: 'finds the tables of a pattern',
  DescribeTable: 'reads the key and the capacity of the table',
  CreateTable: 'makes the table when it is missing',
  Scan: 'reads the items',
  Query: 'reads the items of the query',
  BatchGetItem: 'reads the whole items behind the index',
  GetItem: 'reads an item',
  BatchWriteItem: 'writes and deletes items',
  PutItem: 'writes an item unless the one there stays',
  UpdateItem: 'writes the mapped attributes',
  DescribeStream: 'finds the shards of the stream',
  GetShardIterator: 'begins to read a shard of the stream',
  GetRecords: 'reads the changes',
  DeleteItem: 'deletes items that are gone from the source',
} as const;

export type Action = keyof typeof reasons;

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html */
export function permissions(
  actions: readonly Action[],
  arn: string,
  role: string | undefined,
  why: Partial<Record<Action, string>> = {},
): Permission[] {
  const calls = actions.map((action) => ({
    action: `dynamodb:${action}`,
    resource: arn,
    reason: why[action] ?? reasons[action],
    ...wildcardOf(arn),
  }));
  if (role === undefined) return calls;
  return [
    ...calls,
    { action: 'sts:AssumeRole', resource: role, reason: "works with the role's permissions" },
  ];
}

/** What `verify` and `trace` need besides what a run does. */
export function lookPermissions(actions: readonly Action[], arn: string, reason: string): Permission[] {
  const why = Object.fromEntries(actions.map((action) => [action, reason]));
  return permissions(actions, arn, undefined, why).map((each) => ({ ...each, only: 'verify' as const }));
}

function wildcardOf(arn: string): Pick<Permission, 'wildcard'> {
  if (arn === '*') return { wildcard: 'AWS grants ListTables for all tables or none' };
  return arn.includes(':*:') ? { wildcard: 'the account is known only once the table is there' } : {};
}

/** A table's ARN where DescribeTable cannot say it: the account is not known yet. */
export function assumedArn(region: string, table: string, role: string | undefined): string {
  const account = role?.split(':')[4] ?? '*';
  return `arn:${awsPartition(region)}:dynamodb:${region}:${account}:table/${table}`;
}
