import fc from 'fast-check';
import { expect, it } from 'vitest';
import { batchItems } from '../../src/connectors/dynamodb/batch-items.js';
import { BodyRoom } from '../../src/connectors/dynamodb/body-room.js';
import { cellSize } from '../../src/connectors/dynamodb/encode.js';
import { type ItemEncoder, itemEncoder } from '../../src/connectors/dynamodb/item.js';
import type { KeySource } from '../../src/connectors/dynamodb/key.js';
import { cellKind } from '../../src/connectors/mysql/columns.js';
import { RowCollector } from '../../src/connectors/mysql/row-collector.js';
import { rowReader } from '../../src/connectors/mysql/rows.js';
import type { Rows } from '../../src/values/batch.js';
import type { Column, LogicalType } from '../../src/values/column.js';
import type { TextRows } from '../../src/values/text-rows.js';

const types: readonly LogicalType[] = [
  'int',
  'float',
  'text',
  'bytes',
  'date',
  'time',
  'datetime',
  'timestamp',
  'json',
];

function columnOf(name: string, type: LogicalType, more: Partial<Column> = {}): Column {
  return { name, type, nullable: true, native: type, ...more };
}

const columns: readonly Column[] = [
  columnOf('id', 'int'),
  ...types.map((type) => columnOf(`a ${type} "é"`, type)),
  columnOf('few', 'decimal', { precision: 10, scale: 2 }),
  columnOf('many', 'decimal', { precision: 65, scale: 30 }),
];
const keys: readonly (readonly KeySource[])[] = [
  [{ name: 'id', type: 'N', role: 'partition', columns: ['id'] }],
  [{ name: 'id', type: 'S', role: 'partition', columns: ['id'] }],
  [{ name: 'few', type: 'N', role: 'partition', columns: ['few'] }],
  [{ name: 'key', type: 'S', role: 'partition', columns: ['id', 'few'] }],
  [
    { name: 'id', type: 'N', role: 'partition', columns: ['id'] },
    { name: 'few', type: 'N', role: 'sort', columns: ['few'] },
  ],
];

const likely = [
  ...[
    '0',
    '-0',
    '1',
    '-1',
    '007',
    '+1',
    '',
    '-',
    '.',
    '1.',
    '.5',
    '0.0',
    '-0.0',
    '-0.00',
    '1.50',
    '1.5.2',
    '-12.25',
  ],
  ...['1'.repeat(38), '1'.repeat(39), `-${'1'.repeat(38)}`, `${'0'.repeat(19)}.5`, `${'0'.repeat(20)}.5`],
  ...[`1.${'5'.repeat(19)}`, `1.${'5'.repeat(20)}`, '1e5', '-0e0', '1E400', '1e-300', '٣', 'NaN', '1 '],
  ...[
    '2026-01-31',
    '2026-01-31 12:34:56',
    '2026-01-31 12:34:56.5',
    '0000-00-00 00:00:00',
    '12:34:56',
    '-838:59:59',
  ],
  ...[
    'plain text',
    'a"b',
    'a\\b',
    '\0',
    '\n',
    '\u001f',
    '\u007f',
    '\u0080',
    'é',
    '漢字',
    '😀',
    '\u2028',
    '\ufeff',
  ],
  ...['{"a": 1}', ' ', 'x'.repeat(250), 'x'.repeat(251), 'é'.repeat(300), 'x'.repeat(5000), '           '],
];
const piece = fc.constantFrom(...'0123456789-.: eE"\\/aZT\n\0é漢😀\u007f');
const cell: fc.Arbitrary<Buffer | null> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...likely).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.array(piece, { maxLength: 14 }).map((pieces) => Buffer.from(pieces.join(''))) },
  {
    weight: 2,
    arbitrary: fc
      .string({ unit: 'binary', minLength: 1, maxLength: 8 })
      .map((text) => Buffer.from([...text].map((letter) => (letter < ' ' ? 'é' : letter)).join(''))),
  },
  // Not always UTF-8.
  {
    weight: 2,
    arbitrary: fc
      .array(
        fc.constantFrom(
          0x20,
          0x7f,
          0x80,
          0x8f,
          0x90,
          0x9f,
          0xa0,
          0xbf,
          0xc1,
          0xc2,
          0xe0,
          0xed,
          0xef,
          0xf0,
          0xf4,
          0xf5,
          0xff,
        ),
        { maxLength: 6 },
      )
      .map((bytes) => Buffer.from(bytes)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const number = fc
  .oneof(fc.nat(2000), fc.bigInt(-(2n ** 63n), 2n ** 64n))
  .map((value) => Buffer.from(`${value}`));
const row = fc.tuple(fc.oneof({ weight: 5, arbitrary: number }, cell), ...columns.slice(1).map(() => cell));

function packet(cells: readonly (Buffer | null)[]): Buffer {
  return Buffer.concat(
    cells.flatMap((bytes) => {
      if (bytes === null) return [Buffer.from([0xfb])];
      const { length } = bytes;
      return [Buffer.from(length < 251 ? [length] : [0xfc, length & 255, length >> 8]), bytes];
    }),
  );
}

/** Packets as they lie in pieces of a socket's, some with others before them in the same piece. */
function collected(rows: readonly (readonly (Buffer | null)[])[], perPiece: number, width: number): TextRows {
  const make = rowReader(columns.map(({ type }) => cellKind(type)));
  const collector = new RowCollector({ cells: columns.length, width, make });
  for (let from = 0; from < rows.length; from += perPiece) {
    const packets = rows.slice(from, from + perPiece).map(packet);
    const gap = Buffer.alloc(4, 0x22);
    const all = Buffer.concat(packets.flatMap((each) => [gap, each]));
    let at = 0;
    for (const { length } of packets) {
      collector.add(all, at + 4, at + 4 + length);
      at += 4 + length;
    }
  }
  return collector.take().rows;
}

/** Each row's key and its item's bytes, or what is wrong with it. */
function itemsOf(rows: Rows, encode: ItemEncoder) {
  const items = batchItems(rows, encode);
  const room = new BodyRoom();
  const made = Array.from({ length: items.length }, (_, index) => {
    const problem = items.append(index, room);
    if (problem) room.cut(0);
    return [items.keyAt(index), problem ?? room.take().toString('latin1')];
  });
  return { distinct: items.distinct, made };
}

const hundredRows = fc.array(row, { minLength: 1, maxLength: 100 });

it('rows of bytes become the items, the keys and the rejects that their cells become', () => {
  fc.assert(
    fc.property(
      hundredRows,
      fc.constantFrom(...keys),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      (rows, key, size, sorted) => {
        const ordered = sorted
          ? rows.map((cells, index) => [Buffer.from(`${index + 7}`), ...cells.slice(1)])
          : rows;
        const bytes = collected(ordered, size, columns.length);
        const encode = itemEncoder(columns, key);
        expect(itemsOf(bytes, encode)).toEqual(itemsOf([...bytes], encode));
      },
    ),
    { numRuns: 150 },
  );
});

it('whole numbers in order are known to be distinct without a text for each', () => {
  const rowsOf = (...ids: string[]) =>
    collected(
      ids.map((id) => columns.map((_, index) => (index === 0 ? Buffer.from(id) : null))),
      3,
      columns.length,
    );
  const encode = itemEncoder(columns, keys[0] ?? []);
  expect(batchItems(rowsOf('1', '9', '10', '18446744073709551615'), encode).distinct).toBe(true);
  expect(batchItems(rowsOf('1', '10', '9', '10'), encode).distinct).toBe(false);
  expect(batchItems(rowsOf('-2', '-2'), encode).distinct).toBe(false);
  expect(batchItems(rowsOf('5', '5'), encode).distinct).toBe(false);
});

it('an item that is too large is found from its bytes, to the byte', () => {
  const wide = [columnOf('id', 'int'), columnOf('t', 'text')];
  const encode = itemEncoder(wide, keys[0] ?? []);
  const fits = 400 * 1024 - 'id'.length - 't'.length - cellSize(wide[0] as Column, '1');
  for (const [length, code] of [
    [fits, undefined],
    [fits + 1, 'item_too_large'],
  ] as const) {
    const text = Buffer.alloc(length, 0x61);
    const head = Buffer.from([1, 0x31, 0xfd, length & 255, (length >> 8) & 255, length >> 16]);
    const all = Buffer.concat([head, text]);
    const collector = new RowCollector({ cells: 2, width: 2, make: rowReader(['ascii', 'text']) });
    collector.add(all, 0, all.length);
    expect(batchItems(collector.take().rows, encode).append(0, new BodyRoom())?.code).toBe(code);
  }
});

it('rows of bytes are as many as were added, in slices too, and keep to themselves what others do not see', () => {
  const rows = Array.from({ length: 700 }, (_, index) => columns.map(() => Buffer.from(`${index}`)));
  const bytes = collected(rows, 13, 2);
  expect(bytes.length).toBe(700);
  expect([...bytes.slice(650, 900)].map(([id]) => id)).toEqual(
    Array.from({ length: 50 }, (_, index) => `${650 + index}`),
  );
  expect(bytes.at(-1)).toEqual(['699', '699']);
  expect(bytes.whole(-1)).toHaveLength(columns.length);
  expect(bytes.at(700)).toBeUndefined();
});
