import type { Attribute, Cell } from '../values/cell.js';
import type { Column, LogicalType } from '../values/column.js';
import { parseDecimal, plainDecimal } from '../values/decimal.js';
import { documentOf } from './document.js';
import { Refusal } from './refusal.js';

/** What `as:` can turn a column into. */
export type AsType = Exclude<LogicalType, 'attribute'> | 'stringSet' | 'document';

type Conversion = (cell: Cell) => Cell | Refusal;

/** The column and the conversion of its cells. NULL and absent stay what they are. */
export function compileAs(column: Column, type: AsType): { column: Column; convert: Conversion } {
  const convert = conversions[type];
  const logical: LogicalType = type === 'stringSet' || type === 'document' ? 'attribute' : type;
  const { name, nullable } = column;
  return {
    column: { name, nullable, type: logical },
    convert: (cell) => {
      if (cell === null || cell === undefined) return cell;
      const result = convert(cell, column.type);
      return result instanceof Refusal ? new Refusal(result.code, result.message, name) : result;
    },
  };
}

const conversions: Readonly<Record<AsType, (cell: Cell, from: LogicalType) => Cell | Refusal>> = {
  bool: toBool,
  text: toText,
  int: (cell) => number(cell, 'an integer', (text) => integer(text)),
  decimal: (cell) => number(cell, 'a decimal number', plain),
  float: (cell) => number(cell, 'a number', (text) => (parseDecimal(text) ? text : undefined)),
  bytes: toBytes,
  json: toJson,
  date: (cell) => form(cell, 'a date', /^\d{4}-\d{2}-\d{2}$/),
  datetime: (cell) => form(cell, 'a date with time', /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?$/),
  time: (cell) => form(cell, 'a time', /^-?\d{2,3}:\d{2}:\d{2}(\.\d{1,6})?$/),
  timestamp: toTimestamp,
  stringSet: toStringSet,
  document: toDocument,
};

/** The cell as text, or undefined where it is not a text or number. */
function textOf(cell: Cell): string | undefined {
  if (typeof cell === 'string') return cell;
  if (typeof cell !== 'object' || cell === null || cell instanceof Uint8Array) return undefined;
  if ('S' in cell) return cell.S;
  return 'N' in cell ? cell.N : undefined;
}

function unlike(wanted: string): Refusal {
  return new Refusal('value_type', `the value is not ${wanted}`);
}

function isNullAttribute(cell: Cell): boolean {
  return typeof cell === 'object' && cell !== null && 'NULL' in cell;
}

/** 0 and 1, as a number or as a BIT, and the words true and false. */
function toBool(cell: Cell): Cell | Refusal {
  if (typeof cell === 'boolean') return cell;
  if (cell instanceof Uint8Array) return cell.length === 1 ? flag(String(cell[0])) : unlike('0 or 1');
  if (isNullAttribute(cell)) return null;
  if (typeof cell === 'object' && cell !== null && 'BOOL' in cell) return cell.BOOL;
  return flag(textOf(cell));
}

function flag(text: string | undefined): Cell | Refusal {
  if (text === '1' || text === 'true') return true;
  if (text === '0' || text === 'false') return false;
  return unlike('0 or 1');
}

function toText(cell: Cell): Cell | Refusal {
  if (typeof cell === 'boolean') return String(cell);
  if (isNullAttribute(cell)) return null;
  if (cell instanceof Uint8Array) return utf8(cell) ?? unlike('UTF-8 text');
  return textOf(cell) ?? unlike('text');
}

function utf8(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined;
}

function number(cell: Cell, wanted: string, read: (text: string) => string | undefined): Cell | Refusal {
  if (typeof cell === 'boolean') return cell ? '1' : '0';
  if (isNullAttribute(cell)) return null;
  const text = textOf(cell);
  return (text === undefined ? undefined : read(text)) ?? unlike(wanted);
}

function integer(text: string): string | undefined {
  const decimal = parseDecimal(text);
  return decimal && plainDecimal(decimal, 0);
}

function plain(text: string): string | undefined {
  const decimal = parseDecimal(text);
  return decimal && plainDecimal(decimal, Math.max(0, -decimal.exponent));
}

function toBytes(cell: Cell): Cell | Refusal {
  if (cell instanceof Uint8Array) return cell;
  if (isNullAttribute(cell)) return null;
  if (typeof cell === 'object' && cell !== null && 'B' in cell) return Buffer.from(cell.B, 'base64');
  const text = textOf(cell);
  return text === undefined ? unlike('text or bytes') : Buffer.from(text, 'utf8');
}

function toJson(cell: Cell): Cell | Refusal {
  if (isNullAttribute(cell)) return null;
  const text = textOf(cell);
  return text !== undefined && parsed(text) ? text : unlike('JSON');
}

function parsed(text: string): Attribute | undefined {
  try {
    return documentOf(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function form(cell: Cell, wanted: string, pattern: RegExp): Cell | Refusal {
  if (isNullAttribute(cell)) return null;
  const text = textOf(cell);
  return text !== undefined && pattern.test(text) ? text.replace('T', ' ') : unlike(wanted);
}

/** Text with `Z`, as Sluice writes it, or a timestamp already. Anything else has no known zone. */
function toTimestamp(cell: Cell, from: LogicalType): Cell | Refusal {
  const text = textOf(cell);
  if (text !== undefined && from !== 'timestamp' && from !== 'datetime' && !text.endsWith('Z')) {
    return new Refusal('value_type', 'the value is not a time in UTC: it does not end in Z');
  }
  return form(
    text === undefined ? cell : text.replace(/Z$/, ''),
    'a time in UTC',
    /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?$/,
  );
}

/** MySQL prints a SET as `a,b`. The empty set has no form in DynamoDB: the attribute is left out. */
function toStringSet(cell: Cell): Cell | Refusal {
  const text = textOf(cell);
  if (text === undefined) return unlike('a SET');
  return text === '' ? undefined : { SS: text.split(',') };
}

function toDocument(cell: Cell): Cell | Refusal {
  if (typeof cell === 'object' && cell !== null && ('M' in cell || 'L' in cell)) return cell;
  const text = textOf(cell);
  return (text === undefined ? undefined : parsed(text)) ?? unlike('JSON');
}
