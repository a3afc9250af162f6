import { attributeIn } from '../../values/attribute-rows.js';
import type { Attribute } from '../../values/cell.js';
import { ItemAttributes } from './item-attributes.js';
import { CLOSE_BRACKET, COMMA, JsonBytes, OPEN_BRACKET } from './json-bytes.js';
import type { Item } from './open-columns.js';

/** The attributes of one item, in its order: the n-th has that at `first + n` of each list. */
export interface ScannedItem {
  readonly bytes: Buffer;
  /** The item's place in the bytes, braces and all. */
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly count: number;
  /** As in ItemAttributes, of all items that were found in the same bytes. */
  readonly names: Int32Array;
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly known: readonly string[];
}

/** An item as an object. */
export function wholeItem({ bytes, start, end }: ScannedItem): Item {
  return JSON.parse(bytes.toString('utf8', start, end)) as Item;
}

/** One attribute of an item. */
export function attributeOf(item: ScannedItem, name: string): Attribute | undefined {
  const index = item.names.indexOf(item.known.indexOf(name), item.first);
  if (index === -1 || index >= item.first + item.count) return undefined;
  return attributeIn(item.bytes, item.kinds[index] ?? 0, item.starts[index] ?? 0, item.ends[index] ?? 0);
}

/** An item that a scanner was at which keeps what it finds. */
class KeptItem implements ScannedItem {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly count: number;
  readonly names: Int32Array;
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly known: readonly string[];

  constructor(scanner: ItemScanner) {
    this.bytes = scanner.bytes;
    this.start = scanner.start;
    this.end = scanner.end;
    this.first = scanner.first;
    this.count = scanner.count;
    this.names = scanner.names;
    this.kinds = scanner.kinds;
    this.starts = scanner.starts;
    this.ends = scanner.ends;
    this.known = scanner.known;
  }
}

/** The only item of a text, `{"id":{"S":"a"}}`, in JSON without spaces. */
export function itemIn(text: string): ScannedItem {
  const scanner = new ItemScanner(Buffer.from(`[${text}]`), 0);
  scanner.next();
  return scanner;
}

/**
 * Goes through a JSON array of items, one at a time. What it finds of an item is good until the next, unless it keeps it.
 * Of the bytes it expects what ItemAttributes does.
 */
export class ItemScanner implements ScannedItem {
  readonly #json: JsonBytes;
  readonly #attributes = new ItemAttributes();
  #begun = false;
  #ended = false;
  readonly #keeps: boolean;
  start = 0;
  end = 0;
  first = 0;

  /** `start` is the place of the array's bracket. With `keeps` items can be kept when it has gone on. */
  constructor(bytes: Buffer, start: number, keeps = false) {
    this.#json = new JsonBytes(bytes, start);
    this.#keeps = keeps;
  }

  /** The item that it is at, for longer. */
  kept(): ScannedItem {
    if (!this.#keeps) throw new RangeError('this scanner keeps nothing');
    return new KeptItem(this);
  }

  get bytes(): Buffer {
    return this.#json.bytes;
  }

  get count(): number {
    return this.#attributes.size - this.first;
  }

  get names(): Int32Array {
    return this.#attributes.names;
  }

  get kinds(): Uint8Array {
    return this.#attributes.kinds;
  }

  get starts(): Int32Array {
    return this.#attributes.starts;
  }

  get ends(): Int32Array {
    return this.#attributes.ends;
  }

  get known(): readonly string[] {
    return this.#attributes.known;
  }

  /** The place after the array's closing bracket, once it was passed. */
  get endOfAll(): number | undefined {
    return this.#ended ? this.#json.at : undefined;
  }

  /** Goes on to the next item; false after the last. @throws UnusualJson where the bytes are anything else. */
  next(): boolean {
    if (this.#ended) return false;
    const json = this.#json;
    if (this.#begun) {
      if (json.passes(COMMA)) return this.#item();
    } else {
      this.#begun = true;
      json.expect(OPEN_BRACKET);
      if (json.bytes[json.at] !== CLOSE_BRACKET) return this.#item();
    }
    json.expect(CLOSE_BRACKET);
    this.#ended = true;
    return false;
  }

  #item(): true {
    const attributes = this.#attributes;
    if (this.#keeps) this.first = attributes.size;
    else attributes.size = 0;
    this.start = this.#json.at;
    attributes.add(this.#json);
    this.end = this.#json.at;
    return true;
  }
}
