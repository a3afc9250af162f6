import type { FileBounds } from './file-maker.js';
import type { FileOptions } from './format.js';
import type { FileSinkOptions } from './options.js';

/** A sink's options, defaults filled in. */
export interface FileSinkSettings {
  /** The folder below which exports lie, without a slash at its end. */
  readonly table: string;
  readonly keep: number;
  readonly bounds: FileBounds;
  readonly layout: 'plain' | 'rds';
  readonly files: FileOptions;
}

const MIB = 1024 * 1024;
const DEFAULT_FILE_MIB = 256;
/** What DuckDB and most writers take: small enough to skip, large enough to compress. */
const DEFAULT_ROW_GROUP_ROWS = 122_880;

export function settingsOf(options: FileSinkOptions): FileSinkSettings {
  const { table = '', format, file, layout = 'plain', extra } = options;
  return {
    table,
    keep: options.keep ?? 1,
    bounds: { rows: file?.rows ?? Number.POSITIVE_INFINITY, bytes: (file?.mib ?? DEFAULT_FILE_MIB) * MIB },
    layout,
    files: {
      format,
      compression: options.compression ?? defaultCompression(format, layout),
      rowGroupRows: options.rowGroup ?? DEFAULT_ROW_GROUP_ROWS,
      forPeople: options.for === 'people',
      extra,
    },
  };
}

function defaultCompression(
  format: FileOptions['format'],
  layout: FileSinkSettings['layout'],
): FileOptions['compression'] {
  if (format !== 'parquet') return 'none';
  return layout === 'rds' ? 'gzip' : 'zstd';
}
