import { hash } from 'node:crypto';
import type { FileOptions } from './format.js';
import type { FileSinkSettings } from './sink-options.js';

const INDEX_DIGITS = 5;

const infixes: Readonly<Record<FileOptions['compression'], string>> = {
  gzip: '.gz',
  zstd: '.zstd',
  snappy: '.snappy',
  none: '',
};

/** The folder of one export, with its slash: `orders/20261121-…/`. */
export function exportFolder({ table }: Pick<FileSinkSettings, 'table'>, run: string): string {
  return `${table}/${run}/`;
}

/**
 * The name of a file of the export: `part-00000.parquet`, or as RDS lays its exports out,
 * `shop/shop.orders/1/part-00000-UUID.gz.parquet`.
 * https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ExportSnapshot.FileNames.html
 */
export function fileName(settings: FileSinkSettings, run: string, suffix: string, index: number): string {
  const number = String(index).padStart(INDEX_DIGITS, '0');
  const folder = exportFolder(settings, run);
  if (settings.layout === 'plain') return `${folder}part-${number}${suffix}`;
  const infix = infixes[settings.files.compression];
  return `${folder}${rdsFolder(settings.table)}part-${number}-${uuidOf(run)}${infix}${suffix}`;
}

/** The mark that says that a folder of an RDS export is complete; undefined for another layout. */
export function successName(settings: FileSinkSettings, run: string): string | undefined {
  if (settings.layout === 'plain') return undefined;
  return `${exportFolder(settings, run)}${rdsFolder(settings.table)}_SUCCESS`;
}

/** In the place of RDS's random one: the same for each attempt of a run. */
function uuidOf(run: string): string {
  return hash('sha256', run).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

function rdsFolder(table: string): string {
  const name = table.slice(table.lastIndexOf('/') + 1);
  return `${name.slice(0, name.indexOf('.'))}/${name}/1/`;
}

/** Whether a name below an export's folder is one that `fileName` or `successName` gives. */
export function isOurs(name: string): boolean {
  return /(?:^|\/)(?:part-\d{5,}[^/]*|_SUCCESS)$/.test(name);
}
