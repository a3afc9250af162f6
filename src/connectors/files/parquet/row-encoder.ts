import { AttributeRows } from '../../../values/attribute-rows.js';
import type { Batch } from '../../../values/batch.js';
import type { Cell, Row } from '../../../values/cell.js';
import type { Column } from '../../../values/column.js';
import { TextRows } from '../../../values/text-rows.js';
import type { Refused } from '../../connector.js';
import type { EncodedRows, FileOptions, RowEncoder } from '../format.js';
import { attributeLineWriter } from './attribute-lines.js';
import { fieldOf } from './field.js';
import type { ParquetColumn } from './parquet-column.js';
import { SegmentBytes } from './segment-bytes.js';
import { textLineWriter } from './text-lines.js';

/** Writes a row that lies in bytes as a line; answers false, having written anything, where only the slow way can tell. */
export type LineWriter = (row: number, into: SegmentBytes) => boolean;

/** What a file's columns have to do with those of a batch. */
export interface Routes {
  readonly routes: readonly Route[];
  /** Places of the batch's columns that are no column of the file. */
  readonly unknown: readonly number[];
}

export interface Route {
  readonly to: ParquetColumn;
  /** Place in the batch's columns; -1 where it has none of this name. */
  readonly index: number;
  readonly from: Column | undefined;
  /** The column takes what no other column does. */
  readonly takesRest: boolean;
}

/**
 * Makes lines of CSV of rows, for DuckDB to read: bytes to bytes where the rows are such and their cells of the usual
 * kinds, else cell by cell. Both ways give the same bytes.
 */
export class ParquetRowEncoder implements RowEncoder {
  readonly #columns: readonly ParquetColumn[];
  readonly #extra: FileOptions['extra'];
  readonly #bytes = new SegmentBytes();
  #routes: Routes = { routes: [], unknown: [] };
  #routed: readonly Column[] | undefined;

  constructor(columns: readonly ParquetColumn[], extra: FileOptions['extra']) {
    this.#columns = columns;
    this.#extra = extra;
  }

  encode(batch: Batch): EncodedRows {
    const bytes = this.#bytes;
    bytes.clear();
    const routes = this.#routesOf(batch.columns);
    const writer = this.#lineWriter(batch, routes);
    const refused: Refused[] = [];
    const { rows } = batch;
    for (let row = 0; row < rows.length; row++) {
      if (writer?.(row, bytes)) {
        bytes.endLine();
        continue;
      }
      bytes.dropLine();
      const refusal = this.#writeCells(rows.at(row) ?? [], row, routes, batch.columns);
      if (refusal) {
        refused.push(refusal);
        bytes.dropLine();
      } else {
        bytes.endLine();
      }
    }
    return { buffers: [bytes.written], rows: bytes.rows, longestBytes: bytes.longestBytes, refused };
  }

  #lineWriter({ rows, columns }: Batch, routes: Routes): LineWriter | undefined {
    if (routes.unknown.length > 0 && this.#extra !== 'ignore') return undefined;
    if (rows instanceof TextRows) return textLineWriter(rows, routes.routes);
    if (rows instanceof AttributeRows && columns.every(({ type }) => type === 'attribute')) {
      return attributeLineWriter(rows, routes.routes);
    }
    return undefined;
  }

  #routesOf(columns: readonly Column[]): Routes {
    if (this.#routed === columns) return this.#routes;
    const places = new Map(columns.map((column, index) => [column.name, index]));
    const into = typeof this.#extra === 'object' ? this.#extra.into : undefined;
    const routes = this.#columns.map((to) => {
      const takesRest = to.column.name === into;
      const index = takesRest ? -1 : (places.get(to.column.name) ?? -1);
      return { to, index, from: columns[index], takesRest };
    });
    const known = new Set(routes.map(({ index }) => index));
    const unknown = columns.flatMap((_, index) => (known.has(index) ? [] : [index]));
    this.#routed = columns;
    this.#routes = { routes, unknown };
    return this.#routes;
  }

  /** Writes the row's fields; gives why it is refused, where it is. */
  #writeCells(
    row: Row,
    index: number,
    { routes, unknown }: Routes,
    columns: readonly Column[],
  ): Refused | undefined {
    const stray =
      this.#extra === 'ignore' || typeof this.#extra === 'object'
        ? undefined
        : unknown.find((place) => row[place] !== undefined);
    if (stray !== undefined) {
      const message = 'the attribute is no column of the file';
      return { row: index, code: 'attribute_unknown', message, ...at(columns[stray]) };
    }
    for (const { to, index: place, from, takesRest } of routes) {
      const cell = takesRest ? restOf(row, unknown, columns) : place < 0 ? undefined : row[place];
      const field = fieldOf(cell, from?.type ?? 'text', to);
      if (typeof field !== 'string') return { row: index, ...field, ...at(to.column) };
      this.#bytes.field(field);
    }
    return undefined;
  }
}

function at(column: Column | undefined): { readonly column?: string } {
  return column === undefined ? {} : { column: column.name };
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
