import { packedEvents } from '../../../values/packed-changes.js';
import { ItemAttributes } from '../item-attributes.js';
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COMMA,
  JsonBytes,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  UnusualJson,
} from '../json-bytes.js';
import { FieldOrder } from './field-order.js';

/** Stands for an event that has no place in `packedEvents`. */
export const UNKNOWN_EVENT = 255;

/** The records of an answer: the n-th of each list is that of the n-th record. */
export interface ScannedRecords {
  readonly bytes: Buffer;
  readonly length: number;
  /** Places in `packedEvents`. */
  readonly events: Uint8Array;
  /** 1 where the service removed the item because its time to live was over. */
  readonly expired: Uint8Array;
  /** Where the digits of its sequence number are; none where it lacks one. */
  readonly sequenceStarts: Int32Array;
  readonly sequenceEnds: Int32Array;
  /** Milliseconds since 1970; NaN where it lacks its time. */
  readonly times: Float64Array;
  /** The place in `attributes` of the first of its item as it became, after a removal of its key; -1 where it lacks that. */
  readonly firsts: Int32Array;
  readonly counts: Int32Array;
  readonly attributes: ItemAttributes;
  /** Where the next page is. */
  readonly next: string | undefined;
}

const BACKSLASH = 0x5c;
const ZERO = 0x30;
const NINE = 0x39;
/** Whole seconds of more digits are read like any other number. */
const MAX_DIGITS = 12;
/** A record or an attribute with less than this is rare; room for more is made when it is needed. */
const RECORD_BYTES = 512;
const ATTRIBUTE_BYTES = 64;
const LEAST_ROOM = 16;
const NOT_THERE = -1;

const pageFields = ['Records', 'NextShardIterator'];
const recordFields = ['eventName', 'dynamodb', 'userIdentity'];
const changeFields = ['Keys', 'NewImage', 'SequenceNumber', 'ApproximateCreationDateTime'];
const eventNames = packedEvents.map((event) => Buffer.from(JSON.stringify(event.toUpperCase())));
const removal = packedEvents.indexOf('remove');

/**
 * Finds in an answer of GetRecords what is wanted of it, in one pass, and passes over the rest, old images above all.
 * What is passed over is not looked into. The bytes are valid UTF-8.
 * @throws UnusualJson where they are not an object without spaces between its tokens
 */
export function scanPage(bytes: Buffer): ScannedRecords {
  return new PageScanner(bytes).page();
}

class PageScanner {
  readonly #json: JsonBytes;
  readonly #recordOrder = new FieldOrder(recordFields);
  readonly #changeOrder = new FieldOrder(changeFields);
  readonly #attributes: ItemAttributes;
  #length = 0;
  #events: Uint8Array;
  #expired: Uint8Array;
  #sequenceStarts: Int32Array;
  #sequenceEnds: Int32Array;
  #times: Float64Array;
  #firsts: Int32Array;
  #counts: Int32Array;
  #next: string | undefined;
  /** Of the record that it is at. */
  #event = UNKNOWN_EVENT;
  #keyStart = NOT_THERE;
  #keyEnd = NOT_THERE;
  #first = 0;
  #hasImage = false;
  #identity: string | undefined;

  constructor(bytes: Buffer) {
    this.#json = new JsonBytes(bytes, 0);
    this.#attributes = new ItemAttributes(roomFor(bytes, ATTRIBUTE_BYTES));
    const room = roomFor(bytes, RECORD_BYTES);
    this.#events = new Uint8Array(room);
    this.#expired = new Uint8Array(room);
    this.#sequenceStarts = new Int32Array(room);
    this.#sequenceEnds = new Int32Array(room);
    this.#times = new Float64Array(room);
    this.#firsts = new Int32Array(room);
    this.#counts = new Int32Array(room);
  }

  page(): ScannedRecords {
    const json = this.#json;
    const order = new FieldOrder(pageFields);
    json.expect(OPEN_BRACE);
    if (!json.passes(CLOSE_BRACE)) {
      let index = 0;
      do {
        const place = order.pass(json, index++);
        if (place === 0) this.#records();
        else if (place === 1) this.#next = stringAt(json);
        else passValue(json);
      } while (json.passes(COMMA));
      json.expect(CLOSE_BRACE);
    }
    if (json.at !== json.bytes.length) throw new UnusualJson();
    return this.#found();
  }

  #found(): ScannedRecords {
    return {
      bytes: this.#json.bytes,
      length: this.#length,
      events: this.#events,
      expired: this.#expired,
      sequenceStarts: this.#sequenceStarts,
      sequenceEnds: this.#sequenceEnds,
      times: this.#times,
      firsts: this.#firsts,
      counts: this.#counts,
      attributes: this.#attributes,
      next: this.#next,
    };
  }

  #records(): void {
    const json = this.#json;
    json.expect(OPEN_BRACKET);
    if (json.passes(CLOSE_BRACKET)) return;
    do this.#record();
    while (json.passes(COMMA));
    json.expect(CLOSE_BRACKET);
  }

  #record(): void {
    if (this.#length === this.#events.length) this.#widen();
    this.#begin();
    const json = this.#json;
    json.expect(OPEN_BRACE);
    if (!json.passes(CLOSE_BRACE)) {
      let index = 0;
      do this.#recordField(index++);
      while (json.passes(COMMA));
      json.expect(CLOSE_BRACE);
    }
    this.#end();
  }

  #begin(): void {
    const record = this.#length;
    this.#event = UNKNOWN_EVENT;
    this.#sequenceStarts[record] = 0;
    this.#sequenceEnds[record] = 0;
    this.#times[record] = Number.NaN;
    this.#keyStart = NOT_THERE;
    this.#first = this.#attributes.size;
    this.#hasImage = false;
    this.#identity = undefined;
  }

  #end(): void {
    const record = this.#length++;
    const isRemove = this.#event === removal;
    if (isRemove) this.#key();
    const isThere = this.#keyStart !== NOT_THERE && (isRemove || this.#hasImage);
    this.#events[record] = this.#event;
    this.#firsts[record] = isThere ? this.#first : NOT_THERE;
    this.#counts[record] = this.#attributes.size - this.#first;
    this.#expired[record] = isRemove && isExpiry(this.#identity) ? 1 : 0;
  }

  /** The item is its key: only now is it known that the record is of a removal. */
  #key(): void {
    if (this.#keyStart === NOT_THERE) return;
    const json = this.#json;
    const { at } = json;
    json.at = this.#keyStart;
    this.#attributes.size = this.#first;
    this.#attributes.add(json);
    if (json.at !== this.#keyEnd) throw new UnusualJson();
    json.at = at;
  }

  #recordField(index: number): void {
    const json = this.#json;
    const place = this.#recordOrder.pass(json, index);
    if (place === 0) this.#eventName();
    else if (place === 1) this.#change();
    else if (place === 2) this.#identity = passedText(json);
    else passValue(json);
  }

  #eventName(): void {
    const json = this.#json;
    for (let event = 0; event < eventNames.length; event++) {
      if (!json.passesAll(eventNames[event] as Buffer)) continue;
      this.#event = event;
      return;
    }
    this.#event = UNKNOWN_EVENT;
    stringAt(json);
  }

  #change(): void {
    const json = this.#json;
    json.expect(OPEN_BRACE);
    if (json.passes(CLOSE_BRACE)) return;
    let index = 0;
    do this.#changeField(index++);
    while (json.passes(COMMA));
    json.expect(CLOSE_BRACE);
  }

  #changeField(index: number): void {
    const json = this.#json;
    const place = this.#changeOrder.pass(json, index);
    if (place === 0) {
      this.#keyStart = json.at;
      passValue(json);
      this.#keyEnd = json.at;
    } else if (place === 1) this.#image();
    else if (place === 2) this.#sequence();
    else if (place === 3) this.#times[this.#length] = millisecondsAt(json);
    else passValue(json);
  }

  #image(): void {
    const json = this.#json;
    this.#attributes.size = this.#first;
    this.#hasImage = json.bytes[json.at] === OPEN_BRACE;
    if (this.#hasImage) this.#attributes.add(json);
    else passValue(json);
  }

  #sequence(): void {
    const json = this.#json;
    const { bytes, at: start } = json;
    let at = start + 1;
    while (isDigit(bytes[at])) at++;
    const isNumber = bytes[start] === QUOTE && bytes[at] === QUOTE;
    if (isNumber) json.at = at + 1;
    else stringAt(json);
    this.#sequenceStarts[this.#length] = isNumber ? start + 1 : 0;
    this.#sequenceEnds[this.#length] = isNumber ? at : 0;
  }

  #widen(): void {
    this.#events = widened(this.#events, Uint8Array);
    this.#expired = widened(this.#expired, Uint8Array);
    this.#sequenceStarts = widened(this.#sequenceStarts, Int32Array);
    this.#sequenceEnds = widened(this.#sequenceEnds, Int32Array);
    this.#times = widened(this.#times, Float64Array);
    this.#firsts = widened(this.#firsts, Int32Array);
    this.#counts = widened(this.#counts, Int32Array);
  }
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html */
function isExpiry(identity: string | undefined): boolean {
  if (identity === undefined) return false;
  const fields = JSON.parse(identity) as Readonly<Record<string, unknown>> | null;
  const type = fields?.['Type'] ?? fields?.['type'];
  const principal = fields?.['PrincipalId'] ?? fields?.['principalId'];
  return type === 'Service' && principal === 'dynamodb.amazonaws.com';
}

function roomFor(bytes: Buffer, each: number): number {
  return Math.max(LEAST_ROOM, Math.ceil(bytes.length / each));
}

function widened<List extends Uint8Array | Int32Array | Float64Array>(
  list: List,
  Longer: new (length: number) => List,
): List {
  const longer = new Longer(2 * list.length);
  longer.set(list);
  return longer;
}

/** Of seconds since 1970; NaN where there is no number. */
function millisecondsAt(json: JsonBytes): number {
  const { bytes, at: start } = json;
  let seconds = 0;
  let at = start;
  for (; isDigit(bytes[at]); at++) seconds = seconds * 10 + (bytes[at] as number) - ZERO;
  if (at > start && at - start <= MAX_DIGITS && isEndOfValue(bytes[at])) {
    json.at = at;
    return seconds * 1000;
  }
  return Math.round(Number(passedText(json)) * 1000);
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= ZERO && code <= NINE;
}

/** A string without escapes; undefined where there is null instead. */
function stringAt(json: JsonBytes): string | undefined {
  const text = passedText(json);
  if (text === 'null') return undefined;
  if (!/^"[^"\\]*"$/.test(text)) throw new UnusualJson();
  return text.slice(1, -1);
}

function passedText(json: JsonBytes): string {
  const { at } = json;
  passValue(json);
  return json.bytes.toString('utf8', at, json.at);
}

/** Passes a value, whatever it holds. */
function passValue(json: JsonBytes): void {
  const { bytes } = json;
  let { at } = json;
  let depth = 0;
  do {
    const code = bytes[at++];
    if (code === QUOTE) at = endOfString(bytes, at);
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) depth++;
    else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    else if (code === undefined) throw new UnusualJson();
  } while (depth > 0 || !isEndOfValue(bytes[at]));
  if (depth < 0) throw new UnusualJson();
  json.at = at;
}

/** The place after the closing quote. */
function endOfString(bytes: Buffer, start: number): number {
  for (let at = start; ; at++) {
    const code = bytes[at];
    if (code === QUOTE) return at + 1;
    if (code === BACKSLASH) at++;
    else if (code === undefined) throw new UnusualJson();
  }
}

function isEndOfValue(code: number | undefined): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code === undefined;
}
