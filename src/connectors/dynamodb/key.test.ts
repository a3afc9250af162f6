import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { type KeySource, type KeyType, keyOf, keyOfItem } from './key.js';

const column = (name: string, type: LogicalType): Column => ({ name, type, nullable: false });

function keySource(columns: string[], type: KeyType = 'S', role: KeySource['role'] = 'partition'): KeySource {
  return { name: columns.join('#'), type, role, columns };
}

describe('a key', () => {
  it('is refused when it is empty, NULL, absent or without its column', () => {
    const of = keyOf([column('id', 'text')], [keySource(['id'])]);
    for (const cell of ['', null, undefined])
      expect(of([cell])).toMatchObject({ code: 'key_empty', column: 'id' });
    expect(keyOf([column('x', 'text')], [keySource(['id'])])(['a'])).toMatchObject({ code: 'key_empty' });
    const bytes = keyOf([column('id', 'bytes')], [keySource(['id'], 'B')]);
    expect(bytes([Buffer.alloc(0)])).toMatchObject({ code: 'key_empty' });
  });

  it('is measured in bytes: 2048 for the partition, 1024 for the sort key', () => {
    const columns = [column('p', 'text'), column('s', 'text')];
    const of = keyOf(columns, [keySource(['p']), keySource(['s'], 'S', 'sort')]);
    expect(of(['ä'.repeat(1024), 'x'.repeat(1024)])).toBeTypeOf('string');
    expect(of([`${'ä'.repeat(1024)}x`, 'x'])).toMatchObject({ code: 'key_too_long', column: 'p' });
    expect(of(['x', 'x'.repeat(1025)])).toMatchObject({ code: 'key_too_long', column: 's' });
  });

  it('has the same text as the item that DynamoDB returns', () => {
    const columns = [column('p', 'decimal'), column('s', 'bytes')];
    const key = [keySource(['p'], 'N'), keySource(['s'], 'B', 'sort')];
    const text = keyOf(columns, key)(['10.50', Buffer.from([0, 255])]);
    expect(text).toBe('"p":{"N":"10.5"},"s":{"B":"AP8="}');
    expect(keyOfItem({ s: { B: 'AP8=' }, p: { N: '10.5' }, x: { S: '' } }, key)).toBe(text);
    expect(keyOfItem({ p: { N: '1' } }, key)).toBeUndefined();
  });

  it('checks the type of each attribute of an item', () => {
    const of = keyOf([column('id', 'attribute')], [keySource(['id'], 'N')]);
    expect(of([{ N: '1.0' }])).toBe('"id":{"N":"1"}');
    expect(of([{ S: '1' }])).toMatchObject({ code: 'value_type' });
    expect(of([{ NULL: true }])).toMatchObject({ code: 'key_empty' });
  });
});

describe('a joined key', () => {
  const columns = [column('a', 'text'), column('b', 'text'), column('n', 'decimal')];
  const of = keyOf(columns, [keySource(['a', 'b'])]);

  it('escapes what joins', () => {
    expect(of(['x#y', 'z\\', '1'])).toBe(String.raw`"a#b":{"S":"x\\#y#z\\\\"}`);
  });

  it('never joins different values to the same text', () => {
    const part = fc.stringMatching(/^[#\\ab]{1,4}$/);
    fc.assert(
      fc.property(part, part, part, part, (a, b, c, d) => {
        expect(of([a, b, '1']) === of([c, d, '1'])).toBe(a === c && b === d);
      }),
      { numRuns: 2000 },
    );
  });

  it('joins equal numbers to the same text', () => {
    const numbers = keyOf(columns, [keySource(['a', 'n'])]);
    expect(numbers(['x', 'y', '1.50'])).toBe('"a#n":{"S":"x#1.5"}');
    expect(numbers(['x', 'y', '1.5'])).toBe('"a#n":{"S":"x#1.5"}');
  });

  it('needs all of its parts', () => {
    const row: Row = ['x', null, '1'];
    expect(of(row)).toMatchObject({ code: 'key_empty', column: 'b' });
  });
});
