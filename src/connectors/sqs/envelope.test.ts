import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../values/batch.js';
import type { Attribute, Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { type Letter, letterText, pointerText, sealed } from './envelope.js';
import { ColumnLists, readMessage } from './read-envelope.js';

const origin = { pipeline: 'sample', step: 'users', run: 'r1', readAtMs: Date.UTC(2026, 10, 1, 6) };

/** Any UTF-16, lone surrogates and what SQS refuses included. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
  fc.constantFrom('', '\u0000', '\u0008\u000b\u001f', '\ufffe\uffff', '\ud800', '😀', '__proto__', '"\\'),
);
const digits = fc.stringMatching(/^-?[1-9][0-9]{0,37}$/);
const base64 = fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('base64'));

const { attribute } = fc.letrec<{ attribute: Attribute }>((tie) => ({
  attribute: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    anyText.map((text): Attribute => ({ S: text })),
    digits.map((text): Attribute => ({ N: text })),
    base64.map((text): Attribute => ({ B: text })),
    fc.boolean().map((value): Attribute => ({ BOOL: value })),
    fc.constant<Attribute>({ NULL: true }),
    fc.array(anyText).map((texts): Attribute => ({ SS: texts })),
    fc.array(digits).map((texts): Attribute => ({ NS: texts })),
    fc.array(base64).map((texts): Attribute => ({ BS: texts })),
    fc.array(tie('attribute'), { maxLength: 4 }).map((list): Attribute => ({ L: list })),
    fc.dictionary(anyText, tie('attribute'), { maxKeys: 4 }).map((map): Attribute => ({ M: map })),
  ),
}));

const texts: LogicalType[] = [
  'int',
  'decimal',
  'float',
  'text',
  'date',
  'datetime',
  'time',
  'timestamp',
  'json',
];

/** A column's description and a cell of it. */
const described = fc.oneof(
  attribute.map((cell): [Partial<Column>, Cell] => [{ type: 'attribute' }, cell]),
  fc
    .tuple(fc.constantFrom(...texts), anyText)
    .map(([type, text]): [Partial<Column>, Cell] => [{ type }, text]),
  fc
    .tuple(fc.nat(38), anyText)
    .map(([precision, text]): [Partial<Column>, Cell] => [
      { type: 'decimal', precision, scale: 2, native: 'decimal(38,2) unsigned', maxBytes: 9, collation: 'c' },
      text,
    ]),
  fc.uint8Array().map((bytes): [Partial<Column>, Cell] => [{ type: 'bytes' }, Buffer.from(bytes)]),
  fc.boolean().map((value): [Partial<Column>, Cell] => [{ type: 'bool' }, value]),
);

const field = fc
  .tuple(anyText, described, fc.boolean(), fc.constantFrom('cell', 'null', 'absent'))
  .map(([name, [column, cell], nullable, form]): [Column, Cell] => [
    { type: 'text', ...column, name, nullable: column.type === 'attribute' || nullable },
    form === 'cell' ? cell : form === 'null' ? null : undefined,
  ]);

const row = fc.uniqueArray(field, { selector: ([{ name }]) => name, maxLength: 8 });

/** What a row says, by name: absent attributes are not there. */
function said(columns: readonly Column[], cells: readonly Cell[]): Map<string, unknown> {
  const told = columns.map((column, index) => ({ column, cell: cells[index] }));
  const there = told.filter(({ column, cell }) => cell !== undefined || column.type !== 'attribute');
  return new Map(there.map((one) => [one.column.name, one]));
}

function letter(columns: readonly Column[], cells: Cell[], more: Partial<Letter> = {}): Letter {
  return { id: 'r1/p.0', origin, key: ['pk'], columns, row: cells, ...more };
}

const small = letter([{ name: 'pk', type: 'attribute', nullable: true }], [{ S: 'käse' }]);
const lists = new ColumnLists();

describe('a row in a message', () => {
  it('comes out as it went in, whatever its columns hold', () => {
    fc.assert(
      fc.property(row, fc.array(anyText), anyText, (fields, key, id) => {
        const columns = fields.map(([column]) => column);
        const cells = fields.map(([, cell]) => cell);
        const read = readMessage(letterText(letter(columns, cells, { key, id })), lists);
        if (read.kind !== 'row') throw new Error(`${read.kind}`);
        expect({ id: read.id, origin: read.origin, key: read.key }).toEqual({ id, origin, key });
        expect(said(read.batch.columns, read.batch.rows.at(0) ?? [])).toEqual(said(columns, cells));
      }),
      { numRuns: 300 },
    );
  });

  it('keeps 38 digits, 32 levels, sets, and an empty text', () => {
    let deep: Attribute = { S: '' };
    for (let level = 1; level < 32; level++) deep = level % 2 === 0 ? { L: [deep] } : { M: { a: deep } };
    const cells: Attribute[] = [{ N: '99999999999999999999999999999999999999' }, deep, { BS: ['AA=='] }];
    const columns = cells.map(
      (_, index): Column => ({ name: `c${index}`, type: 'attribute', nullable: true }),
    );
    expect(readMessage(letterText(letter(columns, cells)), lists)).toMatchObject({
      kind: 'row',
      batch: { rows: [cells] },
    });
  });

  it('keeps what happened to it, where it is a change', () => {
    const change: Change = {
      event: 'modify',
      sequence: '340282366920938463463374607431768211455',
      changedAt: '2026-11-01T05:00:00Z',
      receivedAt: '2026-11-01T05:00:01Z',
      expired: true,
    };
    const read = readMessage(letterText({ ...small, change }), lists);
    expect(read).toMatchObject({ kind: 'row', batch: { changes: [change] } });
  });

  it('is spelled with characters that SQS takes, and no others', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const column: Column = { name: text, type: 'text', nullable: true };
        expect(letterText(letter([column], [text], { key: [text] }))).toMatch(
          /^[\t\n\r -\ud7ff\ue000-\ufffd]*$/,
        );
      }),
    );
  });

  it('shares its list of columns with rows that have the same', () => {
    const [first, second] = [small, { ...small, id: 'other' }].map((one) =>
      readMessage(letterText(one), lists),
    );
    if (first?.kind !== 'row' || second?.kind !== 'row') throw new Error('no rows');
    expect(second.batch.columns).toBe(first.batch.columns);
  });
});

describe('what is no message of ours', () => {
  const text = letterText(small);

  it('is told so, wherever a message was cut', () => {
    for (let end = 0; end < text.length; end++) {
      expect(readMessage(text.slice(0, end), lists).kind).toBe('misfit');
    }
  });

  it('is a message with another letter in it, wherever that is', () => {
    for (let at = 0; at < text.length; at++) {
      const changed = `${text.slice(0, at)}${text[at] === 'x' ? 'y' : 'x'}${text.slice(at + 1)}`;
      expect(readMessage(changed, lists).kind).toBe('misfit');
    }
  });

  it.each([
    ['an empty text', ''],
    ['plain text', 'hello'],
    ['foreign JSON', '{"Records":[]}'],
    ['JSON that is no object', '[1]'],
    ['a notification of another service', '{"Type":"Notification","Message":"secret"}'],
  ])('is %s', (_name, foreign) => {
    expect(readMessage(foreign, lists)).toEqual({
      kind: 'misfit',
      message: 'it is no message of Sluice, or not all of one',
    });
  });

  it('is one of another version, and its values are not repeated', () => {
    const text = sealed({ v: 2, id: 'x', item: { pk: { S: 'secret' } } });
    const read = readMessage(text, lists);
    expect(read).toEqual({ kind: 'misfit', message: expect.stringContaining('another version of Sluice') });
    expect(JSON.stringify(read)).not.toContain('secret');
  });

  it.each([
    ['an attribute of no type', { item: { pk: { Q: 'x' } } }],
    ['an attribute of two types', { item: { pk: { S: 'x', N: '1' } } }],
    ['a number that is no text', { item: { pk: { N: 1 } } }],
    ['a cell of another type', { row: { a: true }, columns: [{ name: 'a', type: 'text', nullable: true }] }],
    ['a column of no type', { columns: [{ name: 'a', type: 'number', nullable: true }] }],
    ['a key that is no list', { key: 'pk' }],
    ['a time that is none', { readAt: 'yesterday' }],
  ])('is %s', (_name, fields) => {
    const whole = {
      v: 1,
      id: 'x',
      pipeline: 'p',
      step: 's',
      run: 'r',
      readAt: '2026-11-01T00:00:00Z',
      key: [],
    };
    const good = sealed({ ...whole, item: {} });
    expect(readMessage(good, lists).kind).toBe('row');
    const bad = sealed({ ...whole, item: {}, ...fields });
    expect(readMessage(bad, lists)).toEqual({
      kind: 'misfit',
      message: 'its fields are not those of its version',
    });
  });

  it('is a pointer that points nowhere', () => {
    const text = sealed({ v: 1, id: 'x', large: { bucket: 'b' } });
    expect(readMessage(text, lists).kind).toBe('misfit');
    const large = { bucket: 'b', key: 'k', bytes: 3, sha256: '00' };
    expect(readMessage(pointerText('x', large), lists)).toEqual({ kind: 'pointer', id: 'x', large });
  });
});
