import type { ErrorCode } from '../../../errors.js';
import type { Attribute, Cell } from '../../../values/cell.js';
import type { LogicalType } from '../../../values/column.js';
import { canonicalNumber, parseDecimal, plainDecimal, wholeDigits } from '../../../values/decimal.js';
import { isMoment } from './moment.js';
import type { Carrier, ParquetColumn } from './parquet-column.js';

/** Why a cell does not fit its column; holds no value (invariant 8). */
export interface Misfit {
  readonly code: ErrorCode;
  readonly message: string;
}

/** A value as the text of its column's type, or bytes; null is NULL. */
export type Value = string | Uint8Array | null;

/**
 * The slow and exact way of a cell into a segment, whatever it is and wherever it comes from: what the column holds without
 * rounding, folding or failing; or why there is no such thing (invariant 4).
 */
export function cellValue(cell: Cell, from: LogicalType, to: ParquetColumn): Value | Misfit {
  if (cell === null || cell === undefined) return null;
  if (to.column.type === 'attribute') return ofUntyped(cell);
  if (typeof cell === 'object' && !(cell instanceof Uint8Array)) return ofAttribute(cell, to);
  return ofPlain(cell, from, to);
}

/** A column without a type of its own: DynamoDB's JSON, or the JSON of what a row function made. */
function ofUntyped(cell: Exclude<Cell, null | undefined>): Value | Misfit {
  return JSON.stringify(cell instanceof Uint8Array ? { B: base64(cell) } : cell);
}

function ofAttribute(cell: Attribute, to: ParquetColumn): Value | Misfit {
  if ('S' in cell) return ofPlain(cell.S, 'text', to);
  if ('N' in cell) return ofPlain(cell.N, 'decimal', to);
  if ('BOOL' in cell) return ofPlain(cell.BOOL, 'bool', to);
  if ('B' in cell) return ofPlain(Buffer.from(cell.B, 'base64'), 'bytes', to);
  if ('NULL' in cell) return null;
  return otherType;
}

function ofPlain(cell: string | boolean | Uint8Array, from: LogicalType, to: ParquetColumn): Value | Misfit {
  if (cell instanceof Uint8Array) return to.carrier === 'bytes' ? cell : otherType;
  if (typeof cell === 'boolean') return to.carrier === 'boolean' ? String(cell) : otherType;
  if (to.carrier === 'bytes' || to.carrier === 'boolean') return otherType;
  if (to.carrier === 'string') return ofText(cell, from, to);
  return ofSpelling[to.carrier](cell, to);
}

function ofText(cell: string, from: LogicalType, to: ParquetColumn): Value | Misfit {
  if (half.test(cell)) return halfCharacter;
  if (to.column.type === 'decimal' && parseDecimal(cell) === undefined) return otherType;
  return from === 'bool' ? otherType : cell;
}

/** Half of a pair; a whole pair is one character. */
const half = /\p{Surrogate}/u;

type Spelling = (text: string, to: ParquetColumn) => Value | Misfit;

const ofSpelling: Readonly<Record<Exclude<Carrier, 'bytes' | 'boolean' | 'string'>, Spelling>> = {
  int32: (text) => integer(text, 31n),
  int64: (text) => integer(text, 63n),
  decimal: ofDecimal,
  double: ofDouble,
  timestamp: ofMoment,
  instant: (text) => ofMoment(text.replace(/Z$/, '')),
};

/** No number of a column has as many, so that a hostile one costs nothing. */
const MAX_INTEGER_DIGITS = 40;

function integer(text: string, bits: bigint): Value | Misfit {
  const number = parseDecimal(text);
  if (number === undefined) return otherType;
  if (number.exponent < 0) return inexact;
  if (wholeDigits(number) > MAX_INTEGER_DIGITS) return outside;
  const plain = plainDecimal(number, 0) ?? '0';
  const value = BigInt(plain);
  return value >= -(1n << bits) && value < 1n << bits ? plain : outside;
}

function ofDecimal(text: string, { precision, scale }: ParquetColumn): Value | Misfit {
  const number = parseDecimal(text);
  if (number === undefined) return otherType;
  if (-number.exponent > scale) return inexact;
  if (wholeDigits(number) > precision - scale) return outside;
  return plainDecimal(number, scale) ?? outside;
}

/** A DOUBLE holds the number if it prints it again. */
function ofDouble(text: string): Value | Misfit {
  const wanted = canonicalNumber(text);
  if (wanted === undefined) return otherType;
  const double = Number(text);
  if (!Number.isFinite(double)) return outside;
  const spelled = Object.is(double, -0) ? '-0' : String(double);
  return canonicalNumber(spelled) === wanted ? spelled : inexact;
}

function ofMoment(text: string): Value | Misfit {
  const match = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)$/.exec(text);
  if (match === null) return notMoment;
  const plain = `${match[1]} ${match[2]}`;
  const bytes = Buffer.from(plain, 'latin1');
  return isMoment(bytes, 0) && isClock(plain) ? plain : noSuchMoment;
}

function isClock(plain: string): boolean {
  const [hour, minute, second] = [plain.slice(11, 13), plain.slice(14, 16), plain.slice(17, 19)].map(Number);
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60;
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

const misfit = (code: ErrorCode, message: string): Misfit => Object.freeze({ code, message });

const otherType = misfit('value_type', 'the value is not of a type that the column of the file takes');
const inexact = misfit('value_inexact', 'the column of the file would round the number');
const outside = misfit('value_range', 'the number lies outside what the column of the file holds');
const notMoment = misfit('value_type', 'the text is not a date with time (YYYY-MM-DD hh:mm:ss)');
const noSuchMoment = misfit('value_range', 'there is no such date, and Parquet holds no other');
const halfCharacter = misfit('value_type', 'the text holds half of a surrogate pair, which is no character');
