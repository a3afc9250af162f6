import { createHmac, hkdfSync } from 'node:crypto';
import { SluiceError } from '../../errors.js';
import type { Alphabet } from './alphabets.js';
import { ff1 } from './ff1.js';

const MIN_SECRET_CHARS = 16;
/** 128 bits: two of 10^12 values meet with a chance of 10^-15. */
const HASH_HEX_DIGITS = 32;

/**
 * What masks are made with. The same secret gives the same masks everywhere, so that masked keys still join; nobody
 * without it can tell which value a mask is of, or try out likely ones.
 */
export class MaskKey {
  readonly #hashKey: Buffer;
  readonly #cipherKey: Buffer;
  readonly #orders = new Map<Alphabet, readonly number[]>();

  /** @throws SluiceError mask_key_short */
  constructor(secret: string) {
    if (secret.length < MIN_SECRET_CHARS) {
      throw new SluiceError('mask_key_short', `the mask key has fewer than ${MIN_SECRET_CHARS} characters`, {
        hint: 'make one: openssl rand -hex 32',
        path: 'maskKey',
      });
    }
    this.#hashKey = derived(secret, 'sluice mask hash');
    this.#cipherKey = derived(secret, 'sluice mask cipher');
  }

  /** 32 hex digits, of the bytes or the text as UTF-8. */
  hash(value: string | Uint8Array): string {
    return createHmac('sha256', this.#hashKey).update(value).digest('hex').slice(0, HASH_HEX_DIGITS);
  }

  /** A permutation of the strings of this length; numerals are places in the alphabet. */
  permute(alphabet: Alphabet, numerals: readonly number[]): readonly number[] {
    if (numerals.length > 1) return ff1(this.#cipherKey, alphabet.codes.length, numerals);
    return numerals.map((numeral) => this.#order(alphabet)[numeral] ?? numeral);
  }

  /** FF1 wants two numerals at least: a single one goes by an order of the alphabet that the key decides. */
  #order(alphabet: Alphabet): readonly number[] {
    const known = this.#orders.get(alphabet);
    if (known) return known;
    const places = alphabet.codes.map((_, numeral) => ({
      numeral,
      place: this.hash(`${alphabet.name} ${numeral}`),
    }));
    const order = places
      .sort((one, other) => (one.place < other.place ? -1 : 1))
      .map(({ numeral }) => numeral);
    this.#orders.set(alphabet, order);
    return order;
  }
}

function derived(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
}
