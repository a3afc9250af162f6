/**
 * A number taken apart exactly: value = (negative ? -1 : 1) × digits × 10^exponent, where `digits` has
 * neither leading nor trailing zeros. Zero is digits '' and exponent 0.
 */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: number;
}

const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** Parses plain or scientific notation; undefined if the text is not a number. Never rounds. */
export function parseDecimal(text: string): Decimal | undefined {
  const match = form.exec(text);
  if (!match) return undefined;
  const [, sign, whole = '', fraction = '', power = '0'] = match;
  if (whole === '' && fraction === '') return undefined;
  const all = (whole + fraction).replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  const negative = sign === '-';
  if (digits === '') return { negative, digits, exponent: 0 };
  return { negative, digits, exponent: Number(power) - fraction.length + (all.length - digits.length) };
}

/** The one spelling of a number that equal numbers share: `-1.5`, `0`, `12e40`. For keys and comparisons. */
export function canonicalNumber(text: string): string | undefined {
  const decimal = parseDecimal(text);
  if (!decimal) return undefined;
  if (decimal.digits === '') return '0';
  const sign = decimal.negative ? '-' : '';
  return decimal.exponent === 0 ? sign + decimal.digits : `${sign}${decimal.digits}e${decimal.exponent}`;
}

/** No number type of a sink has more digits before the point than a DOUBLE's largest. */
const MAX_WHOLE_DIGITS = 309;

/** Plain notation with exactly `scale` digits after the point; undefined if digits would be lost or the number is beyond any sink. */
export function plainDecimal(decimal: Decimal, scale: number): string | undefined {
  if (wholeDigits(decimal) > MAX_WHOLE_DIGITS) return undefined;
  if (decimal.digits === '') return scale === 0 ? '0' : `0.${'0'.repeat(scale)}`;
  if (-decimal.exponent > scale) return undefined;
  const unscaled = decimal.digits + '0'.repeat(decimal.exponent + scale);
  const padded = unscaled.padStart(scale + 1, '0');
  const whole = padded.slice(0, padded.length - scale);
  const sign = decimal.negative ? '-' : '';
  return scale === 0 ? sign + whole : `${sign}${whole}.${padded.slice(padded.length - scale)}`;
}

/** Digits before the point, without leading zeros: 3 for 123.4, 0 for 0.05. */
export function wholeDigits(decimal: Decimal): number {
  return decimal.digits === '' ? 0 : Math.max(0, decimal.digits.length + decimal.exponent);
}
