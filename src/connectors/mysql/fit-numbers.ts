import { canonicalNumber, parseDecimal, plainDecimal, wholeDigits } from '../../values/decimal.js';
import { type Fitted, misfit, type Takers, type TextFit } from './fit.js';
import type { TableColumn } from './schema.js';

const notNumber = misfit('value_type', 'the value is not a number');
const notWhole = misfit('value_inexact', 'the column holds whole numbers, the value is none');
const outside = misfit('value_range', 'the number lies outside what the column holds');
const tooFine = misfit('value_inexact', 'the number has more digits after the point than the column');
const rounded = misfit('value_inexact', 'the column would round the number');
const negativeZero = misfit('value_folds', 'the column would store -0 as 0');
const respelled = misfit(
  'key_folds',
  'the key would be stored in another spelling and could meet another key',
);

const integerBits: Readonly<Record<string, bigint>> = {
  tinyint: 8n,
  smallint: 16n,
  mediumint: 24n,
  int: 32n,
  bigint: 64n,
};

/** More digits than any integer type has. */
const MAX_INTEGER_DIGITS = 20;

/** Takers of the number types; undefined for any other column. */
export function numberTakers(column: TableColumn, isKey: boolean): Takers | undefined {
  const bounds = integerBounds(column);
  if (bounds) return { ...numeric(integerFit(bounds), isKey), bool: zeroOrOne };
  if (column.dataType === 'decimal') return decimalTakers(column, isKey);
  if (column.dataType === 'double') return numeric(doubleFit(column), isKey);
  if (column.dataType === 'float') return numeric(floatFit(column), isKey);
  if (column.dataType === 'year') return numeric(yearFit, isKey);
  return undefined;
}

/** Text is taken where it is a number. In a key it must be spelled as it is stored, so that '1' and '1.0' do not meet. */
function numeric(check: TextFit, isKey: boolean): Takers {
  if (!isKey) return { number: check, text: check };
  const text = (cell: string): Fitted => {
    const field = check(cell);
    return typeof field === 'string' && field !== cell ? respelled : field;
  };
  return { number: check, text };
}

function zeroOrOne(value: boolean): Fitted {
  return value ? '1' : '0';
}

/** As many digits are exact in a double. */
const MAX_SHORT_CHARS = 15;

/** The value of a short integer without leading zeros, the usual case by far; NaN for any other text. */
function shortInteger(text: string): number {
  const { length } = text;
  if (length > MAX_SHORT_CHARS) return Number.NaN;
  const negative = text.charCodeAt(0) === 45;
  const first = negative ? 1 : 0;
  if (length === first || (text.charCodeAt(first) === 48 && length > 1)) return Number.NaN;
  let value = 0;
  for (let index = first; index < length; index++) {
    const digit = text.charCodeAt(index) - 48;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

/** What an integer column holds; undefined for any other column. */
export function integerBounds({ dataType, unsigned }: TableColumn): Bounds | undefined {
  const bits = integerBits[dataType];
  if (bits === undefined) return undefined;
  return unsigned
    ? { least: 0n, most: 2n ** bits - 1n }
    : { least: -(2n ** (bits - 1n)), most: 2n ** (bits - 1n) - 1n };
}

interface Bounds {
  readonly least: bigint;
  readonly most: bigint;
}

function integerFit({ least, most }: Bounds): TextFit {
  const leastDouble = Number(least);
  const mostDouble = Number(most);
  return (text) => {
    const short = shortInteger(text);
    if (short >= leastDouble && short <= mostDouble) return text;
    const plain = wholeNumber(text);
    if (typeof plain !== 'string') return plain;
    const value = BigInt(plain);
    return value >= least && value <= most ? value.toString() : outside;
  };
}

function wholeNumber(text: string): Fitted {
  const decimal = parseDecimal(text);
  if (decimal === undefined) return notNumber;
  if (decimal.exponent < 0) return notWhole;
  if (wholeDigits(decimal) > MAX_INTEGER_DIGITS) return outside;
  return plainDecimal(decimal, 0) ?? outside;
}

/** Text in a key goes the slow way, whose answer always has all digits of the scale. */
function decimalTakers(column: TableColumn, isKey: boolean): Takers {
  const check = decimalFit(column);
  const plain = plainDecimalForm(column);
  const quick = (text: string): Fitted => (plain.test(text) ? text : check(text));
  return { number: quick, text: isKey ? (numeric(check, true).text ?? check) : quick };
}

/** Plain spellings that fit as they are: nothing has to be taken apart. */
function plainDecimalForm({ precision = 10, scale = 0, unsigned }: TableColumn): RegExp {
  const whole = precision - scale;
  const sign = unsigned ? '' : '-?';
  const digits = whole === 0 ? '0' : `(?:0|[1-9]\\d{0,${whole - 1}})`;
  const fraction = scale === 0 ? '' : `(?:\\.\\d{1,${scale}})?`;
  return new RegExp(`^${sign}${digits}${fraction}$`);
}

function decimalFit(column: TableColumn): TextFit {
  const scale = column.scale ?? 0;
  const whole = (column.precision ?? 10) - scale;
  const { unsigned } = column;
  return (text) => {
    const decimal = parseDecimal(text);
    if (decimal === undefined) return notNumber;
    if (decimal.negative && unsigned && decimal.digits !== '') return outside;
    if (wholeDigits(decimal) > whole) return outside;
    return plainDecimal(decimal, scale) ?? tooFine;
  };
}

const floatForm = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The double that the text stands for, if the text is one of its own spellings: the shortest that names it,
 * or all 17 digits. Any other text would come back as another number.
 */
function exactDouble(text: string): number | ReturnType<typeof misfit> {
  if (!floatForm.test(text)) return notNumber;
  const value = Number(text);
  if (!Number.isFinite(value)) return outside;
  if (value === 0) return zeroOf(text);
  if (String(value) === text) return value;
  const canonical = canonicalNumber(text);
  if (canonical === canonicalNumber(String(value))) return value;
  return canonical === canonicalNumber(value.toPrecision(17)) ? value : rounded;
}

function zeroOf(text: string): number | ReturnType<typeof misfit> {
  if (canonicalNumber(text) !== '0') return rounded;
  return text.startsWith('-') ? negativeZero : 0;
}

function doubleFit(column: TableColumn): TextFit {
  const fixed = fixedPoint(column, (value) => value);
  return (text) => {
    const value = exactDouble(text);
    if (typeof value !== 'number') return value;
    if (column.unsigned && value < 0) return outside;
    return fixed(value) ?? text;
  };
}

/** A FLOAT takes the doubles that it holds without rounding: what it prints when it is read as DOUBLE. */
function floatFit(column: TableColumn): TextFit {
  const fixed = fixedPoint(column, Math.fround);
  return (text) => {
    const value = exactDouble(text);
    if (typeof value !== 'number') return value;
    if (column.unsigned && value < 0) return outside;
    const single = Math.fround(value);
    if (!Number.isFinite(single)) return outside;
    return single === value ? (fixed(value) ?? text) : rounded;
  };
}

/** FLOAT(M,D) and DOUBLE(M,D) round to D digits and hold M - D before the point. */
function fixedPoint(
  column: TableColumn,
  store: (value: number) => number,
): (value: number) => Fitted | undefined {
  const match = /^(?:float|double)\((\d+),(\d+)\)/.exec(column.columnType);
  if (match === null) return () => undefined;
  const digits = Number(match[2]);
  const limit = 10 ** (Number(match[1]) - digits);
  return (value) => {
    if (Math.abs(value) >= limit) return outside;
    return store(roundedByServer(value, 10 ** digits)) === value ? undefined : rounded;
  };
}

/** As `Field_real::truncate` of the server does it: -0.0001 becomes -0.00009999999999998899, which it keeps then. */
function roundedByServer(value: number, scale: number): number {
  const whole = Math.floor(value);
  const scaled = (value - whole) * scale;
  const below = Math.floor(scaled);
  const isTie = scaled - below === 0.5;
  const nearest = isTie ? below + (below % 2) : Math.round(scaled);
  return whole + nearest / scale;
}

/** 0 is written 0000: the text '0' would be read as 2000. */
function yearFit(text: string): Fitted {
  const plain = wholeNumber(text);
  if (typeof plain !== 'string') return plain;
  const year = Number(plain);
  if (year === 0) return '0000';
  return year >= 1901 && year <= 2155 ? plain : outside;
}
