import type { Context } from '../connector.js';
import { type Fetched, type Fetcher, fetchKeys, keepItems, MAX_FETCHED } from './fetch.js';
import type { ScannedItem } from './item-scanner.js';
import type { Item } from './open-columns.js';
import { itemsAgain } from './page-body.js';
import { patiently } from './patience.js';

/** A paced call asks for at most this much of a second's worth. */
const PACED_SECONDS = 0.2;
/** Calls of one size need not make up a second's worth exactly: so much of it may stay unused. */
const UNUSED = 0.015;
/** A strongly consistent read unit is a read of up to this many bytes; also one that finds nothing. */
const UNIT_BYTES = 4096;

/** The items of listed keys, read at the pace: many at once, or one by one where the pace is below that. */
export class KeyedReader {
  readonly #fetcher: Fetcher;
  readonly #context: Context;
  #itemBytes: number;

  /** `itemBytes`: an item's likely size. */
  constructor(fetcher: Fetcher, context: Context, itemBytes: number | undefined) {
    this.#fetcher = fetcher;
    this.#context = context;
    this.#itemBytes = Math.max(1, itemBytes ?? UNIT_BYTES / 4);
  }

  /** Read units that the item of one key will likely cost. */
  get unitsPerKey(): number {
    return Math.ceil(this.#itemBytes / UNIT_BYTES) * (this.#fetcher.strong ? 1 : 0.5);
  }

  /** How many keys a call may ask for; 1: by GetItem. */
  get keysAtOnce(): number {
    const perSecond = this.#keysPerSecond;
    return perSecond === undefined ? MAX_FETCHED : keysInACall(perSecond);
  }

  /** At most so many keys make a batch: more of them would let the first of them wait for the last at a slow pace. */
  get keysInABatch(): number {
    const perSecond = this.#keysPerSecond;
    return perSecond === undefined
      ? Number.POSITIVE_INFINITY
      : Math.max(1, Math.floor(PACED_SECONDS * perSecond));
  }

  /** By the pace; undefined where there is none. */
  get #keysPerSecond(): number | undefined {
    const rates = this.#context.readRates;
    if (!rates) return undefined;
    const { items = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = rates;
    const units = rates.units ?? Number.POSITIVE_INFINITY;
    return Math.min(items, bytes / this.#itemBytes, units / this.unitsPerKey);
  }

  /** The items that are there, by the text of their keys; all their bytes. At most MAX_FETCHED keys. */
  async read(keys: readonly string[]): Promise<Fetched> {
    const estimated = {
      items: keys.length,
      bytes: keys.length * this.#itemBytes,
      units: keys.length * this.unitsPerKey,
    };
    const used = { units: 0 };
    const fetcher = { ...this.#fetcher, used };
    const found = await this.#context.paceRead(
      estimated,
      () => (this.keysAtOnce === 1 ? getItems(fetcher, keys) : fetchKeys(fetcher, new Set(keys))),
      ({ bytes }) => ({ bytes, units: used.units || estimated.units }),
    );
    this.#fetcher.used.units += used.units;
    if (found.items.size > 0) this.#itemBytes = Math.max(1, found.bytes / found.items.size);
    return found;
  }
}

/** The most keys of which whole calls fill a second: no second may hold a call that is more than what is left of it. */
function keysInACall(perSecond: number): number {
  const most = Math.min(MAX_FETCHED, Math.floor(PACED_SECONDS * perSecond));
  for (let keys = most; keys > 1; keys--) {
    const used = Math.floor(perSecond / keys) * keys;
    if (used >= (1 - UNUSED) * perSecond) return keys;
  }
  return 1;
}

interface Answer {
  readonly Item?: Item;
  readonly ConsumedCapacity?: { readonly CapacityUnits?: number };
}

/** One after the other by GetItem: so that not even two reads come at once. */
async function getItems(fetcher: Fetcher, keys: readonly string[]): Promise<Fetched> {
  const items = new Map<string, ScannedItem>();
  let bytes = 0;
  for (const key of keys) {
    const body = getItemBody(fetcher, key);
    const got = await patiently(fetcher.context, () => fetcher.client.callSized<Answer>('GetItem', body));
    fetcher.used.units += got.answer.ConsumedCapacity?.CapacityUnits ?? 0;
    bytes += got.bytes;
    if (got.answer.Item) keepItems(itemsAgain('GetItem', [got.answer.Item]), fetcher.key, items);
  }
  return { items, bytes };
}

function getItemBody(fetcher: Fetcher, key: string): string {
  const names = fetcher.columns?.map((name, index) => [`#n${index}`, name] as const);
  const rest = JSON.stringify({
    TableName: fetcher.table,
    ConsistentRead: fetcher.strong || undefined,
    ProjectionExpression: names?.map(([placeholder]) => placeholder).join(','),
    ExpressionAttributeNames: names && Object.fromEntries(names),
    ReturnConsumedCapacity: 'TOTAL',
  });
  return `${rest.slice(0, -1)},"Key":{${key}}}`;
}
