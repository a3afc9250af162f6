import { SluiceError } from '../../errors.js';
import type { Cell } from '../../values/cell.js';
import { quoteIdentifier, quoteText } from './identifier.js';
import type { CellKind } from './rows.js';
import type { Table, TableColumn } from './schema.js';

/** A column of the key that rows are read by. */
export interface KeyColumn {
  readonly name: string;
  /** Gives the cell that a position holds. */
  readonly select: string;
  /** What is compared with a literal; in the same order as ORDER BY of the column. */
  readonly compare: string;
  readonly kind: CellKind;
  readonly integer: boolean;
  /** A position's cell as a literal of SQL; throws when it is not of the column's form. */
  readonly literal: (cell: string) => string;
}

/** The cells of one key as texts: bytes as hexadecimal digits. */
export type KeyCells = readonly string[];

const decimalForm = /^-?\d+(\.\d+)?$/;
const integerForm = /^-?\d+$/;
const floatForm = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/;
const timeForm = /^-?[\d: .-]+$/;
const hexForm = /^([0-9a-f]{2})*$/;

const numbers: ReadonlySet<string> = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'bigint']);
const times: ReadonlySet<string> = new Set(['date', 'time', 'datetime', 'timestamp']);
/** Their own order is that of their numbers, not that of their texts. */
const numbered: ReadonlySet<string> = new Set(['enum', 'set', 'year', 'bit']);
const binary: ReadonlySet<string> = new Set([
  'binary',
  'varbinary',
  'tinyblob',
  'blob',
  'mediumblob',
  'longblob',
]);

/**
 * The columns that order and find the rows: the primary key, or else a UNIQUE index whose columns are all
 * NOT NULL, which serves as well. Empty when there is none, or when it only holds prefixes.
 */
export function orderKey(table: Table): { readonly index: string; readonly columns: readonly KeyColumn[] } {
  for (const index of table.indexes) {
    const whole = index.parts.every((part) => part.column !== undefined && part.prefix === undefined);
    if (!index.unique || !whole || index.parts.some((part) => part.nullable)) continue;
    const columns = index.parts.map((part) => table.columns.find((column) => column.name === part.column));
    const found = columns.filter((column) => column !== undefined);
    if (found.length === index.parts.length) return { index: index.name, columns: found.map(keyColumn) };
  }
  return { index: '', columns: [] };
}

function keyColumn(column: TableColumn): KeyColumn {
  const name = quoteIdentifier(column.name);
  const form = (
    select: string,
    compare: string,
    kind: CellKind,
    literal: (cell: string) => string,
    integer = false,
  ): KeyColumn => ({ name: column.name, select, compare, kind, literal, integer });

  if (numbered.has(column.dataType)) {
    const number = `CAST(${name} AS UNSIGNED)`;
    return form(number, number, 'ascii', checked(integerForm));
  }
  if (numbers.has(column.dataType)) {
    return form(column.zerofill ? `${name} + 0` : name, name, 'ascii', checked(integerForm), true);
  }
  if (column.dataType === 'decimal') {
    return form(column.zerofill ? `${name} + 0` : name, name, 'ascii', checked(decimalForm));
  }
  if (column.dataType === 'float' || column.dataType === 'double') {
    return form(`${name} * 1e0`, name, 'ascii', floatLiteral);
  }
  if (times.has(column.dataType)) return form(name, name, 'ascii', (cell) => `'${checked(timeForm)(cell)}'`);
  if (binary.has(column.dataType)) {
    return form(name, name, 'bytes', (cell) => `x'${checked(hexForm)(cell)}'`);
  }
  return form(name, name, 'text', quoteText);
}

/** With an exponent, so that the server reads it as a DOUBLE and not as a DECIMAL. */
function floatLiteral(cell: string): string {
  return checked(floatForm)(cell).includes('e') ? cell : `${cell}e0`;
}

function checked(form: RegExp): (cell: string) => string {
  return (cell) => {
    if (form.test(cell)) return cell;
    throw new SluiceError('state_unusable', 'a position of the source does not fit its key', {
      hint: 'the table was altered since; begin again with --fresh',
    });
  };
}

/** A cell of a row, or of a result, as a position holds it. */
export function keyCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (cell instanceof Uint8Array) return Buffer.from(cell).toString('hex');
  throw new Error('a key cell is neither text nor bytes');
}

/** The condition for rows after `cells` in key order; the server compares, so that collations decide. */
export function after(key: readonly KeyColumn[], cells: KeyCells): string {
  return compared(key, cells, '>', '>');
}

/** The condition for rows up to and with `cells`. */
export function upTo(key: readonly KeyColumn[], cells: KeyCells): string {
  return compared(key, cells, '<', '<=');
}

/**
 * `a > 1 OR (a = 1 AND (b > 2 OR …))` with a bound on the first column for the index; row values as
 * `(a, b) > (1, 2)` would not use it. https://dev.mysql.com/doc/refman/8.4/en/row-constructor-optimization.html
 */
function compared(key: readonly KeyColumn[], cells: KeyCells, strict: string, last: string): string {
  const [column, ...others] = key;
  const [cell, ...rest] = cells;
  if (column === undefined || cell === undefined) throw new Error('a key and its cells differ in length');
  const literal = column.literal(cell);
  if (others.length === 0) return `${column.compare} ${last} ${literal}`;
  const deeper = compared(others, rest, strict, last);
  return `(${column.compare} ${strict}= ${literal} AND (${column.compare} ${strict} ${literal} OR (${deeper})))`;
}

/** A position's text as key cells; throws `state_unusable` when it is not one of this key. */
export function parseKeyCells(text: string, key: readonly KeyColumn[]): KeyCells {
  const cells: unknown = JSON.parse(text);
  const fits = Array.isArray(cells) && cells.length === key.length;
  if (fits && cells.every((cell) => typeof cell === 'string')) return cells;
  throw new SluiceError('state_unusable', 'a position of the source does not fit its key', {
    hint: 'the key of the table was altered since; begin again with --fresh',
  });
}
