import type { KeyValues } from '../../connectors/connector.js';
import { canonicalNumber } from '../../values/decimal.js';
import type { StoredCell } from '../../values/stored-cell.js';
import type { RejectRecord } from '../rejects.js';

/** Whether a reject is of the row with these values in the source's columns. Numbers are compared by value. */
export function isOfKey({ row }: Pick<RejectRecord, 'row'>, key: KeyValues): boolean {
  return Object.entries(key).every(([name, value]) => {
    const cell = Object.hasOwn(row, name) ? row[name] : undefined;
    const text = cell === undefined ? undefined : comparable(cell);
    if (text === undefined) return false;
    if (typeof value !== 'string') return text === `bytes ${Buffer.from(value).toString('base64')}`;
    return text === `text ${value}` || text === `number ${canonicalNumber(value)}`;
  });
}

const numbers: ReadonlySet<string> = new Set(['int', 'decimal', 'float']);

function comparable(cell: StoredCell): string | undefined {
  if (cell === null || typeof cell === 'boolean') return undefined;
  if ('bytes' in cell) return `bytes ${cell.bytes}`;
  if ('text' in cell)
    return numbers.has(cell.type) ? `number ${canonicalNumber(cell.text)}` : `text ${cell.text}`;
  const { attribute } = cell;
  if ('N' in attribute) return `number ${canonicalNumber(attribute.N)}`;
  if ('B' in attribute) return `bytes ${attribute.B}`;
  return 'S' in attribute ? `text ${attribute.S}` : undefined;
}
