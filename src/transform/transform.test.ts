import { describe, expect, test } from 'vitest';
import type { Batch } from '../values/batch.js';
import type { Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { Transform, type TransformOptions } from './transform.js';

const id: Column = { name: 'id', type: 'int', nullable: false };
const name: Column = { name: 'name', type: 'text', nullable: true };
const total: Column = { name: 'total', type: 'decimal', nullable: true, precision: 10, scale: 2 };
const made: Column = { name: 'made', type: 'datetime', nullable: true };
const flags: Column = { name: 'flags', type: 'text', nullable: true };
const doc: Column = { name: 'doc', type: 'json', nullable: true };
const bits: Column = { name: 'bits', type: 'bytes', nullable: true };

function batch(columns: readonly Column[], ...rows: Row[]): Batch {
  return { columns, rows, bytes: 10 };
}

function apply(options: TransformOptions, input: Batch, open = false, key: readonly string[] = []) {
  const { batch: out, dropped, origin } = new Transform(options, open, key).apply(input);
  return {
    columns: out.columns.map((column) => column.name),
    types: out.columns.map((column) => column.type),
    rows: out.rows,
    dropped: dropped.map(({ row, refusal }) => [row, refusal.code, refusal.column]),
    origin,
  };
}

describe('map', () => {
  test('without options gives the very batch that came in', () => {
    const input = batch([id, name], ['1', 'a']);
    expect(new Transform({ map: {}, empty: 'keep', nulls: 'keep' }, false).apply(input).batch).toBe(input);
  });

  test('drops, renames and adds', () => {
    const options = {
      map: { drop: ['name'], rename: { key: 'id' }, add: { source: 'shop', version: 2n, live: true } },
    };
    const out = apply(options, batch([id, name, total], ['1', 'a', '1.50']));
    expect(out.columns).toEqual(['key', 'total', 'source', 'version', 'live']);
    expect(out.rows).toEqual([['1', '1.50', 'shop', '2', true]]);
    expect(out.types).toEqual(['int', 'decimal', 'text', 'int', 'bool']);
  });

  test('only keeps what is named, in that order, under its new name', () => {
    const out = apply({ map: { only: { n: 'name', id: 'id' } } }, batch([id, name, total], ['1', 'a', '2']));
    expect(out.columns).toEqual(['n', 'id']);
    expect(out.rows).toEqual([['a', '1']]);
  });

  test('swaps two names', () => {
    const out = apply({ map: { rename: { id: 'name', name: 'id' } } }, batch([id, name], ['1', 'a']));
    expect(out.columns).toEqual(['name', 'id']);
  });

  test('follows a path into a document, and gives nothing where there is nothing', () => {
    const payload: Column = { name: 'payload', type: 'attribute', nullable: true };
    const options = { map: { only: { make: 'payload.device.make', second: 'payload.list.1' } } };
    const document = { M: { device: { M: { make: { S: 'x' } } }, list: { L: [{ N: '1' }, { N: '2' }] } } };
    const out = apply(options, batch([payload], [document], [{ S: 'no document' }], [undefined]), true);
    expect(out.rows).toEqual([
      [{ S: 'x' }, { N: '2' }],
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  test('prefers a column whose name has dots to a path', () => {
    const dotted: Column = { name: 'a.b', type: 'text', nullable: true };
    expect(apply({ map: { only: { x: 'a.b' } } }, batch([dotted], ['1'])).rows).toEqual([['1']]);
  });

  test('names every column that a closed source lacks', () => {
    const transform = new Transform({ map: { drop: ['nope'], rename: { x: 'neither' } } }, false);
    expect(() => transform.outline([id, name])).toThrow(/neither, nope/);
  });

  test('lets an open source lack a column', () => {
    expect(apply({ map: { drop: ['nope'] } }, batch([id], ['1']), true).columns).toEqual(['id']);
  });

  test('refuses two columns of one name', () => {
    expect(() => new Transform({ map: { rename: { name: 'id' } } }, false).outline([id, name])).toThrow(
      /two columns/,
    );
  });
});

describe('empty and nulls', () => {
  test("keep '' unless empty is null", () => {
    expect(apply({}, batch([id, name], ['1', ''])).rows).toEqual([['1', '']]);
    expect(apply({ empty: 'null' }, batch([id, name], ['1', ''])).rows).toEqual([['1', null]]);
    const attribute: Column = { name: 'a', type: 'attribute', nullable: true };
    expect(apply({ empty: 'null' }, batch([attribute], [{ S: '' }], [{ S: 'x' }])).rows).toEqual([
      [null],
      [{ S: 'x' }],
    ]);
  });

  test('leave NULL out with nulls omit', () => {
    expect(apply({ nulls: 'omit' }, batch([id, name], ['1', null])).rows).toEqual([['1', undefined]]);
    expect(apply({ nulls: 'omit', empty: 'null' }, batch([id, name], ['1', ''])).rows).toEqual([
      ['1', undefined],
    ]);
  });
});

describe('as', () => {
  test.each([
    ['bool', id, '1', true],
    ['bool', id, '0', false],
    ['bool', bits, Buffer.from([1]), true],
    ['text', total, '1.50', '1.50'],
    ['int', name, '007', '7'],
    ['int', total, '12.00', '12'],
    ['decimal', name, '1e3', '1000'],
    ['bytes', name, 'é', Buffer.from('é')],
    ['datetime', name, '2026-01-31T12:34:56.5', '2026-01-31 12:34:56.5'],
    ['timestamp', name, '2026-01-31T12:34:56Z', '2026-01-31 12:34:56'],
    ['timestamp', made, '2026-01-31 12:34:56', '2026-01-31 12:34:56'],
    ['stringSet', flags, 'a,b', { SS: ['a', 'b'] }],
    ['stringSet', flags, '', undefined],
    [
      'document',
      doc,
      '{"n":1.10,"l":[true,null,"x"]}',
      {
        M: { n: { N: '1.10' }, l: { L: [{ BOOL: true }, { NULL: true }, { S: 'x' }] } },
      },
    ],
  ] as const)('%s of %o', (type, column, cell, expected) => {
    const out = apply(
      { map: { as: { [column.name]: type } } },
      batch([column], [cell as Row[number]], [null]),
    );
    expect(out.rows).toEqual([[expected], [null]]);
  });

  test.each([
    ['bool', id, '2'],
    ['int', total, '1.50'],
    ['int', name, 'x'],
    ['int', name, ''],
    ['document', doc, '{'],
    ['json', name, 'nope'],
    ['date', name, '2026-1-1'],
    ['timestamp', name, '2026-01-31T12:34:56'],
  ] as const)('%s refuses %o with its row and column', (type, column, cell) => {
    const out = apply({ map: { as: { [column.name]: type } } }, batch([column], [null], [cell]));
    expect(out.dropped).toEqual([[1, 'value_type', column.name]]);
    expect(out.origin).toEqual([0]);
  });

  test('keeps the digits of numbers in documents that a double would lose', () => {
    const out = apply(
      { map: { as: { doc: 'document' } } },
      batch([doc], ['[12345678901234567890.123456789]']),
    );
    expect(out.rows).toEqual([[{ L: [{ N: '12345678901234567890.123456789' }] }]]);
  });
});

describe('lineage', () => {
  test('says which source column a key comes from, through rename and as text, but not through as int', () => {
    const options = { map: { rename: { key: 'id' }, as: { key: 'text', name: 'int' } } } as const;
    const { lineage } = new Transform(options, false).outline([id, name]);
    expect([...lineage]).toEqual([['key', 'id']]);
  });
});
