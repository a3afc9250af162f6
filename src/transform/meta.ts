import type { Change } from '../values/batch.js';
import type { Cell } from '../values/cell.js';
import type { LogicalType } from '../values/column.js';

/** What a row that is a change can tell of it. */
export const metaNames = ['changedAt', 'receivedAt', 'sequence', 'event'] as const;

export type MetaName = (typeof metaNames)[number];

/** A sequence number has up to 40 digits, more than numbers of DynamoDB: it is text. */
export const metaTypes: Readonly<Record<MetaName, LogicalType>> = {
  changedAt: 'timestamp',
  receivedAt: 'timestamp',
  sequence: 'text',
  event: 'text',
};

export function metaCell(change: Change, name: MetaName): Cell {
  const text = change[name];
  return metaTypes[name] === 'timestamp' ? text.replace('T', ' ').replace(/Z$/, '') : text;
}
