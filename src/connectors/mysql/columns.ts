import type { Column, LogicalType } from '../../values/column.js';
import { quoteIdentifier } from './identifier.js';
import type { CellKind } from './rows.js';
import type { TableColumn } from './schema.js';

/** A column as a SELECT of ours gives it. */
export interface ReadColumn {
  readonly column: Column;
  /** The expression to select: the column itself, or a form of it that prints exactly. */
  readonly select: string;
  readonly kind: CellKind;
}

/** information_schema's types and what their cells are: the table in TYPES.md. */
export const logicalTypes: Readonly<Record<string, LogicalType>> = {
  tinyint: 'int',
  smallint: 'int',
  mediumint: 'int',
  int: 'int',
  bigint: 'int',
  year: 'int',
  decimal: 'decimal',
  float: 'float',
  double: 'float',
  bit: 'bytes',
  char: 'text',
  varchar: 'text',
  tinytext: 'text',
  text: 'text',
  mediumtext: 'text',
  longtext: 'text',
  enum: 'text',
  set: 'text',
  uuid: 'text',
  inet4: 'text',
  inet6: 'text',
  binary: 'bytes',
  varbinary: 'bytes',
  tinyblob: 'bytes',
  blob: 'bytes',
  mediumblob: 'bytes',
  longblob: 'bytes',
  vector: 'bytes',
  geometry: 'bytes',
  point: 'bytes',
  linestring: 'bytes',
  polygon: 'bytes',
  multipoint: 'bytes',
  multilinestring: 'bytes',
  multipolygon: 'bytes',
  geometrycollection: 'bytes',
  geomcollection: 'bytes',
  date: 'date',
  time: 'time',
  datetime: 'datetime',
  timestamp: 'timestamp',
  json: 'json',
};

/** Undefined for a type that is not known, which cannot be promised to be exact. */
export function logicalType(column: TableColumn): LogicalType | undefined {
  return column.json ? 'json' : logicalTypes[column.dataType];
}

export function cellKind(type: LogicalType): CellKind {
  if (type === 'bytes') return 'bytes';
  return type === 'text' || type === 'json' ? 'text' : 'ascii';
}

export function readColumn(column: TableColumn, type: LogicalType): ReadColumn {
  const maxBytes = maxBytesOf(column, type);
  return {
    column: {
      name: column.name,
      type,
      nullable: column.nullable,
      native: column.columnType,
      ...(type === 'decimal' && column.precision !== undefined ? { precision: column.precision } : {}),
      ...(type === 'decimal' && column.scale !== undefined ? { scale: column.scale } : {}),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(type === 'text' && column.collation !== undefined ? { collation: column.collation } : {}),
    },
    select: exactForm(column),
    kind: cellKind(type),
  };
}

/**
 * The text protocol rounds FLOAT to 6 digits, FLOAT(m,d) and DOUBLE(m,d) to d; times 1e0 it is a DOUBLE with
 * all its digits (adding 0 would lose the sign of -0). YEAR and ZEROFILL print leading zeros.
 */
function exactForm(column: TableColumn): string {
  const name = quoteIdentifier(column.name);
  if (column.dataType === 'float' || (column.dataType === 'double' && column.columnType !== 'double')) {
    return `${name} * 1e0`;
  }
  return column.dataType === 'year' || column.zerofill ? `${name} + 0` : name;
}

/** Bytes that a character has at most when it is written as UTF-8. */
const UTF8_BYTES: Readonly<Record<string, number>> = { ascii: 1, utf8mb4: 4, utf16: 4, utf16le: 4, utf32: 4 };
const UTF8_BYTES_OF_OTHERS = 3;

function maxBytesOf(column: TableColumn, type: LogicalType): number | undefined {
  if (column.dataType === 'bit') return Math.ceil((column.precision ?? 1) / 8);
  if (type === 'bytes') return column.maxBytes;
  if (type !== 'text' && type !== 'json') return undefined;
  if (column.members !== undefined) return memberBytes(column.members, column.dataType === 'set');
  if (column.maxChars === undefined) return column.maxBytes;
  const widest = UTF8_BYTES[column.charset ?? 'utf8mb4'] ?? UTF8_BYTES_OF_OTHERS;
  if (column.charset?.startsWith('utf8') && column.dataType.endsWith('text')) return column.maxBytes;
  return column.maxChars * widest;
}

/** ENUM: the longest member. SET: all members and the commas between them. */
function memberBytes(members: readonly string[], together: boolean): number {
  const sizes = members.map((member) => Buffer.byteLength(member));
  if (!together) return Math.max(0, ...sizes);
  return sizes.reduce((sum, size) => sum + size + 1, 0);
}
