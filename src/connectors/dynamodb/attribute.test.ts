import { describe, expect, it } from 'vitest';
import type { Attribute } from '../../values/cell.js';
import { attributeProblem, attributeSize } from './attribute.js';

function nested(levels: number): Attribute {
  let attribute: Attribute = { S: 'x' };
  for (let level = 0; level < levels; level++) {
    attribute = level % 2 === 0 ? { L: [attribute] } : { M: { m: attribute } };
  }
  return attribute;
}

describe('an attribute', () => {
  it.each<Attribute>([
    { S: '' },
    { N: '1' },
    { B: '' },
    { BOOL: false },
    { NULL: true },
    { SS: ['', 'a'] },
    { NS: ['1', '-1'] },
    { BS: ['AA=='] },
    { L: [] },
    { M: {} },
    nested(32),
  ])('is taken when DynamoDB takes it', (attribute) => {
    expect(attributeProblem(attribute)).toBeUndefined();
  });

  it.each<[Attribute, string]>([
    [{ SS: [] }, 'empty set'],
    [{ L: [{ NS: [] }] }, 'empty set'],
    [{ SS: ['a', 'a'] }, 'twice'],
    [{ NS: ['1', '1.0'] }, 'twice'],
    [{ M: { '': { S: 'x' } } }, 'empty name'],
    [{ M: { deep: { N: '1e200' } } }, 'range'],
    [nested(33), 'nested deeper than 32'],
    [{} as Attribute, 'not an attribute value'],
  ])('is refused when DynamoDB refuses it: %j', (attribute, message) => {
    expect(attributeProblem(attribute)?.message).toContain(message);
  });

  it('is measured by the rules of DynamoDB', () => {
    const sizes: [Attribute, number][] = [
      [{ S: 'äöü' }, 6],
      [{ B: Buffer.alloc(10).toString('base64') }, 10],
      [{ BOOL: true }, 1],
      [{ NULL: true }, 1],
      [{ SS: ['a', 'bc'] }, 3],
      [{ NS: ['12', '-1'] }, 5],
      [{ L: [] }, 3],
      [{ L: [{ S: 'a' }, { S: 'b' }] }, 7],
      [{ M: { ab: { S: 'c' } } }, 7],
    ];
    expect(sizes.map(([attribute]) => attributeSize(attribute))).toEqual(sizes.map(([, size]) => size));
  });
});
