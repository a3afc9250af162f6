import { rm } from 'node:fs/promises';
import type { Batch } from '../../values/batch.js';
import type { Column } from '../../values/column.js';
import type {
  Context,
  Finding,
  FoundRow,
  KeyValues,
  Part,
  Permission,
  ReadRequest,
  Source,
  SourceDescription,
  SourceReport,
  Stretch,
  Uniqueness,
} from '../connector.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import type { SharedColumns } from './batch-builder.js';
import { type Fetcher, keyText } from './fetch.js';
import { keyItem } from './find-item.js';
import { wholeItem } from './item-scanner.js';
import { type KeyList, linesText } from './key-list/list.js';
import { listFolder, listName, openList } from './key-list/open-list.js';
import { namesKey, readSlice, slicesOf } from './key-list/slices.js';
import { KeyedBatches } from './keyed-batches.js';
import { keyedPages } from './keyed-pages.js';
import { KeyedReader } from './keyed-read.js';
import { attributeColumn, OpenColumns } from './open-columns.js';
import type { DynamodbSourceOptions, KeysOptions } from './options.js';
import { permissions } from './permissions.js';
import { readAgain } from './read-again.js';
import { findTable, type Table, tableIdentity, tableMissing } from './table.js';

interface Ready {
  readonly table: Table;
  readonly list: KeyList & { readonly permissions: readonly Permission[] };
  readonly reader: KeyedReader;
  readonly columns: readonly Column[];
  readonly shared: SharedColumns;
}

export interface KeyedSourceOptions extends DynamodbSourceOptions {
  readonly table: string;
  readonly keys: KeysOptions;
}

/** The items whose keys a list names. A key that no item has is a row that could not be read: a reject. */
export class KeyedSource implements Source {
  readonly #client: DynamodbClient;
  readonly #options: KeyedSourceOptions;
  readonly #context: Context;
  readonly #role: string | undefined;
  readonly #used = { units: 0 };
  #ready: Promise<Ready> | undefined;

  constructor(
    client: DynamodbClient,
    options: KeyedSourceOptions,
    context: Context,
    role: string | undefined,
  ) {
    this.#client = client;
    this.#options = options;
    this.#context = context;
    this.#role = role;
  }

  async describe(): Promise<SourceDescription> {
    const ready = await this.#prepare();
    const { table, list, columns, reader } = ready;
    return {
      name: `table ${table.name}, the items of ${this.#listName}`,
      identity: tableIdentity(this.#client, this.#options.table, table),
      columns,
      open: this.#options.columns === undefined,
      key: table.key.map(({ name }) => name),
      rows: list.keys + list.malformed.count,
      ...(table.items > 0 ? { bytes: Math.round((list.keys * table.bytes) / table.items) } : {}),
      units: list.keys * reader.unitsPerKey,
      capacity: table.provisioned?.read ?? 'on demand',
      ranged: true,
      consistency: this.#consistency,
      findings: this.#findings(list, table),
      permissions: this.#permissions(ready),
    };
  }

  get #listName(): string {
    return `a key list (${listName(this.#options.keys)})`;
  }

  get #isStrong(): boolean {
    return this.#options.consistency !== 'eventual';
  }

  get #consistency(): string {
    return this.#isStrong ? 'strongly consistent, item by item' : 'eventually consistent';
  }

  #prepare(): Promise<Ready> {
    this.#ready ??= this.#load().catch((error: unknown) => {
      this.#ready = undefined;
      throw error;
    });
    return this.#ready;
  }

  async #load(): Promise<Ready> {
    const table = await findTable(this.#client, this.#options.table, this.#context);
    if (!table) throw tableMissing(this.#options.table, 'check the name, the region and the account');
    const list = await openList(this.#options.keys, table.key, this.#context);
    const key = table.key.map(({ name, type }) => attributeColumn(name, false, type));
    const names = new Set(table.key.map(({ name }) => name));
    const more = (this.#options.columns ?? []).filter((name) => !names.has(name));
    const columns = [...key, ...more.map((name) => attributeColumn(name, true))];
    const itemBytes = table.items > 0 ? table.bytes / table.items : undefined;
    const reader = new KeyedReader(this.#fetcher(table, columns), this.#context, itemBytes);
    return { table, list, reader, columns, shared: { current: new OpenColumns(columns), first: columns } };
  }

  #fetcher(table: Table, columns: readonly Column[]): Fetcher {
    return {
      client: this.#client,
      context: this.#context,
      table: table.name,
      key: table.key,
      strong: this.#isStrong,
      columns: this.#options.columns && columns.map(({ name }) => name),
      used: this.#used,
      vanished: () => undefined,
    };
  }

  #findings({ keys, malformed, repeated }: KeyList, table: Table): Finding[] {
    const findings: Finding[] = [];
    if (keys === 0) findings.push({ level: 'warn', code: 'note', message: 'the key list names no key' });
    if (repeated.count > 0) {
      const message = `${things(repeated.count, 'key of the list repeats', 'keys of the list repeat')} an earlier one and will be left out: ${linesText(repeated)}`;
      findings.push({ level: 'warn', code: 'note', message });
    }
    if (malformed.count > 0) {
      const message = `${things(malformed.count, 'place of the list holds', 'places of the list hold')} no key and will be rejected: ${linesText(malformed)}`;
      findings.push({ level: 'warn', code: 'key_invalid', message });
    }
    if (table.provisioned) {
      const message = `the table has ${table.provisioned.read} provisioned read units a second`;
      findings.push({ level: 'note', code: 'note', message });
    }
    return findings;
  }

  #permissions({ table, reader, list }: Ready): Permission[] {
    const read = reader.keysAtOnce === 1 ? ('GetItem' as const) : ('BatchGetItem' as const);
    const why = {
      BatchGetItem: 'reads the items of the key list',
      GetItem: 'reads the items of the key list',
    };
    return [...permissions(['DescribeTable', read], table.arn, this.#role, why), ...list.permissions];
  }

  async parts(wanted: number): Promise<readonly Part[]> {
    const { list } = await this.#prepare();
    return await slicesOf(list, Math.min(Math.max(1, wanted), Math.max(1, list.keys)));
  }

  async *read(part: Part, request: ReadRequest): AsyncGenerator<Batch> {
    const { list, reader, shared } = await this.#prepare();
    const maxRows = Math.min(request.maxRows, reader.keysInABatch);
    const batches = new KeyedBatches(shared, { ...request, maxRows });
    const entries = readSlice(list, listName(this.#options.keys), part, request);
    const atOnce = Math.min(reader.keysAtOnce, maxRows, request.atMost ?? maxRows);
    for await (const page of keyedPages(entries, reader, atOnce, this.#context.readRates !== undefined)) {
      const share = page.bytes / page.entries.length;
      for (const entry of page.entries) {
        yield* batches.add(entry, 'key' in entry ? page.items.get(entry.key) : undefined, share);
      }
      this.#context.signal.throwIfAborted();
      // Whoever wants only a few rows shall not wait for more of them at a slow pace.
      if (request.atMost !== undefined) yield* batches.finish();
    }
    yield* batches.finish();
  }

  /** Whether the list names the key is told by reading all of it, or what lies `within`. */
  async find(values: KeyValues, within?: Stretch): Promise<FoundRow | undefined> {
    const { table, list, reader, columns } = await this.#prepare();
    const key = keyText(keyItem(table.key, values), table.key);
    const isListed = await namesKey(list, listName(this.#options.keys), key, within);
    if (within && !isListed) return undefined;
    const { items, bytes } = await reader.read([key]);
    const item = items.get(key);
    if (!item) return undefined;
    const whole = new OpenColumns(columns);
    const row = whole.row(wholeItem(item));
    const batch = { columns: whole.columns, rows: [row], bytes };
    return isListed ? { batch } : { batch, leftOut: 'the key list does not name it' };
  }

  async readAgain(batch: Batch): Promise<Batch> {
    const { table, reader, shared } = await this.#prepare();
    return await readAgain(batch, table.key, reader, shared);
  }

  async unique(columns: readonly string[]): Promise<Uniqueness> {
    const { table } = await this.#prepare();
    return table.key.every(({ name }) => columns.includes(name)) ? 'index' : 'unknown';
  }

  report(): SourceReport {
    return { consistency: this.#consistency, units: this.#used.units };
  }

  async close(): Promise<void> {
    if (!this.#context.lasting) await rm(listFolder(this.#context), { recursive: true, force: true });
    this.#ready = undefined;
  }
}

function things(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
