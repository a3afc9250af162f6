import type { Column } from '../../values/column.js';
import { type CellWriters, cellWriters, noWriters } from './byte-fit.js';
import { type Fit, NULL_FIELD } from './fit.js';
import { isBinary } from './fit-bytes.js';
import { fitColumn, type PairRefusal } from './fit-column.js';
import { extrasFit, type RowFit } from './fit-extras.js';
import { type PlainText, plainText } from './fit-plain.js';
import type { MysqlSinkOptions } from './options.js';
import type { Table, TableColumn } from './schema.js';

/** One column that rows are loaded with. */
export interface LoadedColumn {
  readonly column: TableColumn;
  /** Where its cell is in a row of the batch; NOWHERE if the batch has none for it. */
  readonly from: number;
  readonly fit: Fit;
  /** A shortcut past `fit` for plain text. */
  readonly plain: PlainText | undefined;
  /** Shortcuts past `fit` for cells that come as bytes. */
  readonly writers: CellWriters;
  /** Takes the whole row instead: the column of `extra: { into }`. */
  readonly whole: RowFit | undefined;
  readonly binary: boolean;
}

/** A column that comes and one that is, which do not go together. */
export interface Mismatch {
  readonly incoming: Column;
  readonly column: TableColumn;
  readonly refusal: PairRefusal;
}

/** How rows of one list of columns become lines. Made once for each identity of `Batch.columns`. */
export interface ColumnMap {
  readonly columns: readonly LoadedColumn[];
  /** Positions in `columns` of the primary key's columns, in its order; empty when one does not come. */
  readonly key: readonly number[];
  /** Columns of the batch that have none in the table, whose presence is a reject. */
  readonly unknown: readonly { readonly from: number; readonly name: string }[];
  readonly mismatches: readonly Mismatch[];
  /** Columns that come and are computed by the server. */
  readonly generated: readonly string[];
  /** The columns of the batch that go into the column of `extra: { into }`. */
  readonly extras: readonly Column[];
}

export interface MapRequest {
  readonly incoming: readonly Column[];
  /** Rows may lack attributes, and columns that do not come are attributes that all rows of the batch lack. */
  readonly open: boolean;
  readonly table: Table;
  readonly extra: MysqlSinkOptions['extra'];
  readonly lastTimestamp: string;
  /** Rows are whole items that take the place of what was there: what they lack is gone. Default: it stays where no row has it. */
  readonly whole?: boolean;
  /** Rows without their key get one from the server. Default: they are refused. */
  readonly numbersRows?: boolean;
}

/** Columns meet by their exact names. */
export function mapColumns(request: MapRequest): ColumnMap {
  const { incoming, table, lastTimestamp, numbersRows = false } = request;
  const into = intoColumn(request);
  const absentees = request.open ? absentColumns(request, into) : [];
  const byName = new Map(table.columns.map((column) => [column.name, column]));
  const columns: LoadedColumn[] = [];
  const mismatches: Mismatch[] = [];
  const generated: string[] = [];
  const strays: { from: number; column: Column }[] = [];
  for (const [from, comes] of incoming.entries()) {
    const column = byName.get(comes.name);
    if (column === undefined || column === into) strays.push({ from, column: comes });
    else if (column.generated) generated.push(column.name);
    else {
      const isKey = table.primaryKey.includes(column.name);
      const found = fitColumn(comes, column, { isKey, lastTimestamp, numbersRows });
      if (typeof found !== 'function') mismatches.push({ incoming: comes, column, refusal: found });
      const fit = typeof found === 'function' ? found : refusingFit(found);
      columns.push({
        column,
        from,
        fit,
        plain: plainText(comes, column),
        writers: comes.type === 'attribute' ? cellWriters(column, isKey, fit) : noWriters,
        whole: undefined,
        binary: isBinary(column),
      });
    }
  }
  if (into)
    columns.push({
      column: into,
      from: 0,
      fit: noFit,
      plain: undefined,
      writers: noWriters,
      whole: extrasFit(into, strays),
      binary: false,
    });
  columns.push(...absentees);
  return {
    columns,
    key: keyPositions(table, columns),
    unknown:
      request.extra === undefined || request.extra === 'reject'
        ? strays.map(({ from, column }) => ({ from, name: column.name }))
        : [],
    mismatches,
    generated,
    extras: into ? strays.map(({ column }) => column) : [],
  };
}

/** The primary key's columns; none when one does not come. */
export function keyColumns({ key, columns }: ColumnMap): readonly LoadedColumn[] {
  return key.flatMap((position) => columns[position] ?? []);
}

const noFit: Fit = () => NULL_FIELD;

/** No row has a cell here. */
export const NOWHERE = -1;

/**
 * What an item lacks is NULL where the column takes NULL, whatever its default (DESIGN.md 3), and whether or not an
 * item before had the attribute. Of `whole` rows it is said of each column: they overwrite what was there before; and
 * a column that does not take NULL gets its default, unless that is the time, which says when the row was made.
 */
function absentColumns(
  { incoming, table, whole = false, lastTimestamp }: MapRequest,
  into: TableColumn | undefined,
): readonly LoadedColumn[] {
  const come = new Set(incoming.map(({ name }) => name));
  const lacks = (column: TableColumn) =>
    !column.generated &&
    column !== into &&
    !come.has(column.name) &&
    (whole
      ? !table.primaryKey.includes(column.name) && !isTime(column)
      : column.nullable && hasOwnDefault(column));
  return table.columns.filter(lacks).map((column) => {
    const place = { isKey: false, numbersRows: false, lastTimestamp };
    const fit = column.nullable ? noFit : fitColumn({ ...anything, name: column.name }, column, place);
    return {
      column,
      from: NOWHERE,
      fit: typeof fit === 'function' ? fit : refusingFit(fit),
      plain: undefined,
      writers: noWriters,
      whole: undefined,
      binary: isBinary(column),
    };
  });
}

const anything = { type: 'attribute', nullable: true } as const;

/** CURRENT_TIMESTAMP as a default, in the spellings of all servers. */
function isTime({ nullable, defaultText }: TableColumn): boolean {
  return !nullable && /^(?:current_timestamp|now|localtime)/i.test(defaultText ?? '');
}

/** MariaDB spells the default NULL, MySQL has none then. */
function hasOwnDefault({ defaultText }: TableColumn): boolean {
  return defaultText !== null && defaultText.toUpperCase() !== 'NULL';
}

function intoColumn({ extra, table }: MapRequest): TableColumn | undefined {
  if (typeof extra !== 'object') return undefined;
  return table.columns.find((column) => column.name === extra.into);
}

function refusingFit(refusal: PairRefusal): Fit {
  return (cell) => (cell === undefined ? NULL_FIELD : refusal);
}

function keyPositions(table: Table, columns: readonly LoadedColumn[]): readonly number[] {
  const positions = table.primaryKey.map((name) => columns.findIndex(({ column }) => column.name === name));
  return positions.includes(-1) ? [] : positions;
}
