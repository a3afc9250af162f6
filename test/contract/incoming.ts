import type { Incoming } from '../../src/connectors/connector.js';
import type { Batch } from '../../src/values/batch.js';
import type { Row } from '../../src/values/cell.js';
import type { Column } from '../../src/values/column.js';
import { CANARY } from './cases.js';

const columns: readonly Column[] = Object.freeze([
  { name: 'id', type: 'int', nullable: false, native: 'int(11)' },
  { name: 'label', type: 'text', nullable: true, native: 'longtext' },
  { name: 'amount', type: 'decimal', nullable: true, native: 'decimal(20,6)', precision: 20, scale: 6 },
  { name: 'payload', type: 'bytes', nullable: true, native: 'varbinary(100)', maxBytes: 100 },
  { name: 'flag', type: 'int', nullable: true, native: 'tinyint(4)' },
  { name: 'at', type: 'datetime', nullable: true, native: 'datetime(6)' },
  { name: 'note', type: 'json', nullable: true, native: 'json' },
]);

export const incoming: Incoming = { columns, open: false, key: ['id'], rows: 100, bytes: 10_000 };

export function goodRow(id: number): Row {
  return [
    String(id),
    `${CANARY} '${id}' \\ "\n\t\0 ${id % 2 ? 'ä' : '😀'}`,
    `${id}.${String(id % 1_000_000).padStart(6, '0')}`,
    Buffer.from([0, 10, 13, 39, 92, 255, id % 256]),
    id % 3 === 0 ? null : String(id % 2),
    `2026-01-31 12:34:56.${String(id).padStart(6, '0')}`,
    `{"a": ${id}, "b": "\\u0000"}`,
  ];
}

/** Too long for the MySQL column and, as an item, for DynamoDB. */
export function badRow(id: number): Row {
  const row = goodRow(id);
  row[1] = `${CANARY} ${'x'.repeat(450_000)}`;
  return row;
}

export function batchOf(rows: Row[]): Batch {
  return { columns, rows, bytes: rows.length * 150 };
}

export function ids(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
