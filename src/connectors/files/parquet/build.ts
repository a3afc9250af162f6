import { rm } from 'node:fs/promises';
import { SluiceError } from '../../../errors.js';
import { type Duckdb, sqlName, sqlText, withDuckdb } from '../duckdb.js';
import type { FileBuild, FileOptions, Segment } from '../format.js';
import { JoinedFile } from './joined-file.js';
import type { Carrier, ParquetColumn } from './parquet-column.js';

/** Another would only wait for its turn to write: row groups are in order, and rows within. */
const WRITING_THREADS = 1;

/** What the rows of a group may take while they are gathered (invariant 7). */
const GROUP_BYTES = 16 * 1024 * 1024;
/** What a cell takes in DuckDB, besides its text. */
const CELL_BYTES = 16;
/** DuckDB hands on so many rows at once: a group cannot be smaller. */
const MIN_GROUP_ROWS = 2048;
/** What the dictionaries of all columns take together. DuckDB's own default is 1 MiB for each column. */
const DICTIONARY_BYTES = 8 * 1024 * 1024;
const MAX_DICTIONARY_BYTES = 1024 * 1024;

interface Held {
  readonly rows: number;
  readonly bytes: number;
}

interface ParquetOrder {
  readonly columns: readonly ParquetColumn[];
  readonly options: FileOptions;
  readonly path: string;
  readonly signal: AbortSignal;
}

/** Whether segments are enough for a row group. */
export function isRowGroup(
  columns: readonly ParquetColumn[],
  { rowGroupRows }: FileOptions,
  held: Held,
): boolean {
  return held.rows >= groupRows(columns, rowGroupRows, held);
}

/**
 * A Parquet file, a row group after the other: DuckDB makes a file of each, by one thread and in the order of the rows, while
 * the next rows are read; these files' row groups are put together as they are, while DuckDB makes the next.
 */
export class ParquetBuild implements FileBuild {
  readonly #order: ParquetOrder;
  /** In turns: one is made while the other is joined. */
  #groups: readonly [string, string];
  #joined: JoinedFile | undefined;
  #joining: Promise<void> | undefined;

  constructor(order: ParquetOrder) {
    this.#order = order;
    this.#groups = [`${order.path}.group`, `${order.path}.next-group`];
  }

  async add(segments: readonly Segment[]): Promise<void> {
    const [group, next] = this.#groups;
    this.#groups = [next, group];
    await this.#run((duckdb) => duckdb.run(copyStatement(this.#order, segments, group)));
    await this.#joining;
    this.#joining = this.#join(group);
    this.#joining.catch(() => undefined); // whoever adds or ends next awaits it
  }

  async end(): Promise<{ readonly rows: number }> {
    if (!this.#joining) await this.add([]);
    await this.#joining;
    await this.#joined?.end();
    this.#joined = undefined;
    return await this.#run(async (duckdb) => ({ rows: await rowsOf(duckdb, this.#order.path) }));
  }

  async close(): Promise<void> {
    await this.#joining?.catch(() => undefined); // what was being joined is of no more use
    await this.#joined?.close();
    this.#joined = undefined;
    for (const group of this.#groups) await rm(group, { force: true });
  }

  async #join(group: string): Promise<void> {
    this.#joined ??= await JoinedFile.create(this.#order.path);
    await this.#joined.add(group);
    await rm(group, { force: true });
  }

  async #run<T>(use: (duckdb: Duckdb) => Promise<T>): Promise<T> {
    const { signal } = this.#order;
    const tried = async (duckdb: Duckdb) => {
      try {
        return await use(duckdb);
      } catch (error) {
        if (signal.aborted || error instanceof SluiceError) throw error;
        // Without the error itself, whose text may quote a line (invariant 8).
        throw new SluiceError('write_refused', `DuckDB could not write a Parquet file${kindOf(error)}`);
      }
    };
    return await withDuckdb(signal, tried, { threads: WRITING_THREADS });
  }
}

function copyStatement(
  { columns, options: { compression, rowGroupRows } }: ParquetOrder,
  segments: readonly Segment[],
  path: string,
): string {
  const from =
    segments.length === 0
      ? noRows(columns)
      : `FROM read_parquet([${segments.map((segment) => sqlText(segment.path)).join(', ')}])`;
  const list = columns.map(
    (to, index) => `${fieldValue(to.carrier, `c${index}`)} AS ${sqlName(to.column.name)}`,
  );
  const held = {
    rows: segments.reduce((sum, segment) => sum + segment.rows, 0),
    bytes: segments.reduce((sum, segment) => sum + segment.bytes, 0),
  };
  const settings = [
    'FORMAT parquet',
    ...compressions[compression],
    `ROW_GROUP_SIZE ${evenGroups(held.rows, groupRows(columns, rowGroupRows, held))}`,
    `STRING_DICTIONARY_PAGE_SIZE_LIMIT ${Math.min(MAX_DICTIONARY_BYTES, Math.ceil(DICTIONARY_BYTES / columns.length))}`,
  ];
  return `COPY (SELECT ${list.join(', ')} ${from}) TO ${sqlText(path)} (${settings.join(', ')})`;
}

/** Fewer rows than were asked for where they are wide or long, so that memory does not grow with them (invariant 7). */
function groupRows(columns: readonly ParquetColumn[], asked: number, { rows, bytes }: Held): number {
  const rowBytes = columns.length * CELL_BYTES + (2 * bytes) / Math.max(rows, 1);
  return Math.max(MIN_GROUP_ROWS, Math.min(asked, Math.floor(GROUP_BYTES / rowBytes)));
}

/** All rows in one group where they are about as many as one has: else the last one would be a few rows. */
function evenGroups(rows: number, groupRows: number): number {
  return Math.max(MIN_GROUP_ROWS, Math.ceil(rows / Math.max(1, Math.floor(rows / groupRows))));
}

/** Of zstd the first level: others take longer, and gain a hundredth. */
const compressions = {
  zstd: ['COMPRESSION zstd', 'COMPRESSION_LEVEL 1'],
  gzip: ['COMPRESSION gzip'],
  snappy: ['COMPRESSION snappy'],
  none: ['COMPRESSION uncompressed'],
} as const;

function noRows(columns: readonly ParquetColumn[]): string {
  const nulls = columns.map((to, index) => `CAST(NULL AS ${textType(to)}) AS c${index}`);
  return `FROM (SELECT ${nulls.join(', ')}) WHERE false`;
}

/** The type as which a column of a segment is read. */
function textType({ carrier, precision, scale }: ParquetColumn): string {
  return carrier === 'decimal' ? `DECIMAL(${precision},${scale})` : textTypes[carrier];
}

const textTypes: Readonly<Record<Exclude<Carrier, 'decimal'>, string>> = {
  int32: 'INTEGER',
  int64: 'BIGINT',
  double: 'DOUBLE',
  boolean: 'BOOLEAN',
  string: 'VARCHAR',
  bytes: 'BLOB',
  timestamp: 'TIMESTAMP',
  instant: 'TIMESTAMP',
};

function fieldValue(carrier: Carrier, field: string): string {
  return carrier === 'instant' ? `timezone('UTC', ${field})` : field;
}

async function rowsOf(duckdb: Duckdb, path: string): Promise<number> {
  const [row] = await duckdb.rows(`SELECT num_rows FROM parquet_file_metadata(${sqlText(path)})`);
  return Number(row?.[0]);
}

function kindOf(error: unknown): string {
  const kind = /^([A-Z][A-Za-z ]{2,40} Error):/.exec(error instanceof Error ? error.message : '');
  return kind ? ` (${kind[1]})` : '';
}
