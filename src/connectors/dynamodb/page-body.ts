import { isUtf8 } from 'node:buffer';
import { tornAnswer } from '../dynamodb-failures.js';
import { ItemScanner, wholeItem } from './item-scanner.js';
import { UnusualJson } from './json-bytes.js';
import type { Item } from './open-columns.js';

/** An answer with many items: what it says besides them at once, and the items as they are asked for. */
export interface PageBody {
  /** The answer's other fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** How many items the answer says that it has; else how many it has. */
  readonly count: number;
  readonly items: PageItems;
}

/** Where an answer has its items. */
interface Form {
  /** What stands before them, with their bracket. */
  readonly marker: Buffer;
  itemsIn(fields: Readonly<Record<string, unknown>>): unknown;
}

const page: Form = { marker: Buffer.from('"Items":['), itemsIn: (fields) => fields['Items'] };

/** BatchGetItem of one table. */
function fetched(table: string): Form {
  return {
    marker: Buffer.from(`"Responses":{${JSON.stringify(table)}:[`),
    itemsIn: (fields) => (fields['Responses'] as Record<string, unknown> | undefined)?.[table],
  };
}

const CLOSE_BRACKET = 0x5d;

/** Fields that come after the items are short; a bracket further from the end cannot be that of the items. */
const MAX_TAIL_BYTES = 64 * 1024;

/** Where the array of items is, and what stands around it. */
interface Place {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly form: Form;
}

/** Takes a Scan's or Query's answer apart. @throws SluiceError response_invalid if it is not a JSON object. */
export function pageBody(action: string, received: Buffer): PageBody {
  const place = placed(action, received, page);
  const { fields } = place;
  const said = fields['Count'];
  const count = typeof said === 'number' ? said : countOf(new PageItems(action, place, undefined));
  return { fields, count, items: new PageItems(action, place, count) };
}

/** The same for BatchGetItem's answer, which does not say how many items it has. */
export function fetchedBody(received: Buffer, table: string): Omit<PageBody, 'count'> {
  const place = placed('BatchGetItem', received, fetched(table));
  return { fields: place.fields, items: new PageItems('BatchGetItem', place, undefined) };
}

function placed(action: string, received: Buffer, form: Form): Place {
  // Bytes that are no UTF-8 become what a decoder makes of them.
  const bytes = isUtf8(received) ? received : Buffer.from(received.toString('utf8'));
  return placeOfItems(bytes, form) ?? parsedWhole(action, bytes, form);
}

/** The items of a page, one at a time, which can be gone through once. */
export class PageItems {
  readonly #action: string;
  readonly #count: number | undefined;
  #place: Place;
  #given = 0;
  #isRespelled = false;
  /** Where the items are found; another one if the bytes turn out to be of an unusual form. `next` moves it on. */
  scanner: ItemScanner;

  constructor(action: string, place: Place, count: number | undefined) {
    this.#action = action;
    this.#place = place;
    this.#count = count;
    this.scanner = scannerOf(place);
  }

  /**
   * Goes on to the next item; false after the last.
   * @throws SluiceError response_invalid where the bytes are no items after all, or not as many as the answer says (invariant 2)
   */
  next(): boolean {
    try {
      if (this.scanner.next()) {
        this.#given++;
        return true;
      }
      if (this.scanner.endOfAll !== this.#place.end) throw new UnusualJson();
    } catch (error) {
      if (!(error instanceof UnusualJson)) throw error;
      return this.#respelled();
    }
    if (this.#count !== undefined && this.#given !== this.#count) {
      throw tornAnswer(this.#action, `the answer has ${this.#given} items and says ${this.#count}`);
    }
    return false;
  }

  /** The items that are left, as objects. */
  *rest(): Generator<Item> {
    while (this.next()) yield wholeItem(this.scanner);
  }

  /** Goes on in the same items, spelled as DynamoDB does. */
  #respelled(): boolean {
    if (this.#isRespelled) throw notItems(this.#action);
    this.#isRespelled = true;
    this.#place = parsedWhole(this.#action, this.#place.bytes, this.#place.form);
    this.scanner = scannerOf(this.#place);
    const given = this.#given;
    this.#given = 0;
    while (this.#given < given) if (!this.next()) return false;
    return this.next();
  }
}

function scannerOf({ bytes, start, form }: Place): ItemScanner {
  return new ItemScanner(bytes, start, form !== page);
}

/** Items that came by themselves, as a page of their own. */
export function itemsAgain(action: string, items: readonly Item[]): PageItems {
  const bytes = Buffer.from(JSON.stringify(items));
  const form = { ...page };
  return new PageItems(action, { bytes, start: 0, end: bytes.length, fields: {}, form }, items.length);
}

function countOf(items: PageItems): number {
  let count = 0;
  while (items.next()) count++;
  return count;
}

/**
 * Where the array of items begins and ends. Both are unambiguous in JSON without spaces: inside a string
 * neither `"Items":[` nor a rest that makes the whole an object can stand, since its quotes are escaped.
 */
function placeOfItems(bytes: Buffer, form: Form): Place | undefined {
  const found = bytes.indexOf(form.marker);
  if (found === -1) return undefined;
  const start = found + form.marker.length - 1;
  const head = bytes.toString('utf8', 0, start);
  const least = Math.max(start, bytes.length - MAX_TAIL_BYTES);
  for (let close = bytes.lastIndexOf(CLOSE_BRACKET); close > least; close = lastBefore(bytes, close)) {
    const fields = objectOf(`${head}[]${bytes.toString('utf8', close + 1)}`);
    if (fields) return { bytes, start, end: close + 1, fields, form };
  }
  return undefined;
}

function lastBefore(bytes: Buffer, place: number): number {
  return bytes.lastIndexOf(CLOSE_BRACKET, place - 1);
}

function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The answer of any spelling; its items spelled anew. */
function parsedWhole(action: string, bytes: Buffer, form: Form): Place {
  const fields = objectOf(bytes.toString('utf8'));
  if (!fields) throw notItems(action);
  const items = form.itemsIn(fields);
  const again = Buffer.from(JSON.stringify(Array.isArray(items) ? items : []));
  return { bytes: again, start: 0, end: again.length, fields, form };
}

/** The parser's own words would quote the body, and with it values (invariant 8). */
function notItems(action: string): Error {
  return tornAnswer(action, 'the answer is not JSON');
}
