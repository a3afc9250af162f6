import { cellKinds } from '../../values/attribute-rows.js';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  type JsonBytes,
  OPEN_BRACE,
  QUOTE,
  UnusualJson,
} from './json-bytes.js';

const B = 0x42;
const N = 0x4e;
const S = 0x53;
/** Deeper than any item: DynamoDB nests 32 levels. */
const MAX_DEPTH = 100;
const FIRST_ROOM = 32;
/** Of `{"S":"`; from its letter on to the string. */
const HEAD_BYTES = 6;
const TYPE_TO_STRING = 4;

const whole = (text: string): Uint8Array => Buffer.from(text);
const nullValue = whole('{"NULL":true}');
const trueValue = whole('{"BOOL":true}');
const falseValue = whole('{"BOOL":false}');
const sets = [whole('{"SS":['), whole('{"NS":['), whole('{"BS":[')];
const scalars = [whole('{"S":"'), whole('{"N":"'), whole('{"B":"')];
const list = whole('{"L":[');
const map = whole('{"M":{');

/**
 * The attributes of items that stand in the same bytes, found without making anything of them: neither objects nor
 * strings. It expects what JSON of DynamoDB looks like: no spaces, and mostly the same attributes in the same order. The
 * bytes are valid UTF-8.
 */
export class ItemAttributes {
  /** How many there are in the lists; what stands beyond means nothing. May be set back. */
  size = 0;
  /** Places in `known`. Lists are replaced by longer ones, which begin with the same. */
  names: Int32Array;
  kinds: Uint8Array;
  /** As in `Spans`. */
  starts: Int32Array;
  ends: Int32Array;
  /** Attribute names in the order of their first appearance. */
  readonly known: string[] = [];
  /** Where each name stood before, and how long `"name":` is there, and `"name":{"S":"`; 0 where another value stood. */
  readonly #heads: number[] = [];
  readonly #nameLengths: number[] = [];
  readonly #lengths: number[] = [];
  readonly #places = new Map<string, number>();

  /** About so many are expected. */
  constructor(room = FIRST_ROOM) {
    this.names = new Int32Array(room);
    this.kinds = new Uint8Array(room);
    this.starts = new Int32Array(room);
    this.ends = new Int32Array(room);
  }

  /** Passes an item and adds its attributes. @throws UnusualJson where the bytes are anything else */
  add(json: JsonBytes): void {
    json.expect(OPEN_BRACE);
    if (json.passes(CLOSE_BRACE)) return;
    for (let name = 0; ; name++) {
      if (this.size === this.names.length) this.#widen();
      const index = this.size++;
      const start = json.at;
      const length = this.#lengths[name] ?? 0;
      if (length > 0 && json.passesAgain(this.#heads[name] as number, length)) {
        // The name and the type that are probably there: what follows is the rest of a string.
        this.#string(json, index, start + length - TYPE_TO_STRING);
      } else {
        name = this.#name(json, name);
        this.#value(json, index, name, start);
      }
      this.names[index] = name;
      const code = json.bytes[json.at++];
      if (code === CLOSE_BRACE) return;
      if (code !== COMMA) throw new UnusualJson();
    }
  }

  #widen(): void {
    const { names, kinds, starts, ends } = this;
    const room = 2 * names.length;
    this.names = new Int32Array(room);
    this.kinds = new Uint8Array(room);
    this.starts = new Int32Array(room);
    this.ends = new Int32Array(room);
    this.names.set(names);
    this.kinds.set(kinds);
    this.starts.set(starts);
    this.ends.set(ends);
  }

  /** Passes `"name":` and gives the name's place in `known`; it is probably the expected one. */
  #name(json: JsonBytes, expected: number): number {
    const length = this.#nameLengths[expected] ?? 0;
    if (length > 0 && json.passesAgain(this.#heads[expected] as number, length)) return expected;
    const start = json.at;
    const name = stringAt(json);
    json.expect(COLON);
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.known.push(name) - 1;
    this.#places.set(name, place);
    this.#heads.push(start);
    this.#nameLengths.push(json.at - start);
    this.#lengths.push(0);
    return place;
  }

  /** `head` is where its name stands. */
  #value(json: JsonBytes, index: number, name: number, head: number): void {
    const { bytes, at } = json;
    const isOneLetter =
      bytes[at] === OPEN_BRACE &&
      bytes[at + 1] === QUOTE &&
      bytes[at + 3] === QUOTE &&
      bytes[at + 4] === COLON &&
      bytes[at + 5] === QUOTE;
    const type = bytes[at + 2];
    if (!isOneLetter || (type !== S && type !== N && type !== B)) {
      this.#rareValue(json, index);
      return;
    }
    json.at = at + HEAD_BYTES;
    this.#heads[name] = head;
    this.#nameLengths[name] = at - head;
    this.#lengths[name] = json.at - head;
    this.#string(json, index, at + 2);
  }

  /** The rest of `{"S":"…"}`, from the string on; `typeAt` is the place of the letter. */
  #string(json: JsonBytes, index: number, typeAt: number): void {
    const type = json.bytes[typeAt];
    this.starts[index] = json.at;
    this.ends[index] = json.restOfString();
    json.expect(CLOSE_BRACE);
    if (type === S) {
      this.kinds[index] = cellKinds.text | json.flags;
    } else if (json.flags === 0) {
      this.kinds[index] = type === N ? cellKinds.number : cellKinds.bytes;
    } else {
      this.#other(json, index, typeAt - 2);
    }
  }

  #rareValue(json: JsonBytes, index: number): void {
    const start = json.at;
    if (json.passesAll(nullValue)) this.#fixed(json, index, cellKinds.null);
    else if (json.passesAll(trueValue)) this.#fixed(json, index, cellKinds.true);
    else if (json.passesAll(falseValue)) this.#fixed(json, index, cellKinds.false);
    else {
      passAttribute(json, 0);
      this.#other(json, index, start);
    }
  }

  #fixed(json: JsonBytes, index: number, kind: number): void {
    this.kinds[index] = kind;
    this.starts[index] = json.at;
    this.ends[index] = json.at;
  }

  #other(json: JsonBytes, index: number, start: number): void {
    this.kinds[index] = cellKinds.other;
    this.starts[index] = start;
    this.ends[index] = json.at;
  }
}

function stringAt(json: JsonBytes): string {
  const start = json.at;
  passString(json);
  return JSON.parse(json.bytes.toString('utf8', start, json.at)) as string;
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
