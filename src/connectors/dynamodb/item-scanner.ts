import { attributeIn, cellKinds } from '../../values/attribute-rows.js';
import type { Attribute } from '../../values/cell.js';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  JsonBytes,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  UnusualJson,
} from './json-bytes.js';
import type { Item } from './open-columns.js';

const B = 0x42;
const N = 0x4e;
const S = 0x53;
/** Deeper than any item: DynamoDB nests 32 levels. */
const MAX_DEPTH = 100;

const whole = (text: string): Uint8Array => Buffer.from(text);
const nullValue = whole('{"NULL":true}');
const trueValue = whole('{"BOOL":true}');
const falseValue = whole('{"BOOL":false}');
const sets = [whole('{"SS":['), whole('{"NS":['), whole('{"BS":[')];
const scalars = [whole('{"S":"'), whole('{"N":"'), whole('{"B":"')];
const list = whole('{"L":[');
const map = whole('{"M":{');

/** The attributes of one item, in its order: the n-th has that at `first + n` of each list. */
export interface ScannedItem {
  readonly bytes: Buffer;
  /** The item's place in the bytes, braces and all. */
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly count: number;
  /** Places in `known`. */
  readonly names: readonly number[];
  readonly kinds: readonly number[];
  /** As in `Spans`. */
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  /** Attribute names in the order of their first appearance, of all items that were found in the same bytes. */
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
  readonly names: readonly number[];
  readonly kinds: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
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
 * Finds the attributes of a JSON array of items, one item at a time, without making anything of them: neither
 * objects nor strings. What it finds of an item is good until the next, unless it keeps it. It expects what JSON of DynamoDB looks like: no spaces, and mostly the same attributes in
 * the same order. The bytes are valid UTF-8.
 */
export class ItemScanner implements ScannedItem {
  readonly #json: JsonBytes;
  #begun = false;
  #ended = false;
  readonly #keeps: boolean;
  start = 0;
  end = 0;
  first = 0;
  count = 0;
  readonly names: number[] = [];
  readonly kinds: number[] = [];
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly known: string[] = [];
  /** The bytes of `"name":` for each. */
  readonly #heads: Uint8Array[] = [];
  readonly #places = new Map<string, number>();

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
    const json = this.#json;
    this.start = json.at;
    if (this.#keeps) this.first += this.count;
    this.count = 0;
    json.expect(OPEN_BRACE);
    if (!json.passes(CLOSE_BRACE)) this.#attributes();
    this.end = json.at;
    return true;
  }

  #attributes(): void {
    const json = this.#json;
    for (let name = 0; ; name++) {
      name = this.#name(name);
      const index = this.first + this.count++;
      this.names[index] = name;
      this.#value(index);
      const code = json.bytes[json.at++];
      if (code === CLOSE_BRACE) return;
      if (code !== COMMA) throw new UnusualJson();
    }
  }

  /** Passes `"name":` and gives the name's place in `known`; it is probably the expected one. */
  #name(expected: number): number {
    const json = this.#json;
    const head = this.#heads[expected];
    if (head !== undefined && json.passesAll(head)) return expected;
    const start = json.at;
    const name = this.#string();
    json.expect(COLON);
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.known.push(name) - 1;
    this.#places.set(name, place);
    this.#heads.push(json.bytes.subarray(start, json.at));
    return place;
  }

  #string(): string {
    const json = this.#json;
    const start = json.at;
    json.expect(QUOTE);
    json.restOfString();
    return JSON.parse(json.bytes.toString('utf8', start, json.at)) as string;
  }

  #value(index: number): void {
    const json = this.#json;
    const { bytes, at } = json;
    const isOneLetter =
      bytes[at] === OPEN_BRACE &&
      bytes[at + 1] === QUOTE &&
      bytes[at + 3] === QUOTE &&
      bytes[at + 4] === COLON &&
      bytes[at + 5] === QUOTE;
    const type = bytes[at + 2];
    if (!isOneLetter || (type !== S && type !== N && type !== B)) {
      this.#rareValue(index);
      return;
    }
    json.at = at + 6;
    this.starts[index] = at + 6;
    this.ends[index] = json.restOfString();
    json.expect(CLOSE_BRACE);
    if (type === S) {
      this.kinds[index] = cellKinds.text | json.flags;
    } else if (json.flags === 0) {
      this.kinds[index] = type === N ? cellKinds.number : cellKinds.bytes;
    } else {
      this.#other(index, at);
    }
  }

  #rareValue(index: number): void {
    const json = this.#json;
    const start = json.at;
    if (json.passesAll(nullValue)) this.#fixed(index, cellKinds.null);
    else if (json.passesAll(trueValue)) this.#fixed(index, cellKinds.true);
    else if (json.passesAll(falseValue)) this.#fixed(index, cellKinds.false);
    else {
      passAttribute(json, 0);
      this.#other(index, start);
    }
  }

  #fixed(index: number, kind: number): void {
    this.kinds[index] = kind;
    this.starts[index] = this.#json.at;
    this.ends[index] = this.#json.at;
  }

  #other(index: number, start: number): void {
    this.kinds[index] = cellKinds.other;
    this.starts[index] = start;
    this.ends[index] = this.#json.at;
  }
}

/** Passes an attribute value with all that it holds. */
function passAttribute(json: JsonBytes, depth: number): void {
  if (depth > MAX_DEPTH) throw new UnusualJson();
  if (json.passesAll(nullValue) || json.passesAll(trueValue) || json.passesAll(falseValue)) return;
  if (scalars.some((head) => json.passesAll(head))) {
    json.restOfString();
  } else if (sets.some((head) => json.passesAll(head))) {
    passMembers(json, CLOSE_BRACKET, () => passString(json));
  } else if (json.passesAll(list)) {
    passMembers(json, CLOSE_BRACKET, () => passAttribute(json, depth + 1));
  } else if (json.passesAll(map)) {
    passMembers(json, CLOSE_BRACE, () => {
      passString(json);
      json.expect(COLON);
      passAttribute(json, depth + 1);
    });
  } else throw new UnusualJson();
  json.expect(CLOSE_BRACE);
}

function passString(json: JsonBytes): void {
  json.expect(QUOTE);
  json.restOfString();
}

/** Passes what stands between brackets, and the closing one. */
function passMembers(json: JsonBytes, close: number, passMember: () => void): void {
  if (json.passes(close)) return;
  do passMember();
  while (json.passes(COMMA));
  json.expect(close);
}
