import type { Change } from '../values/batch.js';
import type { Cell, Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { type AsType, compileAs } from './as.js';
import { type ByteColumn, ByteMap } from './bytes/byte-map.js';
import { type Contents, contentsOf } from './contents.js';
import { type MappedColumn, mapColumns } from './map.js';
import { cellOf, type OpenRow } from './open-row.js';
import { Refusal } from './refusal.js';
import type { TransformOptions } from './transform.js';

/** What becomes of rows of one list of columns, but for the row function and the mask. */
export interface Compiled {
  readonly columns: readonly Column[];
  readonly lineage: ReadonlyMap<string, string>;
  /** Absent when rows pass as they are. */
  readonly change?: (row: Row, change: Change | undefined) => Row | Refusal;
  /** Rows that pass are the very rows that came. */
  readonly onlyLooks?: boolean;
  /** The same for items that are bytes; absent where a row's cells are needed. */
  readonly bytes?: ByteMap;
  /** What becomes of the row of an item that is gone. */
  readonly remove: (row: Row, change: Change | undefined) => Row | Refusal;
}

/** `key`: the outgoing columns that an item which is gone must have. Throws what `contentsOf` and `mapColumns` throw. */
export function compile(
  options: TransformOptions,
  incoming: readonly Column[],
  open: boolean,
  key: readonly string[],
): Compiled {
  const contents = contentsOf(options, incoming, open);
  const { columns, parsed } = contents;
  const changes = options.changes === true;
  const mapped = mapColumns(withExtra(options), { columns, open, changes }) ?? asTheyAre(columns);
  const cells = mapped.map((column) => compileColumn(column, options));
  const outgoing = Object.freeze(cells.map((cell) => cell.column));
  const lineage = new Map(
    cells.flatMap(({ column, source }) =>
      source !== undefined && !parsed.has(source) ? [[column.name, source] as const] : [],
    ),
  );
  const remove = opening(contents.parse, closeKey(cells, key));
  const untouched = mapped.every((column) => column.asItWas) && cells.every((cell) => cell.untouched);
  if (untouched) return { columns, lineage, remove, ...asIs(contents) };
  const fallible = cells.some(({ as }) => as !== undefined);
  const close: Close = fallible
    ? (row, change) => changeRow(row, change, cells)
    : (row, change) => cells.map((cell) => cell.read(row, change) as Cell);
  const bytes = contents.open ? undefined : byteMap(mapped, cells);
  return {
    columns: outgoing,
    lineage,
    remove,
    change: opening(contents.open, close),
    ...(bytes ? { bytes } : {}),
  };
}

/** What `extra: { into }` gathers goes on, also where `only` does not name it. */
function withExtra({ map, extra }: TransformOptions): TransformOptions['map'] {
  if (typeof extra !== 'object' || !map?.only) return map;
  const { into } = extra;
  const { only } = map;
  if (Array.isArray(only)) return only.includes(into) ? map : { ...map, only: [...only, into] };
  return Object.values(only).includes(into) ? map : { ...map, only: { ...only, [into]: into } };
}

type Close = (row: OpenRow, change: Change | undefined) => Row | Refusal;

/** Of rows whose columns all go on as they are. */
function asIs({ open, alters, columns }: Contents): Pick<Compiled, 'change' | 'onlyLooks'> {
  if (!open) return {};
  if (!alters) return { change: opening(open, (row) => row as Row), onlyLooks: true };
  const width = columns.length;
  return { change: opening(open, (row) => Array.from({ length: width }, (_, place) => cellOf(row[place]))) };
}

function opening(open: Contents['open'], close: Close): NonNullable<Compiled['change']> {
  if (!open) return close;
  return (row, change) => {
    const opened = open(row);
    return opened instanceof Refusal ? opened : close(opened, change);
  };
}

function changeRow(
  row: OpenRow,
  change: Change | undefined,
  cells: readonly CompiledColumn[],
): Row | Refusal {
  const result: Row = [];
  for (const cell of cells) {
    const value = cell.read(row, change);
    if (value instanceof Refusal) return value;
    result.push(value);
  }
  return result;
}

/** Of an item that is gone nothing but the key matters, and it must be there. Without a key: all that there is. */
function closeKey(cells: readonly CompiledColumn[], key: readonly string[]): Close {
  const wanted = new Set(key);
  const missing = key.find((name) => !cells.some(({ column }) => column.name === name));
  const some = cells.map((cell) =>
    wanted.size === 0 || wanted.has(cell.column.name) ? cell : { ...cell, read: () => undefined },
  );
  return (row, change) => {
    if (missing !== undefined) return keyless(missing);
    const closed = changeRow(row, change, some);
    if (closed instanceof Refusal) return closed;
    const empty = cells.find(({ column }, index) => wanted.has(column.name) && isNull(closed[index] ?? null));
    return empty ? keyless(empty.column.name) : closed;
  };
}

function keyless(name: string): Refusal {
  return new Refusal('key_empty', `the item is gone, and its key does not say which ${name} it had`, name);
}

/** Undefined unless each column is an attribute as it came, or one that was given a type of its own. */
function byteMap(mapped: readonly MappedColumn[], cells: readonly CompiledColumn[]): ByteMap | undefined {
  const columns = mapped.flatMap(({ column: from, place }, index): ByteColumn[] => {
    const { column, untouched, as, softened, convert } = cells[index] as CompiledColumn;
    if (place === undefined || from.type !== 'attribute') return [];
    if (untouched) return [{ column, place }];
    if (as === undefined || column.type === 'attribute') return [];
    return [{ column, place, typed: { as, softened, convert } }];
  });
  return columns.length === mapped.length ? new ByteMap(columns) : undefined;
}

function asTheyAre(columns: readonly Column[]): readonly MappedColumn[] {
  return columns.map((column, index) => ({
    column,
    source: column.name,
    asItWas: true,
    place: index,
    read: (row: OpenRow) => cellOf(row[index]),
  }));
}

interface CompiledColumn {
  readonly column: Column;
  readonly source?: string;
  readonly untouched: boolean;
  /** May refuse a cell then. */
  readonly as: AsType | undefined;
  /** Something is done to NULL or the empty text. */
  readonly softened: boolean;
  /** What becomes of a cell. */
  convert(cell: Cell): Cell | Refusal;
  read(row: OpenRow, change: Change | undefined): Cell | Refusal;
}

function compileColumn(mapped: MappedColumn, options: TransformOptions): CompiledColumn {
  const as = ownValue(options.map?.as, mapped.column.name);
  const converted = as ? compileAs(mapped.column, as) : undefined;
  const column = converted?.column ?? mapped.column;
  const soften = softener(column, options);
  const convert = conversion(converted?.convert, soften);
  const carried = mapped.source !== undefined && (!as || keepsApart(mapped.column, as));
  return {
    column:
      soften && options.empty === 'null' && column.type === 'text' ? { ...column, nullable: true } : column,
    ...(carried && mapped.source ? { source: mapped.source } : {}),
    untouched: !as && !soften,
    as,
    softened: soften !== undefined,
    convert,
    read: as || soften ? (row, change) => convert(mapped.read(row, change)) : mapped.read,
  };
}

function ownValue(record: Readonly<Record<string, AsType>> | undefined, name: string): AsType | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A conversion under which two different keys cannot become one. */
function keepsApart(column: Column, as: AsType): boolean {
  return as === 'text' && ['int', 'decimal', 'date', 'datetime', 'time', 'timestamp'].includes(column.type);
}

function conversion(
  convert: ((cell: Cell) => Cell | Refusal) | undefined,
  soften: ((cell: Cell) => Cell) | undefined,
): CompiledColumn['convert'] {
  if (!convert) return soften ?? ((cell) => cell);
  if (!soften) return convert;
  return (given) => {
    const cell = convert(given);
    return cell instanceof Refusal ? cell : soften(cell);
  };
}

/** What `empty: null` and `nulls: omit` do to a cell; undefined when they can do nothing to this column. */
function softener(column: Column, options: TransformOptions): ((cell: Cell) => Cell) | undefined {
  const emptyToNull = options.empty === 'null' && (column.type === 'text' || column.type === 'attribute');
  const omitNull = options.nulls === 'omit' && (column.nullable || emptyToNull);
  if (!emptyToNull && !omitNull) return undefined;
  return (cell) => {
    const emptied = emptyToNull && isEmptyText(cell) ? null : cell;
    return omitNull && isNull(emptied) ? undefined : emptied;
  };
}

function isEmptyText(cell: Cell): boolean {
  if (cell === '') return true;
  return typeof cell === 'object' && cell !== null && 'S' in cell && cell.S === '';
}

function isNull(cell: Cell): boolean {
  return cell === null || (typeof cell === 'object' && 'NULL' in cell);
}
