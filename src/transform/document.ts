import { parse } from 'lossless-json';
import type { Attribute } from '../values/cell.js';

/** A number inside a parsed document, by its text. */
class NumberText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The JSON text as a DynamoDB document; numbers keep every digit. Throws SyntaxError if it is not JSON. */
export function documentOf(json: string): Attribute {
  return attributeOf(parse(json, undefined, { parseNumber: (text) => new NumberText(text) }));
}

function attributeOf(value: unknown): Attribute {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (value instanceof NumberText) return { N: value.text };
  if (Array.isArray(value)) return { L: value.map(attributeOf) };
  const entries = Object.entries(value as object).map(([name, part]) => [name, attributeOf(part)] as const);
  return { M: Object.fromEntries(entries) };
}
