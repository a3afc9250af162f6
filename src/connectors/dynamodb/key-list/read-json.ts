import { isLosslessNumber, type LosslessNumber, parse } from 'lossless-json';
import type { Attribute } from '../../../values/cell.js';
import type { KeyAttribute } from '../key.js';
import type { Problem } from '../problem.js';
import { type Entry, type EntryMaker, textValue } from './entry.js';
import { linesOf } from './lines.js';
import { UNREADABLE } from './read-text.js';

/**
 * A JSON value a line: an object with the key's attributes, plain (`{"pk":"a","sk":7}`) or typed
 * (`{"pk":{"S":"a"}}`), or for a table without a sort key the value alone. Numbers keep all their digits. Other
 * attributes are not looked at.
 */
export async function* readJson(chunks: AsyncIterable<Uint8Array>, maker: EntryMaker): AsyncGenerator<Entry> {
  for await (const { number, text } of linesOf(chunks)) {
    yield text === undefined ? maker.malformed(number, UNREADABLE, '') : entryOf(number, text, maker);
  }
}

/** May hold a number that a double would round; all others are read in a tenth of the time. */
const isLong = /\d{16}|\d[.eE]/;

function entryOf(line: number, text: string, maker: EntryMaker): Entry {
  let value: unknown;
  try {
    value = isLong.test(text) ? parse(text) : JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The parser's own words would quote the line (invariant 8).
    return maker.malformed(line, 'not JSON', text);
  }
  const [only, ...others] = maker.key;
  if (isScalar(value) && only && others.length === 0) {
    return maker.of(line, [attributeOf(value, only)], () => text);
  }
  if (!isObject(value)) return maker.malformed(line, 'not an object with the attributes of a key', text);
  const values = maker.key.map((attribute) =>
    Object.hasOwn(value, attribute.name) ? attributeOf(value[attribute.name], attribute) : undefined,
  );
  return maker.of(line, values, () => text);
}

function isScalar(value: unknown): value is string | number | LosslessNumber {
  return typeof value === 'string' || isNumber(value);
}

function isNumber(value: unknown): value is number | LosslessNumber {
  return typeof value === 'number' || isLosslessNumber(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value);
}

function attributeOf(value: unknown, attribute: KeyAttribute): Attribute | Problem | undefined {
  if (value === null) return undefined;
  if (isNumber(value)) return { N: value.toString() };
  if (typeof value === 'string') {
    if (attribute.type !== 'B') return { S: value };
    return { code: 'value_type', message: `${attribute.name} is binary: {"B": base64} is expected` };
  }
  return typedOf(value, attribute);
}

/** `{"S":"a"}`, `{"N":"7"}`, `{"B":base64}`. */
function typedOf(value: unknown, attribute: KeyAttribute): Attribute | Problem {
  const wrong: Problem = {
    code: 'value_type',
    message: `${attribute.name} is not a value of a key: text, a number, {"S": …}, {"N": …} or {"B": base64} is`,
  };
  if (!isObject(value)) return wrong;
  const [type, ...others] = Object.keys(value);
  const inner = type === undefined ? undefined : value[type];
  if (others.length > 0 || typeof inner !== 'string') return wrong;
  if (type === 'S') return { S: inner };
  if (type === 'N') return { N: inner };
  return type === 'B' ? textValue(inner, { ...attribute, type: 'B' }) : wrong;
}
