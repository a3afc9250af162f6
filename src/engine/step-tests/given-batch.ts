import type { StepTest } from '../../declare/declaration.js';
import type { Batch, Change } from '../../values/batch.js';
import type { Cell } from '../../values/cell.js';
import type { Column, LogicalType } from '../../values/column.js';
import { attributeOf } from './attribute.js';

/** What is known of the changes of a test that says nothing of them. */
const someChange: Change = {
  event: 'insert',
  sequence: '1',
  changedAt: '2026-01-01T00:00:00Z',
  receivedAt: '2026-01-01T00:00:00Z',
};

/** The given items as their source would read them: attributes, or cells of typed columns. */
export function givenBatch(test: StepTest, typed: boolean, changes: boolean): Batch {
  const names = [...new Set(test.given.flatMap((item) => Object.keys(item)))];
  const columns = Object.freeze(names.map((name) => columnOf(test, name, typed)));
  const rows = test.given.map((item) =>
    columns.map(({ name, type }) =>
      Object.hasOwn(item, name) ? cellOf(item[name], type, typed) : absent(typed),
    ),
  );
  const change = { ...someChange, ...test.change };
  return { columns, rows, bytes: 0, ...(changes ? { changes: rows.map(() => change) } : {}) };
}

function columnOf({ given, columns }: StepTest, name: string, typed: boolean): Column {
  const declared = columns && Object.hasOwn(columns, name) ? columns[name] : undefined;
  const first = given.map((item) => item[name]).find((value) => value !== null && value !== undefined);
  return { name, type: typed ? (declared ?? typeOf(first)) : 'attribute', nullable: true };
}

function typeOf(value: unknown): LogicalType {
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' || typeof value === 'bigint' ? 'int' : 'text';
}

function absent(typed: boolean): Cell {
  return typed ? null : undefined;
}

function cellOf(value: unknown, type: LogicalType, typed: boolean): Cell {
  if (!typed) return attributeOf(value);
  if (value === null || value === undefined) return null;
  if (type === 'bool') return value === true || value === 1 || value === 'true' || value === '1';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (type === 'bytes') return Buffer.from(text, 'base64');
  return type === 'datetime' || type === 'timestamp' ? text.replace('T', ' ').replace(/Z$/, '') : text;
}
