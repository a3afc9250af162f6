import type { FieldPacket } from 'mysql2';
import type { LogicalType } from '../../values/column.js';
import { cellKind, type ReadColumn } from './columns.js';
import { quoteIdentifier } from './identifier.js';
import type { CellKind } from './rows.js';

/**
 * Types and flags of a result's columns in the protocol.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
 */
const FLOAT = 4;
const DOUBLE = 5;
const YEAR = 13;
const BINARY_CHARSET = 63;
const NOT_NULL_FLAG = 1;
const UNSIGNED_FLAG = 32;
const ZEROFILL_FLAG = 64;
/** `decimals` of a DOUBLE that has no fixed number of them. */
const FREE_DECIMALS = 31;

const types: ReadonlyMap<number, readonly [type: LogicalType, native: string]> = new Map([
  [0, ['decimal', 'decimal']],
  [1, ['int', 'tinyint']],
  [2, ['int', 'smallint']],
  [3, ['int', 'int']],
  [FLOAT, ['float', 'float']],
  [DOUBLE, ['float', 'double']],
  [7, ['timestamp', 'timestamp']],
  [8, ['int', 'bigint']],
  [9, ['int', 'mediumint']],
  [10, ['date', 'date']],
  [11, ['time', 'time']],
  [12, ['datetime', 'datetime']],
  [YEAR, ['int', 'year']],
  [14, ['date', 'date']],
  [16, ['bytes', 'bit']],
  [242, ['bytes', 'vector']],
  [245, ['json', 'json']],
  [246, ['decimal', 'decimal']],
  [255, ['bytes', 'geometry']],
]);

/** The columns of a query's result, as the server describes them. */
export function queryColumns(fields: readonly FieldPacket[]): readonly ReadColumn[] {
  return fields.map(queryColumn);
}

/** Whether a column must be selected in another form to print exactly. */
export function needsForm(field: FieldPacket): boolean {
  const fixed = field.columnType === DOUBLE && field.decimals < FREE_DECIMALS;
  return field.columnType === FLOAT || fixed || field.columnType === YEAR || flagged(field, ZEROFILL_FLAG);
}

/** Whether a result's column is still read as it was described; ENUM, SET and JSON of MariaDB come as text. */
export function isReadAs(field: FieldPacket, kind: CellKind, type: LogicalType | undefined): boolean {
  const [found] = typeOf(field);
  if (cellKind(found) !== kind) return false;
  return kind !== 'ascii' || type === undefined || type === found;
}

function queryColumn(field: FieldPacket): ReadColumn {
  const [type, native] = typeOf(field);
  const unsigned = flagged(field, UNSIGNED_FLAG);
  const length = field.columnLength ?? 0;
  const isText = type === 'text' || type === 'json' || type === 'bytes';
  return {
    column: {
      name: field.name,
      type,
      nullable: !flagged(field, NOT_NULL_FLAG),
      native: type === 'decimal' ? `decimal(${digits(field)},${field.decimals})` : native + sign(unsigned),
      ...(type === 'decimal' ? { precision: digits(field), scale: field.decimals } : {}),
      ...(isText ? { maxBytes: native === 'bit' ? Math.ceil(length / 8) : length } : {}),
    },
    select: formOf(field),
    kind: cellKind(type),
  };
}

function typeOf(field: FieldPacket): readonly [type: LogicalType, native: string] {
  const known = types.get(field.columnType ?? -1);
  if (known !== undefined) return known;
  if (field.extendedFormat === 'json') return ['json', 'json'];
  return field.characterSet === BINARY_CHARSET ? ['bytes', 'varbinary'] : ['text', 'varchar'];
}

function formOf(field: FieldPacket): string {
  const name = quoteIdentifier(field.name);
  if (!needsForm(field)) return name;
  return field.columnType === FLOAT || field.columnType === DOUBLE ? `${name} * 1e0` : `${name} + 0`;
}

/** The protocol gives the width of a DECIMAL as printed: with a point, and a sign unless it is unsigned. */
function digits(field: FieldPacket): number {
  const point = field.decimals > 0 ? 1 : 0;
  return (field.columnLength ?? 0) - point - (flagged(field, UNSIGNED_FLAG) ? 0 : 1);
}

function flagged(field: FieldPacket, flag: number): boolean {
  return typeof field.flags === 'number' && (field.flags & flag) !== 0;
}

function sign(unsigned: boolean): string {
  return unsigned ? ' unsigned' : '';
}
