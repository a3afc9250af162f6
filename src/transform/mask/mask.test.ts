import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attribute, Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { Transform } from '../transform.js';
import { keepNumberFormat, keepTextFormat } from './keep-format.js';
import { MaskKey } from './mask-key.js';
import type { Masks } from './mask-stage.js';
import { looksPersonal } from './personal.js';

const key = new MaskKey('a secret of the test, long enough');
const column = (name: string, type: LogicalType, more: Partial<Column> = {}): Column => ({
  name,
  type,
  nullable: true,
  ...more,
});

/** What becomes of one cell, or why it is refused. */
function masked(of: Column, way: Masks[string], cell: Cell): unknown {
  const { batch, dropped } = apply([of], { [of.name]: way }, [[cell]]);
  return dropped[0]?.refusal.code ?? batch.rows.at(0)?.[0];
}

function apply(columns: readonly Column[], masks: Masks, rows: Cell[][], open = false) {
  return new Transform({ mask: { columns: masks, key } }, open).apply({ columns, rows, bytes: 1 });
}

describe('hash', () => {
  test('is the same for the same text wherever it stands, so that masked keys join', () => {
    const hash = masked(column('customer_id', 'int'), 'hash', '7');
    expect(hash).toMatch(/^[0-9a-f]{32}$/);
    expect(masked(column('owner', 'text'), 'hash', '7')).toBe(hash);
    expect(masked(column('owner', 'attribute'), 'hash', { N: '7' })).toEqual({ S: hash });
    expect(masked(column('owner', 'text'), 'hash', '8')).not.toBe(hash);
  });

  test('is another with another key', () => {
    expect(new MaskKey('quite another secret').hash('7')).not.toBe(key.hash('7'));
  });

  test('leaves NULL, absent and empty as they are, and takes bytes', () => {
    for (const cell of [null, undefined, '']) expect(masked(column('a', 'text'), 'hash', cell)).toBe(cell);
    expect(masked(column('a', 'bytes'), 'hash', Buffer.from('7'))).toBe(key.hash('7'));
    expect(masked(column('a', 'attribute'), 'hash', { NULL: true })).toEqual({ NULL: true });
  });
});

describe('redact', () => {
  test.each<[Column, Cell, Cell]>([
    [column('a', 'text'), 'Ann', 'redacted'],
    [column('a', 'text', { maxBytes: 4 }), 'Ann', 'reda'],
    [column('a', 'int'), '5', null],
    [column('a', 'attribute'), { S: 'Ann' }, { S: 'redacted' }],
    [column('a', 'attribute'), { SS: ['Ann'] }, { NULL: true }],
  ])('%j of %j is %j', (of, cell, expected) => {
    expect(masked(of, 'redact', cell)).toEqual(expected);
  });
});

describe('keep-format', () => {
  test('exchanges letters for letters and digits for digits', () => {
    const mask = keepTextFormat('Ann.Lee-42@Example.com, 東京 ひらカナ Žižek Σωκράτης', key) as string;
    expect(mask).toMatch(
      /^[A-Z][a-z]{2}\.[A-Z][a-z]{2}-\d\d@[A-Z][a-z]{6}\.[a-z]{3}, [㐀-鿿]{2} [ぁ-ゖ]{2}[ァ-ヺ]{2} \p{Lu}[a-z]\p{Ll}[a-z]{2} \p{Lu}\p{Ll}{7}$/u,
    );
    expect(mask).not.toContain('Ann');
  });

  test('keeps different texts different', () => {
    const text = fc.string({ unit: fc.constantFrom(...'abyzABZ0189 .@-é東あ') });
    fc.assert(
      fc.property(text, text, (one, other) => {
        const [a, b] = [keepTextFormat(one, key), keepTextFormat(other, key)];
        expect(a === b).toBe(one === other);
        expect((a as string).length).toBe(one.length);
      }),
      { numRuns: 300 },
    );
  });

  test('is a permutation of the numbers of a form, within the greatest of the type', () => {
    const all = Array.from({ length: 128 }, (_, number) => String(number));
    const masks = all.map((number) => keepNumberFormat(number, key, 127n) as string);
    expect(new Set(masks)).toEqual(new Set(all));
    expect(keepNumberFormat('-128', key, 127n)).toMatch(/^-1[012]\d$/);
  });

  test.each([
    ['0', /^0$/],
    ['0.00', /^0\.00$/],
    ['7', /^[1-9]$/],
    ['-40', /^-[1-9]\d$/],
    ['12.50', /^[1-9]\d\.[1-9]0$/],
    ['0.05', /^0\.\d[1-9]$/],
    ['99.00', /^[1-9]\d\.00$/],
    ['12345678901234567890123456789012345678', /^[1-9]\d{37}$/],
  ])('%s keeps its form', (number, form) => {
    expect(keepNumberFormat(number, key, undefined)).toMatch(form);
  });

  test('refuses what it would have to show', () => {
    expect(masked(column('a', 'text'), 'keep-format', 'ᚠᚢᚦ')).toBe('mask_unfit');
    expect(masked(column('a', 'float'), 'keep-format', '1e-7')).toBe('mask_unfit');
    expect(masked(column('a', 'attribute'), 'keep-format', { B: 'AAAA' })).toBe('mask_unfit');
  });
});

describe('a mask of', () => {
  const document: Attribute = { M: { city: { S: 'Paris' }, tags: { L: [{ S: 'a1' }, { S: 'b2' }] } } };

  test('a path masks only what stands there', () => {
    const columns = [column('profile', 'attribute')];
    const { batch } = apply(
      columns,
      { 'profile.city': 'redact', 'profile.tags.*': 'keep-format' },
      [[document]],
      true,
    );
    const [[profile]] = [...batch.rows] as [[{ M: Record<string, { L: { S: string }[] }> }]];
    expect(profile.M['city']).toEqual({ S: 'redacted' });
    expect(profile.M['tags']?.L.every(({ S }) => /^[a-z]\d$/.test(S) && S !== 'a1' && S !== 'b2')).toBe(true);
    expect(document.M['city']).toEqual({ S: 'Paris' });
  });

  test('a column that does not come is refused, of an attribute it is not', () => {
    expect(() => apply([column('a', 'text')], { b: 'redact' }, [['x']])).toThrow('mask names b');
    expect(apply([column('a', 'attribute')], { b: 'redact' }, [[{ S: 'x' }]], true).dropped).toEqual([]);
  });

  test.each<[Column, Masks[string]]>([
    [column('a', 'date'), 'keep-format'],
    [column('a', 'bool'), 'hash'],
    [column('a', 'int', { nullable: false }), 'redact'],
  ])('%j by %s is refused before any row', (of, way) => {
    expect(() => new Transform({ mask: { columns: { a: way }, key } }, false).outline([of])).toThrow(
      'mask of a',
    );
  });

  test('what a row function makes is masked too', () => {
    const row = (given: Record<string, unknown>) => ({ ...given, email: 'ann@example.com' }) as never;
    const transform = new Transform({ row, mask: { columns: { email: 'redact' }, key } }, false);
    const { batch } = transform.apply({ columns: [column('id', 'int')], rows: [['1'], ['2']], bytes: 1 });
    expect([...batch.rows].map((cells) => cells[1])).toEqual(['redacted', 'redacted']);
  });

  test('the outline says which columns stay different, and what type a hash has', () => {
    const transform = new Transform({ mask: { columns: { id: 'hash', name: 'redact' }, key } }, false);
    const { columns, lineage } = transform.outline([column('id', 'int'), column('name', 'text')]);
    expect(columns[0]).toMatchObject({ name: 'id', type: 'text', maxBytes: 32 });
    expect([...lineage.keys()]).toEqual(['id']);
  });
});

test('a key that is short is refused', () => {
  expect(() => new MaskKey('short')).toThrow('fewer than 16');
});

test.each([
  ['email', true],
  ['customerEmail', true],
  ['first_name', true],
  ['name', true],
  ['ship_to_address', true],
  ['table_name', false],
  ['status', false],
  ['zipped', false],
  ['order_id', false],
])('%s looks personal: %s', (name, expected) => {
  expect(looksPersonal(name)).toBe(expected);
});
