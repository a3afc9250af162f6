/** Characters that are exchanged for each other: letters or digits of one kind. */
export interface Alphabet {
  readonly name: string;
  /** Code points, in their order. */
  readonly codes: readonly number[];
}

/** Where a character stands in its alphabet. */
export interface Place {
  readonly alphabet: Alphabet;
  readonly numeral: number;
}

/** Each takes those code points of its range, ends included, that its pattern matches. */
const kinds: readonly (readonly [name: string, pattern: RegExp, first: number, last: number])[] = [
  ['digits', /\p{Nd}/u, 0x30, 0x39],
  ['capitals', /\p{Lu}/u, 0x41, 0x5a],
  ['small letters', /\p{Ll}/u, 0x61, 0x7a],
  ['other Latin capitals', /\p{Lu}/u, 0xc0, 0x24f],
  ['other Latin small letters', /\p{Ll}/u, 0xc0, 0x24f],
  ['Vietnamese capitals', /\p{Lu}/u, 0x1ea0, 0x1eff],
  ['Vietnamese small letters', /\p{Ll}/u, 0x1ea0, 0x1eff],
  ['Greek capitals', /\p{Lu}/u, 0x370, 0x3ff],
  ['Greek small letters', /\p{Ll}/u, 0x370, 0x3ff],
  ['Cyrillic capitals', /\p{Lu}/u, 0x400, 0x4ff],
  ['Cyrillic small letters', /\p{Ll}/u, 0x400, 0x4ff],
  ['Armenian capitals', /\p{Lu}/u, 0x531, 0x556],
  ['Armenian small letters', /\p{Ll}/u, 0x560, 0x588],
  ['Hebrew', /\p{Lo}/u, 0x5d0, 0x5ea],
  ['Arabic', /\p{Lo}/u, 0x620, 0x6ff],
  ['Arabic digits', /\p{Nd}/u, 0x660, 0x669],
  ['Persian digits', /\p{Nd}/u, 0x6f0, 0x6f9],
  ['Devanagari', /\p{Lo}/u, 0x904, 0x97f],
  ['Devanagari digits', /\p{Nd}/u, 0x966, 0x96f],
  ['Bengali', /\p{Lo}/u, 0x980, 0x9ff],
  ['Tamil', /\p{Lo}/u, 0xb80, 0xbff],
  ['Thai', /\p{Lo}/u, 0xe01, 0xe46],
  ['Georgian', /\p{L}/u, 0x10d0, 0x10fa],
  ['Hiragana', /\p{Lo}/u, 0x3041, 0x3096],
  ['Katakana', /\p{Lo}/u, 0x30a1, 0x30fa],
  ['ideographs', /\p{Lo}/u, 0x3400, 0x9fff],
  ['Hangul', /\p{Lo}/u, 0xac00, 0xd7a3],
  ['full-width digits', /\p{Nd}/u, 0xff10, 0xff19],
  ['full-width capitals', /\p{Lu}/u, 0xff21, 0xff3a],
  ['full-width small letters', /\p{Ll}/u, 0xff41, 0xff5a],
  ['half-width Katakana', /\p{Lo}/u, 0xff66, 0xff9d],
];

let places: ReadonlyMap<number, Place> | undefined;

/** All of them together, made when the first is asked for. */
function placesOfAll(): ReadonlyMap<number, Place> {
  const all = new Map<number, Place>();
  for (const [name, pattern, first, last] of kinds) {
    const codes: number[] = [];
    for (let code = first; code <= last; code++) {
      if (pattern.test(String.fromCodePoint(code))) codes.push(code);
    }
    const alphabet: Alphabet = Object.freeze({ name, codes });
    for (const [numeral, code] of codes.entries()) all.set(code, { alphabet, numeral });
  }
  return all;
}

const says = /[\p{L}\p{N}]/u;

/**
 * The place of a code point; `kept` for what says little by itself (space, punctuation, signs, accents); undefined for
 * letters and digits of other scripts.
 */
export function placeOf(code: number): Place | 'kept' | undefined {
  places ??= placesOfAll();
  const place = places.get(code);
  if (place) return place;
  return says.test(String.fromCodePoint(code)) ? undefined : 'kept';
}
