import type { DBCluster, DBClusterSnapshot, DBInstance, DBSnapshot, Tag } from '@aws-sdk/client-rds';
import { SluiceError } from '../../errors.js';
import type { Context } from '../connector.js';
import { isNamed } from './failures.js';
import type { RdsConnectionOptions } from './options.js';
import type { RdsService } from './service.js';
import { tagsOf } from './tags.js';

/** What RDS says of a DB instance or cluster. */
export interface DatabaseFacts {
  /** For people: `instance shop-prod`. */
  readonly name: string;
  readonly arn: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly status: string;
  readonly gib?: number;
  /** Of a cluster: provisioned, serverless (v1). */
  readonly engineMode?: string;
  readonly storageType?: string;
  /** The Aurora cluster that an instance belongs to. */
  readonly memberOf?: string;
}

/** What RDS says of a snapshot. */
export interface SnapshotFacts {
  readonly name: string;
  readonly status: string;
  readonly percent: number;
  readonly arn: string;
  readonly gib?: number;
  /** ISO 8601, UTC; absent while it is being made. */
  readonly takenAt?: string;
  readonly tags: readonly Tag[];
}

/** The calls that instances and clusters each have their own of. */
export interface Database {
  readonly kind: 'instance' | 'cluster';
  readonly identifier: string;
  /** @throws SluiceError database_missing */
  facts(): Promise<DatabaseFacts>;
  /** 'exists': somebody has a snapshot of that name. 'busy': the database is in a state that allows none. */
  create(name: string): Promise<'created' | 'exists' | 'busy'>;
  snapshot(name: string): Promise<SnapshotFacts | undefined>;
  /** All manual ones of this database. */
  snapshots(): Promise<readonly SnapshotFacts[]>;
  /** 'busy': it is being made, copied or exported. */
  remove(name: string): Promise<'removed' | 'busy'>;
}

interface Page {
  readonly found: readonly SnapshotFacts[];
  readonly marker: string | undefined;
}

/** More pages than this of snapshots of one database are a mistake: the quota is 100 of all. */
const MAX_PAGES = 1000;

export function databaseOf(
  { instance, cluster }: RdsConnectionOptions,
  service: RdsService,
  context: Context,
): Database {
  return cluster === undefined
    ? instanceDatabase(instance ?? '', service, context)
    : clusterDatabase(cluster, service, context);
}

function instanceDatabase(identifier: string, service: RdsService, context: Context): Database {
  const own = { DBInstanceIdentifier: identifier };
  const page = (asked: { DBSnapshotIdentifier?: string; Marker?: string | undefined }): Promise<Page> =>
    service.call('DescribeDBSnapshots', async (sdk, client, options) => {
      const command = new sdk.DescribeDBSnapshotsCommand({ ...own, SnapshotType: 'manual', ...asked });
      const answer = await orNothing(client.send(command, options));
      return { found: (answer?.DBSnapshots ?? []).map(instanceSnapshot), marker: answer?.Marker };
    });
  return {
    kind: 'instance',
    identifier,
    facts: () =>
      service.call('DescribeDBInstances', async (sdk, client, options) => {
        const { DBInstances = [] } = await client.send(new sdk.DescribeDBInstancesCommand(own), options);
        return instanceFacts(identifier, DBInstances[0] ?? {});
      }),
    create: (name) =>
      service.call('CreateDBSnapshot', (sdk, client, options) => {
        const input = { ...own, DBSnapshotIdentifier: name, Tags: tagsOf(context) };
        return created(client.send(new sdk.CreateDBSnapshotCommand(input), options));
      }),
    snapshot: async (name) => (await page({ DBSnapshotIdentifier: name })).found.find(named(name)),
    snapshots: () => allPages((Marker) => page({ Marker })),
    remove: (name) =>
      service.call('DeleteDBSnapshot', (sdk, client, options) => {
        const input = { DBSnapshotIdentifier: name };
        return removed(client.send(new sdk.DeleteDBSnapshotCommand(input), options));
      }),
  };
}

function clusterDatabase(identifier: string, service: RdsService, context: Context): Database {
  const own = { DBClusterIdentifier: identifier };
  const page = (asked: {
    DBClusterSnapshotIdentifier?: string;
    Marker?: string | undefined;
  }): Promise<Page> =>
    service.call('DescribeDBClusterSnapshots', async (sdk, client, options) => {
      const command = new sdk.DescribeDBClusterSnapshotsCommand({ ...own, SnapshotType: 'manual', ...asked });
      const answer = await orNothing(client.send(command, options));
      return { found: (answer?.DBClusterSnapshots ?? []).map(clusterSnapshot), marker: answer?.Marker };
    });
  return {
    kind: 'cluster',
    identifier,
    facts: () =>
      service.call('DescribeDBClusters', async (sdk, client, options) => {
        const { DBClusters = [] } = await client.send(new sdk.DescribeDBClustersCommand(own), options);
        return clusterFacts(identifier, DBClusters[0] ?? {});
      }),
    create: (name) =>
      service.call('CreateDBClusterSnapshot', (sdk, client, options) => {
        const input = { ...own, DBClusterSnapshotIdentifier: name, Tags: tagsOf(context) };
        return created(client.send(new sdk.CreateDBClusterSnapshotCommand(input), options));
      }),
    snapshot: async (name) => (await page({ DBClusterSnapshotIdentifier: name })).found.find(named(name)),
    snapshots: () => allPages((Marker) => page({ Marker })),
    remove: (name) =>
      service.call('DeleteDBClusterSnapshot', (sdk, client, options) => {
        const input = { DBClusterSnapshotIdentifier: name };
        return removed(client.send(new sdk.DeleteDBClusterSnapshotCommand(input), options));
      }),
  };
}

async function created(sent: Promise<unknown>): Promise<'created' | 'exists' | 'busy'> {
  try {
    await sent;
    return 'created';
  } catch (error) {
    if (isNamed(error, 'DBSnapshotAlreadyExists', 'DBClusterSnapshotAlreadyExists')) return 'exists';
    if (isNamed(error, 'InvalidDBInstanceState', 'InvalidDBClusterState')) return 'busy';
    throw error;
  }
}

async function removed(sent: Promise<unknown>): Promise<'removed' | 'busy'> {
  try {
    await sent;
    return 'removed';
  } catch (error) {
    if (isNamed(error, 'DBSnapshotNotFound', 'DBClusterSnapshotNotFound')) return 'removed';
    if (isNamed(error, 'InvalidDBSnapshotState', 'InvalidDBClusterSnapshotState')) return 'busy';
    throw error;
  }
}

/** A snapshot that is asked for by its name and is not there. */
async function orNothing<Answer>(sent: Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await sent;
  } catch (error) {
    if (isNamed(error, 'DBSnapshotNotFound', 'DBClusterSnapshotNotFound')) return undefined;
    throw error;
  }
}

async function allPages(page: (marker: string | undefined) => Promise<Page>): Promise<SnapshotFacts[]> {
  const all: SnapshotFacts[] = [];
  let marker: string | undefined;
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const answer = await page(marker);
    all.push(...answer.found);
    marker = answer.marker;
    if (!marker) return all;
  }
  throw new SluiceError('response_invalid', 'RDS tells of snapshots without an end', { retry: 'later' });
}

function named(name: string): (snapshot: SnapshotFacts) => boolean {
  return (snapshot) => snapshot.name === name;
}

function instanceFacts(identifier: string, instance: DBInstance): DatabaseFacts {
  return {
    name: `instance ${identifier}`,
    arn: told(instance.DBInstanceArn, 'DescribeDBInstances'),
    engine: told(instance.Engine, 'DescribeDBInstances'),
    engineVersion: instance.EngineVersion ?? '',
    status: instance.DBInstanceStatus ?? '',
    ...(instance.AllocatedStorage ? { gib: instance.AllocatedStorage } : {}),
    ...(instance.StorageType === undefined ? {} : { storageType: instance.StorageType }),
    ...(instance.DBClusterIdentifier ? { memberOf: instance.DBClusterIdentifier } : {}),
  };
}

/** Aurora says 1 GiB of every cluster: its storage grows by itself. */
function clusterFacts(identifier: string, cluster: DBCluster): DatabaseFacts {
  const { AllocatedStorage: gib = 0 } = cluster;
  return {
    name: `cluster ${identifier}`,
    arn: told(cluster.DBClusterArn, 'DescribeDBClusters'),
    engine: told(cluster.Engine, 'DescribeDBClusters'),
    engineVersion: cluster.EngineVersion ?? '',
    status: cluster.Status ?? '',
    ...(gib > 1 ? { gib } : {}),
    ...(cluster.EngineMode === undefined ? {} : { engineMode: cluster.EngineMode }),
  };
}

function instanceSnapshot(snapshot: DBSnapshot): SnapshotFacts {
  const { DBSnapshotIdentifier: name, DBSnapshotArn: arn, SnapshotCreateTime: time } = snapshot;
  return { ...snapshotFacts(snapshot, time), name: name ?? '', arn: arn ?? '' };
}

function clusterSnapshot(snapshot: DBClusterSnapshot): SnapshotFacts {
  const { DBClusterSnapshotIdentifier: name, DBClusterSnapshotArn: arn, SnapshotCreateTime: time } = snapshot;
  return { ...snapshotFacts(snapshot, time), name: name ?? '', arn: arn ?? '' };
}

function snapshotFacts(
  { Status, PercentProgress, AllocatedStorage: gib = 0, TagList = [] }: DBSnapshot & DBClusterSnapshot,
  time: Date | undefined,
): Omit<SnapshotFacts, 'name' | 'arn'> {
  return {
    status: Status ?? '',
    percent: PercentProgress ?? 0,
    ...(gib > 1 ? { gib } : {}),
    ...(time === undefined ? {} : { takenAt: time.toISOString() }),
    tags: TagList,
  };
}

function told(value: string | undefined, action: string): string {
  if (value !== undefined && value !== '') return value;
  throw new SluiceError('response_invalid', `RDS ${action}: the answer lacks what was asked for`, {
    retry: 'later',
  });
}
