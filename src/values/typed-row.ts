import type { Attribute, Cell } from './cell.js';
import type { Column } from './column.js';
import { type MakeRow, NULL_START } from './text-rows.js';

/**
 * Makes the cells of rows whose text is that of their columns' types: true and false are those words, bytes are themselves, attributes are
 * DynamoDB's JSON.
 */
export function typedRowMaker(columns: readonly Column[]): MakeRow {
  const makers = columns.map(cellMaker);
  return (bytes, _start, _end, { starts, ends }, place) =>
    makers.map((make, index) => {
      const start = starts[place + index] as number;
      if (start < 0) return start === NULL_START ? null : undefined;
      return make(bytes, start, ends[place + index] as number);
    });
}

type MakeCell = (bytes: Buffer, start: number, end: number) => Cell;

function cellMaker({ type }: Column): MakeCell {
  if (type === 'bytes') return (bytes, start, end) => Buffer.from(bytes.subarray(start, end));
  if (type === 'bool') return (bytes, start, end) => bytes.toString('latin1', start, end) === 'true';
  if (type === 'attribute') return (bytes, start, end) => attributeOf(bytes.toString('utf8', start, end));
  const encoding = type === 'text' || type === 'json' ? 'utf8' : 'latin1';
  return (bytes, start, end) => bytes.toString(encoding, start, end);
}

function attributeOf(text: string): Attribute {
  return JSON.parse(text) as Attribute;
}
