import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ff1 } from './ff1.js';

const digits = '0123456789abcdefghijklmnopqrstuvwxyz';
const numerals = (text: string) => [...text].map((digit) => digits.indexOf(digit));
const textOf = (given: readonly number[]) => given.map((numeral) => digits[numeral]).join('');

const aes128 = '2B7E151628AED2A6ABF7158809CF4F3C';
const aes192 = `${aes128}EF4359D8D580AA4F`;
const aes256 = `${aes192}7F036D6F04FC6A94`;

describe('FF1', () => {
  // https://csrc.nist.gov/CSRC/media/Projects/Cryptographic-Standards-and-Guidelines/documents/examples/FF1samples.pdf
  test.each([
    [aes128, 10, '', '0123456789', '2433477484'],
    [aes128, 10, '39383736353433323130', '0123456789', '6124200773'],
    [aes128, 36, '3737373770717273373737', '0123456789abcdefghi', 'a9tv40mll9kdu509eum'],
    [aes192, 10, '', '0123456789', '2830668132'],
    [aes192, 10, '39383736353433323130', '0123456789', '2496655549'],
    [aes192, 36, '3737373770717273373737', '0123456789abcdefghi', 'xbj3kv35jrawxv32ysr'],
    [aes256, 10, '', '0123456789', '6657667009'],
    [aes256, 10, '39383736353433323130', '0123456789', '1001623463'],
    [aes256, 36, '3737373770717273373737', '0123456789abcdefghi', 'xs8a0azh2avyalyzuwd'],
  ])('gives the sample of NIST for key %s, radix %i, tweak %s', (key, radix, tweak, plain, cipher) => {
    const given = ff1(Buffer.from(key, 'hex'), radix, numerals(plain), Buffer.from(tweak, 'hex'));
    expect(textOf(given)).toBe(cipher);
  });

  test('is a permutation of the strings of one length', () => {
    const key = Buffer.from(aes256, 'hex');
    const all = Array.from({ length: 1000 }, (_, number) => numerals(String(number).padStart(3, '0')));
    expect(new Set(all.map((each) => textOf(ff1(key, 10, each)))).size).toBe(1000);
  });

  test('keeps length and radix, however long', () => {
    const key = Buffer.from(aes256, 'hex');
    const string = fc
      .integer({ min: 2, max: 65_536 })
      .chain((radix) =>
        fc.tuple(
          fc.constant(radix),
          fc.array(fc.integer({ min: 0, max: radix - 1 }), { minLength: 2, maxLength: 300 }),
        ),
      );
    fc.assert(
      fc.property(string, ([radix, given]) => {
        const masked = ff1(key, radix, given);
        expect(masked.length).toBe(given.length);
        expect(masked.every((numeral) => numeral >= 0 && numeral < radix)).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
