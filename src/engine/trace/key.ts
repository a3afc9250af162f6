import { parse } from 'lossless-json';
import type { KeyValues } from '../../connectors/connector.js';
import { SluiceError } from '../../errors.js';
import type { Batch } from '../../values/batch.js';
import type { Cell } from '../../values/cell.js';
import type { Column } from '../../values/column.js';

/** A key as someone wrote it: values in order, or by name. Bytes are `0x0a1b`, or `{"base64":"…"}` in JSON. */
export type WrittenKey =
  | { readonly kind: 'plain'; readonly text: string }
  | { readonly kind: 'list'; readonly values: readonly WrittenValue[] }
  | { readonly kind: 'named'; readonly values: Readonly<Record<string, WrittenValue>> };

type WrittenValue = string | { readonly base64: string };

/** Longer keys exist nowhere. */
const MAX_CHARACTERS = 20_000;

/** Reads `42`, `a,7`, `["a",7]` or `{"customer_id":"a","order_id":7}`. Throws `key_unfit`. */
export function parseKey(text: string): WrittenKey {
  if (text === '' || text.length > MAX_CHARACTERS) throw unfit('the key is empty, or longer than any key');
  const json = /^\s*[{[]/.test(text) ? parsed(text) : undefined;
  if (Array.isArray(json)) return { kind: 'list', values: json.map(writtenValue) };
  if (typeof json === 'object' && json !== null) {
    const values = Object.entries(json).map(([name, value]) => [name, writtenValue(value)] as const);
    return { kind: 'named', values: Object.fromEntries(values) };
  }
  return { kind: 'plain', text };
}

/** Undefined for a text that is no JSON: then it is a key's plain text, braces and all. */
function parsed(text: string): unknown {
  try {
    return parse(text, undefined, { parseNumber: (digits) => digits });
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function writtenValue(value: unknown): WrittenValue {
  if (typeof value === 'string') return value;
  const base64 = typeof value === 'object' && value !== null && 'base64' in value ? value.base64 : undefined;
  if (typeof base64 === 'string') return { base64 };
  throw unfit(
    'a key holds texts, numbers and bytes only',
    'as in \'{"id":7}\'; bytes as {"base64":"…"} or 0x0a1b',
  );
}

/**
 * The key's values for these columns; undefined where it has other names or another number of values. Throws
 * `key_unfit` for bytes that are not written as bytes.
 */
export function keyValues(key: WrittenKey, columns: readonly Column[]): KeyValues | undefined {
  const values = key.kind === 'named' ? byName(key.values, columns) : inOrder(key, columns);
  if (!values) return undefined;
  return Object.fromEntries(
    columns.map((column, index) => [column.name, valueFor(column, values[index] ?? '')]),
  );
}

function byName(
  values: Readonly<Record<string, WrittenValue>>,
  columns: readonly Column[],
): readonly WrittenValue[] | undefined {
  const given = Object.keys(values).length;
  const found = columns.flatMap(({ name }) => (Object.hasOwn(values, name) ? [values[name] ?? ''] : []));
  return found.length === columns.length && given === columns.length ? found : undefined;
}

/** Of one column the whole text is the value; of several the commas part them. */
function inOrder(
  key: Exclude<WrittenKey, { readonly kind: 'named' }>,
  { length }: readonly Column[],
): readonly WrittenValue[] | undefined {
  const values = key.kind === 'list' ? key.values : length === 1 ? [key.text] : key.text.split(',');
  return values.length === length ? values : undefined;
}

function valueFor(column: Column, value: WrittenValue): string | Uint8Array {
  if (typeof value === 'object') return Buffer.from(value.base64, 'base64');
  const holdsBytes = column.type === 'bytes' || (column.type === 'attribute' && column.native === 'B');
  if (!holdsBytes) return value;
  const digits = /^0x((?:[0-9a-f]{2})*)$/i.exec(value)?.[1];
  if (digits === undefined) throw unfit(`column ${column.name} holds bytes`, 'write them as 0x0a1b');
  return Buffer.from(digits, 'hex');
}

/** The value as a cell of its column, for a row that has nothing but its key. */
export function keyCellOf({ type, native }: Column, value: string | Uint8Array): Cell {
  if (type !== 'attribute') return value;
  if (typeof value !== 'string') return { B: Buffer.from(value).toString('base64') };
  return native === 'N' ? { N: value } : { S: value };
}

/** The values that a row which was found has in these columns: the server may have found it by another spelling. */
export function restoredKey({ columns, rows }: Batch, names: readonly string[]): KeyValues {
  const values = names.map((name) => {
    const cell = rows.at(0)?.[columns.findIndex((column) => column.name === name)];
    return [name, textOf(cell)] as const;
  });
  return Object.fromEntries(values);
}

function textOf(cell: Cell): string | Uint8Array {
  if (typeof cell !== 'object' || cell === null) return String(cell ?? '');
  if (cell instanceof Uint8Array) return cell;
  if ('B' in cell) return Buffer.from(cell.B, 'base64');
  return String(Object.values(cell)[0]);
}

function unfit(message: string, hint?: string): SluiceError {
  return new SluiceError('key_unfit', message, hint === undefined ? {} : { hint });
}
