import { SluiceError } from '../../errors.js';
import type { Context } from '../connector.js';
import type { DynamodbClient } from '../dynamodb-client.js';
import { tornAnswer } from '../dynamodb-failures.js';
import { attributeOf, type ScannedItem } from './item-scanner.js';
import { type KeyAttribute, keyOfAttributes, keyOfItem } from './key.js';
import type { Item } from './open-columns.js';
import { fetchedBody, type PageItems } from './page-body.js';
import { patiently, shortWait } from './patience.js';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
export const MAX_FETCHED = 100;

export interface Fetcher {
  readonly client: DynamodbClient;
  readonly context: Context;
  readonly table: string;
  readonly key: readonly KeyAttribute[];
  readonly strong: boolean;
  /** Attributes to ask for; undefined for all. */
  readonly columns: readonly string[] | undefined;
  readonly used: { units: number };
  /** Is told how many items were in the index and are no more. */
  vanished(items: number): void;
}

interface Answer {
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys?: readonly Item[] }>>;
  readonly ConsumedCapacity?: readonly { readonly CapacityUnits?: number }[];
}

/** Items by the texts of their keys, and the bytes of the answers that they came in. */
export interface Fetched {
  readonly items: ReadonlyMap<string, ScannedItem>;
  readonly bytes: number;
}

/**
 * The whole items behind at most MAX_FETCHED index entries, by key text. An item that is gone meanwhile is not
 * among them. Unprocessed keys are asked for again; the patience starts anew whenever some were answered.
 */
export async function fetchItems(fetcher: Fetcher, entries: readonly Item[]): Promise<Fetched> {
  return await fetchKeys(fetcher, new Set(entries.map((entry) => keyText(entry, fetcher.key))));
}

/** The same for the texts of at most MAX_FETCHED keys. */
export async function fetchKeys(fetcher: Fetcher, all: ReadonlySet<string>): Promise<Fetched> {
  const items = new Map<string, ScannedItem>();
  let bytes = 0;
  let keys = all;
  for (let round = 0; keys.size > 0; round++) {
    if (round > 0) {
      fetcher.context.throttled?.();
      await shortWait(round, fetcher.context.signal);
    }
    const asked = keys;
    const got = await patiently(fetcher.context, () => fetchOnce(fetcher, asked));
    keepItems(got.items, fetcher.key, items);
    bytes += got.bytes;
    keys = got.left;
  }
  return { items, bytes };
}

/** Adds the items to those that have been found, by their keys. */
export function keepItems(
  found: PageItems,
  key: readonly KeyAttribute[],
  items: Map<string, ScannedItem>,
): void {
  while (found.next()) {
    const item = found.scanner.kept();
    const text = keyOfAttributes(key, (name) => attributeOf(item, name));
    if (text === undefined) throw withoutKey('BatchGetItem');
    items.set(text, item);
  }
}

export function keyText(item: Item, key: readonly KeyAttribute[]): string {
  const text = keyOfItem(item, key);
  if (text === undefined) throw withoutKey('Query');
  return text;
}

function withoutKey(action: string): SluiceError {
  return tornAnswer(action, 'an item without its key');
}

async function fetchOnce(fetcher: Fetcher, keys: ReadonlySet<string>) {
  const body = `{"RequestItems":{${JSON.stringify(fetcher.table)}:{"Keys":[${[...keys].map((key) => `{${key}}`).join(',')}]${options(fetcher)}}},"ReturnConsumedCapacity":"TOTAL"}`;
  const received = await fetcher.client.callBytes('BatchGetItem', body);
  const { fields, items } = fetchedBody(received, fetcher.table);
  const answer: Answer = fields;
  for (const consumed of answer.ConsumedCapacity ?? []) fetcher.used.units += consumed.CapacityUnits ?? 0;
  const left = Object.values(answer.UnprocessedKeys ?? {}).flatMap((rest) => rest.Keys ?? []);
  if (left.length >= keys.size) {
    throw new SluiceError('throttled', 'DynamoDB BatchGetItem: no key was answered', { retry: 'slower' });
  }
  return {
    items,
    left: new Set(left.map((key) => keyText(key, fetcher.key))),
    bytes: received.length,
  };
}

function options(fetcher: Fetcher): string {
  const strong = fetcher.strong ? ',"ConsistentRead":true' : '';
  if (!fetcher.columns) return strong;
  const names = Object.fromEntries(fetcher.columns.map((name, index) => [`#n${index}`, name]));
  const projection = Object.keys(names).join(',');
  return `${strong},"ProjectionExpression":"${projection}","ExpressionAttributeNames":${JSON.stringify(names)}`;
}
