import type { Attribute } from '../../values/cell.js';
import { MAX_DEPTH, readJson } from './read-json.js';

/**
 * Numbers within a list or an object that `JSON.parse` would not give exactly, or would print in another way: with an
 * exponent, of 16 and more digits, that end in a zero after the point, below a millionth, or -0. What only looks so
 * within a string costs time, no more.
 */
const doubtful = /[:[,]\s*(?=[-\d])(?:-?(?:[\d.]{16}|[\d.]+[eE]|\d+\.\d*0(?!\d)|0\.0{6})|-0(?![\d.]))/;

/** Escapes of surrogates: halves of a pair would go unnoticed. */
const surrogate = /\\u[dD][89a-fA-F]/;

const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;

/**
 * A JSON text that was parsed: as plain JavaScript values where they are exact, else as a DynamoDB document. The other
 * form is made only when somebody asks for it.
 */
export class ParsedDocument {
  /** Absent where plain values would not be exact. All numbers in it print as they were written. */
  readonly plain: unknown;
  #attribute: Attribute | undefined;

  private constructor(plain: unknown, attribute: Attribute | undefined) {
    this.plain = plain;
    this.#attribute = attribute;
  }

  /** Throws JsonFault: see `readJson`. */
  static of(text: string): ParsedDocument {
    const plain = quickly(text);
    return plain === undefined
      ? new ParsedDocument(undefined, readJson(text))
      : new ParsedDocument(plain, undefined);
  }

  attribute(): Attribute {
    this.#attribute ??= attributeOf(this.plain);
    return this.#attribute;
  }

  /** What stands at the path, by names of members and places in lists; undefined where there is nothing. */
  at(path: readonly string[]): Attribute | undefined {
    if (this.plain === undefined) return below(this.attribute(), path);
    let value: unknown = this.plain;
    for (const step of path) {
      if (typeof value !== 'object' || value === null) return undefined;
      if (Array.isArray(value) ? !/^\d+$/.test(step) : !Object.hasOwn(value, step)) return undefined;
      value = (value as Record<string, unknown>)[step];
    }
    return value === undefined ? undefined : attributeOf(value);
  }
}

/** What stands at the path of a document; undefined where there is nothing. */
export function below(
  attribute: Attribute | null | undefined,
  path: readonly string[],
): Attribute | undefined {
  let value: Attribute | null | undefined = attribute;
  for (const step of path) {
    if (value === undefined || value === null) return undefined;
    if ('M' in value) value = Object.hasOwn(value.M, step) ? value.M[step] : undefined;
    else value = 'L' in value && /^\d+$/.test(step) ? value.L[Number(step)] : undefined;
  }
  return value ?? undefined;
}

/** By `JSON.parse`; undefined where it would be wrong, or might be. */
function quickly(text: string): unknown {
  const first = text.charCodeAt(0);
  if ((first !== OPEN_BRACE && first !== OPEN_BRACKET) || doubtful.test(text)) return undefined;
  if (text.includes('\\u') && surrogate.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const keys = countKeys(value, 0);
  return keys === quotedColons(text) ? value : undefined;
}

/** Keys of all objects in it; -1 where it is too deep. */
function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth >= MAX_DEPTH) return Number.NaN;
  let count = 0;
  if (Array.isArray(value)) {
    for (const element of value) count += countKeys(element, depth + 1);
    return count;
  }
  for (const name in value) {
    count += 1 + countKeys((value as Record<string, unknown>)[name], depth + 1);
  }
  return count;
}

/** How often `":` is there: as often as there are keys, unless one is repeated, is followed by space, or is within a string. */
function quotedColons(text: string): number {
  let count = 0;
  for (let at = text.indexOf('":'); at !== -1; at = text.indexOf('":', at + 2)) count++;
  return count;
}

function attributeOf(value: unknown): Attribute {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value === null) return { NULL: true };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  return {
    M: Object.fromEntries(Object.entries(value as object).map(([name, part]) => [name, attributeOf(part)])),
  };
}
