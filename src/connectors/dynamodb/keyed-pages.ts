import type { ScannedItem } from './item-scanner.js';
import type { PlacedEntry } from './key-list/slices.js';
import type { KeyedReader } from './keyed-read.js';
import { opened, type Settled, settled } from './settled.js';

/** So many calls are under way at once where nothing asks for less speed. */
const CALLS_AHEAD = 4;

/** Entries in the order of the list, with the items that were found. */
export interface KeyedPage {
  readonly entries: readonly PlacedEntry[];
  readonly items: ReadonlyMap<string, ScannedItem>;
  readonly bytes: number;
}

/** Reads the items of the entries, `atOnce` keys a call. */
export async function* keyedPages(
  entries: AsyncIterable<readonly PlacedEntry[]>,
  reader: KeyedReader,
  atOnce: number,
  isPaced: boolean,
): AsyncGenerator<KeyedPage> {
  const ahead = isPaced ? 1 : CALLS_AHEAD;
  const begun: Settled<KeyedPage>[] = [];
  try {
    for await (const some of groups(entries, atOnce)) {
      begun.push(settled(pageOf(reader, some)));
      if (begun.length >= ahead) yield* next(begun);
    }
    while (begun.length > 0) yield* next(begun);
  } finally {
    // Nothing is under way any more when the consumer has had enough and closes the client.
    await Promise.all(begun);
  }
}

async function* next(begun: Settled<KeyedPage>[]): AsyncGenerator<KeyedPage> {
  const first = begun.shift();
  if (first) yield await opened(first);
}

async function* groups(
  entries: AsyncIterable<readonly PlacedEntry[]>,
  size: number,
): AsyncGenerator<readonly PlacedEntry[]> {
  let group: PlacedEntry[] = [];
  for await (const some of entries) {
    for (const entry of some) {
      group.push(entry);
      if (group.length < size) continue;
      yield group;
      group = [];
    }
  }
  if (group.length > 0) yield group;
}

async function pageOf(reader: KeyedReader, entries: readonly PlacedEntry[]): Promise<KeyedPage> {
  const keys = entries.flatMap((entry) => ('key' in entry ? [entry.key] : []));
  if (keys.length === 0) return { entries, items: new Map(), bytes: 0 };
  return { entries, ...(await reader.read(keys)) };
}
