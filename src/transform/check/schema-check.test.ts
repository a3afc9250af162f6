import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attribute } from '../../values/cell.js';
import { draftNames } from './drafts.js';
import { plainAttribute } from './plain-value.js';
import { SchemaCheck } from './schema-check.js';
import { SchemaFault } from './schema-source.js';

async function checkOf(schema: unknown, files: Readonly<Record<string, unknown>> = {}): Promise<SchemaCheck> {
  return await SchemaCheck.of({ name: 'the schema', schema, files });
}

/** What the check says of the attribute at `payload`. */
function told(check: SchemaCheck, attribute: Attribute): string | undefined {
  check.numbers.clear();
  return check.refusalOf(plainAttribute(attribute, check.numbers), ['payload'])?.message;
}

async function ask(schema: unknown, attribute: Attribute): Promise<string | undefined> {
  return told(await checkOf(schema), attribute);
}

async function faultOf(schema: unknown): Promise<SchemaFault> {
  const fault = await checkOf(schema).catch((error: unknown) => error);
  if (!(fault instanceof SchemaFault)) throw new Error('the schema was taken');
  return fault;
}

const number = (N: string): Attribute => ({ N });
const place: Attribute = { M: { location: { M: { latitude: { S: '1' } } } } };

describe('drafts', () => {
  it.each(draftNames)('%s: types, required and formats, with the path and the keyword', async ($schema) => {
    const location = { type: 'object', required: ['country'], properties: { country: { type: 'string' } } };
    const schema = {
      $schema: `${$schema}#`,
      type: 'object',
      properties: { location, at: { type: 'string', format: 'date-time' }, hits: { type: 'integer' } },
    };
    const check = await checkOf(schema);
    expect(told(check, { L: [] })).toBe('payload must be object (type)');
    expect(told(check, { M: { hits: number('1.5') } })).toBe('payload.hits must be integer (type)');
    expect(told(check, { M: { hits: { S: '6' } } })).toBe('payload.hits must be integer (type)');
    expect(told(check, place)).toBe("payload.location must have required property 'country' (required)");
    expect(told(check, { M: { at: { S: 'yesterday' } } })).toBe(
      'payload.at must match format "date-time" (format)',
    );
    expect(told(check, { M: { at: { S: '2026-11-01T05:00:00Z' }, hits: number('3') } })).toBeUndefined();
  });

  it('each knows its own keywords: what is new in 2020-12 is unknown in draft-07', async () => {
    const prefixed = { type: 'array', prefixItems: [{ type: 'string' }] };
    expect(await ask(prefixed, { L: [number('1')] })).toBe('payload.0 must be string (type)');
    const fault = await faultOf({ ...prefixed, $schema: 'http://json-schema.org/draft-07/schema#' });
    expect(fault).toMatchObject({ message: 'unknown keyword: "prefixItems"', pointer: '/prefixItems' });
  });

  it('draft-04 has flags for exclusive limits, also for numbers that no double holds', async () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-04/schema#',
      minimum: 3,
      exclusiveMinimum: true,
    };
    expect(await ask(schema, number('3'))).toContain('(minimum)');
    expect(await ask(schema, number('2.99999999999999999999999999999'))).toContain('(minimum)');
    expect(await ask(schema, number('3.00000000000000000000000000001'))).toBeUndefined();
  });

  it('names what is not known, and never a value', async () => {
    const closed = { type: 'object', properties: {}, additionalProperties: false };
    expect(await ask(closed, { M: { email: { S: 'ann@example.com' } } })).toBe(
      'payload.email is not known (additionalProperties)',
    );
    for (const rule of [{ const: 'a' }, { enum: ['a'] }, { pattern: '^a$' }, { maxLength: 1 }, { not: {} }])
      expect(await ask(rule, { S: 'ann@example.com' })).not.toContain('ann');
  });

  it('says of the outermost keyword which choice failed', async () => {
    const either = { anyOf: [{ type: 'string' }, { type: 'boolean' }] };
    expect(await ask(either, number('1'))).toBe('payload must match a schema in anyOf (anyOf)');
  });

  it('does not take what every object inherits for a property', async () => {
    expect(await ask({ required: ['constructor'] }, { M: {} })).toContain('(required)');
  });
});

describe('schemas that cannot be used', () => {
  it.each([
    [{ type: 'objekt' }, '/type'],
    [{ properties: { a: { requird: ['b'] } } }, '/properties/a/requird'],
    [{ properties: { a: { $ref: '#/definitions/none' } } }, '/properties/a'],
    [{ properties: { a: { $ref: 'https://example.com/place.json' } } }, '/properties/a'],
    [{ $schema: 'http://json-schema.org/draft-03/schema#' }, '/$schema'],
    [{ properties: { a: { minimum: 'b' } } }, '/properties/a/minimum'],
  ])('%j is a mistake at %s', async (schema, pointer) => {
    expect((await faultOf(schema)).pointer).toBe(pointer);
  });

  it('an unknown format is a mistake', async () => {
    expect((await faultOf({ format: 'shoe-size' })).message).toContain('shoe-size');
  });

  it('asks for files beside it, also by its $id, and for no others', async () => {
    const schema = { $id: 'https://example.com/schemas/hit.json', $ref: 'place.json#/$defs/place' };
    const files = { 'place.json': { $defs: { place: { type: 'string' } } } };
    await expect(checkOf(schema)).rejects.toMatchObject({ file: 'place.json' });
    expect((await faultOf({ properties: { a: { $ref: 'https://example.org/place.json' } } })).pointer).toBe(
      '/properties/a',
    );
    const plain = await checkOf({ $ref: 'place.json#/$defs/place' }, files);
    expect(told(plain, number('1'))).toBe('payload must be string (type)');
    expect(told(await checkOf(schema, files), number('1'))).toBe('payload must be string (type)');
  });
});

describe('numbers of 38 digits', () => {
  const BIG = '12345678901234567890123456789012345678';

  it.each([
    [{ type: 'integer' }, BIG, true],
    [{ type: 'integer' }, '9007199254740993', true],
    [{ type: 'integer' }, '9007199254740993.5', false],
    [{ type: 'integer' }, '0.00000000000000000000000000000000000012', false],
    [{ maximum: 9007199254740992 }, '9007199254740993', false],
    [{ maximum: 9007199254740992 }, '9007199254740991.99999', true],
    [{ exclusiveMinimum: 9007199254740992 }, '9007199254740992.00001', true],
    [{ minimum: 0.1 }, '0.099999999999999999999', false],
    [{ exclusiveMaximum: 1e38 }, '99999999999999999999999999999999999999', true],
    [{ const: 9007199254740992 }, '9007199254740993', false],
    [{ enum: [9007199254740992, 1] }, '9007199254740993', false],
    [{ multipleOf: 0.1 }, '0.3', true],
    [{ multipleOf: 0.01 }, '4.35', true],
    [{ multipleOf: 0.01 }, '4.355', false],
    [{ multipleOf: 2 }, '12345678901234567890123456789012345678', true],
    [{ multipleOf: 2 }, '12345678901234567890123456789012345679', false],
    [{ format: 'int64' }, '9223372036854775807', true],
    [{ format: 'int64' }, '9223372036854775808', false],
    [{ format: 'int64' }, '-9223372036854775808', true],
  ])('%j takes %s: %s', async (schema, text, taken) => {
    expect((await ask(schema, number(text))) === undefined).toBe(taken);
  });

  it('are told apart, and known again', async () => {
    const list = (...texts: string[]): Attribute => ({ L: texts.map(number) });
    expect(await ask({ uniqueItems: true }, list(BIG, `${BIG.slice(0, -1)}9`))).toBeUndefined();
    expect(await ask({ uniqueItems: true }, list(BIG, `${BIG}.0`))).toContain('(uniqueItems)');
  });

  it('compare with limits as the numbers do', async () => {
    const limits = [0, 0.1, -2.5, 1e20, -1e-7, 9007199254740992];
    const checks = await Promise.all(
      limits.map(async (limit) => ({ limit, check: await checkOf({ maximum: limit }) })),
    );
    const digits = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });
    fc.assert(
      fc.property(
        digits,
        fc.integer({ min: 0, max: 37 }),
        fc.constantFrom(...checks),
        (all, scale, { limit, check }) => {
          const text = scaled(all, scale);
          expect(told(check, number(text)) === undefined).toBe(units(text) <= units(String(limit)));
        },
      ),
      { numRuns: 2000 },
    );
  });
});

/** Plain notation of digits × 10^-scale. */
function scaled(digits: bigint, scale: number): string {
  const sign = digits < 0n ? '-' : '';
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

/** The number in units of 10^-400, from plain or scientific notation. */
function units(text: string): bigint {
  const [mantissa = '', power = '0'] = text.replace('+', '').split('e');
  const [whole = '', part = ''] = mantissa.split('.');
  return BigInt(whole + part) * 10n ** BigInt(400 + Number(power) - part.length);
}
