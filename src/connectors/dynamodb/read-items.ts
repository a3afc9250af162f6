import type { ReadRequest } from '../connector.js';
import { type Fetcher, fetchItems, keyText, MAX_FETCHED } from './fetch.js';
import { wholeItem } from './item-scanner.js';
import type { Item } from './open-columns.js';
import { itemsAgain, type PageItems } from './page-body.js';
import { type PageReader, pages } from './pages.js';
import { hasValue } from './query.js';
import type { ReadPlan } from './request.js';
import { opened, type Settled, settled } from './settled.js';

/** So many BatchGetItem calls are under way at once behind an index. */
const FETCHES_AHEAD = 4;

/** Index entries are made objects so many at once. */
const ENTRIES_AT_ONCE = 500;

/** Items that came together, never none. */
export interface PlacedItems {
  readonly items: PageItems;
  /** For each item that of the index behind which it was fetched, after which the read goes on; absent where it is the item itself. */
  readonly places?: readonly Item[];
  /** Each item's share of the bytes that came. */
  readonly share: number;
}

/** The items of a part: pages as they come, or the whole items behind an index's entries. */
export async function* readItems(
  reader: PageReader,
  fetcher: Fetcher | undefined,
  range: string,
  request: ReadRequest,
): AsyncGenerator<PlacedItems> {
  const segment = range === '{}' ? '' : `,${range.slice(1, -1)}`;
  for await (const page of pages(reader, segment, request.after, request.maxRows)) {
    if (!fetcher) {
      yield { items: page.items, share: page.bytes / page.count };
      continue;
    }
    for (const entries of chunks(page.items.rest())) {
      yield* fetched(
        fetcher,
        entries.filter((entry) => isWanted(entry, reader.plan)),
        request.maxRows,
      );
    }
  }
}

/** False for an item at the end of a range that its BETWEEN takes in and the declaration leaves out. */
export function isWanted(item: Item, { without }: ReadPlan): boolean {
  return without === undefined || !hasValue(item, without.name, without.value);
}

function* chunks(items: Iterable<Item>): Generator<readonly Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < ENTRIES_AT_ONCE) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** Fetches a few calls ahead, in the order of the index. */
async function* fetched(
  fetcher: Fetcher,
  entries: readonly Item[],
  maxRows: number,
): AsyncGenerator<PlacedItems> {
  const size = Math.min(MAX_FETCHED, maxRows);
  const begun: Settled<PlacedItems>[] = [];
  for (let start = 0; start < entries.length; start += size) {
    begun.push(settled(fetchPage(fetcher, entries.slice(start, start + size))));
    if (begun.length >= FETCHES_AHEAD) yield* next(begun);
  }
  while (begun.length > 0) yield* next(begun);
}

async function* next(begun: Settled<PlacedItems>[]): AsyncGenerator<PlacedItems> {
  const first = begun.shift();
  const page = first && (await opened(first));
  if (page?.places?.length) yield page;
}

async function fetchPage(fetcher: Fetcher, entries: readonly Item[]): Promise<PlacedItems> {
  const { items: byKey, bytes } = await fetchItems(fetcher, entries);
  const items: Item[] = [];
  const places: Item[] = [];
  for (const entry of entries) {
    const item = byKey.get(keyText(entry, fetcher.key));
    if (!item) continue;
    items.push(wholeItem(item));
    places.push(entry);
  }
  fetcher.vanished(entries.length - items.length);
  return { items: itemsAgain('BatchGetItem', items), places, share: bytes / items.length };
}
