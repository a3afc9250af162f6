/** Characters that are exchanged for each other: a run of code points, all of them letters or digits of one kind. */
export interface Alphabet {
  readonly first: number;
  readonly size: number;
}

const run = (first: number, last: number): Alphabet => Object.freeze({ first, size: last - first + 1 });

/** Letters and digits that have an alphabet, in the order of their code points. */
export const alphabets: readonly Alphabet[] = [
  run(0x30, 0x39),
  run(0x41, 0x5a),
  run(0x61, 0x7a),
  // Latin-1 without × and ÷, then Latin Extended-A.
  run(0xc0, 0xd6),
  run(0xd8, 0xde),
  run(0xdf, 0xf6),
  run(0xf8, 0xff),
  run(0x100, 0x17f),
  // Greek, Cyrillic.
  run(0x391, 0x3a1),
  run(0x3a3, 0x3a9),
  run(0x3b1, 0x3c9),
  run(0x410, 0x42f),
  run(0x430, 0x44f),
  // Arabic-Indic digits.
  run(0x660, 0x669),
  // Hiragana, Katakana, ideographs, Hangul.
  run(0x3041, 0x3096),
  run(0x30a1, 0x30fa),
  run(0x4e00, 0x9fa5),
  run(0xac00, 0xd7a3),
  // Full-width digits and letters, half-width Katakana.
  run(0xff10, 0xff19),
  run(0xff21, 0xff3a),
  run(0xff41, 0xff5a),
  run(0xff66, 0xff9d),
];

const says = /[\p{L}\p{N}]/u;

/**
 * The alphabet of a code point; `kept` for what says nothing by itself (space, punctuation, signs); undefined for
 * letters and digits of other scripts.
 */
export function alphabetOf(code: number): Alphabet | 'kept' | undefined {
  const found = alphabets.find(({ first, size }) => code >= first && code < first + size);
  if (found) return found;
  return says.test(String.fromCodePoint(code)) ? undefined : 'kept';
}
