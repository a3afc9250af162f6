import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AttributeRows, cellKinds, ESCAPED, WIDE } from '../../../values/attribute-rows.js';
import type { Attribute, Cell, Row } from '../../../values/cell.js';
import type { Column, LogicalType } from '../../../values/column.js';
import { type MakeRow, NULL_START, TextRows } from '../../../values/text-rows.js';
import { type FileBatch, lineOf, type TextPlace } from '../file-batch.js';
import { embedded, extracted } from './document.js';
import { JsonLinesEncoder } from './encode.js';
import { beginsWithItem, type JsonLinesShape, readJsonLines } from './read-jsonl.js';

const BIG = { maxRows: 1_000_000, maxBytes: 1e9 };
const START: TextPlace = { offset: 0, line: 1, rows: 0 };

function column(name: string, type: LogicalType): Column {
  return { name, type, nullable: true };
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

async function batchesOf(
  bytes: Buffer,
  shape: JsonLinesShape,
  size = 7,
  request = BIG,
  place = START,
): Promise<FileBatch<TextPlace>[]> {
  const batches: FileBatch<TextPlace>[] = [];
  const chunks = pieces(bytes.subarray(place.offset), size);
  for await (const batch of readJsonLines(shape, { where: lineOf('t.jsonl'), chunks, place, request })) {
    batches.push(batch);
  }
  return batches;
}

const rowsOf = (batches: readonly FileBatch<TextPlace>[]): Row[] => batches.flatMap(({ rows }) => [...rows]);
const openShape = (items: boolean): JsonLinesShape => ({
  kind: 'open',
  items,
  shared: { columns: [], first: [] },
});

/** Rows by name: an open source finds its columns in any order. */
function named(batches: readonly FileBatch<TextPlace>[]): object[] {
  return batches.flatMap(({ columns, rows }) =>
    [...rows].map((row) =>
      Object.fromEntries(
        columns
          .map(({ name }, index) => [name, row[index]] as const)
          .filter(([, cell]) => cell !== undefined),
      ),
    ),
  );
}

/** The same rows of text as a source has them that keeps its bytes. */
function asTextRows(rows: readonly Row[]): TextRows {
  const width = rows[0]?.length ?? 0;
  const starts: number[] = [];
  const ends: number[] = [];
  const all: Buffer[] = [];
  let at = 0;
  for (const row of rows) {
    starts.push(at);
    ends.push(at);
    for (const cell of row) {
      const piece = Buffer.from((cell ?? '') as string);
      all.push(piece);
      starts.push(cell === null ? NULL_START : at);
      at += piece.length;
      ends.push(at);
    }
  }
  const spans = { stride: width + 1, starts: Int32Array.from(starts), ends: Int32Array.from(ends) };
  const make: MakeRow = (bytes, _start, _end, { starts: from, ends: to }, place) =>
    Array.from({ length: width }, (_, index) => {
      const start = from[place + index] as number;
      return start === NULL_START ? null : bytes.toString('utf8', start, to[place + index]);
    });
  return new TextRows({ bytes: Buffer.concat(all), spans, make }, width, rows.length);
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '\n', '\0', '"\\', '\ud800'),
);
const documents = fc.oneof(
  fc.json(),
  fc.constantFrom(
    'null',
    ' [1]',
    '[1,\n2]',
    '{"$json":1}',
    '{ "$json": "x"}',
    '{"a": 1.50, "a": 2}',
    '1e400',
    'no',
  ),
  text,
);
const cells: Readonly<Record<string, fc.Arbitrary<Cell>>> = {
  text,
  json: documents,
  int: fc.bigInt().map(String),
  decimal: fc.tuple(fc.bigInt(), fc.nat(999)).map(([whole, part]) => `${whole}.${part}`),
  float: fc.constantFrom('1.5', '-1e-7', '1.7976931348623157e308', '0', '-0'),
  bytes: fc.uint8Array({ maxLength: 9 }).map((bytes) => Buffer.from(bytes)),
  bool: fc.boolean(),
  date: fc.constantFrom('2026-01-31', '0000-00-00'),
  datetime: fc.constantFrom('2026-01-31 12:34:56', '0000-00-00 00:00:00.000001'),
  timestamp: fc.constant('2026-01-31 12:34:56.5'),
  time: fc.constantFrom('-838:59:59', '00:00:00.000001'),
};
const columns = Object.keys(cells).map((type) => column(`a "${type}",\n`, type as LogicalType));
const row = fc.tuple(
  ...Object.values(cells).map((cell) => fc.option(cell, { freq: 5 })),
) as fc.Arbitrary<Row>;

const digits = fc.bigInt().map(String);
const { attribute } = fc.letrec<{ attribute: Attribute }>((tie) => ({
  attribute: fc.oneof(
    { maxDepth: 3 },
    text.map((S) => ({ S })),
    digits.map((N) => ({ N })),
    fc.base64String().map((B) => ({ B })),
    fc.boolean().map((BOOL) => ({ BOOL })),
    fc.constant({ NULL: true as const }),
    fc.array(text, { minLength: 1 }).map((SS) => ({ SS })),
    fc.array(digits, { minLength: 1 }).map((NS) => ({ NS })),
    fc.array(fc.base64String(), { minLength: 1 }).map((BS) => ({ BS })),
    fc.array(tie('attribute'), { maxLength: 3 }).map((L) => ({ L })),
    fc.dictionary(text, tie('attribute'), { maxKeys: 3, noNullPrototype: true }).map((M) => ({ M })),
  ),
}));

describe('JSON Lines', () => {
  it('comes back cell by cell, in pieces and batches of any size', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 5 }),
        async (rows, size, maxRows) => {
          const file = new JsonLinesEncoder({ items: false }).encode({ columns, rows, bytes: 0 });
          for (const line of String(file).trimEnd().split('\n')) JSON.parse(line);
          const shape: JsonLinesShape = { kind: 'closed', columns };
          const batches = await batchesOf(file, shape, size, { ...BIG, maxRows });
          expect(rowsOf(batches)).toEqual(rows);
          expect(batches.flatMap(({ refused }) => refused)).toEqual([]);
          for (const [index, { place }] of batches.entries()) {
            expect(rowsOf(await batchesOf(file, shape, size, BIG, place))).toEqual(
              rowsOf(batches.slice(index + 1)),
            );
          }
        },
      ),
      { numRuns: 150 },
    ));

  it('of items holds every attribute of every type', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.dictionary(
            text.filter((name) => name !== '__proto__'),
            attribute,
            { noNullPrototype: true },
          ),
          {
            minLength: 1,
            maxLength: 6,
          },
        ),
        async (items) => {
          const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
          const some = names.map((name) => column(name, 'attribute'));
          const rows = items.map((item) =>
            names.map((name) => (Object.hasOwn(item, name) ? item[name] : undefined)),
          );
          const file = new JsonLinesEncoder({ items: true }).encode({ columns: some, rows, bytes: 0 });
          const lines = String(file).trimEnd().split('\n');
          expect(lines.map((line) => JSON.parse(line))).toEqual(items.map((Item) => ({ Item })));
          const batches = await batchesOf(file, openShape(true), 50, { ...BIG, maxRows: 2 });
          expect(named(batches)).toEqual(items);
        },
      ),
      { numRuns: 150 },
    ));

  it('is the same from bytes as from cells', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.option(fc.constantFrom('0', '-0', '12', '-1.50', '007', '.5', '1.', '1e5', '-', '')),
            fc.option(text.filter((one) => !/\p{Surrogate}/u.test(one))),
            fc.option(documents.filter((one) => !/\p{Surrogate}/u.test(one))),
          ),
          { minLength: 1 },
        ),
        (rows) => {
          const some = [column('n', 'decimal'), column('ü', 'text'), column('j', 'json')];
          const slow = new JsonLinesEncoder({ items: false }).encode({ columns: some, rows, bytes: 0 });
          const fast = new JsonLinesEncoder({ items: false });
          expect(String(fast.encode({ columns: some, rows: asTextRows(rows), bytes: 0 }))).toBe(String(slow));
        },
      ),
    ));

  it('of items is the same from bytes as from cells', () => {
    const some = ['id', 'n', 'b', 'l', 'x', 'y', 'z'].map((name) => column(name, 'attribute'));
    const spellings = ['{"S":"ü\\n"}', '{"N":"1"}', '{"B":"AA=="}', '{"L":[{"S":"a"}]}'];
    const bytes = Buffer.from(spellings.join(''));
    const inner: readonly [number, number, number][] = [
      [cellKinds.text | WIDE | ESCAPED, 6, 2],
      [cellKinds.number, 6, 2],
      [cellKinds.bytes, 6, 2],
      [cellKinds.other, 0, 0],
    ];
    let at = 0;
    const spans = { stride: 7, kinds: new Uint8Array(7), starts: new Int32Array(7), ends: new Int32Array(7) };
    for (const [index, [kind, before, after]] of inner.entries()) {
      const length = Buffer.byteLength(spellings[index] ?? '');
      spans.kinds[index] = kind;
      spans.starts[index] = at + before;
      spans.ends[index] = at + length - after;
      at += length;
    }
    spans.kinds.set([cellKinds.null, cellKinds.true, cellKinds.absent], 4);
    const rows = new AttributeRows(bytes, spans, 7, 1);
    const fast = new JsonLinesEncoder({ items: true }).encode({ columns: some, rows, bytes: 0 });
    const slow = new JsonLinesEncoder({ items: true }).encode({ columns: some, rows: [...rows], bytes: 0 });
    expect(String(fast)).toBe(String(slow));
    expect(JSON.parse(String(fast)).Item.id).toEqual({ S: 'ü\n' });
  });

  it('of documents gives back any text', () =>
    fc.assert(
      fc.property(documents, (document) => {
        expect(extracted(embedded(document))).toBe(document);
        expect(embedded(document)).not.toMatch(/\n/);
        expect(embedded(document)).not.toBe('null');
      }),
    ));

  it('of whatever objects keeps the digits of numbers and the types of values', async () => {
    const lines = [
      '\uFEFF{"id": 1.50, "n": 12345678901234567890123}',
      '',
      '{"id":"x","l":[null,{"a":[true]}],"e":1E+5}',
    ];
    const batches = await batchesOf(Buffer.from(lines.join('\r\n')), openShape(false));
    expect(named(batches)).toEqual([
      { id: { N: '1.50' }, n: { N: '12345678901234567890123' } },
      { id: { S: 'x' }, l: { L: [{ NULL: true }, { M: { a: { L: [{ BOOL: true }] } } }] }, e: { N: '1E+5' } },
    ]);
  });

  it('names the lines that hold no row, and reads the others', async () => {
    const two = [column('id', 'int'), column('b', 'bytes')];
    const lines = [
      '{"id":1}',
      '[1]',
      '{"id":1,"id":2}',
      '{"id":1.5}',
      '{"id":"2","b":"a"}',
      '{"id":2,"c":1}',
      '{"id":3',
    ];
    const file = Buffer.concat([
      Buffer.from(`${lines.join('\n')}\n{"id":"`),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"id":9}'),
    ]);
    const [batch] = await batchesOf(file, { kind: 'closed', columns: two });
    expect(batch?.refused.map(({ row: at, code, message }) => `${at} ${code} ${message}`)).toEqual([
      '1 parse_failed t.jsonl line 2: not JSON',
      '2 parse_failed t.jsonl line 3: a name stands in it twice',
      '3 value_type t.jsonl line 4: id is not a whole number',
      '4 value_type t.jsonl line 5: b is not base64',
      '5 attribute_unknown t.jsonl line 6: a member is none of the columns',
      '6 parse_failed t.jsonl line 7: not JSON',
      '7 value_inexact t.jsonl line 8: not valid UTF-8',
    ]);
    expect([batch?.rows.at(0), batch?.rows.at(8)]).toEqual([
      ['1', null],
      ['9', null],
    ]);
  });

  it.each([
    ['{"Item":{"id":{"S":"a"}}}\n', true],
    ['\n { "Item" : {"id":', true],
    ['{"Items":{"id":{"S":"a"}}}\n', false],
    ['{"id":1}', false],
    ['', undefined],
  ])('begins with an item, or not: %j', async (file, expected) => {
    expect(await beginsWithItem(pieces(Buffer.from(file), 3))).toBe(expected);
  });
});
