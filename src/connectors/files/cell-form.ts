import type { Column, LogicalType } from '../../values/column.js';
import { isAttribute } from './attribute-form.js';
import { isJson } from './cell-text.js';

/** The forms of values/column.ts, of which a text cell of a file must have its column's. */
const forms: Readonly<Partial<Record<LogicalType, RegExp>>> = {
  int: /^-?(?:0|[1-9]\d*)$/,
  decimal: /^-?\d+(?:\.\d+)?$/,
  float: /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
  date: /^\d{4}-\d\d-\d\d$/,
  datetime: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?$/,
  timestamp: /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?$/,
  time: /^-?\d{2,3}:\d\d:\d\d(?:\.\d{1,6})?$/,
  bool: /^(?:true|false)$/,
};

/** How a cell of the type is written, for people. */
export const spellings: Readonly<Record<LogicalType, string>> = {
  int: 'a whole number',
  decimal: 'a decimal number',
  float: 'a number',
  text: 'text',
  bytes: 'base64',
  bool: 'true or false',
  date: 'a date like 2026-01-31',
  datetime: 'a time like 2026-01-31 12:34:56.5',
  time: 'a time like 12:34:56.5',
  timestamp: 'a time in UTC like 2026-01-31 12:34:56.5',
  json: 'JSON',
  attribute: 'a DynamoDB attribute in JSON',
};

/** Whether the text has the exact form of the type. */
export function hasForm(type: LogicalType, text: string): boolean {
  if (type === 'bytes') return isBase64(Buffer.from(text), 0, Buffer.byteLength(text));
  return forms[type]?.test(text) ?? true;
}

/** Whether what stands in `bytes[start, end)`, valid UTF-8, has the form of the column's type. */
export type FormCheck = (bytes: Buffer, start: number, end: number) => boolean;

/** The same as `hasForm`, from bytes where that is the faster way; undefined where any text will do. */
export function formCheck({ type }: Column): FormCheck | undefined {
  if (type === 'int') return isWhole;
  if (type === 'bytes') return isBase64;
  if (type === 'attribute') return isAttributeText;
  const form = forms[type];
  return form && ((bytes, start, end) => form.test(bytes.toString('latin1', start, end)));
}

const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

function isWhole(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start] === MINUS ? start + 1 : start;
  if (first === end || (bytes[first] === ZERO && first + 1 < end)) return false;
  for (let at = first; at < end; at++) {
    const code = bytes[at] as number;
    if (code < ZERO || code > NINE) return false;
  }
  return true;
}

function isAttributeText(bytes: Buffer, start: number, end: number): boolean {
  const text = bytes.toString('utf8', start, end);
  return isJson(text) && isAttribute(JSON.parse(text));
}

/** 1 for the letters of base64. https://www.rfc-editor.org/rfc/rfc4648#section-4 */
const letters = Uint8Array.from({ length: 256 }, (_, code) =>
  /[A-Za-z0-9+/]/.test(String.fromCharCode(code)) ? 1 : 0,
);
const EQUALS = 0x3d;

/** Letter by letter: a regular expression would run out of room for a long one. */
function isBase64(bytes: Buffer, start: number, end: number): boolean {
  if ((end - start) % 4 !== 0) return false;
  let last = end;
  while (last > start && end - last < 2 && bytes[last - 1] === EQUALS) last--;
  for (let at = start; at < last; at++) if (letters[bytes[at] as number] === 0) return false;
  return true;
}
