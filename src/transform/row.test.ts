import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attribute, Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { Transform } from './transform.js';

const columns: readonly Column[] = [
  { name: 'id', type: 'int', nullable: false },
  { name: 'price', type: 'decimal', nullable: true },
  { name: 'made', type: 'timestamp', nullable: true },
  { name: 'blob', type: 'bytes', nullable: true },
];
const row: Row = ['9007199254740993', '12.50', '2026-01-31 12:34:56.5', Buffer.from([1, 2])];

type Opened = Readonly<Record<string, unknown>>;

function run(call: (row: Opened) => unknown, rows: Row[] = [row], key: string[] = ['id'], of = columns) {
  const transform = new Transform({ row: call }, false, key);
  const { batch, dropped } = transform.apply({ columns: of, rows, bytes: 1 });
  const names = batch.columns.map((column) => `${column.name}:${column.type}`);
  return { names, rows: batch.rows, dropped: dropped.map(({ refusal }) => [refusal.code, refusal.message]) };
}

describe('a row function', () => {
  test('sees bigint, exact decimal text, ISO time and bytes', () => {
    let seen: Opened = {};
    run((given) => {
      seen = given;
      return given;
    });
    expect(seen).toEqual({
      id: 9007199254740993n,
      price: '12.50',
      made: '2026-01-31T12:34:56.5Z',
      blob: Buffer.from([1, 2]),
    });
  });

  test('that returns its row changes nothing', () => {
    const out = run((given) => ({ ...given }));
    expect(out.rows).toEqual([row]);
    expect(out.names).toEqual(['id:int', 'price:decimal', 'made:timestamp', 'blob:bytes']);
  });

  test('adds columns whose types come from their values', () => {
    const out = run((given) => ({ ...given, n: 1n, x: 1.5, s: 'a', b: true, list: [1n, 'z'], none: null }));
    expect(out.names.slice(4)).toEqual([
      'n:int',
      'x:float',
      's:text',
      'b:bool',
      'list:attribute',
      'none:attribute',
    ]);
    expect(out.rows.at(0)?.slice(4)).toEqual(['1', '1.5', 'a', true, { L: [{ N: '1' }, { S: 'z' }] }, null]);
  });

  test('may add a column late: rows before lack it', () => {
    const out = run(
      (given) => (given['id'] === 2n ? { ...given, late: 1n } : given),
      [
        ['1', null, null, null],
        ['2', null, null, null],
      ],
    );
    expect(out.rows.map((cells) => cells[4])).toEqual([undefined, '1']);
  });

  test('that throws rejects the row without its message, which may hold values', () => {
    const out = run(() => {
      throw new TypeError('secret value');
    });
    expect(out.dropped).toEqual([['row_function', 'the row function threw TypeError']]);
  });

  test.each([
    ['null', null],
    ['a list', []],
    ['a number', 3],
    ['a promise (it must be synchronous)', Promise.resolve({})],
  ])('that returns %s rejects the row', (shape, value) => {
    expect(run(() => value).dropped).toEqual([
      ['row_shape', `the row function returned ${shape}, not a row`],
    ]);
  });

  test('may not change a key column', () => {
    const out = run((given) => ({ ...given, id: 1n }));
    expect(out.dropped).toEqual([['row_shape', 'the row function changed the key column id']]);
  });

  test.each([
    ['price', true],
    ['price', 'dear'],
    ['price', Number.NaN],
    ['blob', 'text'],
    ['made', 5n],
    ['bad', Symbol('s')],
    ['bad', () => 1],
    ['bad', new Date(0)],
  ])('that returns the wrong kind for %s rejects the row', (name, value) => {
    expect(run((given) => ({ ...given, [name]: value })).dropped[0]?.[0]).toBe('row_shape');
  });

  test('leaves DynamoDB attributes that it does not touch as they are', () => {
    const attribute: fc.Arbitrary<Attribute> = fc.letrec<{ attribute: Attribute }>((tie) => ({
      attribute: fc.oneof<fc.MaybeWeightedArbitrary<Attribute>[]>(
        { depthSize: 'small' },
        fc.string().map((S) => ({ S })),
        fc.constantFrom('1', '-0.5', '1.10', '12345678901234567890123456789012345678').map((N) => ({ N })),
        fc.base64String().map((B) => ({ B: Buffer.from(B, 'base64').toString('base64') })),
        fc.boolean().map((BOOL) => ({ BOOL })),
        fc.constant({ NULL: true } as const),
        fc.uniqueArray(fc.string(), { minLength: 1 }).map((SS) => ({ SS })),
        fc.constant({ NS: ['1', '2.50'] }),
        fc.array(tie('attribute')).map((L) => ({ L })),
        fc.dictionary(fc.string(), tie('attribute')).map((M) => ({ M })),
      ),
    })).attribute;
    fc.assert(
      fc.property(attribute, (cell) => {
        const open: Column[] = [{ name: 'a', type: 'attribute', nullable: true }];
        const out = run((given) => ({ ...given }), [[cell]], [], open);
        expect(out.rows).toEqual([[cell]]);
      }),
    );
  });

  test('keeps a changed DynamoDB number a number', () => {
    const open: Column[] = [{ name: 'a', type: 'attribute', nullable: true }];
    expect(run(() => ({ a: '2.50' }), [[{ N: '1.5' }]], [], open).rows).toEqual([[{ N: '2.50' }]]);
  });

  test('cannot change a document in place unnoticed', () => {
    const open: Column[] = [{ name: 'a', type: 'attribute', nullable: true }];
    const out = run(
      (given) => {
        (given['a'] as { x: number }).x = 1;
        return given;
      },
      [[{ M: { x: { N: '0' } } }]],
      [],
      open,
    );
    expect(out.dropped).toEqual([['row_function', 'the row function threw TypeError']]);
  });
});
