import type { ExportStep } from '../../declare/declaration.js';
import type { Drawing } from './drawing.js';

type Fields = Readonly<Record<string, unknown>>;

/** Calls of RDS by Step Functions itself: what a Task that makes one has. */
export interface DatabaseCalls {
  /** Of the connection's role. */
  readonly credentials: Fields;
  readonly takeSnapshot: Fields;
  readonly startExport: Fields;
  readonly watchSnapshot: Watch;
  readonly watchExport: Watch;
}

export interface Watch {
  readonly call: Fields;
  /** Where the status stands in what the call gives. */
  readonly status: string;
  /** Choice rules, without the variable, that are true once it has ended. */
  readonly ends: readonly Fields[];
}

/**
 * Instances and clusters have calls of their own. The names of parameters are those that Step Functions has for them, which are not
 * always RDS's: https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html
 */
const spelled = {
  instance: {
    create: 'createDBSnapshot',
    describe: 'describeDBSnapshots',
    database: 'DbInstanceIdentifier',
    snapshot: 'DbSnapshotIdentifier',
    list: 'DbSnapshots',
  },
  cluster: {
    create: 'createDBClusterSnapshot',
    describe: 'describeDBClusterSnapshots',
    database: 'DbClusterIdentifier',
    snapshot: 'DbClusterSnapshotIdentifier',
    list: 'DbClusterSnapshots',
  },
} as const;

/** `$.export.name` is what the function has noted for the call that follows. */
const name = '$.export.name';

export function databaseCalls(step: ExportStep, { pipeline, connections }: Drawing): DatabaseCalls {
  const source = connections[step.from.connection] ?? { kind: 'rds' };
  const place = connections[step.to.connection] ?? { kind: 's3' };
  const words = source['cluster'] === undefined ? spelled.instance : spelled.cluster;
  const database = { [words.database]: source['cluster'] ?? source['instance'] };
  const prefix = String(place['prefix'] ?? '').replace(/\/+$/, '');
  const { role } = source;
  const credentials = role === undefined ? {} : { Credentials: { RoleArn: role } };
  return {
    credentials,
    takeSnapshot: call(words.create, {
      ...database,
      [`${words.snapshot}.$`]: name,
      Tags: [
        { Key: 'sluice:pipeline', Value: pipeline },
        { Key: 'sluice:step', Value: step.name },
        { Key: 'sluice:run', 'Value.$': '$.run' },
      ],
    }),
    startExport: call('startExportTask', {
      'ExportTaskIdentifier.$': name,
      'SourceArn.$': '$.export.source',
      S3BucketName: place['bucket'],
      ...(prefix === '' ? {} : { S3Prefix: prefix }),
      KmsKeyId: step.to.kmsKey,
      IamRoleArn: step.to.role,
      ...(step.from.tables.length === 0 ? {} : { ExportOnly: step.from.tables }),
    }),
    watchSnapshot: {
      call: call(words.describe, { ...database, [`${words.snapshot}.$`]: name }),
      status: `$.${words.list}[0].Status`,
      ends: [{ StringEquals: 'available' }, { StringEquals: 'failed' }, { StringMatches: 'incompatible*' }],
    },
    watchExport: {
      call: call('describeExportTasks', { 'ExportTaskIdentifier.$': name }),
      status: '$.ExportTasks[0].Status',
      ends: ['COMPLETE', 'FAILED', 'CANCELED'].map((status) => ({ StringEquals: status })),
    },
  };
}

function call(action: string, Parameters: Fields): Fields {
  return { Resource: `arn:aws:states:::aws-sdk:rds:${action}`, Parameters };
}
