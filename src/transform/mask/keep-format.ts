import { Refusal } from '../refusal.js';
import { type Alphabet, alphabetOf, alphabets } from './alphabets.js';
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
  const codes = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const places = new Map<Alphabet, number[]>();
  for (const [place, code] of codes.entries()) {
    const alphabet = alphabetOf(code);
    if (alphabet === undefined) return strange;
    if (alphabet === 'kept') continue;
    const known = places.get(alphabet);
    if (known) known.push(place);
    else places.set(alphabet, [place]);
  }
  const masked = [...codes];
  for (const [alphabet, some] of places) {
    const numerals = some.map((place) => (codes[place] ?? 0) - alphabet.first);
    for (const [index, numeral] of key.permute(alphabet, numerals).entries()) {
      masked[some[index] ?? 0] = alphabet.first + numeral;
    }
  }
  return masked.map((code) => String.fromCodePoint(code)).join('');
}

const digits = alphabets[0] as Alphabet;

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
