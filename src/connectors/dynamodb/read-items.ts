import type { ReadRequest } from '../connector.js';
import { type Fetcher, fetchItems, keyText, MAX_FETCHED } from './fetch.js';
import type { Item } from './open-columns.js';
import { type PageReader, pages } from './pages.js';
import { hasValue } from './query.js';
import type { ReadPlan } from './request.js';
import { opened, type Settled, settled } from './settled.js';

/** So many BatchGetItem calls are under way at once behind an index. */
const FETCHES_AHEAD = 4;

/** Items of a page are parsed so many at once. */
const PARSED_AT_ONCE = 500;

/** Items, never none, each with the item (of the table or its index) that says where the read goes on after it. */
export interface PlacedPage {
  readonly items: readonly Item[];
  readonly places: readonly Item[];
  /** The items' share of their page, in bytes. */
  readonly bytes: number;
}

/** The items of a part: pages as they come, or the whole items behind an index's entries. */
export async function* readItems(
  reader: PageReader,
  fetcher: Fetcher | undefined,
  range: string,
  request: ReadRequest,
): AsyncGenerator<PlacedPage> {
  const segment = range === '{}' ? '' : `,${range.slice(1, -1)}`;
  for await (const page of pages(reader, segment, request.after, request.maxRows)) {
    for (const some of chunks(page.items)) {
      const items = wanted(some, reader.plan);
      if (items.length === 0) continue;
      if (fetcher) yield* fetched(fetcher, items, request.maxRows);
      else yield { items, places: items, bytes: (page.bytes * some.length) / page.count };
    }
  }
}

function* chunks(items: Iterable<Item>): Generator<readonly Item[]> {
  let chunk: Item[] = [];
  for (const item of items) {
    chunk.push(item);
    if (chunk.length < PARSED_AT_ONCE) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function wanted(items: readonly Item[], plan: ReadPlan): readonly Item[] {
  const { without } = plan;
  return without ? items.filter((item) => !hasValue(item, without.name, without.value)) : items;
}

/** Fetches a few calls ahead, in the order of the index. */
async function* fetched(
  fetcher: Fetcher,
  entries: readonly Item[],
  maxRows: number,
): AsyncGenerator<PlacedPage> {
  const size = Math.min(MAX_FETCHED, maxRows);
  const begun: Settled<PlacedPage>[] = [];
  for (let start = 0; start < entries.length; start += size) {
    begun.push(settled(fetchPage(fetcher, entries.slice(start, start + size))));
    if (begun.length >= FETCHES_AHEAD) yield* next(begun);
  }
  while (begun.length > 0) yield* next(begun);
}

async function* next(begun: Settled<PlacedPage>[]): AsyncGenerator<PlacedPage> {
  const first = begun.shift();
  const page = first && (await opened(first));
  if (page && page.items.length > 0) yield page;
}

async function fetchPage(fetcher: Fetcher, entries: readonly Item[]): Promise<PlacedPage> {
  const { items: byKey, bytes } = await fetchItems(fetcher, entries);
  const items: Item[] = [];
  const places: Item[] = [];
  for (const entry of entries) {
    const item = byKey.get(keyText(entry, fetcher.key));
    if (!item) continue;
    items.push(item);
    places.push(entry);
  }
  fetcher.vanished(entries.length - items.length);
  return { items, places, bytes };
}
