import type { Attribute, Cell } from '../../values/cell.js';
import type { Column } from '../../values/column.js';
import { attributeProblem, attributeSize } from './attribute.js';
import { MAX_DIGITS, numberProblem, numberSize } from './numbers.js';
import type { Problem } from './problem.js';

/** A cell that is there. */
export type Value = NonNullable<Cell>;

/** The JSON text of a cell's attribute value, as in `{"S":"a"}`, or why there is none. */
export type Encode = (cell: Value) => string | Problem;

/** What a column is written as. `any`: each cell says its own type. */
export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'any';

/** DESIGN 5, from left to right; TYPES.md is this table for people. */
export function attributeType(column: Column): AttributeType {
  switch (column.type) {
    case 'int':
    case 'float':
      return 'N';
    case 'decimal':
      return (column.precision ?? 0) > MAX_DIGITS ? 'S' : 'N';
    case 'bytes':
      return 'B';
    case 'bool':
      return 'BOOL';
    case 'attribute':
      return 'any';
    default:
      return 'S';
  }
}

export const NULL = '{"NULL":true}';

/** Compiles a column's encoder: no objects between the cell and its JSON text. */
export function encoder(column: Column): Encode {
  if (column.type === 'float') return (cell) => floatText(cell as string);
  switch (attributeType(column)) {
    case 'N':
      return (cell) => numberText(cell as string);
    case 'B':
      return (cell) => `{"B":"${base64(cell as Uint8Array)}"}`;
    case 'BOOL':
      return (cell) => (cell === true ? '{"BOOL":true}' : '{"BOOL":false}');
    case 'any':
      return (cell) => attributeProblem(cell as Attribute) ?? JSON.stringify(cell);
    default:
      return textEncoder(column);
  }
}

/** A column's cells as the text of an `S`. */
export function stringOf(column: Column): (cell: string) => string {
  if (column.type === 'datetime') return (cell) => isoTime(cell);
  if (column.type === 'timestamp') return (cell) => `${isoTime(cell)}Z`;
  return (cell) => cell;
}

function textEncoder(column: Column): Encode {
  const form = stringOf(column);
  return (cell) => quotedText(form(cell as string));
}

export function quotedText(text: string): string | Problem {
  const inner = escapedText(text);
  return typeof inner === 'string' ? `{"S":"${inner}"}` : inner;
}

/** Text as it stands between the quotes of JSON. */
function escapedText(text: string): string | Problem {
  // Twice as fast as JSON.stringify for the many texts that it would leave as they are.
  if (!special.test(text)) return text;
  return loneSurrogate.test(text) ? notUnicode : JSON.stringify(text).slice(1, -1);
}

/** An encoder in halves: what is the same for each cell of a column, and what stands between. */
export interface Framed {
  readonly open: string;
  readonly close: string;
  inner(cell: Value): string | Problem;
}

/** As `encoder`, for the many cells of a copy: pieces of text that are put together once, not level by level. */
export function framed(column: Column): Framed {
  const type = attributeType(column);
  const quoted = { open: `{"${type}":"`, close: '"}' };
  if (type === 'N') {
    const problem = column.type === 'float' ? floatProblem : numberProblem;
    return { ...quoted, inner: (cell) => problem(cell as string) ?? (cell as string) };
  }
  if (type !== 'S') return { open: '', close: '', inner: encoder(column) };
  const form = stringOf(column);
  return { ...quoted, inner: (cell) => escapedText(form(cell as string)) };
}

/** Anything that JSON escapes (quotes, backslashes, control characters), and halves of surrogate pairs. */
const special = /[^ !#-[\]-\uD7FF\uE000-\uFFFF]/;
const loneSurrogate = /\p{Surrogate}/u;
const notUnicode: Problem = { code: 'value_inexact', message: 'not valid Unicode text' };
const negativeZero: Problem = {
  code: 'value_inexact',
  message: 'DynamoDB has no -0: it would become 0',
};

function numberText(text: string): string | Problem {
  return numberProblem(text) ?? `{"N":"${text}"}`;
}

function floatText(text: string): string | Problem {
  return isNegativeZero(text) ? negativeZero : numberText(text);
}

function floatProblem(text: string): Problem | undefined {
  return isNegativeZero(text) ? negativeZero : numberProblem(text);
}

function isNegativeZero(text: string): boolean {
  return text.charCodeAt(0) === 45 && !/[1-9]/.test(text.split(/e/i)[0] ?? '');
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** MySQL's `2026-01-31 12:34:56.5` as ISO 8601 spells it. */
function isoTime(text: string): string {
  return text.charCodeAt(10) === 32 ? `${text.slice(0, 10)}T${text.slice(11)}` : text;
}

/** Bytes that a cell counts towards an item's size. */
export function cellSize(column: Column, cell: Cell): number {
  if (cell === undefined) return 0;
  if (cell === null || typeof cell === 'boolean') return 1;
  if (cell instanceof Uint8Array) return cell.byteLength;
  if (typeof cell === 'object') return attributeSize(cell);
  if (attributeType(column) === 'N') return numberSize(cell);
  return Buffer.byteLength(stringOf(column)(cell));
}
