import type { Ajv, FuncKeywordDefinition } from 'ajv';
import { type Decimal, parseDecimal } from '../../values/decimal.js';
import { compareDecimals, isMultiple, type RowNumbers } from './exact-number.js';

type Parent = Readonly<Record<string, unknown>>;

/** Whether a number is as the keyword says; `parent` is the schema that the keyword stands in. */
type Judge = (number: Decimal, limit: Decimal, parent: Parent) => boolean;

const limits: Readonly<Record<string, { readonly message: string; readonly judge: Judge }>> = {
  minimum: {
    message: 'must not be less than the minimum',
    judge: (number, limit, { exclusiveMinimum }) =>
      compareDecimals(number, limit) > (exclusiveMinimum === true ? 0 : -1),
  },
  maximum: {
    message: 'must not be more than the maximum',
    judge: (number, limit, { exclusiveMaximum }) =>
      compareDecimals(number, limit) < (exclusiveMaximum === true ? 0 : 1),
  },
  exclusiveMinimum: {
    message: 'must be more than the exclusive minimum',
    judge: (number, limit) => compareDecimals(number, limit) > 0,
  },
  exclusiveMaximum: {
    message: 'must be less than the exclusive maximum',
    judge: (number, limit) => compareDecimals(number, limit) < 0,
  },
};

/** `multipleOf` divides doubles in ajv, where 0.3 is no multiple of 0.1. */
export function useExactMultiples(validator: Ajv, numbers: RowNumbers): void {
  replace(validator, 'multipleOf', 'must be a multiple', numbers, isMultiple);
}

/** Keywords that compare, for rows with numbers that doubles only stand for. */
export function useExactLimits(validator: Ajv, numbers: RowNumbers): void {
  for (const [keyword, { message, judge }] of Object.entries(limits)) {
    const known = validator.getKeyword(keyword);
    // In draft-04 `exclusiveMinimum` is true or false, and changes what `minimum` means.
    const isFlag = typeof known === 'object' && [known.schemaType].flat().includes('boolean');
    if (!isFlag) replace(validator, keyword, message, numbers, judge);
  }
  for (const [name, bits] of [
    ['int32', 31n],
    ['int64', 63n],
  ] as const) {
    validator.addFormat(name, {
      type: 'number',
      validate: (double) => fits(numbers.decimalOf(double), bits),
    });
  }
}

function replace(validator: Ajv, keyword: string, message: string, numbers: RowNumbers, judge: Judge): void {
  const definition: FuncKeywordDefinition = {
    keyword,
    type: 'number',
    schemaType: 'number',
    error: { message },
    compile: (given: number, parent: Parent) => {
      const limit = parseDecimal(String(given));
      return (double: number) => {
        const number = numbers.decimalOf(double);
        return number !== undefined && limit !== undefined && judge(number, limit, parent);
      };
    },
  };
  validator.removeKeyword(keyword).addKeyword(definition);
}

/** Whether it is a whole number of so many bits besides the sign. */
function fits(number: Decimal | undefined, bits: bigint): boolean {
  if (!number || number.exponent < 0 || number.exponent > 20) return false;
  const size = BigInt(number.digits) * 10n ** BigInt(number.exponent);
  return size < 2n ** bits || (number.negative && size === 2n ** bits);
}
