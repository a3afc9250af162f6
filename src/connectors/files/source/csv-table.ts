import { SluiceError } from '../../../errors.js';
import type { Column } from '../../../values/column.js';
import { type CsvShape, readCsv, readHeader } from '../csv/read-csv.js';
import { lineOf, type TextPlace } from '../file-batch.js';
import { refuseDeclared, withDeclaredTypes } from './columns.js';
import type { SourceFile } from './found-table.js';
import type { FileStretch, TableReader, TableRequest } from './table-reader.js';
import { textChunks } from './text-chunks.js';

/** CSV: columns as the manifest tells them, or those of the first file's header, of which all is text that is not declared. */
export async function csvTable(request: TableRequest): Promise<TableReader> {
  const columns = await columnsOf(request);
  return {
    columns,
    open: false,
    findings: [],
    read: (file, stretch) => readFile(request, columns, file, stretch),
  };
}

async function columnsOf({ store, table, declared }: TableRequest): Promise<readonly Column[]> {
  if (table.manifest?.columns) {
    refuseDeclared(declared);
    return Object.freeze(table.manifest.columns);
  }
  const [first] = table.files;
  if (!first) throw new SluiceError('file_missing', `${table.shown} lists no files`);
  const { names } = await headerOf({ store, file: first });
  const texts = names.map((name): Column => ({ name, type: 'text', nullable: true }));
  return Object.freeze(withDeclaredTypes(texts, declared));
}

async function headerOf({ store, file }: Pick<TableRequest, 'store'> & { readonly file: SourceFile }) {
  const header = await readHeader(file.name, textChunks(store, file, 0));
  if (!header) {
    throw new SluiceError('file_torn', `${file.name} has no header line`, {
      hint: 'the first line of CSV names its columns',
    });
  }
  const twice = header.names.find((name, index) => header.names.indexOf(name) !== index);
  if (twice === undefined) return header;
  throw new SluiceError('file_torn', `${file.name}: two columns are called ${twice}`);
}

async function* readFile(
  { store }: TableRequest,
  columns: readonly Column[],
  file: SourceFile,
  stretch: FileStretch,
) {
  const header = await headerOf({ store, file });
  const place = (stretch.after as TextPlace | undefined) ?? header.place;
  const until = (stretch.through as TextPlace | undefined)?.offset;
  yield* readCsv(shapeOf(columns, header.names, file.name), {
    where: lineOf(file.name),
    chunks: textChunks(store, file, place.offset),
    place,
    ...(until === undefined ? {} : { until }),
    request: stretch.request,
  });
}

/** Files may have their columns in different orders, but not different columns. */
function shapeOf(columns: readonly Column[], names: readonly string[], file: string): CsvShape {
  const fields = columns.map((column) => ({ column, field: names.indexOf(column.name) }));
  const missing = fields.find(({ field }) => field === -1);
  if (!missing && names.length === columns.length) return { columns: fields, perRecord: names.length };
  const which = missing
    ? `lacks the column ${missing.column.name}`
    : 'has columns that the first file does not have';
  throw new SluiceError('column_missing', `${file} ${which}`, {
    hint: 'the files of a table have the same columns',
  });
}
