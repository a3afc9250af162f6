import type { Attribute, Cell } from '../../values/cell.js';
import type { LogicalType } from '../../values/column.js';
import type { RowNumbers } from './exact-number.js';

/**
 * A cell as a JSON Schema sees it. Numbers are numbers, times ISO 8601 text, bytes base64 text, sets lists; undefined
 * where the item has no such attribute.
 */
export function plainCell(cell: Cell, type: LogicalType, numbers: RowNumbers): unknown {
  if (cell === null || cell === undefined || typeof cell === 'boolean') return cell;
  if (cell instanceof Uint8Array) return base64(cell);
  if (typeof cell === 'object') return plainAttribute(cell, numbers);
  if (type === 'int' || type === 'decimal' || type === 'float') return numbers.double(cell);
  if (type === 'datetime') return cell.replace(' ', 'T');
  return type === 'timestamp' ? `${cell.replace(' ', 'T')}Z` : cell;
}

export function plainAttribute(attribute: Attribute, numbers: RowNumbers): unknown {
  if ('S' in attribute) return attribute.S;
  if ('N' in attribute) return numbers.double(attribute.N);
  if ('M' in attribute) return plainMembers(attribute.M, numbers);
  if ('L' in attribute) return attribute.L.map((element) => plainAttribute(element, numbers));
  if ('BOOL' in attribute) return attribute.BOOL;
  if ('NULL' in attribute) return null;
  if ('B' in attribute) return attribute.B;
  if ('NS' in attribute) return attribute.NS.map((text) => numbers.double(text));
  return 'SS' in attribute ? attribute.SS : attribute.BS;
}

function plainMembers(members: Readonly<Record<string, Attribute>>, numbers: RowNumbers): unknown {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, plainAttribute(member, numbers)]),
  );
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
