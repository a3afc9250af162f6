import type { Batch } from '../../values/batch.js';
import type { Attribute } from '../../values/cell.js';
import type { ComparableRow, Comparison, Difference, Expected } from '../comparison.js';
import type { Context } from '../connector.js';
import type { DeletesLimit } from '../deletes-limit.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import { tornAnswer } from '../dynamodb-failures.js';
import { comparableAttribute, comparableItem } from './compare-item.js';
import { type RowSpelling, rowSpelling } from './compare-row.js';
import { type EncoderCache, encoderCache } from './encoder-cache.js';
import { type Fetcher, fetchItems, MAX_FETCHED } from './fetch.js';
import type { ItemEncoder } from './item.js';
import { wholeItem } from './item-scanner.js';
import { type KeySource, keyOfItem } from './key.js';
import { deleteItems } from './mirror.js';
import { isLess } from './numbers.js';
import type { Item } from './open-columns.js';
import type { DynamodbSinkOptions } from './options.js';
import { pages } from './pages.js';
import type { Problem } from './problem.js';
import { readPlan } from './request.js';
import { newestMode, updateMode } from './row-modes.js';
import type { RowMode } from './row-writer.js';
import type { SinkMode } from './sink-plan.js';
import { Slots } from './slots.js';
import type { Table } from './table.js';

/** BatchGetItem calls under way at once. */
const MAX_FETCHES = 4;
const MAX_SEGMENTS = 16;
/** A strongly consistent read unit is a read of up to this many bytes. */
const UNIT_BYTES = 4096;
const PAGE_ROWS = 1000;

export interface CompareRequest {
  readonly client: DynamodbClient;
  readonly context: Context;
  readonly options: DynamodbSinkOptions;
  readonly mode: SinkMode;
  readonly table: Table;
  readonly key: readonly KeySource[];
  /** The names of all attributes that can come; absent where the source is open. */
  readonly names?: ReadonlySet<string>;
  readonly deletesLimit: DeletesLimit;
}

/** A table's items, for comparing them with rows that would become items. */
export class DynamodbComparison implements Comparison {
  readonly keyed = true;
  readonly extras: Comparison['extras'];
  readonly exact: boolean;
  readonly rule: string;
  readonly rows: number;
  readonly bytes: number;
  readonly units: number;
  readonly deletesLimit: DeletesLimit;
  readonly #request: CompareRequest;
  readonly #encoders: EncoderCache;
  readonly #rowMode: RowMode | undefined;
  readonly #used = { units: 0 };
  readonly #slots = new Slots(MAX_FETCHES);
  #spelling: { readonly encode: ItemEncoder; readonly spell: RowSpelling } | undefined;

  constructor(request: CompareRequest) {
    const { mode, options, table, key, deletesLimit } = request;
    this.#request = request;
    this.#encoders = encoderCache(key);
    this.#rowMode = rowModeOf(mode, options);
    this.extras = mode === 'mirror' ? 'different' : 'allowed';
    this.exact = mode !== 'update' && mode !== 'newest';
    this.rule = ruleOf(mode, options);
    this.rows = table.items;
    this.bytes = table.bytes;
    this.units = Math.ceil(table.bytes / UNIT_BYTES);
    this.deletesLimit = deletesLimit;
  }

  expected(batch: Batch): readonly Expected[] {
    const encode = this.#encoders.of(batch.columns);
    if (this.#spelling?.encode !== encode) {
      this.#spelling = { encode, spell: rowSpelling(encode, this.#request.key) };
    }
    const { spell } = this.#spelling;
    const isOnlyThere = this.#request.mode === 'insert';
    return batch.rows.map((row, index) => {
      const spelled = spell(row);
      if ('problem' in spelled) return refusal(index, spelled.problem, spelled.key);
      const call = this.#rowMode?.callOf(encode, row, spelled.key);
      if (call && 'code' in call) return refusal(index, call, spelled.key);
      return isOnlyThere ? { key: spelled.key, content: '' } : spelled;
    });
  }

  actual(wanted: number): readonly AsyncIterable<readonly ComparableRow[]>[] {
    const of = Math.min(MAX_SEGMENTS, Math.max(1, wanted));
    return Array.from({ length: of }, (_, segment) => this.#segment(segment, of));
  }

  async *#segment(segment: number, of: number): AsyncGenerator<readonly ComparableRow[]> {
    const { client, context, table } = this.#request;
    const plan = readPlan({ connection: '', table: table.name }, table);
    const itemBytes = table.items > 0 ? table.bytes / table.items : undefined;
    const reader = { client, context, plan, used: this.#used, itemBytes };
    const range = `,"Segment":${segment},"TotalSegments":${of}`;
    for await (const page of pages(reader, range, undefined, PAGE_ROWS)) {
      yield Array.from(page.items.rest(), (item) => this.#comparable(item));
    }
  }

  async fetch(keys: readonly string[]): Promise<ReadonlyMap<string, ComparableRow>> {
    const { client, context, table } = this.#request;
    const used = { units: 0 };
    const fetcher: Fetcher = {
      client,
      context,
      table: table.name,
      key: table.key,
      strong: true,
      columns: undefined,
      used,
      vanished: () => undefined,
    };
    const found = new Map<string, ComparableRow>();
    await this.#slots.forEach(chunks(keys, MAX_FETCHED), async (some) => {
      const { items } = await context.paceRead({ items: some.length, units: some.length }, () =>
        fetchItems(fetcher, some.map(keyItem)),
      );
      for (const item of items.values()) {
        const row = this.#comparable(wholeItem(item));
        found.set(row.key, row);
      }
    });
    this.#used.units += used.units;
    return found;
  }

  differences(expected: ComparableRow, actual: ComparableRow): readonly Difference[] {
    if (expected.content === actual.content) return [];
    const { mode, options } = this.#request;
    const wanted = itemOf(expected.content);
    const there = itemOf(actual.content);
    if (mode === 'newest' && !isOlder(there, wanted, options.by ?? '')) return [];
    const names = mode === 'update' ? Object.keys(wanted) : Object.keys({ ...wanted, ...there });
    return names.sort().flatMap((column) => {
      const before = shown(wanted, column);
      const now = shown(there, column);
      if (before === now) return [];
      return [
        {
          column,
          ...(before === undefined ? {} : { expected: before }),
          ...(now === undefined ? {} : { actual: now }),
        },
      ];
    });
  }

  keyValues(key: string): Readonly<Record<string, string>> {
    const values = Object.entries(keyItem(key)).map(([name, attribute]) => [
      name,
      String(Object.values(attribute)[0]),
    ]);
    return Object.fromEntries(values);
  }

  contentValues({ content }: ComparableRow): Readonly<Record<string, string>> {
    const values = Object.entries(itemOf(content)).map(([name, attribute]) => [
      name,
      comparableAttribute(attribute),
    ]);
    return Object.fromEntries(values);
  }

  used(): number {
    return this.#used.units;
  }

  async remove(keys: readonly string[]): Promise<number> {
    const { client, context, table, key } = this.#request;
    const found = await this.fetch(keys);
    await deleteItems({ client, context, name: table.name, key, slots: this.#slots }, [...found.keys()]);
    return found.size;
  }

  #comparable(item: Item): ComparableRow {
    const { table, mode, names } = this.#request;
    const key = keyOfItem(item, table.key);
    if (key === undefined) throw tornAnswer('Scan', 'an item without its key');
    if (mode === 'insert') return { key, content: '' };
    const isKey = (name: string) => table.key.some((part) => part.name === name);
    const isLeftOut = mode === 'update' && names ? (name: string) => isKey(name) || !names.has(name) : isKey;
    return { key, content: comparableItem(item, isLeftOut) };
  }
}

/** The modes that refuse rows for reasons of their own. */
function rowModeOf(mode: SinkMode, options: DynamodbSinkOptions): RowMode | undefined {
  if (mode === 'newest') return newestMode(options.by ?? '');
  return mode === 'update' ? updateMode() : undefined;
}

function ruleOf(mode: SinkMode, options: DynamodbSinkOptions): string {
  switch (mode) {
    case 'insert':
      return 'insert: a row is equal where an item with its key is there';
    case 'update':
      return 'update: only the attributes that the source has are compared';
    case 'newest':
      return `newest: an item that is at least as new by ${options.by} is equal`;
    default:
      return `${mode}: whole items are compared`;
  }
}

function refusal(row: number, problem: Problem, key: string | undefined): Expected {
  return { refused: { row, ...problem }, ...(key === undefined ? {} : { key }) };
}

function* chunks<T>(all: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < all.length; start += size) yield all.slice(start, start + size);
}

function keyItem(key: string): Item {
  return JSON.parse(`{${key}}`) as Item;
}

function itemOf(content: string): Item {
  return content === '' ? {} : (JSON.parse(content) as Item);
}

function shown(item: Item, name: string): string | undefined {
  const attribute = Object.hasOwn(item, name) ? item[name] : undefined;
  return attribute === undefined ? undefined : comparableAttribute(attribute);
}

/** As the condition of `newest` has it: `attribute_not_exists(by) OR by < :by`, within one type. */
function isOlder(there: Item, wanted: Item, by: string): boolean {
  const old = Object.hasOwn(there, by) ? there[by] : undefined;
  const own = Object.hasOwn(wanted, by) ? wanted[by] : undefined;
  if (old === undefined || own === undefined) return true;
  if ('N' in old && 'N' in own) return isLess(old.N, own.N);
  const [one, other] = [bytesOf(old), bytesOf(own)];
  const isSameType = Object.keys(old)[0] === Object.keys(own)[0];
  return !isSameType || !one || !other || Buffer.compare(one, other) < 0;
}

function bytesOf(attribute: Attribute): Buffer | undefined {
  if ('S' in attribute) return Buffer.from(attribute.S);
  return 'B' in attribute ? Buffer.from(attribute.B, 'base64') : undefined;
}
