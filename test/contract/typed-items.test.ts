import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '../../src/connectors/dynamodb/batch-builder.js';
import { batchItems } from '../../src/connectors/dynamodb/batch-items.js';
import { BodyRoom } from '../../src/connectors/dynamodb/body-room.js';
import { itemEncoder } from '../../src/connectors/dynamodb/item.js';
import { itemIn } from '../../src/connectors/dynamodb/item-scanner.js';
import { OpenColumns } from '../../src/connectors/dynamodb/open-columns.js';
import type { FileOptions } from '../../src/connectors/files/format.js';
import { formatOf } from '../../src/connectors/files/formats.js';
import type { AsType } from '../../src/transform/as.js';
import { Transform, type Transformed, type TransformOptions } from '../../src/transform/transform.js';
import { AttributeRows } from '../../src/values/attribute-rows.js';
import type { Batch, Rows } from '../../src/values/batch.js';
import type { Attribute } from '../../src/values/cell.js';
import type { Column } from '../../src/values/column.js';
import { areBytes } from '../../src/values/mixed-rows.js';

type Item = Readonly<Record<string, Attribute>>;

const digits = '12345678901234567890123456789012345678';
const numbers = [
  '0',
  '-0',
  '-0.0',
  '1',
  '-1',
  '007',
  '1.50',
  '-0.5',
  '.5',
  '1.',
  '1.0',
  '1e3',
  '1E-7',
  '+1',
  '-',
  '',
];
const times = [
  '2026-01-31',
  '2026-01-31T12:34:56',
  '2026-01-31 12:34:56.5',
  '2026-01-31T12:34:56Z',
  '2026-01-31T12:34:56.123456Z',
  '2026-01-31 12:34:56.1234567Z',
  '2026-01-31T12:34:56.Z',
  '2026-13-41T99:99:99Z',
  '0000-00-00 00:00:00',
  '12:34:56.5',
  '-838:59:59',
];
const texts = [
  '',
  'a',
  'true',
  'false',
  '1',
  '0',
  'a"b',
  'a\\b',
  '=1',
  'a,b\r\n',
  'é漢😀',
  '\u2028',
  '{"a":1}',
  'AA==',
];
const likely: readonly Attribute[] = [
  ...[...numbers, ...times, ...texts].map((S) => ({ S })),
  ...[...numbers, digits, `-0.${digits}`, '1E+125'].map((N) => ({ N })),
  ...['', 'AA==', 'AQIDBA=='].map((B) => ({ B })),
  ...[{ BOOL: true }, { BOOL: false }, { NULL: true as const }],
  ...[{ SS: ['a', 'é"'] }, { L: [] }, { M: { 'k"}': { L: [{ N: '1' }, { NULL: true as const }] } } }],
];
const attribute = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom(...likely) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme' }).map((S) => ({ S })) },
  { weight: 1, arbitrary: fc.integer().map((N) => ({ N: String(N) })) },
);
const names = ['id', 'a', 'b', 'é"', 'c'] as const;
const item = fc
  .dictionary(fc.constantFrom(...names), attribute, { minKeys: 1 })
  .map((each): Item => ({ ...each }));
const items = fc.array(item, { minLength: 1, maxLength: 12 });

const types: readonly AsType[] = [
  'text',
  'int',
  'decimal',
  'float',
  'bool',
  'bytes',
  'json',
  'date',
  'datetime',
  'time',
  'timestamp',
];
const as = fc.dictionary(fc.constantFrom('x', 'a', 'y', 'id'), fc.constantFrom(...types));
const options = fc
  .record({
    map: fc.record({
      only: fc.constantFrom({ x: 'a', id: 'id' }, { id: 'id', x: 'a', y: 'a' }, { a: 'a' }, [
        'a',
        'id',
        'never',
      ]),
      as,
    }),
    empty: fc.constantFrom('keep' as const, 'null' as const),
    nulls: fc.constantFrom('keep' as const, 'omit' as const),
  })
  .map((given): TransformOptions => given as TransformOptions);

/** JSON text with escapes that nobody needs, which a service may send. */
const oddly = (text: string) => text.replaceAll('/', '\\/').replaceAll('é', '\\u00e9');

function batchOf(all: readonly Item[], spell: (text: string) => string): Batch {
  const first: readonly Column[] = [];
  const builder = new BatchBuilder(
    { current: new OpenColumns(first), first },
    { maxRows: 1e6, maxBytes: 1e9 },
  );
  for (const each of all) builder.add(itemIn(spell(JSON.stringify(each))), 1);
  return builder.take(() => '');
}

/** The same from bytes, and from the rows as they are made of them. */
function bothWays(all: readonly Item[], given: TransformOptions, spell: (text: string) => string) {
  const batch = batchOf(all, spell);
  expect(batch.rows).toBeInstanceOf(AttributeRows);
  const fast = new Transform(given, true).apply(batch);
  const slow = new Transform(given, true).apply({ ...batch, rows: [...batch.rows] });
  return { fast, slow };
}

function outcome({ batch, origin, dropped }: Transformed) {
  return { columns: batch.columns, rows: [...batch.rows], origin, dropped };
}

const spellings = fc.constantFrom((text: string) => text, oddly);

describe('items that are given types and stay bytes', () => {
  it('are the rows and the rejects that their cells become', () => {
    fc.assert(
      fc.property(items, options, spellings, (all, given, spell) => {
        const { fast, slow } = bothWays(all, given, spell);
        expect(outcome(fast)).toEqual(outcome(slow));
      }),
      { numRuns: 400 },
    );
  });

  it('are as many rows in slices', () => {
    fc.assert(
      fc.property(items, options, fc.nat(5), fc.nat(9), (all, given, start, end) => {
        const { fast, slow } = bothWays(all, given, (text) => text);
        expect([...fast.batch.rows.slice(start, end)]).toEqual([...slow.batch.rows.slice(start, end)]);
      }),
    );
  });

  it('stay bytes whatever they hold, but for half of a surrogate pair', () => {
    const given: TransformOptions = { map: { only: ['a', 'b', 'c'], as: { a: 'text', c: 'datetime' } } };
    const rowsOf = (S: string) =>
      bothWays([{ a: { S }, b: { L: [] }, c: { S: '2026-01-31T12:34:56' } }], given, (text) => text).fast
        .batch.rows;
    expect(areBytes(rowsOf('a"é😀'))).toBe(true);
    expect(areBytes(rowsOf('\ud800'))).toBe(false);
    expect(rowsOf('\ud800').at(0)?.[0]).toBe('\ud800');
  });

  it('of which columns are only picked, renamed and dropped are attributes', () => {
    const given: TransformOptions = { map: { rename: { n: 'a' }, drop: ['b'] } };
    const { fast, slow } = bothWays(
      [{ a: { N: '1' }, b: { S: 'x' } }, { a: { S: 'y' } }],
      given,
      (text) => text,
    );
    expect(fast.batch.rows).toBeInstanceOf(AttributeRows);
    expect(outcome(fast)).toEqual(outcome(slow));
  });
});

const formats: readonly (readonly [
  name: string,
  format: FileOptions['format'],
  extra: FileOptions['extra'],
])[] = [
  ['Parquet', 'parquet', undefined],
  ['Parquet that rejects others', 'parquet', 'reject'],
  ['Parquet that gathers others', 'parquet', { into: 'rest' }],
  ['CSV', 'csv', undefined],
  ['CSV that ignores others', 'csv', 'ignore'],
  ['JSON Lines', 'jsonl', undefined],
];

function linesOf(bytes: Buffer): unknown[] {
  const lines = String(bytes).split('\n');
  expect(lines.pop()).toBe('');
  return lines.map((line) => JSON.parse(line));
}

/** What the rows become in files of these columns. */
function written(
  format: FileOptions['format'],
  extra: FileOptions['extra'],
  columns: readonly Column[],
  batch: Batch,
) {
  const file: FileOptions = { format, compression: 'none', rowGroupRows: 1000, forPeople: false, extra };
  const encoder = formatOf(file).plan({ columns, open: false, key: [] }).rows?.encoder();
  const { buffers, ...rest } = encoder?.encode(batch) ?? { buffers: [] };
  const bytes = Buffer.concat(buffers);
  // Items go on with the escapes that they came with.
  if (format === 'jsonl') return { ...rest, lines: linesOf(bytes) };
  return { ...rest, bytes: bytes.toString('latin1') };
}

describe.each(formats)('%s of items', (_name, format, extra) => {
  it('holds the same from bytes as from cells', () => {
    fc.assert(
      fc.property(items, options, spellings, fc.boolean(), (all, given, spell, fewer) => {
        const { fast, slow } = bothWays(all, given, spell);
        const columns = fewer && extra ? fast.batch.columns.slice(1) : fast.batch.columns;
        expect(written(format, extra, columns, fast.batch)).toEqual(
          written(format, extra, columns, slow.batch),
        );
      }),
      { numRuns: 150 },
    );
  });
});

it('attributes that no column of a file takes are one JSON text, from bytes as from cells', () => {
  const known: readonly Column[] = [{ name: 'id', type: 'attribute', nullable: true }];
  const name = fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...names, '__proto__', 'x'.repeat(100)) },
    { weight: 1, arbitrary: fc.constantFrom('7', '07', '-7') },
  );
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(name, attribute), { minLength: 1, maxLength: 6 }),
      spellings,
      (all, spell) => {
        const batch = batchOf(all, spell);
        const cells = { ...batch, rows: [...batch.rows] };
        const rest = { into: 'rest' };
        expect(written('parquet', rest, known, batch)).toEqual(written('parquet', rest, known, cells));
      },
    ),
    { numRuns: 300 },
  );
});

it('items that are given types become the same items again from bytes as from cells', () => {
  const made = (rows: Rows, columns: readonly Column[]) => {
    const key = [{ name: 'id', type: 'S', role: 'partition', columns: ['id'] }] as const;
    const all = batchItems(rows, itemEncoder(columns, key));
    const room = new BodyRoom();
    return Array.from({ length: all.length }, (_, row) => {
      const problem = all.append(row, room);
      if (problem) room.cut(0);
      return [all.keyAt(row), problem ?? JSON.parse(`{${room.take()}}`)];
    });
  };
  fc.assert(
    fc.property(items, as, (all, types) => {
      const given: TransformOptions = {
        map: { only: { id: 'id', x: 'a', y: 'b' }, as: { ...types, id: 'text' } },
      };
      const keyed = all.map((each, index) => ({ ...each, id: { S: `k${index}` } }));
      const { fast, slow } = bothWays(keyed, given, (text) => text);
      expect(made(fast.batch.rows, fast.batch.columns)).toEqual(made(slow.batch.rows, slow.batch.columns));
    }),
    { numRuns: 150 },
  );
});
