import { describe, expect, it } from 'vitest';
import { filterValues, NamePlaceholders, placeholderExpression } from './expression.js';

function aliased(expression: string) {
  const names = new NamePlaceholders();
  return { text: placeholderExpression(expression, names), names: names.names() };
}

describe('a filter', () => {
  it('has a placeholder for every name, reserved or not, once each', () => {
    expect(aliased('status = :s AND #status <> :t and size > :n')).toEqual({
      text: '#n0 = :s AND #n0 <> :t and #n1 > :n',
      names: { '#n0': 'status', '#n1': 'size' },
    });
  });

  it('keeps functions, operators and values', () => {
    const text = 'attribute_exists(a) AND NOT contains (b, :b) OR size(c) BETWEEN :x AND :y or d IN (:d, :e)';
    expect(aliased(text).text).toBe(
      'attribute_exists(#n0) AND NOT contains (#n1, :b) OR size(#n2) BETWEEN :x AND :y or #n3 IN (:d, :e)',
    );
  });

  it('follows paths into maps and lists', () => {
    expect(aliased('a.b[0].#order-by = :v')).toEqual({
      text: '#n0.#n1[0].#n2 = :v',
      names: { '#n0': 'a', '#n1': 'b', '#n2': 'order-by' },
    });
  });

  it('types its values, exactly', () => {
    const values = { ':s': '10', ':i': 10, ':b': true, ':n': null, ':g': 2n ** 64n, ':d': { N: '1.50' } };
    expect(filterValues(':s :i :b :n :g :d', values)).toEqual({
      ':s': { S: '10' },
      ':i': { N: '10' },
      ':b': { BOOL: true },
      ':n': { NULL: true },
      ':g': { N: '18446744073709551616' },
      ':d': { N: '1.50' },
    });
  });

  it('needs each value it names, and uses each it is given', () => {
    expect(() => filterValues('a = :a', {})).toThrow(':a has no value');
    expect(() => filterValues('a = :a', { ':a': 1, ':b': 2 })).toThrow(':b is not used');
  });
});
