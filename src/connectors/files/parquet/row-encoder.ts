import { AttributeRows } from '../../../values/attribute-rows.js';
import type { Batch, Rows } from '../../../values/batch.js';
import type { Cell, Row } from '../../../values/cell.js';
import type { Column } from '../../../values/column.js';
import { cellsAt, isThere } from '../../../values/mixed-rows.js';
import type { Refused } from '../../connector.js';
import type { EncodedRows, FileOptions, RowEncoder } from '../format.js';
import { addAttributeColumn } from './attribute-column.js';
import { cellValue, type Misfit, type Value } from './cell-value.js';
import type { ParquetColumn } from './parquet-column.js';
import { certainPutter, putValue, sourceOf } from './put-value.js';
import { addRestColumn, type RestName, restNames } from './rest-column.js';
import { SegmentColumn } from './segment-column.js';
import { segmentFile } from './segment-file.js';
import { addTextColumn } from './text-column.js';

/** What a file's columns have to do with those of a batch. */
interface Routes {
  readonly routes: readonly Route[];
  /** Places of the batch's columns that are no column of the file. */
  readonly unknown: readonly number[];
  /** The same as bytes; absent where rows have to be made of items. */
  readonly rest?: readonly RestName[];
}

export interface Route {
  readonly to: ParquetColumn;
  /** Place in the batch's columns; -1 where it has none of this name. */
  readonly index: number;
  readonly from: Column | undefined;
  /** The column takes what no other column does. */
  readonly takesRest: boolean;
}

/** Which rows a column is made of. */
export interface ColumnRows {
  /** Places of rows that are refused. */
  readonly skipped: ReadonlyMap<number, unknown>;
  /** Adds a cell that the fast way declines; without `cell` that of the row. */
  addSlowly(row: number, cell?: Cell): void;
}

/**
 * Makes a small Parquet file of rows, for DuckDB to read, column by column: bytes to bytes where the rows are such and their
 * cells of the usual kinds, else cell by cell. Both ways give the same bytes.
 */
export class ParquetRowEncoder implements RowEncoder {
  readonly #columns: readonly SegmentColumn[];
  readonly #extra: FileOptions['extra'];
  #routes: Routes = { routes: [], unknown: [] };
  #routed: readonly Column[] | undefined;

  constructor(columns: readonly ParquetColumn[], extra: FileOptions['extra']) {
    this.#columns = columns.map((column) => new SegmentColumn(column));
    this.#extra = extra;
  }

  encode(batch: Batch): EncodedRows {
    const routes = this.#routesOf(batch.columns);
    const refused = this.#strays(batch, routes);
    const strays = refused.size;
    this.#fill(batch, routes, refused);
    // What is refused in one column is in those before it.
    if (refused.size > strays) this.#fill(batch, routes, refused);
    const rows = batch.rows.length - refused.size;
    return {
      buffers: rows === 0 ? [] : segmentFile(this.#columns, rows),
      rows,
      refused: [...refused.values()].sort((one, other) => one.row - other.row),
    };
  }

  /** Makes all columns, of the rows that are not refused; adds to these. */
  #fill(batch: Batch, { routes, unknown, rest }: Routes, refused: Map<number, Refused>): void {
    const rowAt = rowsOf(batch);
    const skipped = new Map(refused);
    for (const [place, route] of routes.entries()) {
      const into = this.#columns[place];
      if (into === undefined) continue;
      into.clear();
      into.reserveRows(batch.rows.length);
      const cellOf = (row: Row) => (route.takesRest ? restOf(row, unknown, batch.columns) : row[route.index]);
      const of: ColumnRows = {
        skipped,
        addSlowly: (row, cell = cellOf(rowAt(row))) => {
          const value = cellValue(cell, route.from?.type ?? 'text', route.to);
          if (!isMisfit(value)) addValue(value, into);
          else if (!refused.has(row)) refused.set(row, { row, ...value, column: route.to.column.name });
        },
      };
      if (route.takesRest && rest && batch.rows instanceof AttributeRows) {
        addRestColumn(batch.rows, rest, into, of);
      } else addColumn(batch, route, into, of);
    }
  }

  #routesOf(columns: readonly Column[]): Routes {
    if (this.#routed === columns) return this.#routes;
    const places = new Map(columns.map((column, index) => [column.name, index]));
    const into = typeof this.#extra === 'object' ? this.#extra.into : undefined;
    const routes = this.#columns.map(({ column: to }) => {
      const takesRest = to.column.name === into;
      const index = takesRest ? -1 : (places.get(to.column.name) ?? -1);
      return { to, index, from: columns[index], takesRest };
    });
    const known = new Set(routes.map(({ index }) => index));
    const unknown = columns.flatMap((_, index) => (known.has(index) ? [] : [index]));
    this.#routed = columns;
    const rest = unknown.every((index) => columns[index]?.type === 'attribute')
      ? restNames(unknown.map((index) => [index, columns[index]?.name ?? '']))
      : undefined;
    this.#routes = { routes, unknown, ...(rest ? { rest } : {}) };
    return this.#routes;
  }

  /** Rows with attributes that are no column of the file, where those are refused. */
  #strays({ rows, columns }: Batch, { unknown }: Routes): Map<number, Refused> {
    const strays = new Map<number, Refused>();
    if (unknown.length === 0 || this.#extra === 'ignore' || typeof this.#extra === 'object') return strays;
    const message = 'the attribute is no column of the file';
    const strayIn = strayFinder(rows, unknown);
    for (let row = 0; row < rows.length; row++) {
      const stray = strayIn(row);
      if (stray === undefined) continue;
      strays.set(row, { row, code: 'attribute_unknown', message, column: columns[stray]?.name ?? '' });
    }
    return strays;
  }
}

/** Says which of the places is the first where a row has a cell. */
function strayFinder(rows: Rows, places: readonly number[]): (row: number) => number | undefined {
  const cells = places.flatMap((place) => cellsAt(rows, place) ?? []);
  if (cells.length < places.length) {
    return (row) => {
      const made = rows.at(row) ?? [];
      return places.find((place) => made[place] !== undefined);
    };
  }
  return (row) => places[cells.findIndex((each) => isThere(each, row))];
}

/** Makes rows of a batch that is bytes when they are asked for, and once. */
function rowsOf({ rows }: Batch): (row: number) => Row {
  const made = new Map<number, Row>();
  return (row) => {
    const known = made.get(row);
    if (known !== undefined) return known;
    const cells = rows.at(row) ?? [];
    made.set(row, cells);
    return cells;
  };
}

function addColumn({ rows }: Batch, route: Route, into: SegmentColumn, of: ColumnRows): void {
  if (addFast(rows, route, into, of)) return;
  const isNowhere = route.index < 0 && !route.takesRest;
  for (let row = 0; row < rows.length; row++) {
    if (of.skipped.has(row)) continue;
    if (isNowhere) into.addNull();
    else of.addSlowly(row);
  }
}

function addFast(rows: Rows, route: Route, into: SegmentColumn, of: ColumnRows): boolean {
  const cells = cellsAt(rows, route.index);
  if (cells === undefined) return false;
  const there = { ...route, index: cells.index };
  return cells.kind === 'text'
    ? addTextColumn(cells.rows, there, into, of)
    : addAttributeColumn(cells.rows, there, into, of);
}

function addValue(value: Value, into: SegmentColumn): void {
  if (value === null) {
    into.addNull();
    return;
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : asBuffer(value);
  into.reserve(bytes.length);
  if (!putValue(certainPutter(into.column), sourceOf(bytes), 0, bytes.length, into)) {
    throw new Error('a value that was found to fit does not');
  }
  into.added();
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

function isMisfit(value: Value | Misfit): value is Misfit {
  return value !== null && typeof value === 'object' && !(value instanceof Uint8Array);
}

/** What no column takes, as one JSON text; undefined where there is nothing of it. */
function restOf(row: Row, unknown: readonly number[], columns: readonly Column[]): Cell {
  const entries = unknown.flatMap((place): [string, unknown][] => {
    const cell = row[place];
    if (cell === undefined) return [];
    const plain = cell instanceof Uint8Array ? { B: Buffer.from(cell).toString('base64') } : cell;
    return [[columns[place]?.name ?? '', plain]];
  });
  return entries.length === 0 ? undefined : JSON.stringify(Object.fromEntries(entries));
}
