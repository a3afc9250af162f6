import { awsPartition } from '../aws-endpoint.js';
import type { Permission } from '../connector.js';
import type { ExportOrder } from '../exporter.js';
import type { Database, DatabaseFacts } from './database.js';

export interface Reach {
  readonly kind: Database['kind'];
  readonly facts: DatabaseFacts;
  /** The step's name: what names of snapshots begin with. */
  readonly prefix: string;
  readonly role: string | undefined;
  /** No snapshot is taken. */
  readonly direct: boolean;
}

const actions = {
  instance: {
    describe: 'rds:DescribeDBInstances',
    create: 'rds:CreateDBSnapshot',
    snapshots: 'rds:DescribeDBSnapshots',
    remove: 'rds:DeleteDBSnapshot',
    resource: 'snapshot',
  },
  cluster: {
    describe: 'rds:DescribeDBClusters',
    create: 'rds:CreateDBClusterSnapshot',
    snapshots: 'rds:DescribeDBClusterSnapshots',
    remove: 'rds:DeleteDBClusterSnapshot',
    resource: 'cluster-snapshot',
  },
} as const;

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html */
export function permissionsOf({ kind, facts, prefix, role, direct }: Reach): readonly Permission[] {
  const names = actions[kind];
  const [, , , region = '', account = ''] = facts.arn.split(':');
  const ours = `arn:${awsPartition(region)}:rds:${region}:${account}:${names.resource}:${prefix}-*`;
  const on = (action: string, resource: string, reason: string): Permission => ({ action, resource, reason });
  const anyTime = 'names end with the time, hence the *';
  const noResource = 'AWS knows no resource for it, hence the *';
  const snapshots = [
    on(names.create, facts.arn, 'takes the snapshot'),
    on(names.create, ours, `takes the snapshot under this name; ${anyTime}`),
    on('rds:AddTagsToResource', ours, `tags it, so that others' are never touched; ${anyTime}`),
    on(names.snapshots, facts.arn, 'finds the snapshots of this database'),
    on(names.snapshots, ours, `waits for the snapshot; ${anyTime}`),
    on(names.remove, ours, `removes snapshots of this step beyond keep.snapshots; ${anyTime}`),
  ];
  return [
    on(names.describe, facts.arn, 'sees the database: its engine and its state'),
    ...(direct ? [] : snapshots),
    direct
      ? on('rds:StartExportTask', facts.arn, 'exports the cluster')
      : on('rds:StartExportTask', ours, `exports the snapshot; ${anyTime}`),
    on(
      'rds:DescribeExportTasks',
      '*',
      'waits for the export; it is asked for by a name that no policy knows, hence the *',
    ),
    on('rds:CancelExportTask', '*', `ends exports that were given up; ${noResource}`),
    ...(role === undefined
      ? []
      : [on('sts:AssumeRole', role, "works with the role's permissions on RDS, KMS and IAM")]),
  ];
}

/** What StartExportTask asks of its caller besides, and what is looked at before it. */
export function handOverPermissions({
  kmsKey,
  role,
}: Pick<ExportOrder, 'kmsKey' | 'role'>): readonly Permission[] {
  const alias = kmsKey.includes(':alias/') ? ' (a policy must name the key behind the alias)' : '';
  return [
    {
      action: 'iam:PassRole',
      resource: role,
      reason: 'hands the role to RDS (iam:PassedToService export.rds.amazonaws.com)',
    },
    { action: 'iam:GetRole', resource: role, reason: 'sees before the snapshot that RDS may use the role' },
    {
      action: 'kms:CreateGrant',
      resource: kmsKey,
      reason: `lets RDS write with the key for as long as the export takes${alias}`,
    },
    {
      action: 'kms:DescribeKey',
      resource: kmsKey,
      reason: `sees before the snapshot that the key can be used${alias}`,
    },
  ];
}
