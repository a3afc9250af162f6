import { canonicalNumber, type Decimal, parseDecimal } from '../../values/decimal.js';

/** With no more characters than this, a double holds a plain number such that it prints as it was. */
const MAX_SURE_CHARS = 15;
const plain = /^-?\d+(?:\.\d+)?$/;

/** Beyond all numbers of DynamoDB, and each a whole number. */
const WHOLE_UNIT = 2 ** 1000;
/** Below all numbers of DynamoDB, and none whole. */
const PART_UNIT = Number.MIN_VALUE;
/** More numbers in one row than this are not told apart any more, which nobody will notice. */
const MAX_STANDS = 2 ** 22;

/** The number as a double if it prints as the same number: then doubles compare as the numbers do. Else undefined. */
export function exactDouble(text: string): number | undefined {
  const double = Number(text);
  if (text.length <= MAX_SURE_CHARS && plain.test(text)) return double;
  return canonicalNumber(String(double)) === canonicalNumber(text) ? double : undefined;
}

/**
 * Numbers of one row as a validator sees them that knows doubles only. A number that no double holds exactly gets one
 * that stands for it: whole if the number is, and not equal to any other number. Keywords that compare ask `decimalOf`.
 */
export class RowNumbers {
  readonly #stands = new Map<string, number>();
  readonly #meant = new Map<number, Decimal>();

  /** Some number is stood for by another. */
  get isStandingIn(): boolean {
    return this.#meant.size > 0;
  }

  clear(): void {
    if (this.#stands.size === 0) return;
    this.#stands.clear();
    this.#meant.clear();
  }

  /** Throws nothing: what is not a number at all is NaN, which no schema takes. */
  double(text: string): number {
    return exactDouble(text) ?? this.#standFor(text);
  }

  /** What a double is or stands for. */
  decimalOf(double: number): Decimal | undefined {
    return this.#meant.get(double) ?? parseDecimal(String(double));
  }

  #standFor(text: string): number {
    const decimal = parseDecimal(text);
    if (!decimal) return Number.NaN;
    const name = `${decimal.negative}${decimal.digits}e${decimal.exponent}`;
    const known = this.#stands.get(name);
    if (known !== undefined) return known;
    const count = (this.#stands.size % MAX_STANDS) + 1;
    const stand = count * (decimal.exponent >= 0 ? WHOLE_UNIT : PART_UNIT);
    this.#stands.set(name, stand);
    this.#meant.set(stand, decimal);
    return stand;
  }
}

/** Below 0 if a is less than b, 0 if they are equal. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const signs = signOf(a) - signOf(b);
  if (signs !== 0 || a.digits === '') return signs;
  return a.negative ? compareSizes(b, a) : compareSizes(a, b);
}

export function isMultiple(number: Decimal, of: Decimal): boolean {
  if (of.digits === '') return false;
  if (number.digits === '') return true;
  const lowest = Math.min(number.exponent, of.exponent);
  return scaled(number, lowest) % scaled(of, lowest) === 0n;
}

function scaled({ digits, exponent }: Decimal, lowest: number): bigint {
  return BigInt(digits) * 10n ** BigInt(exponent - lowest);
}

function signOf({ digits, negative }: Decimal): number {
  if (digits === '') return 0;
  return negative ? -1 : 1;
}

function compareSizes(a: Decimal, b: Decimal): number {
  const powers = a.digits.length + a.exponent - (b.digits.length + b.exponent);
  if (powers !== 0) return powers;
  const length = Math.max(a.digits.length, b.digits.length);
  const [one, other] = [a.digits.padEnd(length, '0'), b.digits.padEnd(length, '0')];
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
