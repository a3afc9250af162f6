import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Attribute } from '../../values/cell.js';
import { ParsedDocument } from './parsed-document.js';
import { JsonFault, readJson } from './read-json.js';

const document = (text: string): Attribute => ParsedDocument.of(text).attribute();

describe('JSON text as a document', () => {
  it.each([
    ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
    ['-0.10', '-0.10'],
    ['1e5', '1e5'],
    ['1.5E-7', '1.5E-7'],
    ['0.0000001', '0.0000001'],
    ['-0', '-0'],
    ['9007199254740993', '9007199254740993'],
    ['0', '0'],
    ['-12.5', '-12.5'],
  ])('keeps the number %s', (text, N) => {
    expect(document(text)).toEqual({ N });
    expect(document(`{"a": [${text}]}`)).toEqual({ M: { a: { L: [{ N }] } } });
    expect(document(`{"a":${text} ,"b":[1,${text}]}`)).toEqual({
      M: { a: { N }, b: { L: [{ N: '1' }, { N }] } },
    });
  });

  it.each([
    ['{"a":1', 'not JSON at character 7'],
    ['', 'not JSON at character 1'],
    ['{"a":1}x', 'not JSON at character 8'],
    ['[1,]', 'not JSON at character 4'],
    ['{"a":01}', 'not JSON at character 7'],
    ['"\u0001"', 'not JSON at character 1'],
    ['"\\x"', 'not JSON at character 1'],
    ['{"a":1,"a":1}', 'a key stands twice in one object'],
    ['{"a":{"b":1 , "\\u0062":2}}', 'a key stands twice in one object'],
    ['123456789012345678901234567890123456789', 'a number of more than 38 digits'],
    ['[1e126]', 'a number out of the range of DynamoDB'],
    ['[1e99999999999]', 'a number out of the range of DynamoDB'],
    ['"\\ud800"', 'half of a surrogate pair, which is no character'],
    [`${'['.repeat(33)}1${']'.repeat(33)}`, 'nested deeper than 32 levels'],
    ['['.repeat(400_000), 'nested deeper than 32 levels'],
  ])('%.40s is refused: %s', (text, message) => {
    expect(() => document(text)).toThrow(message);
    expect(() => readJson(text)).toThrow(JsonFault);
  });

  it('takes 32 levels, keys that objects inherit, and characters beyond the first plane', () => {
    expect(() => document(`${'['.repeat(32)}${']'.repeat(32)}`)).not.toThrow();
    const odd = '{"__proto__":{"a":1},"constructor":"\\ud83d\\ude00"}';
    expect(JSON.stringify(document(odd))).toBe(
      '{"M":{"__proto__":{"M":{"a":{"N":"1"}}},"constructor":{"S":"😀"}}}',
    );
    expect(ParsedDocument.of(odd).at(['__proto__', 'a'])).toEqual({ N: '1' });
    expect(ParsedDocument.of('{"a":1}').at(['toString'])).toBeUndefined();
  });

  it('is the same whether it is read quickly or with care', () => {
    const key = fc.oneof(fc.constantFrom('a', 'b', '":', 'a":1'), fc.string({ unit: 'binary' }));
    const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer());
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        numbers,
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.constant(null),
        tie('list'),
        tie('map'),
      ),
      list: fc.array(tie('tree'), { maxLength: 4 }),
      map: fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
    }));
    fc.assert(
      fc.property(tree, fc.constantFrom(undefined, 1), (value, indent) => {
        const text = JSON.stringify(value, undefined, indent);
        const [quick, careful] = [attempt(() => document(text)), attempt(() => readJson(text))];
        expect(quick).toEqual(careful);
      }),
      { numRuns: 2000 },
    );
  });
});

function attempt(read: () => Attribute): Attribute | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof JsonFault) return error.message;
    throw error;
  }
}
