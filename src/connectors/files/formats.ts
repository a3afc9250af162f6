import { csvFormat } from './csv/csv-format.js';
import type { FileFormat, FileOptions } from './format.js';
import { jsonLinesFormat } from './jsonl/jsonl-format.js';
import { parquetFormat } from './parquet/parquet-format.js';

export function formatOf(options: FileOptions): FileFormat {
  return formats[options.format](options);
}

const formats: Readonly<Record<FileOptions['format'], (options: FileOptions) => FileFormat>> = {
  parquet: parquetFormat,
  csv: csvFormat,
  jsonl: jsonLinesFormat,
};
