import { ItemBytes, UnusualJson } from './item-bytes.js';
import type { Item } from './open-columns.js';

/** An answer with many items: what it says besides them at once, and the items as they are asked for. */
export interface PageBody {
  /** The answer's other fields. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Can be gone through once. @throws SyntaxError where the bytes are no JSON after all. */
  readonly items: Iterable<Item>;
}

const ITEMS = Buffer.from('"Items":[');
const CLOSE_BRACKET = 0x5d;

/** Fields that come after the items are short; a bracket further from the end cannot be that of the items. */
const MAX_TAIL_BYTES = 64 * 1024;

/** Takes a Scan's or Query's answer apart. @throws SyntaxError if it is not a JSON object. */
export function pageBody(bytes: Buffer): PageBody {
  const place = placeOfItems(bytes);
  if (!place) return parsedWhole(bytes);
  return { fields: place.fields, items: itemsOf(bytes, place.start, place.end) };
}

/**
 * Where the array of items begins and ends. Both are unambiguous in JSON without spaces: inside a string
 * neither `"Items":[` nor a rest that makes the whole an object can stand, since its quotes are escaped.
 */
function placeOfItems(bytes: Buffer) {
  const found = bytes.indexOf(ITEMS);
  if (found === -1) return undefined;
  const start = found + ITEMS.length - 1;
  const head = bytes.toString('utf8', 0, start);
  const least = Math.max(start, bytes.length - MAX_TAIL_BYTES);
  for (let close = bytes.lastIndexOf(CLOSE_BRACKET); close > least; close = lastBefore(bytes, close)) {
    const fields = objectOf(`${head}[]${bytes.toString('utf8', close + 1)}`);
    if (fields) return { start, end: close + 1, fields };
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

function* itemsOf(bytes: Buffer, start: number, end: number): Generator<Item> {
  const reader = new ItemBytes(bytes, start);
  let given = 0;
  try {
    for (let item = reader.next(); item; item = reader.next()) {
      given++;
      yield item;
    }
    if (reader.end !== end) throw new UnusualJson();
  } catch (error) {
    if (!(error instanceof UnusualJson)) throw error;
    const { items } = parsedWhole(bytes);
    yield* [...items].slice(given);
  }
}

function parsedWhole(bytes: Buffer): PageBody {
  const fields = JSON.parse(bytes.toString('utf8')) as Record<string, unknown>;
  if (typeof fields !== 'object' || fields === null) throw new SyntaxError('not an object');
  const items = fields['Items'];
  return { fields, items: Array.isArray(items) ? (items as Item[]) : [] };
}
