import { SluiceError } from '../errors.js';
import type { ExportedTable, ExportFolder, Exports } from './exports.js';

/** What statements can be made of, and what they leave out. */
interface Told {
  readonly exports: Exports;
  /** Names, as manifests have them. */
  readonly untold: readonly string[];
}

/**
 * Without the tables that have no row in the newest export, where nobody else knows their columns: RDS writes no file of such
 * a table. Once it has rows, the statements made anew have it. Throws `table_missing` where nothing is left.
 */
export function toldTables(exports: Exports): Told {
  const folders = exports.folders.map((folder) => ({
    ...folder,
    tables: folder.tables.filter((table) => !isUntold(folder, table)),
  }));
  const untold = exports.folders.flatMap((folder) =>
    folder.tables.filter((table) => isUntold(folder, table)).map(({ source }) => source),
  );
  const left = folders.filter(({ tables }) => tables.length > 0);
  if (left.length > 0) return { exports: { ...exports, folders: left }, untold };
  throw new SluiceError(
    'table_missing',
    `nobody knows the columns of ${untold.join(', ')}: no rows, no files`,
    {
      hint: 'name the database by `count: { connection: … }`, or wait until an export has rows',
    },
  );
}

function isUntold({ latest }: ExportFolder, { source, columns }: ExportedTable): boolean {
  if (columns !== undefined || latest === undefined) return false;
  return latest.tables.some(({ name, files }) => name === source && files.length === 0);
}
