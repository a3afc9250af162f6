import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BatchBuilder } from '../../src/connectors/dynamodb/batch-builder.js';
import { batchItems } from '../../src/connectors/dynamodb/batch-items.js';
import { BodyRoom } from '../../src/connectors/dynamodb/body-room.js';
import { itemEncoder } from '../../src/connectors/dynamodb/item.js';
import { itemIn } from '../../src/connectors/dynamodb/item-scanner.js';
import type { KeySource } from '../../src/connectors/dynamodb/key.js';
import { OpenColumns } from '../../src/connectors/dynamodb/open-columns.js';
import { AttributeRows } from '../../src/values/attribute-rows.js';
import type { Batch, Rows } from '../../src/values/batch.js';
import type { Attribute } from '../../src/values/cell.js';
import type { Column } from '../../src/values/column.js';

const digits = '12345678901234567890123456789012345678';
const likely: readonly Attribute[] = [
  ...['', 'a', 'a"b', 'a\\b', '\n\t\0', 'é漢😀', '\u2028', '{"N":"1"}', 'x'.repeat(300)].map((S) => ({ S })),
  ...['0', '-1.5', '-0.1', digits, `-0.${digits}`, '1E+125', '007', '1.50'].map((N) => ({ N })),
  ...['', 'AA==', 'AQIDBA=='].map((B) => ({ B })),
  ...[{ BOOL: true }, { BOOL: false }, { NULL: true as const }],
  ...[{ SS: ['a', 'é"'] }, { NS: ['1', digits] }, { BS: ['AQ=='] }],
  ...[{ L: [] }, { M: {} }, { L: [{ M: { 'k"}': { L: [{ N: '1' }, { NULL: true as const }] } } }] }],
];
const attribute = fc.oneof(
  fc.constantFrom(...likely),
  fc.string({ unit: 'grapheme' }).map((S) => ({ S })),
  fc.integer().map((N) => ({ N: String(N) })),
);
const keyText = fc.constantFrom('a', 'a"b', 'é', '#', '\\', 'b', 'c');
const item = fc
  .tuple(
    fc.record({
      id: keyText.map((S) => ({ S })),
      at: fc.integer({ min: 1, max: 3 }).map((N) => ({ N: String(N) })),
    }),
    fc.dictionary(fc.constantFrom('n', 'é"', 'x', '__proto__', 'y'), attribute),
  )
  .chain(([key, rest]) => fc.shuffledSubarray(Object.entries({ ...rest, ...key }), { minLength: 2 }))
  .map((entries) => Object.fromEntries(entries) as Record<string, Attribute>);

const keys: readonly (readonly KeySource[])[] = [
  [{ name: 'id', type: 'S', role: 'partition', columns: ['id'] }],
  [
    { name: 'id', type: 'S', role: 'partition', columns: ['id'] },
    { name: 'at', type: 'N', role: 'sort', columns: ['at'] },
  ],
  [{ name: 'key', type: 'S', role: 'partition', columns: ['id', 'at'] }],
];

/** JSON text with escapes that nobody needs, which a service may send. */
const oddly = (text: string) => text.replaceAll('/', '\\/').replaceAll('é', '\\u00e9');

function batchOf(items: readonly Record<string, Attribute>[], spell: (text: string) => string): Batch {
  const first: readonly Column[] = [];
  const request = { maxRows: 1e6, maxBytes: 1e9 };
  const builder = new BatchBuilder({ current: new OpenColumns(first), first }, request);
  for (const each of items) builder.add(itemIn(spell(JSON.stringify(each))), 1);
  return builder.take(() => '');
}

/** Each row's key and its item, or what is wrong with it. */
function made(rows: Rows, columns: readonly Column[], key: readonly KeySource[]) {
  const items = batchItems(rows, itemEncoder(columns, key));
  const room = new BodyRoom();
  return Array.from({ length: items.length }, (_, row) => {
    const problem = items.append(row, room);
    if (problem) room.cut(0);
    return [items.keyAt(row), problem ?? JSON.parse(`{${room.take()}}`)];
  });
}

it('items of bytes become the items, the keys and the rejects that their cells become', () => {
  fc.assert(
    fc.property(
      fc.array(item, { minLength: 1, maxLength: 20 }),
      fc.constantFrom(...keys),
      fc.constantFrom((text: string) => text, oddly),
      fc.nat(5),
      (items, key, spell, skip) => {
        const { rows, columns } = batchOf(items, spell);
        expect(rows).toBeInstanceOf(AttributeRows);
        const some = rows.slice(skip, rows.length);
        expect(made(some, columns, key)).toEqual(made([...some], columns, key));
      },
    ),
  );
});

it('the attributes go on in the very bytes in which they came', () => {
  const odd = String.raw`{"id":{"S":"a"},"t":{"S":"\u0061\/"},"n":{"N":"1.50"},"m":{"M":{"k":{"S":"\u0062"}}}}`;
  const first: readonly Column[] = [];
  const builder = new BatchBuilder({ current: new OpenColumns(first), first }, { maxRows: 9, maxBytes: 1e9 });
  builder.add(itemIn(odd), 1);
  const { rows, columns } = builder.take(() => '');
  const room = new BodyRoom();
  expect(batchItems(rows, itemEncoder(columns, keys[0] ?? [])).append(0, room)).toBeUndefined();
  expect(`{${room.take()}}`).toBe(odd);
});

it('an item that is too large is found from its bytes, to the byte', () => {
  const room = 400 * 1024 - 'id'.length - 1 - 't'.length;
  for (const [length, code] of [
    [room, undefined],
    [room + 1, 'item_too_large'],
  ] as const) {
    const { rows, columns } = batchOf([{ id: { S: 'a' }, t: { S: 'x'.repeat(length) } }], (text) => text);
    expect(batchItems(rows, itemEncoder(columns, keys[0] ?? [])).append(0, new BodyRoom())?.code).toBe(code);
  }
});
