import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { Comparison } from '../comparison.js';
import type {
  Context,
  Finding,
  Finished,
  Incoming,
  Refused,
  Sink,
  SinkPlan,
  Writer,
  Written,
} from '../connector.js';
import { DEFAULT_DELETES_LIMIT } from '../deletes-limit.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import type { RunKeys } from '../run-keys.js';
import type { BatchWriteTable } from './batch-write.js';
import { changeWriter } from './change-writer.js';
import { DynamodbComparison } from './compare.js';
import { type EncoderCache, encoderCache } from './encoder-cache.js';
import type { KeySource } from './key.js';
import { deleteGone } from './mirror.js';
import type { DynamodbSinkOptions } from './options.js';
import { putWriter } from './put-writer.js';
import { appendMode, insertMode, newestMode, updateMode } from './row-modes.js';
import { rowWriter } from './row-writer.js';
import { planSink, type SinkMode } from './sink-plan.js';
import { Slots } from './slots.js';
import { createTable, findTable, tableMissing } from './table.js';

/** Calls under way at once, over all writers of a sink. */
const MAX_CALLS = 16;

/** A table that takes rows as items. Order of life as in the contract. */
export class DynamodbSink implements Sink {
  readonly #client: DynamodbClient;
  readonly #options: DynamodbSinkOptions;
  readonly #context: Context;
  readonly #role: string | undefined;
  readonly #name: string;
  #mode: SinkMode;
  readonly #slots = new Slots(MAX_CALLS);
  #key: readonly KeySource[] = [];
  #encoders: EncoderCache | undefined;
  #create = false;
  #incoming: Incoming | undefined;
  /** Those that came, where the others are to be deleted. */
  #came: RunKeys | undefined;
  /** Rows that the writers of this sink refused: mirror knows their keys, or that they can have none. */
  #rejected = 0;

  constructor(
    client: DynamodbClient,
    options: DynamodbSinkOptions,
    context: Context,
    role: string | undefined,
  ) {
    if (options.table === undefined) {
      throw new SluiceError('declaration_invalid', 'a DynamoDB sink needs a table', { path: 'to.table' });
    }
    this.#client = client;
    this.#options = options;
    this.#context = context;
    this.#role = role;
    this.#name = options.table;
    const mode = options.mode ?? 'put';
    this.#mode = mode;
  }

  async plan(incoming: Incoming): Promise<SinkPlan> {
    if (this.#context.replay && this.#mode === 'mirror' && !incoming.changes) this.#mode = 'put';
    const table = await findTable(this.#client, this.#name, this.#context);
    const { plan, key } = planSink({
      client: this.#client,
      options: this.#options,
      name: this.#name,
      mode: this.#mode,
      role: this.#role,
      incoming,
      table,
      maxWriters: MAX_CALLS,
      replay: this.#context.replay === true,
    });
    this.#key = key;
    this.#incoming = incoming;
    this.#create = plan.creates !== undefined;
    this.#encoders = encoderCache(key);
    return plan;
  }

  trial(batch: Batch): readonly Refused[] {
    const encode = this.#encoders?.of(batch.columns);
    if (!encode || this.#key.length === 0) return [];
    const isKeyAlone = (row: number) => this.#mode === 'mirror' && batch.changes?.at(row)?.event === 'remove';
    const refused = batch.rows.map((cells, row): Refused[] => {
      const key = encode.keyOf(cells);
      const text = typeof key === 'string' && !isKeyAlone(row) ? encode.attributesOf(cells, key) : key;
      return typeof text === 'string' ? [] : [{ row, ...text }];
    });
    return refused.flat();
  }

  async open({ resume }: { readonly resume: boolean }): Promise<void> {
    if (this.#create) await createTable(this.#client, this.#name, this.#key, this.#context);
    if (this.#mode !== 'mirror' || this.#incoming?.changes) return;
    const { keys } = this.#context;
    if (!keys) throw new RangeError('mirror is for copies: they keep the keys that come');
    await (resume ? keys.resume() : keys.begin());
    this.#came = keys;
  }

  async writer(): Promise<Writer> {
    const writer = this.#modeWriter();
    return {
      ...writer,
      write: async (batch, token): Promise<Written> => {
        const written = await writer.write(batch, token);
        this.#rejected += written.rejects.length;
        return written;
      },
    };
  }

  async comparison(): Promise<Comparison> {
    const incoming = this.#incoming;
    if (!incoming || this.#key.length === 0) throw new RangeError('plan the sink before comparing it');
    const table = await findTable(this.#client, this.#name, this.#context);
    if (!table) throw tableMissing(this.#name, 'run the pipeline first');
    return new DynamodbComparison({
      client: this.#client,
      context: this.#context,
      options: this.#options,
      mode: this.#mode,
      table,
      key: this.#key,
      ...(incoming.open ? {} : { names: new Set(incoming.columns.map(({ name }) => name)) }),
      deletesLimit: this.#options.deletes?.limit ?? DEFAULT_DELETES_LIMIT,
    });
  }

  #modeWriter(): Writer {
    const table = this.#table();
    const encoders = this.#encoders;
    if (!encoders || this.#key.length === 0) throw new RangeError('plan the sink before writing to it');
    switch (this.#mode) {
      case 'insert':
        return rowWriter(table, encoders, insertMode(this.#key));
      case 'newest':
        return rowWriter(table, encoders, newestMode(this.#options.by ?? ''));
      case 'update':
        return rowWriter(table, encoders, updateMode());
      case 'append':
        return rowWriter(table, encoders, appendMode(this.#key));
      default:
        if (this.#incoming?.changes) return changeWriter(table, encoders, this.#options.ttlDeletes);
        return putWriter(table, encoders, this.#came);
    }
  }

  #table(): BatchWriteTable {
    return {
      client: this.#client,
      context: this.#context,
      name: this.#name,
      key: this.#key,
      slots: this.#slots,
    };
  }

  async finish(totals: { readonly rejected: number }): Promise<Finished> {
    const keys = this.#came;
    if (!keys) return { deleted: 0, findings: [] };
    if (totals.rejected > this.#rejected) {
      return { deleted: 0, findings: [withheld(totals.rejected - this.#rejected)] };
    }
    const limit = this.#options.deletes?.limit ?? DEFAULT_DELETES_LIMIT;
    // The keys stay until the copy is recorded as complete: it may finish once more.
    return await deleteGone({ table: this.#table(), keys, limit });
  }

  /** Keeps the keys that came: a resumed run reads on after them. */
  abandon(): Promise<void> {
    return Promise.resolve();
  }

  async close(): Promise<void> {
    await this.#came?.close();
  }
}

function withheld(rows: number): Finding {
  return {
    level: 'warn',
    code: 'note',
    message: `nothing was deleted: ${rows} rows were rejected before their keys were known, and may be among what seems gone`,
    hint: 'mend or replay the rejects, then run again',
  };
}
