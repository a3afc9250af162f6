import { Refusal } from '../refusal.js';
import { type Alphabet, placeOf } from './alphabets.js';
import type { MaskKey } from './mask-key.js';

const strange = new Refusal(
  'mask_unfit',
  'the value has letters of a script that keep-format does not know: use hash',
);
const notPlain = new Refusal('mask_unfit', 'the number is written with an exponent: use hash');

/**
 * Text with each letter or digit exchanged for one of its own kind, and all else where it was: different texts
 * become different texts.
 */
export function keepTextFormat(text: string, key: MaskKey): string | Refusal {
  const characters = Array.from(text);
  const found = new Map<Alphabet, { readonly numerals: number[]; readonly indexes: number[] }>();
  for (const [index, character] of characters.entries()) {
    const place = placeOf(character.codePointAt(0) ?? 0);
    if (place === undefined) return strange;
    if (place === 'kept') continue;
    const some = found.get(place.alphabet) ?? { numerals: [], indexes: [] };
    found.set(place.alphabet, some);
    some.numerals.push(place.numeral);
    some.indexes.push(index);
  }
  for (const [alphabet, { numerals, indexes }] of found) {
    for (const [place, numeral] of key.permute(alphabet, numerals).entries()) {
      characters[indexes[place] ?? 0] = String.fromCodePoint(alphabet.codes[numeral] ?? 0);
    }
  }
  return characters.join('');
}

const digits: Alphabet = { name: 'digits', codes: [...'0123456789'].map((digit) => digit.charCodeAt(0)) };

/**
 * A number with as many digits before its point and, but for zeros at the end, after it, and the same sign; zero
 * stays zero. `max` bounds what stands before the point, for one of a type with a greatest value (a negative one may
 * be one greater). Different numbers become different numbers: the cipher is applied again until its result is of
 * that form (cycle walking), which leaves a permutation of the numbers of the form.
 */
export function keepNumberFormat(text: string, key: MaskKey, max: bigint | undefined): string | Refusal {
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  if (!parts) return notPlain;
  const [, sign = '', whole = '', fraction = ''] = parts;
  const figures = fraction.replace(/0+$/, '');
  const isBelowOne = /^0+$/.test(whole);
  if (isBelowOne && figures === '') return text;
  const most = max === undefined || sign === '' ? max : max + 1n;
  const isOfTheForm = (numerals: readonly number[]): boolean => {
    if (figures !== '' && numerals.at(-1) === 0) return false;
    if (isBelowOne) return true;
    if (numerals[0] === 0) return false;
    return most === undefined || BigInt(numerals.slice(0, whole.length).join('')) <= most;
  };
  let numerals: readonly number[] = Array.from(isBelowOne ? figures : whole + figures, Number);
  do numerals = key.permute(digits, numerals);
  while (!isOfTheForm(numerals));
  const masked = (isBelowOne ? whole : '') + numerals.join('');
  const zeros = fraction.slice(figures.length);
  const point = fraction === '' ? '' : '.';
  return `${sign}${masked.slice(0, whole.length)}${point}${masked.slice(whole.length)}${zeros}`;
}
