import type { Attribute, Cell, Row } from '../values/cell.js';
import type { Column, LogicalType } from '../values/column.js';
import { parseDecimal } from '../values/decimal.js';
import { Refusal } from './refusal.js';

/** What a row function sees and may return. Numbers with a fraction are text; bytes are a Uint8Array. */
export type RowValue =
  | null
  | undefined
  | string
  | bigint
  | number
  | boolean
  | Uint8Array
  | readonly RowValue[]
  | ReadonlySet<string>
  | { readonly [name: string]: RowValue };

export type RowFunction = (row: Readonly<Record<string, unknown>>) => unknown;

/**
 * Opens a cell for a row function: int is bigint, decimal and float are exact text, datetime and timestamp
 * are ISO 8601, a DynamoDB number is bigint where it is whole and text otherwise, a document is plain objects
 * (frozen: returned as they are they go on untouched; a change needs a copy).
 */
function openCell(cell: Cell, type: LogicalType): RowValue {
  if (cell === null || cell === undefined || typeof cell === 'boolean' || cell instanceof Uint8Array)
    return cell;
  if (typeof cell !== 'string') return openAttribute(cell);
  if (type === 'int') return BigInt(cell);
  if (type === 'datetime') return cell.replace(' ', 'T');
  return type === 'timestamp' ? `${cell.replace(' ', 'T')}Z` : cell;
}

function openAttribute(attribute: Attribute): RowValue {
  if ('S' in attribute) return attribute.S;
  if ('N' in attribute) return /^-?\d+$/.test(attribute.N) ? BigInt(attribute.N) : attribute.N;
  if ('B' in attribute) return Buffer.from(attribute.B, 'base64');
  if ('BOOL' in attribute) return attribute.BOOL;
  if ('L' in attribute) return Object.freeze(attribute.L.map(openAttribute));
  if ('SS' in attribute) return new Set(attribute.SS);
  if ('NS' in attribute) return Object.freeze(attribute.NS.map((N) => openAttribute({ N })));
  if ('BS' in attribute) return Object.freeze(attribute.BS.map((B) => openAttribute({ B })));
  if ('NULL' in attribute) return null;
  const parts = Object.entries(attribute.M).map(([name, part]) => [name, openAttribute(part)] as const);
  return Object.freeze(Object.fromEntries(parts));
}

/** The logical type that a new column takes from its first value; undefined for null and absent. */
export function typeOf(value: RowValue): LogicalType | undefined {
  if (value === null || value === undefined) return undefined;
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'int' : 'float';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'string') return 'text';
  return value instanceof Uint8Array ? 'bytes' : 'attribute';
}

/**
 * Closes a returned value into a cell of the column's type. The value must mean what the type says: a
 * string into an int column must be whole, an int into a text column is refused.
 */
function closeCell(value: RowValue, column: Column): Cell | Refusal {
  if (value === null || value === undefined) return value;
  const closed = closers[column.type](value);
  return closed === undefined ? misfit(value, column) : closed;
}

function misfit(value: RowValue, column: Column): Refusal {
  const kind = value instanceof Uint8Array ? 'bytes' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  const message = `the row function returned ${kind} for column ${column.name}, which is ${column.type}`;
  return new Refusal('row_shape', message, column.name);
}

const textual = (value: RowValue) => (typeof value === 'string' ? value : undefined);
const localTime = (value: RowValue) => textual(value)?.replace('T', ' ');

const closers: Readonly<Record<LogicalType, (value: RowValue) => Cell | undefined>> = {
  int: (value) => numberText(value, (text) => /^-?\d+$/.test(text)),
  decimal: (value) => numberText(value, (text) => /^-?\d+(\.\d+)?$/.test(text)),
  float: (value) => numberText(value, (text) => parseDecimal(text) !== undefined),
  text: textual,
  json: textual,
  date: textual,
  time: textual,
  datetime: localTime,
  timestamp: (value) => localTime(value)?.replace(/Z$/, ''),
  bool: (value) => (typeof value === 'boolean' ? value : undefined),
  bytes: (value) => (value instanceof Uint8Array ? value : undefined),
  attribute: closeAttribute,
};

function numberText(value: RowValue, allowed: (text: string) => boolean): string | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
  const isNumber = typeof value === 'bigint' || typeof value === 'number' || typeof value === 'string';
  const text = isNumber ? String(value) : undefined;
  return text !== undefined && allowed(text) ? text : undefined;
}

function closeAttribute(value: RowValue): Attribute | undefined {
  if (value === null) return { NULL: true };
  if (value === undefined) return undefined;
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'boolean') return { BOOL: value };
  if (typeof value === 'bigint') return { N: String(value) };
  if (typeof value === 'number') return Number.isFinite(value) ? { N: String(value) } : undefined;
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString('base64') };
  if (value instanceof Set) return closeSet(value);
  return Array.isArray(value) ? closeList(value) : closeMap(value as Record<string, RowValue>);
}

function closeSet(value: ReadonlySet<string>): Attribute | undefined {
  const members = [...value];
  return members.length > 0 && members.every((member) => typeof member === 'string')
    ? { SS: members }
    : undefined;
}

function closeList(value: readonly RowValue[]): Attribute | undefined {
  const parts = value.map(closeAttribute);
  return parts.every((part) => part !== undefined) ? { L: parts } : undefined;
}

function closeMap(value: Readonly<Record<string, RowValue>>): Attribute | undefined {
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null)
    return undefined;
  const parts: [string, Attribute][] = [];
  for (const [name, part] of Object.entries(value)) {
    if (part === undefined) continue;
    const closed = closeAttribute(part);
    if (closed === undefined) return undefined;
    parts.push([name, closed]);
  }
  return { M: Object.fromEntries(parts) };
}

/**
 * The cell for a value that came back for a column. The very value that `openCell` gave means the cell as it
 * was; text for what was a DynamoDB number stays a number.
 */
export function closeChanged(value: RowValue, before: RowValue, cell: Cell, column: Column): Cell | Refusal {
  if (value === before && !(value instanceof Set)) return cell;
  const wasNumber = typeof cell === 'object' && cell !== null && 'N' in cell;
  if (wasNumber && typeof value === 'string' && parseDecimal(value)) return { N: value };
  return closeCell(value, column);
}

/** Rows of a batch as objects with the columns' names. */
export function openRow(row: Row, columns: readonly Column[]): Record<string, RowValue> {
  const opened: Record<string, RowValue> = {};
  columns.forEach((column, index) => {
    const value = openCell(row[index], column.type);
    if (value !== undefined) {
      Object.defineProperty(opened, column.name, {
        value,
        enumerable: true,
        writable: true,
        configurable: true,
      });
    }
  });
  return opened;
}
