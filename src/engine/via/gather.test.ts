import { expect, test } from 'vitest';
import type { Batch } from '../../values/batch.js';
import type { Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { Gatherer } from './gather.js';

const row = (cells: Record<string, Cell>, type: LogicalType = 'attribute'): { batch: Batch } => {
  const columns = Object.keys(cells).map((name): Column => ({ name, type, nullable: true }));
  return { batch: { columns, rows: [Object.values(cells)], bytes: 7 } };
};
const cellsOf = ({ columns, rows }: Batch) =>
  rows.map((cells) => Object.fromEntries(columns.map(({ name }, index) => [name, cells[index]])));

test('rows of different attributes are one batch, and lack what they lack', () => {
  const gatherer = new Gatherer();
  const messages = [row({ a: { S: '1' }, b: { N: '2' } }), row({ b: { N: '3' }, c: { S: '' } }), row({})];
  const [only, ...others] = gatherer.gather(messages);
  expect(others).toEqual([]);
  expect(only?.messages).toEqual(messages);
  expect(only?.batch.bytes).toBe(21);
  expect(cellsOf(only?.batch as Batch)).toEqual([
    { a: { S: '1' }, b: { N: '2' }, c: undefined },
    { a: undefined, b: { N: '3' }, c: { S: '' } },
    { a: undefined, b: undefined, c: undefined },
  ]);
});

test('the list of columns stays the same while it holds every row’s', () => {
  const gatherer = new Gatherer();
  const columnsOf = (...messages: { batch: Batch }[]) => gatherer.gather(messages)[0]?.batch.columns;
  const first = columnsOf(row({ a: null, b: null }));
  expect(columnsOf(row({ b: null }), row({ a: null }))).toBe(first);
  expect(columnsOf(row({ c: null }))).not.toBe(first);
});

test('rows whose columns are of other types are batches apart', () => {
  const gathered = new Gatherer().gather([
    row({ a: '1' }, 'int'),
    row({ a: '1' }, 'text'),
    row({ a: '2' }, 'int'),
  ]);
  expect(gathered.map(({ batch }) => [batch.columns[0]?.type, batch.rows.length])).toEqual([
    ['int', 2],
    ['text', 1],
  ]);
});
