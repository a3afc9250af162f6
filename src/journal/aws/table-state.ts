import { awsCredentials } from '../../connectors/aws-credentials.js';
import { awsPartition, awsPlace } from '../../connectors/aws-endpoint.js';
import { createClient } from '../../connectors/dynamodb-client.js';
import { S3Service } from '../../connectors/s3-service.js';
import { retry } from '../../engine/retry.js';
import { SluiceError } from '../../errors.js';
import { FolderState } from '../files/folder-state.js';
import type { Served } from '../served.js';
import { SourceTimesTable } from '../source-times-table.js';
import type { Kept, Lease, LeaseOf, Logs, PipelineState, SharedTimesOptions } from '../state.js';
import { type StateArns, statePermissions } from './permissions.js';
import { type StatePlace, stateAddress } from './state-address.js';
import { StateBucket, stateBucketFailures } from './state-bucket.js';
import { type ItemKey, StateTable } from './state-table.js';
import { type LeaseTimes, leaseTimes, TableLease } from './table-lease.js';
import { TableLogs } from './table-logs.js';

/** What fails for a moment is called again for so long. */
const PATIENCE_MS = 60_000;
/** Rises when an older Sluice could misread a kept record. */
const FORMAT = 1;

export interface TableStateOptions {
  readonly place: StatePlace;
  readonly pipeline: string;
  /** An absolute path: what steps need while they run lies below it. */
  readonly local: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly times?: LeaseTimes;
}

/** A pipeline's state in a table of DynamoDB, and in a bucket what of it is large or holds rows: any machine can go on. */
export class TableState implements PipelineState {
  readonly pipeline: string;
  readonly address: string;
  readonly keepsScratch = false;
  readonly needs: PipelineState['needs'];
  readonly runs: Logs;
  readonly reports: Logs;
  readonly keys: Logs;
  readonly received: Logs;
  readonly served: Kept<Served>;
  readonly #table: StateTable;
  readonly #bucket: StateBucket;
  readonly #local: FolderState;
  readonly #times: LeaseTimes;

  constructor({ place, pipeline, local, env, times = leaseTimes }: TableStateOptions) {
    const { table, bucket, arns } = openStore(place, pipeline, env);
    const { role } = place;
    const permissions = statePermissions({ ...arns, pipeline });
    this.needs = { permissions, ...(role === undefined ? {} : { role }) };
    this.pipeline = pipeline;
    this.address = stateAddress(place);
    this.#table = table;
    this.#bucket = bucket;
    this.#local = new FolderState(local, pipeline);
    this.#times = times;
    this.runs = new TableLogs({ table, bucket, holdsRows: false }, pipeline, 'runs');
    this.reports = this.#withRows('reports');
    this.keys = this.#withRows('keys');
    this.received = this.#withRows('received');
    this.served = keptItem(table, { pk: pipeline, sk: 'served' });
  }

  rejects(run: string): Logs {
    return this.#withRows(`rejects#${encodeURIComponent(run)}`);
  }

  sharedTimes(options: SharedTimesOptions): SourceTimesTable {
    const { pipeline } = this;
    const table = this.#table;
    return new SourceTimesTable({
      ...options,
      pipeline,
      table: table.name,
      update: (request) => table.updateItem(request),
    });
  }

  async lease(of: LeaseOf, signal?: AbortSignal): Promise<Lease> {
    return await TableLease.take(this.#table, { pk: this.pipeline, sk: `lease#${of}` }, this.#times, signal);
  }

  scratch(name?: string): string {
    return this.#local.scratch(name);
  }

  async makeScratch(name: string): Promise<string> {
    return await this.#local.makeScratch(name);
  }

  async verifyScratch(label: string): Promise<string> {
    return await this.#local.verifyScratch(label);
  }

  #withRows(kind: string): Logs {
    return new TableLogs({ table: this.#table, bucket: this.#bucket, holdsRows: true }, this.pipeline, kind);
  }
}

function openStore(
  place: StatePlace,
  pipeline: string,
  env: TableStateOptions['env'],
): {
  readonly table: StateTable;
  readonly bucket: StateBucket;
  readonly arns: Omit<StateArns, 'pipeline'>;
} {
  const { region, role } = place;
  const dynamodb = awsPlace('dynamodb', { endpoint: place.endpoint, region }, env);
  const s3 = awsPlace('s3', { endpoint: place.s3Endpoint, region }, env);
  const credentials = awsCredentials({ region: dynamodb.region, role, env, session: pipeline });
  // Its own: what is known of a run is written also after somebody has stopped it.
  const { signal } = new AbortController();
  const client = createClient({ place: dynamodb, credentials, signal });
  const context = {
    signal,
    retry: <T>(call: () => Promise<T>) => retry(call, PATIENCE_MS, signal),
  };
  const service = new S3Service({ place: s3, credentials, context, failures: stateBucketFailures });
  return {
    table: new StateTable(client, place.table, PATIENCE_MS),
    bucket: new StateBucket(service, place.bucket),
    arns: arnsOf(place, dynamodb.region),
  };
}

function arnsOf({ table, bucket, role }: StatePlace, region: string): Omit<StateArns, 'pipeline'> {
  const partition = awsPartition(region);
  const account = role?.split(':')[4] ?? '*';
  return {
    table: `arn:${partition}:dynamodb:${region}:${account}:table/${table}`,
    bucket: `arn:${partition}:s3:::${bucket}`,
  };
}

/** One record as an item. */
function keptItem<T extends object>(table: StateTable, key: ItemKey): Kept<T> {
  return {
    read: async () => {
      const item = await table.get(key);
      if (!item) return undefined;
      if (item['format'] === FORMAT) return JSON.parse(String(item['record'])) as T;
      throw new SluiceError(
        'state_unusable',
        `${key.sk} of ${table.place} is not one that this version reads`,
      );
    },
    write: (record) => table.put({ ...key, format: FORMAT, record: JSON.stringify(record) }),
  };
}
