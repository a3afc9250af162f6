import type { Refused } from '../connector.js';
import { isBinary } from './fit-bytes.js';
import { quoteIdentifier, quoteTable, type TableName } from './identifier.js';
import type { Loader } from './load.js';
import type { Line, LoadTarget } from './load-dialect.js';
import type { EncodedLines } from './load-encoder.js';
import { type Refusal, refusalOf, warningRefusal } from './load-refusals.js';
import type { Session } from './session.js';
import type { LoadedColumn } from './sink-columns.js';
import type { RowGroup } from './sink-rows.js';

/** The columns of a stage that are ours. */
export const ROW_COLUMN = 'sluice_row';
export const FATE_COLUMN = 'sluice_fate';
export const SEQUENCE_COLUMN = 'sluice_sequence';

/** What a stage is, besides its columns. */
export interface StageShape {
  readonly name: TableName;
  /** Rows are changes, and have a sequence number each. */
  readonly sequenced: boolean;
}

/** A line and what it stands for, under the number that it has in the stage. */
interface StagedLine {
  readonly line: Line;
  readonly row: number;
  readonly warnings: number;
}

export type ClearingPlace = 'within a transaction' | 'by itself';

export interface RefusedRow extends Refusal {
  readonly row: number;
}

/**
 * A temporary table of one session that takes a batch before it is compared with the sink: the sink's columns
 * without its indexes, and a number for each row.
 */
export class Stage {
  readonly name: TableName;
  readonly columns: readonly LoadedColumn[];
  readonly #session: Session;
  readonly loader: Loader;
  readonly #sequenced: boolean;
  /** The row in the batch, by number in the stage. */
  #rows: number[] = [];

  private constructor(
    { name, sequenced }: StageShape,
    columns: readonly LoadedColumn[],
    session: Session,
    loader: Loader,
  ) {
    this.name = name;
    this.#sequenced = sequenced;
    this.columns = columns;
    this.#session = session;
    this.loader = loader;
  }

  /** Made from the sink itself, so that its columns are the same to the last attribute; a counter takes NULL. */
  static async create(
    session: Session,
    sink: TableName,
    columns: readonly LoadedColumn[],
    loader: Loader,
    shape: StageShape = { name: stageName(sink), sequenced: false },
  ): Promise<Stage> {
    const { name, sequenced } = shape;
    const counters = columns
      .filter(({ column }) => column.autoIncrement)
      .map(({ column }) => `${quoteIdentifier(column.name)} ${column.columnType} NULL`);
    const own = [
      `${ROW_COLUMN} INT UNSIGNED NOT NULL DEFAULT 0 PRIMARY KEY`,
      `${FATE_COLUMN} TINYINT NOT NULL DEFAULT 0`,
      ...(sequenced ? [`${SEQUENCE_COLUMN} DECIMAL(65,0) NOT NULL DEFAULT 0`] : []),
    ];
    const names = columns.map(({ column }) => quoteIdentifier(column.name)).join(', ');
    await session.run(`DROP TEMPORARY TABLE IF EXISTS ${quoteTable(name)}`);
    await session.run(
      `CREATE TEMPORARY TABLE ${quoteTable(name)} (${[...own, ...counters].join(', ')}) ENGINE=InnoDB
       SELECT ${names} FROM ${quoteTable(sink)} LIMIT 0`,
    );
    return new Stage(shape, columns, session, loader);
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The row of the batch that has this number in the stage. */
  rowOf(number: number): number {
    return this.#rows[number] ?? -1;
  }

  /** Empties the stage. Within a transaction by DELETE, since TRUNCATE would end it. */
  async clear(place: ClearingPlace): Promise<void> {
    this.#rows = [];
    const how = place === 'by itself' ? 'TRUNCATE TABLE' : 'DELETE FROM';
    await this.#session.run(`${how} ${quoteTable(this.name)}`);
  }

  /**
   * Adds lines that begin with their numbers, from the stage's size on, and sequences; `rows` are theirs in the batch, of
   * those that were taken.
   * False, with none of them in, if the server did not take each as it is, or lines are not taken as bytes.
   */
  async addEncoded(lines: EncodedLines, rows: readonly number[]): Promise<boolean> {
    if (lines.isEmpty) return true;
    const target = targetOf(this.name, this.columns, this.#sequenced);
    const loaded = await this.loader.loadEncoded?.(this.#session, target, lines);
    if (loaded?.kind === 'complete') {
      for (const row of rows) this.#rows.push(row);
      return true;
    }
    const first = this.#rows.length;
    await this.#remove(first, first + rows.length - 1);
    return false;
  }

  /** Adds the groups; returns the rows that the server would have changed. */
  async add(
    groups: readonly RowGroup[],
    sequenceOf?: (row: number) => string,
  ): Promise<readonly RefusedRow[]> {
    const refused: RefusedRow[] = [];
    for (const group of groups) {
      const first = this.#rows.length;
      const lines = group.lines.map((line, index) => {
        const row = group.rows[index] ?? -1;
        const own = [String(first + index), ...(sequenceOf ? [sequenceOf(row)] : [])];
        const head = own.map((field) => this.loader.spelling(field, false)).join(',');
        return { line: `${head},${line}`, row, warnings: group.warnings[index] ?? 0 };
      });
      for (const row of group.rows) this.#rows.push(row);
      const target = targetOf(this.name, group.columns, this.#sequenced);
      await this.#loadHalving(target, lines, first, refused);
    }
    return refused;
  }

  /** Loads all lines or, where some are changed by the server, halves until each of these is found. */
  async #loadHalving(
    target: LoadTarget,
    lines: readonly StagedLine[],
    first: number,
    refused: RefusedRow[],
  ): Promise<void> {
    if (lines.length === 0) return;
    const warnings = lines.reduce((sum, line) => sum + line.warnings, 0);
    const texts = lines.map(({ line }) => line);
    const loaded = await this.loader.load(this.#session, target, texts, warnings);
    if (loaded.kind === 'complete') return;
    const [only] = lines;
    if (lines.length === 1 && only) {
      const refusal =
        loaded.kind === 'failed' ? refusalOf(loaded.error) : await warningRefusal(this.#session);
      refused.push({ row: only.row, ...refusal });
    }
    await this.#remove(first, first + lines.length - 1);
    if (lines.length === 1) return;
    const half = lines.length >> 1;
    await this.#loadHalving(target, lines.slice(0, half), first, refused);
    await this.#loadHalving(target, lines.slice(half), first + half, refused);
  }

  async #remove(first: number, last: number): Promise<void> {
    await this.#session.run(
      `DELETE FROM ${quoteTable(this.name)} WHERE ${ROW_COLUMN} BETWEEN ${first} AND ${last}`,
    );
  }
}

export function refusedOf({ row, code, message, column }: RefusedRow): Refused {
  return column === undefined ? { row, code, message } : { row, code, message, column };
}

/** Temporary tables are each session's own, so that one name does for all sessions. */
const ownNames = { stage: 'sluice_stage', puts: 'sluice_puts', removes: 'sluice_removes' } as const;

export function stageName(sink: TableName, kind: keyof typeof ownNames = 'stage'): TableName {
  return { database: sink.database, table: ownNames[kind] };
}

/** Of all stages that a session may have for the sink. */
export function stageNames(sink: TableName): readonly TableName[] {
  return Object.values(ownNames).map((table) => ({ database: sink.database, table }));
}

function targetOf(table: TableName, columns: readonly LoadedColumn[], sequenced: boolean): LoadTarget {
  return {
    table,
    columns: [
      { name: ROW_COLUMN, binary: false },
      ...(sequenced ? [{ name: SEQUENCE_COLUMN, binary: false }] : []),
      ...columns.map(({ column }) => ({ name: column.name, binary: isBinary(column) })),
    ],
  };
}
