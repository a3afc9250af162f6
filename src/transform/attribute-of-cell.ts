import type { Attribute, Cell } from '../values/cell.js';
import type { LogicalType } from '../values/column.js';

/** A cell as DynamoDB would hold it. */
export function attributeOfCell(cell: Exclude<Cell, undefined>, type: LogicalType): Attribute {
  if (cell === null) return { NULL: true };
  if (typeof cell === 'boolean') return { BOOL: cell };
  if (cell instanceof Uint8Array) return { B: Buffer.from(cell).toString('base64') };
  if (typeof cell === 'object') return cell;
  if (type === 'int' || type === 'decimal' || type === 'float') return { N: cell };
  if (type === 'datetime') return { S: cell.replace(' ', 'T') };
  return { S: type === 'timestamp' ? `${cell.replace(' ', 'T')}Z` : cell };
}
