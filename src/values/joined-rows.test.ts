import { expect, it } from 'vitest';
import { AttributeRows, cellKinds, WIDE } from './attribute-rows.js';
import type { Row } from './cell.js';
import { JoinedRows } from './joined-rows.js';

const { absent, number, text } = cellKinds;

/** Two columns, a number and a text that may be absent, in lists that have room for more. */
function rowsOf(...rows: readonly (readonly [number: string, text?: string])[]): AttributeRows {
  const stride = 3;
  const spans = {
    stride,
    kinds: new Uint8Array(rows.length * stride),
    starts: new Int32Array(rows.length * stride),
    ends: new Int32Array(rows.length * stride),
  };
  let json = '';
  const put = (place: number, kind: number, value: string): void => {
    spans.kinds[place] = kind;
    spans.starts[place] = Buffer.byteLength(json);
    json += value;
    spans.ends[place] = Buffer.byteLength(json);
  };
  rows.forEach(([digits, letters], row) => {
    put(row * stride, number, digits);
    put(row * stride + 1, letters === undefined ? absent : text | WIDE, letters ?? '');
  });
  return new AttributeRows(Buffer.from(json), spans, 2, rows.length);
}

const cells = (number: string, letters?: string): Row => [
  { N: number },
  letters === undefined ? undefined : { S: letters },
];

it('joined rows are those of each part, in their order, by number and by range', () => {
  const first = rowsOf(['1', 'één'], ['2'], ['3', 'drie']);
  const second = rowsOf(['4', 'vier'], ['5', 'fünf'], ['6']);
  const joined = new JoinedRows([first, rowsOf(), second.slice(1, 3), rowsOf()]);
  const rows = [cells('1', 'één'), cells('2'), cells('3', 'drie'), cells('5', 'fünf'), cells('6')];
  expect([...joined]).toEqual(rows);
  expect(joined.map((row, index) => [row, index])).toEqual(rows.map((row, index) => [row, index]));
  const backwards = [4, 0, 3, 1, 2];
  expect(backwards.map((row) => joined.at(row))).toEqual(backwards.map((row) => rows[row]));
  expect([joined.at(-1), joined.at(-5), joined.at(-6), joined.at(5)]).toEqual([
    rows[4],
    rows[0],
    undefined,
    undefined,
  ]);
  expect(joined.cellOf(3, 1)).toEqual({ S: 'fünf' });
  expect([joined.kindOf(1, 1), joined.kindOf(4, 0)]).toEqual([absent, number]);
  for (let start = 0; start <= 6; start++) {
    for (let end = start; end <= 7; end++)
      expect([...joined.slice(start, end)]).toEqual(rows.slice(start, end));
  }
});
