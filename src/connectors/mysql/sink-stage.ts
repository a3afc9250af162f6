import { isBinary } from './fit-bytes.js';
import { quoteIdentifier, quoteTable, type TableName } from './identifier.js';
import type { Loader } from './load.js';
import type { Line, LoadTarget } from './load-dialect.js';
import { type Refusal, refusalOf, warningRefusal } from './load-refusals.js';
import type { Session } from './session.js';
import type { LoadedColumn } from './sink-columns.js';
import type { RowGroup } from './sink-rows.js';

/** The columns of a stage that are ours. */
export const ROW_COLUMN = 'sluice_row';
export const FATE_COLUMN = 'sluice_fate';

/** A line and what it stands for, under the number that it has in the stage. */
interface StagedLine {
  readonly line: Line;
  readonly row: number;
  readonly warnings: number;
}

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
  /** The row in the batch, by number in the stage. */
  #rows: number[] = [];

  private constructor(name: TableName, columns: readonly LoadedColumn[], session: Session, loader: Loader) {
    this.name = name;
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
  ): Promise<Stage> {
    const name = stageName(sink);
    const counters = columns
      .filter(({ column }) => column.autoIncrement)
      .map(({ column }) => `${quoteIdentifier(column.name)} ${column.columnType} NULL`);
    const own = [
      `${ROW_COLUMN} INT UNSIGNED NOT NULL DEFAULT 0 PRIMARY KEY`,
      `${FATE_COLUMN} TINYINT NOT NULL DEFAULT 0`,
    ];
    const names = columns.map(({ column }) => quoteIdentifier(column.name)).join(', ');
    await session.run(`DROP TEMPORARY TABLE IF EXISTS ${quoteTable(name)}`);
    await session.run(
      `CREATE TEMPORARY TABLE ${quoteTable(name)} (${[...own, ...counters].join(', ')}) ENGINE=InnoDB
       SELECT ${names} FROM ${quoteTable(sink)} LIMIT 0`,
    );
    return new Stage(name, columns, session, loader);
  }

  get size(): number {
    return this.#rows.length;
  }

  /** The row of the batch that has this number in the stage. */
  rowOf(number: number): number {
    return this.#rows[number] ?? -1;
  }

  /** Empties the stage and loads the groups; returns the rows that the server would have changed. */
  async fill(groups: readonly RowGroup[]): Promise<readonly RefusedRow[]> {
    await this.#session.run(`TRUNCATE TABLE ${quoteTable(this.name)}`);
    this.#rows = [];
    const refused: RefusedRow[] = [];
    for (const group of groups) {
      const first = this.#rows.length;
      const lines = group.lines.map((line, index) => ({
        line: `${this.loader.spelling(String(first + index), false)},${line}`,
        row: group.rows[index] ?? -1,
        warnings: group.warnings[index] ?? 0,
      }));
      this.#rows.push(...group.rows);
      await this.#loadHalving(targetOf(this.name, group.columns), lines, first, refused);
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
    const last = first + lines.length - 1;
    await this.#session.run(
      `DELETE FROM ${quoteTable(this.name)} WHERE ${ROW_COLUMN} BETWEEN ${first} AND ${last}`,
    );
    if (lines.length === 1) return;
    const half = lines.length >> 1;
    await this.#loadHalving(target, lines.slice(0, half), first, refused);
    await this.#loadHalving(target, lines.slice(half), first + half, refused);
  }
}

/** Temporary tables are each session's own, so that one name does for all. */
export function stageName(sink: TableName): TableName {
  return { database: sink.database, table: 'sluice_stage' };
}

function targetOf(table: TableName, columns: readonly LoadedColumn[]): LoadTarget {
  return {
    table,
    columns: [
      { name: ROW_COLUMN, binary: false },
      ...columns.map(({ column }) => ({ name: column.name, binary: isBinary(column) })),
    ],
  };
}
