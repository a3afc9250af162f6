import { describe, expect, test } from 'vitest';
import type { Attribute } from '../../values/cell.js';
import { comparableItem, sameItem } from './compare-item.js';
import { isLess } from './numbers.js';

const item = (v: Attribute) => ({ id: { S: 'a' }, v });

describe('items are compared as DynamoDB compares them', () => {
  test.each<[string, Attribute, Attribute]>([
    ['numbers by value', { N: '1.50' }, { N: '15e-1' }],
    ['large numbers by value', { N: '1e20' }, { N: '100000000000000000000' }],
    ['zero', { N: '-0.00' }, { N: '0' }],
    ['sets of text without order', { SS: ['b', 'a'] }, { SS: ['a', 'b'] }],
    ['sets of numbers without order, by value', { NS: ['2', '1.0'] }, { NS: ['1', '2.0'] }],
    ['sets of bytes without order', { BS: ['Yg==', 'YQ=='] }, { BS: ['YQ==', 'Yg=='] }],
    ['maps without order', { M: { a: { N: '1' }, b: { S: '' } } }, { M: { b: { S: '' }, a: { N: '1.0' } } }],
  ])('%s', (_, one, other) => {
    expect(sameItem(item(one), item(other))).toBe(true);
  });

  test.each<[string, Attribute, Attribute]>([
    ['text and number', { S: '1' }, { N: '1' }],
    ['lists in another order', { L: [{ S: 'a' }, { S: 'b' }] }, { L: [{ S: 'b' }, { S: 'a' }] }],
    ['a list and a set', { L: [{ S: 'a' }] }, { SS: ['a'] }],
    ['texts that differ in case', { S: 'a' }, { S: 'A' }],
    ['NULL and nothing', { NULL: true }, { S: '' }],
    ['38 digits that differ in the last', { N: `${'9'.repeat(37)}8` }, { N: '9'.repeat(38) }],
  ])('but not %s', (_, one, other) => {
    expect(sameItem(item(one), item(other))).toBe(false);
  });

  test('names are in one order, and can be left out', () => {
    const text = comparableItem({ b: { S: '1' }, a: { S: '2' }, c: { S: '3' } }, (name) => name === 'c');
    expect(text).toBe('{"a":{"S":"2"},"b":{"S":"1"}}');
  });
});

test('numbers of any size are ordered by value', () => {
  const ordered = ['-1e125', '-10', '-9.5', '-0.001', '0', '1e-130', '0.5', '0.50001', '5', '50', '1e125'];
  for (const [index, one] of ordered.entries()) {
    for (const [place, other] of ordered.entries()) expect(isLess(one, other)).toBe(index < place);
  }
  expect(isLess('1.50', '1.5')).toBe(false);
});
