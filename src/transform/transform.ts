import type { Batch } from '../values/batch.js';
import type { Cell, Row } from '../values/cell.js';
import type { Column } from '../values/column.js';
import { type AsType, compileAs } from './as.js';
import { type ContentOptions, type Contents, contentsOf } from './contents.js';
import { type MapOptions, type MappedColumn, mapColumns } from './map.js';
import { type MaskOptions, MaskStage } from './mask/mask-stage.js';
import { cellOf, type OpenRow } from './open-row.js';
import { readableRows } from './readable-rows.js';
import { Refusal } from './refusal.js';
import type { RowFunction } from './row.js';
import { RowFunctionStage } from './row-stage.js';

/** What a step does to its rows on the way. */
export interface TransformOptions extends ContentOptions {
  readonly map?: MapOptions & { readonly as?: Readonly<Record<string, AsType>> };
  /** null: '' becomes NULL, as the systems before did. Default keep. */
  readonly empty?: 'keep' | 'null';
  /** omit: NULL leaves the attribute out. Default keep. */
  readonly nulls?: 'keep' | 'omit';
  readonly row?: RowFunction;
  readonly mask?: MaskOptions;
}

/** A row that cannot go on: its index in the batch that came in, and why. */
export interface Dropped {
  readonly row: number;
  readonly refusal: Refusal;
}

export interface Transformed {
  readonly batch: Batch;
  /** For each row of `batch` its index in the batch that came in; absent when they are the same. */
  readonly origin?: readonly number[];
  readonly dropped: readonly Dropped[];
}

/** What the columns become, for the plan. */
export interface Outline {
  readonly columns: readonly Column[];
  readonly open: boolean;
  /** Outgoing name → incoming name, where the cell is carried over such that different stays different. */
  readonly lineage: ReadonlyMap<string, string>;
}

interface Compiled {
  readonly columns: readonly Column[];
  readonly lineage: ReadonlyMap<string, string>;
  /** Absent when rows pass as they are. */
  readonly change?: (row: Row) => Row | Refusal;
  /** Rows that pass are the very rows that came. */
  readonly onlyLooks?: boolean;
}

/**
 * The way of rows between source and sink: parse, check, map, as, empty and nulls, the row function, then the mask. Compiled once
 * for each identity of `Batch.columns`. With an open source, names that a batch lacks are attributes that
 * its rows lack.
 */
export class Transform {
  readonly #options: TransformOptions;
  readonly #open: boolean;
  readonly #key: readonly string[];
  readonly #compiled = new WeakMap<readonly Column[], Compiled>();
  readonly #rowStage: RowFunctionStage | undefined;
  readonly #maskStage: MaskStage | undefined;

  /** `key`: the outgoing columns that a row function must leave as they are. */
  constructor(options: TransformOptions, open: boolean, key: readonly string[] = []) {
    this.#options = options;
    this.#open = open;
    this.#key = key;
    this.#rowStage = options.row ? new RowFunctionStage(options.row, this.#key) : undefined;
    this.#maskStage = options.mask && new MaskStage(options.mask, open || options.row !== undefined);
  }

  /** Throws column_missing, declaration_invalid or mask_unfit if `map` or `mask` does not fit the columns. */
  outline(columns: readonly Column[]): Outline {
    const compiled = this.#compile(columns);
    const mask = this.#maskStage;
    const open = this.#open || this.#rowStage !== undefined;
    if (!mask) return { columns: compiled.columns, open, lineage: compiled.lineage };
    const lineage = new Map([...compiled.lineage].filter(([name]) => mask.keepsApart(name)));
    return { columns: mask.columns(compiled.columns), open, lineage };
  }

  /** Rows that the source refused (`Batch.refused`) are dropped with its reasons. */
  apply(batch: Batch): Transformed {
    return batch.refused ? readableRows(batch, (rest) => this.apply(rest)) : this.#applyAll(batch);
  }

  #applyAll(batch: Batch): Transformed {
    const compiled = this.#compile(batch.columns);
    if (!compiled.change && !this.#rowStage && !this.#maskStage) return { batch, dropped: [] };
    const made = passed(batch.rows.entries(), (row) => this.#change(row, compiled));
    const isUnchanged = compiled.onlyLooks && !this.#rowStage && !this.#maskStage;
    // Bytes stay bytes (AttributeRows) where no row is left out.
    if (isUnchanged && made.dropped.length === 0) return { batch, dropped: [] };
    const columns = this.#rowStage ? this.#rowStage.columns(compiled.columns) : compiled.columns;
    return this.#maskStage
      ? masked(made, batch, columns, this.#maskStage)
      : transformed(made, batch, columns);
  }

  #change(row: Row, compiled: Compiled): Row | Refusal {
    const mapped = compiled.change ? compiled.change(row) : row;
    if (!this.#rowStage || mapped instanceof Refusal) return mapped;
    return this.#rowStage.apply(mapped, compiled.columns);
  }

  #compile(columns: readonly Column[]): Compiled {
    let compiled = this.#compiled.get(columns);
    if (!compiled) {
      compiled = compile(this.#options, columns, this.#open);
      this.#compiled.set(columns, compiled);
    }
    return compiled;
  }
}

/** Rows that went through a stage, each with its index in the batch that came in, and those that did not. */
interface Passed {
  readonly rows: readonly Row[];
  readonly origin: readonly number[];
  readonly dropped: readonly Dropped[];
}

function passed(entries: Iterable<readonly [number, Row]>, stage: (row: Row) => Row | Refusal): Passed {
  const rows: Row[] = [];
  const origin: number[] = [];
  const dropped: Dropped[] = [];
  for (const [index, row] of entries) {
    const changed = stage(row);
    if (changed instanceof Refusal) dropped.push({ row: index, refusal: changed });
    else {
      rows.push(changed);
      origin.push(index);
    }
  }
  return { rows, origin, dropped };
}

/** All rows have their columns by now: a row function may have added some with the last row. */
function masked(made: Passed, batch: Batch, columns: readonly Column[], stage: MaskStage): Transformed {
  const entries = made.rows.map((row, place) => [made.origin[place] ?? place, row] as const);
  const { rows, origin, dropped } = passed(entries, (row) => stage.apply(row, columns));
  const all = [...made.dropped, ...dropped].sort((one, other) => one.row - other.row);
  return transformed({ rows, origin, dropped: all }, batch, stage.columns(columns));
}

function transformed(
  { rows, origin, dropped }: Passed,
  batch: Batch,
  columns: readonly Column[],
): Transformed {
  const result = { ...batch, columns, rows };
  return dropped.length === 0 ? { batch: result, dropped } : { batch: result, origin, dropped };
}

function compile(options: TransformOptions, incoming: readonly Column[], open: boolean): Compiled {
  const contents = contentsOf(options, incoming, open);
  const { columns, parsed } = contents;
  const mapped = mapColumns(options.map, columns, open) ?? asTheyAre(columns);
  const cells = mapped.map((column) => compileColumn(column, options));
  const outgoing = Object.freeze(cells.map((cell) => cell.column));
  const lineage = new Map(
    cells.flatMap(({ column, source }) =>
      source !== undefined && !parsed.has(source) ? [[column.name, source] as const] : [],
    ),
  );
  const untouched = mapped.every((column) => column.asItWas) && cells.every((cell) => cell.untouched);
  if (untouched) return { columns, lineage, ...asIs(contents) };
  const fallible = cells.some((cell) => cell.fallible);
  const close = fallible
    ? (row: OpenRow) => changeRow(row, cells)
    : (row: OpenRow) => cells.map((cell) => cell.read(row) as Cell);
  return { columns: outgoing, lineage, change: opening(contents, close) };
}

/** Of rows whose columns all go on as they are. */
function asIs({ open, parsed }: Contents): Pick<Compiled, 'change' | 'onlyLooks'> {
  if (!open) return {};
  if (parsed.size === 0) return { change: opening({ open }, (row) => row as Row), onlyLooks: true };
  return { change: opening({ open }, (row) => row.map(cellOf)) };
}

function opening(
  { open }: Pick<Contents, 'open'>,
  close: (row: OpenRow) => Row | Refusal,
): (row: Row) => Row | Refusal {
  if (!open) return close;
  return (row) => {
    const opened = open(row);
    return opened instanceof Refusal ? opened : close(opened);
  };
}

function changeRow(row: OpenRow, cells: readonly CompiledColumn[]): Row | Refusal {
  const result: Row = [];
  for (const cell of cells) {
    const value = cell.read(row);
    if (value instanceof Refusal) return value;
    result.push(value);
  }
  return result;
}

function asTheyAre(columns: readonly Column[]): readonly MappedColumn[] {
  return columns.map((column, index) => ({
    column,
    source: column.name,
    asItWas: true,
    read: (row: OpenRow) => cellOf(row[index]),
  }));
}

interface CompiledColumn {
  readonly column: Column;
  readonly source?: string;
  readonly untouched: boolean;
  readonly fallible: boolean;
  read(row: OpenRow): Cell | Refusal;
}

function compileColumn(mapped: MappedColumn, options: TransformOptions): CompiledColumn {
  const as = ownValue(options.map?.as, mapped.column.name);
  const converted = as ? compileAs(mapped.column, as) : undefined;
  const column = converted?.column ?? mapped.column;
  const soften = softener(column, options);
  const carried = mapped.source !== undefined && (!as || keepsApart(mapped.column, as));
  return {
    column:
      soften && options.empty === 'null' && column.type === 'text' ? { ...column, nullable: true } : column,
    ...(carried && mapped.source ? { source: mapped.source } : {}),
    untouched: !as && !soften,
    fallible: as !== undefined,
    read: pipeline(mapped.read, converted?.convert, soften),
  };
}

function ownValue(record: Readonly<Record<string, AsType>> | undefined, name: string): AsType | undefined {
  return record && Object.hasOwn(record, name) ? record[name] : undefined;
}

/** A conversion under which two different keys cannot become one. */
function keepsApart(column: Column, as: AsType): boolean {
  return as === 'text' && ['int', 'decimal', 'date', 'datetime', 'time', 'timestamp'].includes(column.type);
}

function pipeline(
  read: (row: OpenRow) => Cell,
  convert: ((cell: Cell) => Cell | Refusal) | undefined,
  soften: ((cell: Cell) => Cell) | undefined,
): (row: OpenRow) => Cell | Refusal {
  if (!convert) return soften ? (row) => soften(read(row)) : read;
  if (!soften) return (row) => convert(read(row));
  return (row) => {
    const cell = convert(read(row));
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
