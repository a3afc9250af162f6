import { createHash } from 'node:crypto';
import { SluiceError } from '../../../errors.js';
import type { Batch } from '../../../values/batch.js';
import type { Context, Permission } from '../../connector.js';
import type { DynamodbClient } from '../../dynamodb-client.js';
import type { Feed, FeedBatch, FeedDescription, FeedLag, FeedPlace, FeedStretch } from '../../feed.js';
import type { SharedColumns } from '../batch-builder.js';
import { attributeColumn, OpenColumns } from '../open-columns.js';
import { lookPermissions, permissions } from '../permissions.js';
import { findTable, type Table, type TableStream, tableIdentity, tableMissing } from '../table.js';
import { rereadStretch } from './again.js';
import type { StreamCalls } from './calls.js';
import { listShards, type StreamListing, type Unlisted } from './list-shards.js';
import { advanced, placeOf, placeText, type ShardPlace } from './place.js';
import { recordBatches } from './record-batches.js';
import { recordPage } from './records.js';
import { changesLost, RETENTION_SECONDS } from './retention.js';
import { StreamReader } from './stream-reader.js';

export interface StreamFeedOptions {
  readonly table: string;
  readonly client: DynamodbClient;
  readonly calls: StreamCalls;
  readonly context: Context;
  readonly role: string | undefined;
}

/** Times of changes are rounded down to whole seconds, and clocks differ a little. */
const SINCE_DOUBT_MS = 1000;

/** The changes of a table, by DynamoDB Streams. */
export class StreamFeed implements Feed {
  readonly #options: StreamFeedOptions;
  readonly #unlisted: Unlisted = { gone: new Set(), hidden: new Map() };
  #listed: StreamListing['shards'] | undefined;
  #reader: StreamReader | undefined;
  /** Of what is handed over: a table's key never changes. */
  #shared: SharedColumns | undefined;

  constructor(options: StreamFeedOptions) {
    this.#options = options;
  }

  async describe(): Promise<FeedDescription> {
    const { client, table: name, calls, context } = this.#options;
    const { table, stream } = await this.#find();
    // Whoever is handed changes reads no shard, and need not be allowed to.
    const shards = context.handed ? 0 : (await listShards(calls, stream.arn, this.#unlisted)).shards.size;
    return {
      name: `changes of table ${name}`,
      identity: tableIdentity(client, name, table),
      columns: keyColumns(table),
      open: true,
      key: table.key.map((part) => part.name),
      numbering: stream.arn,
      retentionSeconds: RETENTION_SECONDS,
      shards,
      findings: [],
      permissions: this.#permissions(table, stream),
    };
  }

  async #find(): Promise<{ readonly table: Table; readonly stream: TableStream }> {
    const { client, table: name, context } = this.#options;
    const table = await findTable(client, name, context);
    if (!table) throw tableMissing(name, 'check the name, the region and the account');
    const { stream } = table;
    if (!stream) throw noStream(name, `the table ${name} has no stream`);
    if (stream.view === 'NEW_IMAGE' || stream.view === 'NEW_AND_OLD_IMAGES') return { table, stream };
    throw noStream(name, `the stream of the table ${name} does not hold items as they became`);
  }

  #permissions(table: Table, stream: TableStream): Permission[] {
    const actions = ['DescribeStream', 'GetShardIterator', 'GetRecords'] as const;
    return [
      ...permissions(['DescribeTable'], table.arn, undefined),
      ...permissions(actions, stream.arn, this.#options.role),
      ...lookPermissions(['Scan', 'Query'], table.arn, 'reads the items, to compare them'),
    ];
  }

  /**
   * `oldest` names the shards that come after none. `latest` names those that none comes after: they are read from their
   * beginning, and what was changed before now is dropped, since no iterator at their end would last.
   */
  async begin(at: 'oldest' | 'latest'): Promise<FeedPlace> {
    const { calls } = this.#options;
    const { stream } = await this.#find();
    const now = calls.nowMs();
    const { shards } = await listShards(calls, stream.arn, this.#unlisted);
    const parents = new Set(shards.values());
    const isNamed = (id: string, parent: string | undefined) =>
      at === 'latest' ? !parents.has(id) : parent === undefined || !shards.has(parent);
    const nowMs = Math.floor(now);
    const from = at === 'latest' ? { at: nowMs } : { at: nowMs - RETENTION_SECONDS * 1000, begun: nowMs };
    const entries = [...shards]
      .filter(([id, parent]) => isNamed(id, parent))
      .map(([id, parent]): [string, ShardPlace] => [
        id,
        { ...(parent === undefined ? {} : { parent }), ...from },
      ]);
    const since = at === 'latest' ? { since: nowMs - SINCE_DOUBT_MS } : {};
    return placeText({ stream: stream.arn, ...since, shards: Object.fromEntries(entries) });
  }

  advance(place: FeedPlace, stretches: readonly FeedStretch[]): FeedPlace {
    return placeText(advanced(placeOf(place), stretches, this.#listed));
  }

  async *read(
    text: FeedPlace,
    request: { readonly maxRows: number; readonly maxBytes: number; readonly drain: boolean },
  ): AsyncGenerator<FeedBatch | undefined> {
    const { calls, context } = this.#options;
    const { table, stream } = await this.#find();
    const place = placeOf(text);
    if (place.stream !== stream.arn) throw changesLost('the stream was switched off and on again');
    this.#reader = new StreamReader({
      ...request,
      calls,
      place,
      shared: sharedColumns(table),
      signal: context.signal,
      unlisted: this.#unlisted,
      listed: (shards) => {
        this.#listed = shards;
      },
    });
    yield* this.#reader.batches();
  }

  async *again(stretch: FeedStretch): AsyncGenerator<FeedBatch> {
    const { table, stream } = await this.#find();
    yield* rereadStretch(this.#options.calls, stream.arn, stretch, sharedColumns(table));
  }

  async handed(records: readonly unknown[]): Promise<readonly Batch[]> {
    this.#shared ??= sharedColumns((await this.#find()).table);
    const { calls } = this.#options;
    const page = recordPage(Buffer.from(JSON.stringify({ Records: records })), calls.nowMs());
    const size = { maxRows: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };
    const nowhere = (): ShardPlace => ({ at: 0 });
    const batches: Batch[] = [];
    let first = 0;
    for (const { batch } of recordBatches('', page.records, page.bytes, this.#shared, size, nowhere)) {
      const items = records.slice(first, first + batch.rows.length).map(itemDigest);
      const changes = [...(batch.changes ?? [])].map((change, row) => ({
        ...change,
        item: items[row] ?? '',
      }));
      batches.push({ ...batch, changes });
      first += batch.rows.length;
    }
    return batches;
  }

  lag(): FeedLag {
    const reader = this.#reader;
    const caughtUp = reader?.isCaughtUp ?? false;
    if (caughtUp || reader?.lastChangeMs === undefined) return { seconds: 0, caughtUp };
    return { seconds: Math.max(0, (this.#options.calls.nowMs() - reader.lastChangeMs) / 1000), caughtUp };
  }

  close(): Promise<void> {
    this.#reader = undefined;
    return Promise.resolve();
  }
}

/** So many characters of base64: of two changes with one number the items have the same once in 10^14. */
const ITEM_CHARS = 8;

/** Of a record's key, in whatever order its attributes come. */
function itemDigest(record: unknown): string {
  const { dynamodb } = record as { readonly dynamodb?: { readonly Keys?: object } };
  const key = JSON.stringify(
    Object.entries(dynamodb?.Keys ?? {}).sort(([one], [other]) => (one < other ? -1 : 1)),
  );
  return createHash('sha256').update(key).digest('base64url').slice(0, ITEM_CHARS);
}

function keyColumns(table: Table): ReturnType<typeof attributeColumn>[] {
  return table.key.map(({ name, type }) => attributeColumn(name, false, type));
}

function sharedColumns(table: Table): SharedColumns {
  const first = keyColumns(table);
  return { current: new OpenColumns(first), first };
}

function noStream(table: string, why: string): SluiceError {
  const spec = 'StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES';
  return new SluiceError('unsupported', why, {
    hint: `switch it on, and begin then: aws dynamodb update-table --table-name ${table} --stream-specification ${spec} (NEW_IMAGE does too; a stream of another view must be switched off first)`,
  });
}
