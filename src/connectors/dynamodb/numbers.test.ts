import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../../values/decimal.js';
import { keyNumber, numberProblem, numberSize } from './numbers.js';

const nines = '9'.repeat(38);

describe('a number for DynamoDB', () => {
  it.each([
    '0',
    '-0',
    '1',
    '-1',
    '007',
    '1.50',
    nines,
    `-${nines}`,
    `0.${nines}`,
    '1E-130',
    '9.9E+125',
    '-1e125',
    `1${'0'.repeat(125)}`,
    '18446744073709551615',
    '-9223372036854775808',
  ])('takes %s as it is', (text) => {
    expect(numberProblem(text)).toBeUndefined();
  });

  it.each([
    [`${nines}1`, 'value_inexact'],
    [`0.${nines}5`, 'value_inexact'],
    ['1e126', 'value_range'],
    ['-1e126', 'value_range'],
    ['1E-131', 'value_range'],
    ['1.7976931348623157e308', 'value_range'],
    ['5e-324', 'value_range'],
    ['', 'value_type'],
    ['NaN', 'value_type'],
    ['Infinity', 'value_type'],
    ['1"},"x":{"N":"2', 'value_type'],
    ['0x10', 'value_type'],
  ])('refuses %s as %s', (text, code) => {
    expect(numberProblem(text)).toMatchObject({ code });
  });
});

describe('a number as a key', () => {
  it('has one spelling, in plain notation', () => {
    expect(['1', '1.0', '01', '1e0', '0.1e1'].map(keyNumber)).toEqual(['1', '1', '1', '1', '1']);
    expect(['1.50', '15e-1', '-0.0', '1e3', '-1.5E2'].map(keyNumber)).toEqual([
      '1.5',
      '1.5',
      '0',
      '1000',
      '-150',
    ]);
  });

  it('keeps its value', () => {
    const number = fc.tuple(
      fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
      fc.integer({ min: -80, max: 80 }),
    );
    fc.assert(
      fc.property(number, ([digits, exponent]) => {
        const text = `${digits}e${exponent}`;
        const key = keyNumber(text);
        expect(parseDecimal(key)).toEqual(parseDecimal(text));
        expect(keyNumber(key)).toBe(key);
      }),
    );
  });
});

it('counts a byte for two digits, one more, and one for the sign', () => {
  expect(['0', '7', '12', '123', '-123', '1000', nines].map(numberSize)).toEqual([1, 2, 2, 3, 4, 2, 20]);
});
