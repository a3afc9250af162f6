import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { SluiceError } from '../../../errors.js';
import type { Column } from '../../../values/column.js';
import type { Finding } from '../../connector.js';
import { readCsv } from '../csv/read-csv.js';
import { type Duckdb, sqlText, withDuckdb } from '../duckdb.js';
import type { FileBatch } from '../file-batch.js';
import { refuseDeclared, withDeclaredTypes } from './columns.js';
import type { SourceFile } from './found-table.js';
import { localFile, scratchFile } from './local-file.js';
import { describeParquet, parquetFailure } from './parquet-file.js';
import { type Piece, piecesOf } from './parquet-pieces.js';
import {
  columnOf,
  mayBe,
  type ParquetField,
  type ParquetReading,
  parquetReading,
  selected,
} from './parquet-types.js';
import type { FileStretch, TableReader, TableRequest } from './table-reader.js';

const READ_BYTES = 1024 * 1024;

/** A place in a Parquet file: how many rows are before it. */
interface RowPlace {
  readonly rows: number;
}

type Exact = Exclude<ParquetReading, string>;

/** A column and how its cells are read. */
interface Selected {
  readonly column: Column;
  readonly reading: Exact;
}

/** Parquet, read by DuckDB as CSV of text in the exact spelling of each column's type. */
export async function parquetTable(request: TableRequest): Promise<TableReader> {
  const { table, context } = request;
  const [first] = table.files;
  if (!first) throw new SluiceError('file_missing', `${table.shown} lists no files`);
  const local = await localFile(request, first);
  const described = await describeParquet(local.path, first.name, context.signal).finally(local.release);
  const { columns, findings } = planned(described.fields, request);
  return {
    columns,
    open: false,
    findings,
    ...(table.files.length === 1 ? { rows: described.rows } : {}),
    read: (file, stretch) => readFile(request, columns, file, stretch),
  };
}

function planned(
  fields: readonly ParquetField[],
  { table, declared }: TableRequest,
): { readonly columns: readonly Column[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const own = fields.flatMap((field): Column[] => {
    const reading = parquetReading(field);
    if (typeof reading !== 'string') return [columnOf(field, reading)];
    findings.push({
      level: 'refuse',
      code: 'type_refused',
      message: `${field.name} cannot be read exactly: ${reading}`,
      hint: 'write it as another type, or as text',
      path: field.name,
    });
    return [];
  });
  if (table.manifest?.columns) refuseDeclared(declared);
  const columns = table.manifest?.columns ?? withDeclaredTypes(own, declared);
  if (findings.length === 0) selectedOf(columns, fields, { name: table.shown, declared });
  return { columns: Object.freeze([...columns]), findings };
}

/** Each column with the field of its name. @throws SluiceError column_missing, type_refused */
function selectedOf(
  columns: readonly Column[],
  fields: readonly ParquetField[],
  { name, declared }: { readonly name: string; readonly declared: TableRequest['declared'] },
): readonly Selected[] {
  if (fields.length !== columns.length) {
    throw new SluiceError(
      'column_missing',
      `${name} has ${fields.length} columns, and should have ${columns.length}`,
    );
  }
  return columns.map((column) => {
    const field = fields.find((one) => one.name === column.name);
    if (!field) throw new SluiceError('column_missing', `${name} has no column ${column.name}`);
    const reading = parquetReading(field);
    const isDeclared = declared !== undefined && Object.hasOwn(declared, column.name);
    if (typeof reading !== 'string' && mayBe(reading, column.type, isDeclared)) return { column, reading };
    throw new SluiceError('type_refused', `${name}: ${column.name} is ${field.type}, not ${column.type}`);
  });
}

async function* readFile(
  request: TableRequest,
  columns: readonly Column[],
  file: SourceFile,
  stretch: FileStretch,
): AsyncGenerator<FileBatch<RowPlace>, void, void> {
  const { signal } = request.context;
  const local = await localFile(request, file);
  try {
    const described = await describeParquet(local.path, file.name, signal);
    const chosen = selectedOf(columns, described.fields, { name: file.name, declared: request.declared });
    const begin = (stretch.after as RowPlace | undefined)?.rows ?? 0;
    const end = (stretch.through as RowPlace | undefined)?.rows ?? described.rows;
    for (const piece of piecesOf(described, begin, end, stretch.request.atMost)) {
      yield* readPiece({ request, chosen, columns, path: local.path, file, piece }, stretch);
    }
  } finally {
    await local.release();
  }
}

interface PieceReading {
  readonly request: TableRequest;
  readonly chosen: readonly Selected[];
  readonly columns: readonly Column[];
  readonly path: string;
  readonly file: SourceFile;
  readonly piece: Piece;
}

/** The piece becomes a file of CSV on this machine's disk, which is read as any other. */
async function* readPiece(
  reading: PieceReading,
  { request }: FileStretch,
): AsyncGenerator<FileBatch<RowPlace>, void, void> {
  const { context } = reading.request;
  const { chosen, columns, file, piece } = reading;
  const text = await scratchFile(context, 'parquet');
  try {
    await makeText(reading, text, context.signal);
    const shape = {
      columns: chosen.map(({ column }, field) => ({ column, field })),
      perRecord: chosen.length,
    };
    const batches = readCsv(shape, {
      where: ({ row }) => `${file.name} row ${row}`,
      chunks: createReadStream(text, { highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>,
      place: { offset: 0, line: 1, rows: piece.start },
      request,
    });
    let rows = piece.start;
    for await (const batch of batches) {
      rows = batch.place.rows;
      yield { ...batch, columns, place: { rows } };
    }
    if (rows !== piece.end) {
      throw new SluiceError(
        'counts_differ',
        `${file.name}: of ${piece.end - piece.start} rows came ${rows - piece.start}`,
      );
    }
  } finally {
    await rm(text, { force: true });
  }
}

async function makeText(
  { chosen, path, file, piece }: PieceReading,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const cells = chosen.map(({ column, reading }) => selected(column, reading));
  const rows = `file_row_number >= ${piece.start} AND file_row_number < ${piece.end}`;
  const from = `read_parquet(${sqlText(path)}, file_row_number = true)`;
  const form = `FORMAT csv, HEADER false, DELIMITER ',', QUOTE '"', ESCAPE '"', FORCE_QUOTE *, NULLSTR ''`;
  const make = async (duckdb: Duckdb) => {
    try {
      await duckdb.run(
        `COPY (SELECT ${cells.join(', ')} FROM ${from} WHERE ${rows}) TO ${sqlText(text)} (${form})`,
      );
    } catch (error) {
      throw parquetFailure(error, file.name, signal);
    }
  };
  await withDuckdb(signal, make);
}
