import type { ExportTask } from '@aws-sdk/client-rds';
import { SluiceError } from '../../errors.js';
import type { AwsCredentialsProvider } from '../aws-credentials.js';
import type { Context, Finding } from '../connector.js';
import type {
  Begun,
  ExportContents,
  Exporter,
  ExporterDescription,
  ExporterOptions,
  ExportOrder,
  ExportState,
  SnapshotState,
  TaggedSnapshot,
} from '../exporter.js';
import type { StoredObject } from '../store.js';
import { type Database, databaseOf } from './database.js';
import { isNamed } from './failures.js';
import { databaseFindings } from './findings.js';
import { contentsOf } from './info-files.js';
import { checkKeyAndRole } from './key-and-role.js';
import type { RdsConnectionOptions } from './options.js';
import { handOverPermissions, permissionsOf } from './permissions.js';
import { refusedCall } from './refused-call.js';
import type { RdsService } from './service.js';
import { isOfThisRun, isOurs } from './tags.js';

export interface RdsExporterOptions extends ExporterOptions {
  readonly connection: RdsConnectionOptions;
  readonly credentials: AwsCredentialsProvider;
  readonly context: Context;
  readonly service: RdsService;
}

/** Snapshots and exports of one RDS instance or cluster. */
export class RdsExporter implements Exporter {
  readonly #options: RdsExporterOptions;
  readonly #database: Database;

  constructor(options: RdsExporterOptions) {
    this.#options = options;
    this.#database = databaseOf(options.connection, options.service, options.context);
  }

  async describe(order: Omit<ExportOrder, 'name'>): Promise<ExporterDescription> {
    const { connection, context, direct, service } = this.#options;
    const facts = await this.#database.facts();
    const { kind } = this.#database;
    const reach = { kind, facts, prefix: context.step, role: connection.role, direct };
    return {
      name: facts.name,
      identity: facts.arn,
      arn: facts.arn,
      region: service.region,
      engine: facts.engine,
      engineVersion: facts.engineVersion,
      direct,
      ...(facts.gib === undefined ? {} : { gib: facts.gib }),
      findings: databaseFindings(this.#database, facts, { direct }),
      permissions: [...permissionsOf(reach), ...handOverPermissions(order)],
    };
  }

  async check(order: Omit<ExportOrder, 'name'>): Promise<readonly Finding[]> {
    const { connection, credentials, context, service } = this.#options;
    const given = { options: connection, region: service.region, credentials, context };
    return await checkKeyAndRole(given, order);
  }

  async takeSnapshot(name: string): Promise<Begun> {
    const { context } = this.#options;
    const made = await this.#database.create(name);
    if (made === 'created') return 'begun';
    // A call that got no answer may have been carried out: then it is ours.
    const there = await this.#database.snapshot(name);
    if (there && isOfThisRun(there.tags, context)) return 'begun';
    if (made === 'exists') return 'taken';
    const { name: database, status } = await this.#database.facts();
    return { busy: `${database} is ${status}` };
  }

  async snapshot(name: string): Promise<SnapshotState> {
    const facts = await this.#database.snapshot(name);
    if (!facts) return { kind: 'none' };
    const { status, percent, arn, gib, takenAt } = facts;
    if (status === 'available' && takenAt !== undefined) {
      return { kind: 'available', arn, takenAt, ...(gib === undefined ? {} : { gib }) };
    }
    if (status === 'failed' || status.startsWith('incompatible')) return { kind: 'failed', cause: status };
    return { kind: 'creating', percent };
  }

  async startExport(order: ExportOrder, sourceArn: string): Promise<Begun> {
    const { service } = this.#options;
    const begun = await service.call('StartExportTask', async (sdk, client, options) => {
      const command = new sdk.StartExportTaskCommand({
        ExportTaskIdentifier: order.name,
        SourceArn: sourceArn,
        S3BucketName: order.bucket,
        ...(order.prefix === '' ? {} : { S3Prefix: order.prefix }),
        KmsKeyId: order.kmsKey,
        IamRoleArn: order.role,
        ...(order.tables.length === 0 ? {} : { ExportOnly: [...order.tables] }),
      });
      try {
        await client.send(command, options);
        return 'begun' as const;
      } catch (error) {
        return notBegun(error);
      }
    });
    if (begun !== 'exists') return begun;
    const task = await this.#task(order.name);
    return task && isSame(task, order, sourceArn) ? 'begun' : 'taken';
  }

  async export(name: string): Promise<ExportState> {
    const task = await this.#task(name);
    return task ? stateOf(task) : { kind: 'none' };
  }

  async snapshotBegun(name: string): Promise<'begun' | 'taken' | 'none'> {
    const there = await this.#database.snapshot(name);
    if (!there) return 'none';
    return isOfThisRun(there.tags, this.#options.context) ? 'begun' : 'taken';
  }

  async exportBegun(order: ExportOrder, sourceArn: string): Promise<'begun' | 'taken' | 'none'> {
    const task = await this.#task(order.name);
    if (!task) return 'none';
    return isSame(task, order, sourceArn) ? 'begun' : 'taken';
  }

  refused(error: { readonly name: string; readonly message: string }): 'taken' | { readonly busy: string } {
    return refusedCall(error);
  }

  async cancelExport(name: string): Promise<void> {
    await this.#options.service.call('CancelExportTask', async (sdk, client, options) => {
      try {
        await client.send(new sdk.CancelExportTaskCommand({ ExportTaskIdentifier: name }), options);
      } catch (error) {
        if (!isNamed(error, 'ExportTaskNotFound', 'InvalidExportTaskState')) throw error;
      }
    });
  }

  async contents(
    name: string,
    objects: readonly StoredObject[],
    read: (object: StoredObject) => Promise<string>,
  ): Promise<ExportContents> {
    return await contentsOf(name, objects, read);
  }

  async ourSnapshots(): Promise<readonly TaggedSnapshot[]> {
    const { context } = this.#options;
    return (await this.#database.snapshots())
      .filter(({ tags }) => isOurs(tags, context))
      .map(({ name, takenAt = '' }) => ({ name, takenAt }))
      .filter(({ takenAt }) => takenAt !== '')
      .sort((a, b) => (a.takenAt < b.takenAt ? 1 : -1));
  }

  async removeSnapshot(name: string): Promise<boolean> {
    const there = await this.#database.snapshot(name);
    if (!there) return true;
    if (!isOurs(there.tags, this.#options.context)) {
      throw new SluiceError('bug', `the snapshot ${name} is not of this step, and would have been removed`);
    }
    return (await this.#database.remove(name)) === 'removed';
  }

  async close(): Promise<void> {
    await this.#options.service.close();
  }

  async #task(name: string): Promise<ExportTask | undefined> {
    return await this.#options.service.call('DescribeExportTasks', async (sdk, client, options) => {
      const command = new sdk.DescribeExportTasksCommand({ ExportTaskIdentifier: name });
      try {
        const { ExportTasks = [] } = await client.send(command, options);
        return ExportTasks.find(({ ExportTaskIdentifier }) => ExportTaskIdentifier === name);
      } catch (error) {
        if (isNamed(error, 'ExportTaskNotFound')) return undefined;
        throw error;
      }
    });
  }
}

function notBegun(error: unknown): 'exists' | { readonly busy: string } {
  if (isNamed(error, 'ExportTaskAlreadyExists')) return 'exists';
  // Not in the lists of AWS; five may be in progress: USER_ExportSnapshot, Limitations
  if (isNamed(error, 'ExportTaskLimitReached')) {
    return { busy: 'as many exports are in progress as the account may have (5)' };
  }
  if (isNamed(error, 'InvalidExportSourceState')) {
    return { busy: 'the snapshot cannot be exported now: it is being copied, or exported already' };
  }
  throw error;
}

function isSame(task: ExportTask, order: ExportOrder, sourceArn: string): boolean {
  const prefix = (task.S3Prefix ?? '').replace(/\/+$/, '');
  return task.SourceArn === sourceArn && task.S3Bucket === order.bucket && prefix === order.prefix;
}

/** https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ExportTask.html, Status */
function stateOf(task: ExportTask): ExportState {
  const extractedGib = task.TotalExtractedDataInGB ?? 0;
  const cause = task.FailureCause ?? 'RDS does not say why';
  switch ((task.Status ?? '').toUpperCase()) {
    case 'COMPLETE': {
      const asOf = task.SnapshotTime?.toISOString() ?? task.TaskStartTime?.toISOString();
      return {
        kind: 'complete',
        extractedGib,
        ...(asOf === undefined ? {} : { asOf }),
        ...(task.WarningMessage ? { skipped: task.WarningMessage } : {}),
      };
    }
    case 'FAILED':
      return { kind: 'failed', cause };
    case 'CANCELED':
      return { kind: 'canceled', cause: task.FailureCause ?? 'somebody canceled it' };
    default:
      return { kind: 'working', percent: task.PercentProgress ?? 0, extractedGib };
  }
}
